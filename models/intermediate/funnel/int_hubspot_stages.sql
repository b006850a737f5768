-- One row per text by which a deal may name a stage that the connector lists: its id, and its label with the
-- pipeline in brackets.
with

stages as (

    select * from {{ ref('stg_fivetran_hubspot__deal_pipeline_stages') }}

),

pipelines as (

    select * from {{ ref('stg_fivetran_hubspot__deal_pipelines') }}

),

labelled as (

    select
        stages.stage_id,
        stages.label || coalesce(' (' || pipelines.label || ')', '') as stage_name,
        case
            when stages.is_closed_won then 'won'
            when stages.is_closed then 'lost'
            -- Older tables say only how likely the win is; a stage of no chance is a lost deal's.
            when stages.is_closed is null and stages.probability = 0 then 'lost'
            else 'open'
        end as status,
        cast(stages.probability * 100 as decimal(18, 2)) as probability,
        coalesce(stages.is_deleted, false) as is_deleted,
        stages.pipeline_id

    from stages

    left join pipelines
        on stages.pipeline_id = pipelines.pipeline_id

),

texts as (

    select
        stage_id as stage_text,
        stage_name,
        status,
        probability,
        is_deleted,
        pipeline_id,
        stage_id
    from labelled

    union all

    select lower(stage_name), stage_name, status, probability, is_deleted, pipeline_id, stage_id
    from labelled

),

one_each as (

    select
        lower(stage_text) as stage_text,
        stage_name,
        status,
        probability

    from texts

    qualify row_number() over (
        partition by lower(stage_text)
        order by is_deleted asc, pipeline_id asc, stage_id asc
    ) = 1

)

select * from one_each
