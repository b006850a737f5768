-- One row per change of a person's stage, with the stage of the shared ladder that it means.
with

source_stage_changes as (

    select * from {{ ref('int_stage_changes_unioned') }}

),

person_records as (

    select * from {{ ref('int_person_records') }}

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
        source_stage_changes.record_id,
        coalesce(stage_map.stage, ladder.stage) as stage,
        source_stage_changes.source_system,
        source_stage_changes.sales_rep_id,
        source_stage_changes.reason,
        stage_map.version as definition_version,
        {{ local_date('source_stage_changes.changed_at', 'settings.reporting_timezone') }} as changed_date,
        source_stage_changes.changed_at

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

)

select * from mapped_changes
