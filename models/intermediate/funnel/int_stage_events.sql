{{ config(materialized='table') }}

-- One row per observed event of a person on the ladder or at one of its exits, before any rule of
-- cycles. Deals bring three: their creation (which proves an SQL), and their close.
with

persons as (

    select * from {{ ref('int_persons') }}

),

person_records as (

    select * from {{ ref('int_person_records') }}

),

source_stage_changes as (

    select * from {{ ref('int_stage_changes_unioned') }}

),

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

stage_map as (

    select * from {{ source('definitions', 'stage_map') }}

),

ladder as (

    select * from {{ ref('int_ladder') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

mapped_changes as (

    select
        person_records.person_id,
        coalesce(stage_map.stage, ladder.stage) as stage,
        source_stage_changes.source_system,
        source_stage_changes.sales_rep_id,
        source_stage_changes.reason,
        stage_map.version as definition_version,
        source_stage_changes.changed_at as occurred_at

    from source_stage_changes

    cross join settings

    inner join person_records
        on source_stage_changes.record_id = person_records.record_id

    left join stage_map
        on
            source_stage_changes.source_system = stage_map.source_system
            and lower(source_stage_changes.source_stage) = lower(stage_map.source_stage)
            and {{ in_force(
                'stage_map', local_date('source_stage_changes.changed_at', 'settings.reporting_timezone')
            ) }}

    -- A text that is itself a stage needs no row in the map; what deals prove comes from deals.
    left join ladder
        on
            lower(source_stage_changes.source_stage) = ladder.stage
            and ladder.stage not in ('opportunity', 'won', 'lost')

    where coalesce(stage_map.stage, ladder.stage) != 'none'

),

-- The instant at which a deal is known to exist: never after its own close.
carried_opportunities as (

    select
        *,
        coalesce(least(created_at, closed_at), created_at, closed_at) as known_at

    from opportunities

    where person_id is not null and is_funnel and not is_deleted

),

events as (

    select
        person_id,
        'lead' as stage,
        cast(null as varchar) as opportunity_id,
        split_part(source_systems, '+', 1) as source_system,
        cast(null as varchar) as sales_rep_id,
        cast(null as varchar) as reason,
        cast(null as bigint) as definition_version,
        true as is_observed,
        created_at as occurred_at

    from persons

    where created_at is not null

    union all

    select
        person_id,
        stage,
        cast(null as varchar),
        source_system,
        sales_rep_id,
        reason,
        definition_version,
        true,
        occurred_at
    from mapped_changes

    union all

    -- Its creation proves an SQL too. A deal whose creation nobody recorded is known from its close only:
    -- both stages are imputed.
    select
        carried_opportunities.person_id,
        ladder.stage,
        carried_opportunities.opportunity_id,
        carried_opportunities.source_system,
        carried_opportunities.sales_rep_id,
        cast(null as varchar),
        cast(null as bigint),
        carried_opportunities.created_at is not null,
        carried_opportunities.known_at
    from carried_opportunities
    inner join ladder
        on ladder.stage in ('sql', 'opportunity')
    where carried_opportunities.known_at is not null

    union all

    select
        person_id,
        status,
        opportunity_id,
        source_system,
        sales_rep_id,
        loss_reason,
        cast(null as bigint),
        true,
        closed_at
    from carried_opportunities
    where closed_at is not null and (status = 'lost' or coalesce(amount_original, 0) >= 0)

),

ordered as (

    select
        events.*,
        ladder.stage_order,
        ladder.is_rung

    from events

    inner join ladder
        on events.stage = ladder.stage

)

select * from ordered
