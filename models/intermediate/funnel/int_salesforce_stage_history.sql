-- One row per state that a deal of Salesforce was in: from its history where that was exported, else as the
-- exports show it one after the other, dated by the export. A row need not be a change of stage.
with

opportunity_history as (

    select * from {{ ref('stg_salesforce__opportunity_history') }}

),

field_history as (

    select * from {{ ref('stg_salesforce__opportunity_field_history') }}

),

opportunity_versions as (

    select * from {{ ref('stg_salesforce__opportunity_versions') }}

),

report_versions as (

    select * from {{ ref('stg_salesforce__opportunity_report_versions') }}

),

connector_opportunities as (

    select * from {{ ref('stg_fivetran_salesforce__opportunity') }}

    union all

    select * from {{ ref('stg_fivetran_salesforce__opportunity_history') }}

),

opportunities as (

    select * from {{ ref('int_salesforce_opportunities') }}

),

stages as (

    select * from {{ source('definitions', 'opportunity_stages') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

-- What deals that are in a stage now say of it, for stages that no definition names.
stages_of_deals as (

    select
        lower(stage_name) as stage_name,
        max(case when is_won then 'won' when is_closed then 'lost' else 'open' end) as status

    from opportunities

    group by lower(stage_name)

),

told as (

    select
        'history:' || opportunity_history_id as state_id,
        opportunity_id,
        cast(null as varchar) as owner_id,
        stage_name,
        cast(null as varchar) as stated_status,
        forecast_category,
        amount,
        probability,
        close_date,
        exported_at,
        created_at as changed_at

    from opportunity_history

    where not is_deleted

    union all

    -- The connector's history mode: a version from the instant at which it began.
    select
        'version:' || opportunity_id || ':' || cast(version_started_at as varchar),
        opportunity_id,
        owner_id,
        stage_name,
        case when is_won then 'won' when is_closed then 'lost' else 'open' end,
        forecast_category,
        amount,
        probability,
        close_date,
        exported_at,
        version_started_at
    from connector_opportunities
    where version_started_at is not null

),

histories as (

    select
        left(opportunity_id, 15) as short_id,
        max(exported_at) as exported_at

    from told

    group by left(opportunity_id, 15)

),

-- A history field by field tells the stages of deals without another one; amounts are those of today.
field_changes as (

    select
        'field:' || field_history.opportunity_field_history_id as state_id,
        field_history.opportunity_id,
        cast(null as varchar) as owner_id,
        field_history.new_value as stage_name,
        cast(null as varchar) as stated_status,
        cast(null as varchar) as forecast_category,
        opportunities.amount,
        cast(null as decimal(18, 2)) as probability,
        {{ local_date('field_history.created_at', 'settings.reporting_timezone') }} as close_date,
        field_history.exported_at,
        field_history.created_at as changed_at

    from field_history

    cross join settings

    left join opportunities
        on left(field_history.opportunity_id, 15) = left(opportunities.opportunity_id, 15)

    left join histories
        on left(field_history.opportunity_id, 15) = histories.short_id

    where field_history.field = 'StageName' and not field_history.is_deleted and histories.short_id is null

),

-- The stage that a deal was in before its first change of it.
first_stages as (

    select
        'made:' || opportunities.opportunity_id as state_id,
        opportunities.opportunity_id,
        cast(null as varchar) as owner_id,
        first_changes.stage_name,
        cast(null as varchar) as stated_status,
        cast(null as varchar) as forecast_category,
        opportunities.amount,
        cast(null as decimal(18, 2)) as probability,
        opportunities.close_date,
        first_changes.exported_at,
        opportunities.created_at as changed_at

    from (
        select
            field_history.opportunity_id,
            min_by(field_history.old_value, field_history.created_at) as stage_name,
            min(field_history.exported_at) as exported_at
        from field_history
        where field_history.field = 'StageName' and not field_history.is_deleted
        group by field_history.opportunity_id
    ) as first_changes

    inner join opportunities
        on left(first_changes.opportunity_id, 15) = left(opportunities.opportunity_id, 15)

    left join histories
        on left(first_changes.opportunity_id, 15) = histories.short_id

    where histories.short_id is null and opportunities.created_at is not null

),

known as (

    select * from told

    union all

    select * from field_changes

    union all

    select * from first_stages

),

-- A deal of which any history was exported needs no guess up to that export.
known_until as (

    select
        left(opportunity_id, 15) as short_id,
        max(exported_at) as exported_at

    from known

    group by left(opportunity_id, 15)

),

seen as (

    select * from opportunity_versions

    union all

    select
        opportunity_id,
        cast(null as varchar),
        stage_name,
        forecast_category,
        amount,
        probability,
        is_closed,
        is_won,
        close_date,
        exported_at
    from report_versions

    union all

    select
        opportunity_id,
        owner_id,
        stage_name,
        forecast_category,
        amount,
        probability,
        is_closed,
        is_won,
        close_date,
        exported_at
    from connector_opportunities
    where version_started_at is null

),

-- Of each deal one state per moment of export.
moments as (

    select
        left(opportunity_id, 15) as short_id,
        max(opportunity_id) as opportunity_id,
        max(owner_id) as owner_id,
        max(stage_name) as stage_name,
        max(forecast_category) as forecast_category,
        max(amount) as amount,
        max(probability) as probability,
        max(case when is_closed is null then null when is_won then 'won' when is_closed then 'lost' else 'open' end)
            as stated_status,
        max(close_date) as close_date,
        exported_at

    from seen

    group by left(opportunity_id, 15), exported_at

),

states as (

    select
        state_id,
        opportunity_id,
        owner_id,
        stage_name,
        stated_status,
        forecast_category,
        amount,
        probability,
        close_date,
        false as is_inferred,
        changed_at

    from known

    union all

    select
        'export:' || moments.opportunity_id || ':' || cast(moments.exported_at as varchar),
        moments.opportunity_id,
        moments.owner_id,
        moments.stage_name,
        moments.stated_status,
        moments.forecast_category,
        moments.amount,
        moments.probability,
        moments.close_date,
        true,
        moments.exported_at
    from moments
    left join known_until
        on moments.short_id = known_until.short_id
    where known_until.exported_at is null or moments.exported_at > known_until.exported_at

),

statuses as (

    select
        states.state_id,
        coalesce(opportunities.opportunity_id, {{ salesforce_id('states.opportunity_id') }}) as opportunity_id,
        {{ salesforce_id('states.owner_id') }} as owner_id,
        states.stage_name,
        coalesce(states.stated_status, stages.status, stages_of_deals.status, 'open') as status,
        states.forecast_category,
        states.amount,
        states.probability,
        states.is_inferred,
        states.close_date,
        states.changed_at

    from states

    cross join settings

    left join opportunities
        on left(states.opportunity_id, 15) = left(opportunities.opportunity_id, 15)

    left join stages
        on
            stages.source_system = 'salesforce'
            and lower(states.stage_name) = lower(stages.stage_name)
            and {{ in_force('stages', local_date('states.changed_at', 'settings.reporting_timezone')) }}

    left join stages_of_deals
        on lower(states.stage_name) = stages_of_deals.stage_name

)

select * from statuses
