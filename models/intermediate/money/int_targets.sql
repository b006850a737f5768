-- One row per metric, channel, sales rep and month: the month's part of each target. What adds up is
-- shared by calendar days over a longer period (glossary B7); a rate holds for each of its months.
with

targets as (

    select * from {{ ref('stg_generic__targets') }}

),

metric_definitions as (

    select * from {{ source('definitions', 'metric_definitions') }}

),

-- The months of the longest period, counted from its first.
months_ahead as (

    select {{ days_between("date '2000-01-01'", 'date_day') }} as month_index
    from {{ day_spine("date '2000-01-01'", "date '2000-01-01' + interval '119' day") }} as spine

),

starting as (

    select
        lower(metric) as metric,
        coalesce(channel, 'all') as channel,
        coalesce(sales_rep_id, 'all') as sales_rep_id,
        target,
        coalesce(period_months, 1) as period_months,
        {{ month_of('month') }} as first_month

    from targets

),

monthly as (

    select
        starting.metric,
        starting.channel,
        starting.sales_rep_id,
        starting.target,
        starting.period_months,
        coalesce(metric_definitions.unit, 'currency') in ('count', 'currency') as is_shared,
        {{ add_months('starting.first_month', 'months_ahead.month_index') }} as month,
        {{ days_between(
            'starting.first_month', add_months('starting.first_month', 'starting.period_months')
        ) }} as period_days

    from starting

    inner join months_ahead
        on months_ahead.month_index < starting.period_months

    left join metric_definitions
        on
            starting.metric = metric_definitions.metric
            and {{ in_force('metric_definitions', 'starting.first_month') }}

    -- Of two targets for one month, the one of the shorter period is meant.
    qualify row_number() over (
        partition by
            starting.metric,
            starting.channel,
            starting.sales_rep_id,
            {{ add_months('starting.first_month', 'months_ahead.month_index') }}
        order by starting.period_months asc, starting.first_month desc
    ) = 1

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
    cast(target as decimal(18, 4)) as target

from shared
