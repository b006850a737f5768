{{ config(materialized='table') }}

-- One row per person, cycle and stage: when it was entered, observed or imputed (glossary B, rules 2-4).
with

cycles as (

    select
        *,
        row_number() over (
            partition by person_id, cycle_number
            order by occurred_at asc, stage_order asc, opportunity_id asc nulls last
        ) as event_number

    from {{ ref('int_stage_cycles') }}

),

ladder as (

    select * from {{ ref('int_ladder') }}

),

-- The first own event of each stage in its cycle; a later one is a repeat or a regression.
first_events as (

    select *
    from cycles
    qualify row_number() over (
        partition by person_id, cycle_number, stage
        order by is_observed desc, occurred_at asc, opportunity_id asc
    ) = 1

),

-- Every rung that an event of the cycle proves, at the earliest event that proves it.
proven as (

    select
        cycles.person_id,
        cycles.cycle_number,
        ladder.stage,
        ladder.stage_order,
        min(cycles.occurred_at) as entered_at,
        -- Engines differ in whether an unknown value can be the first: only known ones compete.
        min_by(cycles.opportunity_id, case when cycles.opportunity_id is not null then cycles.event_number end)
            as opportunity_id,
        min_by(cycles.source_system, cycles.event_number) as source_system,
        min_by(cycles.sales_rep_id, case when cycles.sales_rep_id is not null then cycles.event_number end)
            as sales_rep_id

    from cycles

    inner join ladder as event_ladder
        on cycles.stage = event_ladder.stage

    inner join ladder
        on
            ladder.is_rung
            and ladder.stage_order <= event_ladder.proves_order

    group by cycles.person_id, cycles.cycle_number, ladder.stage, ladder.stage_order

),

rungs as (

    select
        proven.person_id,
        proven.cycle_number,
        proven.stage,
        proven.stage_order,
        coalesce(first_events.opportunity_id, case when proven.stage_order >= 5 then proven.opportunity_id end)
            as opportunity_id,
        coalesce(first_events.source_system, proven.source_system) as source_system,
        coalesce(first_events.sales_rep_id, proven.sales_rep_id) as sales_rep_id,
        cast(null as varchar) as reason,
        first_events.mql_evidence,
        first_events.definition_version,
        coalesce(not first_events.is_observed, true) as is_imputed,
        -- Entered later than a later rung: its date is moved to that rung's (rule 3).
        coalesce(first_events.is_observed and first_events.occurred_at > proven.entered_at, false)
            as is_out_of_order,
        first_events.occurred_at as recorded_at,
        proven.entered_at

    from proven

    left join first_events
        on
            proven.person_id = first_events.person_id
            and proven.cycle_number = first_events.cycle_number
            and proven.stage = first_events.stage

),

exits as (

    select
        person_id,
        cycle_number,
        stage,
        stage_order,
        opportunity_id,
        source_system,
        sales_rep_id,
        reason,
        mql_evidence,
        definition_version,
        false as is_imputed,
        false as is_out_of_order,
        occurred_at as recorded_at,
        occurred_at as entered_at

    from first_events

    where not is_rung

),

entries as (

    select * from rungs

    union all

    select * from exits

)

select * from entries
