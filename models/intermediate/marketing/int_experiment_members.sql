{{ config(materialized='table') }}

-- One row per experiment and person drawn for it: the group they were first drawn into, whatever they got to
-- see afterwards, and whether they converted while it ran (glossary C17).
with

members as (

    select * from {{ ref('stg_generic__experiment_members') }}

),

person_records as (

    select * from {{ ref('int_person_records') }}

),

entries as (

    select * from {{ ref('int_funnel_entries') }}

),

experiments as (

    select * from {{ source('definitions', 'experiments') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

persons_by_email as (

    {{ persons_by_email('person_records') }}

),

-- Whom no system knows was drawn all the same, and converted to nothing.
drawn as (

    select
        experiments.experiment,
        coalesce(
            records.person_id,
            persons_by_email.person_id,
            'unknown:' || coalesce(members.email_key, members.source_system || ':' || members.record_id)
        ) as person_id,
        members.test_group,
        experiments.conversion_stage,
        experiments.starts_on,
        experiments.ends_on,
        coalesce(
            members.assigned_at, {{ day_start('experiments.starts_on', 'settings.reporting_timezone') }}
        ) as assigned_at

    from members

    cross join settings

    inner join experiments
        on
            lower(members.experiment) = lower(experiments.experiment)
            and {{ in_force('experiments', 'experiments.starts_on') }}

    left join person_records as records
        on members.source_system || ':' || members.record_id = records.record_id

    left join persons_by_email
        on members.email_key = persons_by_email.email_key

    where members.deleted_at is null

),

first_drawn as (

    select *

    from drawn

    qualify row_number() over (
        partition by experiment, person_id
        order by assigned_at asc, test_group asc
    ) = 1

),

conversions as (

    select
        first_drawn.experiment,
        first_drawn.person_id,
        min(entries.entered_date) as converted_date

    from first_drawn

    inner join entries
        on
            first_drawn.person_id = entries.person_id
            and first_drawn.conversion_stage = entries.stage
            and not entries.via_account
            and entries.entered_at >= first_drawn.assigned_at
            and entries.entered_date between first_drawn.starts_on and first_drawn.ends_on

    group by first_drawn.experiment, first_drawn.person_id

),

final as (

    select
        first_drawn.experiment,
        first_drawn.person_id,
        first_drawn.test_group,
        first_drawn.conversion_stage,
        first_drawn.assigned_at,
        conversions.converted_date,
        conversions.person_id is not null as has_converted

    from first_drawn

    left join conversions
        on
            first_drawn.experiment = conversions.experiment
            and first_drawn.person_id = conversions.person_id

)

select * from final
