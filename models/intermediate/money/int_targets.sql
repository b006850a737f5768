-- One row per metric, channel, sales rep and month: the month's part of each target. What adds up is
-- shared by calendar days over a longer period (glossary B7); a rate holds for each of its months.
with

targets as (

    select * from {{ ref('stg_generic__targets') }}

),

metric_definitions as (

    select * from {{ source('definitions', 'metric_definitions') }}

),

months_ahead as (

    select month_index
    from (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11)) as months (month_index)

),

monthly as (

    select
        lower(targets.metric) as metric,
        coalesce(targets.channel, 'all') as channel,
        coalesce(targets.sales_rep_id, 'all') as sales_rep_id,
        targets.target,
        coalesce(metric_definitions.unit, 'currency') in ('count', 'currency') as is_shared,
        {{ add_months('targets.month', 'months_ahead.month_index') }} as month,
        {{ days_between('targets.month', add_months('targets.month', 'coalesce(targets.period_months, 1)')) }}
            as period_days

    from targets

    inner join months_ahead
        on months_ahead.month_index < coalesce(targets.period_months, 1)

    left join metric_definitions
        on
            lower(targets.metric) = metric_definitions.metric
            and {{ in_force('metric_definitions', 'targets.month') }}

),

shared as (

    select
        metric,
        channel,
        sales_rep_id,
        month,
        case
            when is_shared
                then {{ ratio('target * ' ~ days_between('month', add_months('month', 1)), 'period_days') }}
            else cast(target as double)
        end as target

    from monthly

)

select
    metric,
    channel,
    sales_rep_id,
    month,
    cast(sum(target) as decimal(18, 4)) as target

from shared

group by metric, channel, sales_rep_id, month
