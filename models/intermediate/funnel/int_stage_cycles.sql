-- One row per stage event with its cycle: a person's pass through the ladder (glossary B, rule 1).
with

events as (

    select * from {{ ref('int_stage_events') }}

),

-- Equal instants: rungs in ladder order, then exits.
passes as (

    select
        *,
        coalesce(sum(case when stage in ('rejected', 'recycled') then 1 else 0 end) over (
            partition by person_id
            order by occurred_at, stage_order, opportunity_id
            rows between unbounded preceding and 1 preceding
        ), 0) as earlier_exits

    from events

),

-- A deal that outlives the pass in which it was opened neither holds a later cycle open nor ends it.
opened as (

    select
        *,
        min(case when stage = 'opportunity' then earlier_exits end) over (
            partition by person_id, opportunity_id
        ) = earlier_exits as is_of_this_pass

    from passes

),

running as (

    select
        *,
        sum(case
            when not coalesce(is_of_this_pass, false) then 0
            when stage = 'opportunity' then 1
            when stage in ('won', 'lost') then -1
            else 0
        end) over (
            partition by person_id, earlier_exits
            order by occurred_at, stage_order, opportunity_id
            rows between unbounded preceding and current row
        ) as open_opportunities

    from opened

),

closing as (

    select
        *,
        case
            when stage in ('rejected', 'recycled') then 1
            when stage in ('won', 'lost') and is_of_this_pass and open_opportunities <= 0 then 1
            else 0
        end as ends_cycle

    from running

),

endings as (

    select
        *,
        coalesce(sum(ends_cycle) over (
            partition by person_id
            order by occurred_at, stage_order, opportunity_id
            rows between unbounded preceding and 1 preceding
        ), 0) as earlier_endings

    from closing

),

-- A rung after an ending starts a cycle. An exit after an ending, a second rejection, starts none; nor does the
-- win of a deal that outlived its cycle, and belongs there.
starts as (

    select
        *,
        case
            when
                is_rung
                and stage != 'won'
                and earlier_endings > coalesce(max(case when is_rung and stage != 'won' then earlier_endings end) over (
                    partition by person_id
                    order by occurred_at, stage_order, opportunity_id
                    rows between unbounded preceding and 1 preceding
                ), 0)
                then 1
            else 0
        end as starts_cycle

    from endings

),

numbered as (

    select
        *,
        1 + sum(starts_cycle) over (
            partition by person_id
            order by occurred_at, stage_order, opportunity_id
            rows between unbounded preceding and current row
        ) as running_cycle

    from starts

),

cycles as (

    select
        person_id,
        -- A deal's close belongs to the cycle in which the deal was opened.
        case
            when stage in ('won', 'lost')
                then coalesce(
                    min(case when stage = 'opportunity' then running_cycle end) over (
                        partition by person_id, opportunity_id
                    ),
                    running_cycle
                )
            else running_cycle
        end as cycle_number,
        stage,
        stage_order,
        is_rung,
        opportunity_id,
        source_system,
        sales_rep_id,
        reason,
        mql_evidence,
        definition_version,
        is_observed,
        ends_cycle = 1 as is_ending,
        occurred_at

    from numbered

)

select * from cycles
