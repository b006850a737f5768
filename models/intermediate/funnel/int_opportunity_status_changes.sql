-- One row per change of an opportunity between open, won and lost, from its stage history. A history
-- row is not a stage change: one is written on any change of amount, date or probability.
with

salesforce_history as (

    select * from {{ ref('stg_salesforce__opportunity_history') }}

),

stages as (

    select * from {{ source('definitions', 'opportunity_stages') }}

),

salesforce_opportunities as (

    select * from {{ ref('stg_salesforce__opportunities') }}

),

-- What deals that are in a stage now say of it, for stages that no definition names.
stages_of_deals as (

    select
        lower(stage_name) as stage_name,
        max(case when is_won then 'won' when is_closed then 'lost' else 'open' end) as status

    from salesforce_opportunities

    group by lower(stage_name)

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

statuses as (

    select
        'salesforce:' || salesforce_history.opportunity_id as opportunity_id,
        salesforce_history.opportunity_history_id,
        coalesce(stages.status, stages_of_deals.status, 'open') as status,
        salesforce_history.amount as amount_original,
        salesforce_history.close_date,
        {{ local_date('salesforce_history.created_at', 'settings.reporting_timezone') }} as changed_date,
        salesforce_history.created_at as changed_at

    from salesforce_history

    cross join settings

    left join stages
        on
            stages.source_system = 'salesforce'
            and lower(salesforce_history.stage_name) = lower(stages.stage_name)
            and {{ in_force(
                'stages', local_date('salesforce_history.created_at', 'settings.reporting_timezone')
            ) }}

    left join stages_of_deals
        on lower(salesforce_history.stage_name) = stages_of_deals.stage_name

    where not coalesce(salesforce_history.is_deleted, false)

),

compared as (

    select
        *,
        lag(status) over (partition by opportunity_id order by changed_at, opportunity_history_id)
            as previous_status

    from statuses

),

changes as (

    select
        opportunity_id,
        status,
        coalesce(previous_status, 'none') as previous_status,
        amount_original,
        close_date,
        changed_date,
        changed_at,
        row_number() over (partition by opportunity_id order by changed_at, opportunity_history_id)
            as change_number

    from compared

    where previous_status is null or status != previous_status

)

select * from changes
