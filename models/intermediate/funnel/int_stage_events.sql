{{ config(materialized='table') }}

-- One row per observed event of a person on the ladder or at one of its exits, before any rule of
-- cycles. Deals bring three: their creation (which proves an SQL), and their close.
with

persons as (

    select * from {{ ref('int_persons') }}

),

mapped_changes as (

    select * from {{ ref('int_stage_changes_mapped') }}

),

mqls as (

    select * from {{ ref('int_mqls') }}

),

qualification as (

    select * from {{ ref('int_qualification') }}

),

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

ladder as (

    select * from {{ ref('int_ladder') }}

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
        cast(null as varchar) as mql_evidence,
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
        cast(null as varchar),
        definition_version,
        true,
        changed_at
    from mapped_changes
    where stage != 'mql'

    union all

    select
        person_id,
        'mql',
        cast(null as varchar),
        source_system,
        sales_rep_id,
        reason,
        evidence,
        definition_version,
        true,
        occurred_at
    from mqls
    where is_mql

    union all

    -- Sales confirms somebody by what it found out about them (glossary B11).
    select
        person_id,
        'sql',
        cast(null as varchar),
        source_system,
        sales_rep_id,
        cast(null as varchar),
        cast(null as varchar),
        definition_version,
        true,
        assessed_at
    from qualification
    where is_bant_sql

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
        cast(null as varchar),
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

    -- The same told twice, by two systems or by two kinds of evidence, is one event: the order of events is total.
    qualify row_number() over (
        partition by events.person_id, events.stage, events.opportunity_id, events.occurred_at
        order by
            events.is_observed desc,
            events.mql_evidence asc nulls last,
            events.reason asc nulls last,
            events.source_system asc nulls last,
            events.definition_version asc nulls last,
            events.sales_rep_id asc nulls last
    ) = 1

)

select * from ordered
