-- One row per change of an opportunity between open, won and lost, as its history tells, or
-- its exports compared with each other. A history row is not a stage change: one is written on any
-- change of amount, date or probability.
with

salesforce_history as (

    select * from {{ ref('int_salesforce_stage_history') }}

),

hubspot_stage_entries as (

    select * from {{ ref('int_hubspot_deal_stage_entries') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

statuses as (

    select
        'salesforce:' || salesforce_history.opportunity_id as opportunity_id,
        salesforce_history.state_id,
        salesforce_history.status,
        salesforce_history.amount as amount_original,
        salesforce_history.is_inferred,
        salesforce_history.close_date,
        {{ local_date('salesforce_history.changed_at', 'settings.reporting_timezone') }} as changed_date,
        salesforce_history.changed_at

    from salesforce_history

    cross join settings

    union all

    -- Of two stages of one minute, the open one came first.
    select
        'hubspot:' || deal_id,
        case when status = 'open' then '0' else '1' end || stage_name,
        status,
        amount_original,
        is_inferred,
        entered_date,
        entered_date,
        entered_at

    from hubspot_stage_entries

),

compared as (

    select
        *,
        lag(status) over (partition by opportunity_id order by changed_at, state_id)
            as previous_status

    from statuses

),

changes as (

    select
        opportunity_id,
        status,
        coalesce(previous_status, 'none') as previous_status,
        amount_original,
        is_inferred,
        close_date,
        changed_date,
        changed_at,
        row_number() over (partition by opportunity_id order by changed_at, state_id)
            as change_number

    from compared

    where previous_status is null or status != previous_status

)

select * from changes
