-- One row per deal, stage and time at which HubSpot says that the deal entered it: by the connector's history,
-- by the columns that date a stage, and where neither says anything of a deal, by comparing successive exports.
with

deals as (

    select * from {{ ref('int_hubspot_deals') }}

),

connector_history as (

    select * from {{ ref('stg_fivetran_hubspot__deal_stages') }}

),

stage_dates as (

    select * from {{ ref('stg_hubspot__deal_stage_dates') }}

),

export_changes as (

    select * from {{ ref('stg_hubspot__deal_stage_changes') }}

),

stages as (

    select * from {{ ref('int_hubspot_stages') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

told as (

    select deal_id, stage_id as stage_text, entered_at
    from connector_history
    where stage_id is not null and entered_at is not null

    union

    select deal_id, stage_name, entered_at
    from stage_dates
    where entered_at is not null

),

deals_told as (

    select distinct deal_id from told

),

entries as (

    select
        deal_id,
        stage_text,
        false as is_inferred,
        entered_at
    from told

    union all

    -- What was true before the first export is not known: its stage only begins the comparison.
    select
        export_changes.deal_id,
        export_changes.stage_name,
        true,
        export_changes.exported_at
    from export_changes
    left join deals_told
        on export_changes.deal_id = deals_told.deal_id
    where deals_told.deal_id is null and export_changes.stage_name is not null

),

dated as (

    select
        entries.deal_id,
        entries.stage_text,
        entries.is_inferred,
        {{ local_date('entries.entered_at', 'settings.reporting_timezone') }} as entered_date,
        entries.entered_at

    from entries

    cross join settings

),

-- What the deals in a stage are, for stages that nothing else knows.
stages_of_deals as (

    select
        lower(stage_name) as stage_name,
        max(status) as status

    from deals

    where stage_name is not null

    group by lower(stage_name)

),

final as (

    select
        dated.deal_id,
        coalesce(stages.stage_name, dated.stage_text) as stage_name,
        coalesce(stages.status, {{ stage_status() }}, stages_of_deals.status, 'open') as status,
        deals.amount as amount_original,
        dated.is_inferred,
        deals.close_date,
        dated.entered_date,
        dated.entered_at

    from dated

    inner join deals
        on dated.deal_id = deals.deal_id

    left join stages
        on lower(dated.stage_text) = stages.stage_text

    left join stages_of_deals
        on lower(dated.stage_text) = stages_of_deals.stage_name

    {{ stage_status_joins("'hubspot'", 'dated.stage_text', 'dated.entered_date') }}

    where not deals.is_deleted

)

select * from final
