-- One row per state that a deal was in, as the history of any system tells it, or its exports compared with
-- each other. A row is written on any change of stage, amount, date, owner or probability.
with

salesforce_history as (

    select * from {{ ref('int_salesforce_stage_history') }}

),

hubspot_stage_entries as (

    select * from {{ ref('int_hubspot_deal_stage_entries') }}

),

generic_history as (

    select * from {{ ref('stg_generic__opportunity_history') }}

),

generic_opportunities as (

    select * from {{ ref('stg_generic__opportunities') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

-- What the deals in a stage are, for stages that no definition names.
stages_of_deals as (

    select
        source_system,
        lower(stage_name) as stage_name,
        max(lower(status)) as status

    from generic_opportunities

    where stage_name is not null

    group by source_system, lower(stage_name)

),

generic_states as (

    select
        generic_history.*,
        {{ local_date('generic_history.changed_at', 'settings.reporting_timezone') }} as changed_date

    from generic_history

    cross join settings

    where generic_history.deleted_at is null

),

generic_statuses as (

    select
        generic_states.*,
        coalesce(lower(generic_states.status), {{ stage_status() }}, stages_of_deals.status, 'open') as known_status

    from generic_states

    left join stages_of_deals
        on
            generic_states.source_system = stages_of_deals.source_system
            and lower(generic_states.stage_name) = stages_of_deals.stage_name

    {{ stage_status_joins('generic_states.source_system', 'generic_states.stage_name', 'generic_states.changed_date') }}

),

history as (

    select
        'salesforce:' || salesforce_history.opportunity_id as opportunity_id,
        salesforce_history.state_id,
        'salesforce:' || salesforce_history.owner_id as sales_rep_id,
        salesforce_history.stage_name,
        salesforce_history.status,
        cast(null as varchar) as currency_code,
        salesforce_history.forecast_category,
        salesforce_history.amount as amount_original,
        salesforce_history.probability,
        salesforce_history.is_inferred,
        salesforce_history.close_date,
        {{ local_date('salesforce_history.changed_at', 'settings.reporting_timezone') }} as changed_date,
        salesforce_history.changed_at

    from salesforce_history

    cross join settings

    union all

    -- Of two stages of one minute, the open one came first. The history is one of stages alone: what is
    -- open is expected to close when the deal says so today.
    select
        'hubspot:' || deal_id,
        case when status = 'open' then '0' else '1' end || stage_name,
        cast(null as varchar),
        stage_name,
        status,
        cast(null as varchar),
        cast(null as varchar),
        amount_original,
        cast(null as decimal(18, 2)),
        is_inferred,
        case when status = 'open' then close_date else entered_date end,
        entered_date,
        entered_at
    from hubspot_stage_entries

    union all

    select
        source_system || ':' || opportunity_id,
        cast(changed_at as varchar),
        source_system || ':' || sales_rep_id,
        stage_name,
        known_status,
        currency_code,
        forecast_category,
        amount,
        probability,
        false,
        close_date,
        changed_date,
        changed_at
    from generic_statuses

)

select * from history
