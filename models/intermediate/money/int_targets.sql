-- One row per metric, channel, sales rep and month: the month's part of each target. What adds up is
-- shared by calendar days over a longer period (glossary B7); a rate holds for each of its months.
with

targets as (

    select * from {{ ref('stg_generic__targets') }}

),

metric_definitions as (

    select * from {{ source('definitions', 'metric_definitions') }}

),

periods as (

    select
        lower(metric) as metric,
        coalesce(channel, 'all') as channel,
        coalesce(sales_rep_id, 'all') as sales_rep_id,
        target,
        coalesce(period_months, 1) as period_months,
        month as named_day,
        valid_from,
        {{ month_of('month') }} as period_start,
        {{ add_months(month_of('month'), 'coalesce(period_months, 1)') }} as period_end,
        greatest({{ month_of('month') }}, coalesce(valid_from, {{ month_of('month') }})) as holds_from

    from targets

),

days as (

    select date_day
    from {{ day_spine('(select min(period_start) from periods)', '(select max(period_end) from periods)') }} as spine

),

-- Of two targets for one day, the one of the shorter period is meant, then the one that was changed to last.
target_days as (

    select
        periods.*,
        days.date_day

    from periods

    inner join days
        on days.date_day >= periods.holds_from and days.date_day < periods.period_end

    qualify row_number() over (
        partition by periods.metric, periods.channel, periods.sales_rep_id, days.date_day
        order by
            periods.period_months asc,
            periods.holds_from desc,
            periods.valid_from desc nulls last,
            periods.period_start desc,
            periods.named_day desc,
            periods.target desc
    ) = 1

),

parts as (

    select
        metric,
        channel,
        sales_rep_id,
        period_start,
        period_end,
        holds_from,
        target,
        {{ month_of('date_day') }} as month,
        count(*) as days,
        max(date_day) as last_day

    from target_days

    group by
        metric, channel, sales_rep_id, period_start, period_end, holds_from, target, {{ month_of('date_day') }}

),

shared as (

    select
        parts.*,
        coalesce(metric_definitions.unit, 'currency') in ('count', 'currency') as is_shared,
        {{ ratio('parts.target * parts.days', days_between('parts.period_start', 'parts.period_end')) }} as share

    from parts

    left join metric_definitions
        on
            parts.metric = metric_definitions.metric
            and {{ in_force('metric_definitions', 'parts.period_start') }}

),

-- What a whole period comes to, with what was changed while it ran.
period_targets as (

    select
        metric,
        channel,
        sales_rep_id,
        period_start,
        period_end,
        sum(share) as target

    from shared

    group by metric, channel, sales_rep_id, period_start, period_end

),

monthly as (

    select
        metric,
        channel,
        sales_rep_id,
        month,
        max_by(period_start, last_day) as period_start,
        max_by(period_end, last_day) as period_end,
        case when max(case when is_shared then 1 else 0 end) = 1 then sum(share) else max_by(target, last_day) end
            as target,
        max(case when is_shared then 1 else 0 end) = 1 as is_shared

    from shared

    group by metric, channel, sales_rep_id, month

),

final as (

    select
        monthly.metric,
        monthly.channel,
        monthly.sales_rep_id,
        monthly.month,
        -- Cents are rounded once, by those who need them.
        cast(monthly.target as decimal(24, 10)) as target,
        monthly.period_start,
        {{ add_days('monthly.period_end', -1) }} as period_end,
        cast(case when monthly.is_shared then period_targets.target else monthly.target end as decimal(24, 10))
            as period_target

    from monthly

    inner join period_targets
        on
            monthly.metric = period_targets.metric
            and monthly.channel = period_targets.channel
            and monthly.sales_rep_id = period_targets.sales_rep_id
            and monthly.period_start = period_targets.period_start
            and monthly.period_end = period_targets.period_end

)

select * from final
