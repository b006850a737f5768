-- One row per sales rep and month for which a quota was agreed, and one `all` for the team's own: the month's
-- share of it, and the whole period that it is part of (glossary B7).
with

targets as (

    select * from {{ ref('int_targets') }}
    where metric = 'quota' and channel = 'all'

),

sales_reps as (

    select * from {{ ref('int_sales_reps') }}

),

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

states as (

    select * from {{ ref('int_opportunity_states') }}

),

-- Some reps only deals name.
ids as (

    select sales_rep_id from sales_reps

    union distinct

    select sales_rep_id from opportunities

    union distinct

    select sales_rep_id from states

),

-- A target names a rep by the id, with or without its system, or by name.
spellings as (

    select sales_rep_id, sales_rep_id as spelling, 1 as preference
    from ids

    union all

    select sales_rep_id, split_part(sales_rep_id, ':', 2), 2
    from ids

    union all

    select sales_rep_id, sales_rep, 3
    from sales_reps

),

named as (

    select
        coalesce(spellings.sales_rep_id, targets.sales_rep_id) as sales_rep_id,
        targets.month,
        targets.target,
        targets.period_start,
        targets.period_end,
        targets.period_target,
        spellings.preference,
        targets.sales_rep_id as spelling

    from targets

    left join spellings
        on targets.sales_rep_id = spellings.spelling

    -- Nobody answers for another's quota who has the same name.
    qualify row_number() over (
        partition by targets.sales_rep_id, targets.month
        order by spellings.preference asc nulls last, spellings.sales_rep_id asc nulls last
    ) = 1

),

quotas as (

    select
        sales_rep_id,
        month,
        {{ money('target') }} as quota,
        target as quota_exact,
        period_start,
        period_end,
        {{ money('period_target') }} as period_quota

    from named

    qualify row_number() over (
        partition by sales_rep_id, month
        order by preference asc nulls last, spelling asc
    ) = 1

)

select * from quotas
