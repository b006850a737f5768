-- One row per month and sales rep, and one for all: the pipeline that is due in the quota period of the month,
-- against the quota (glossary B7). Without a quota the period is the team's, else the fiscal quarter.
with

pipeline as (

    select * from {{ ref('int_pipeline_daily') }}
    where is_funnel

),

bookings as (

    select * from {{ ref('int_bookings') }}
    where kind != 'renewal'

),

quotas as (

    select * from {{ ref('int_quotas') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

reps as (

    select distinct coalesce(sales_rep_id, 'unattributed') as rep from pipeline

    union distinct

    select distinct coalesce(sales_rep_id, 'unattributed') from bookings

    union distinct

    select distinct sales_rep_id from quotas
    where sales_rep_id != 'all'

),

first_days as (

    select min(date_day) as first_day from pipeline

    union all

    select min(event_date) from bookings

    union all

    select min(month) from quotas

),

-- Before the first open deal there is no snapshot: what was open then is not known.
first_snapshots as (

    select min(date_day) as first_snapshot from pipeline

),

months as (

    select distinct {{ month_of('date_day') }} as month
    from {{ day_spine('(select min(first_day) from first_days)', '(select as_of from settings)') }} as spine

),

periods as (

    select
        months.month,
        reps.rep,
        quotas.period_quota,
        team_quotas.period_quota as team_quota,
        least({{ add_days(add_months('months.month', 1), -1) }}, settings.as_of) as last_day,
        months.month = {{ month_of('settings.as_of') }} as is_now,
        coalesce(
            quotas.period_start,
            team_quotas.period_start,
            {{ fiscal_quarter_start('months.month', 'settings.fiscal_year_start_month') }}
        ) as period_start,
        coalesce(
            quotas.period_end,
            team_quotas.period_end,
            {{ add_days(add_months(
                fiscal_quarter_start('months.month', 'settings.fiscal_year_start_month'), 3
            ), -1) }}
        ) as period_end

    from months

    cross join reps

    cross join settings

    left join quotas
        on months.month = quotas.month and reps.rep = quotas.sales_rep_id

    left join quotas as team_quotas
        on months.month = team_quotas.month and team_quotas.sales_rep_id = 'all'

),

started as (

    select
        periods.month,
        periods.rep,
        sum(pipeline.amount) as start_pipeline,
        sum(pipeline.weighted_amount) as start_weighted

    from periods

    inner join pipeline
        on
            periods.rep = coalesce(pipeline.sales_rep_id, 'unattributed')
            and periods.period_start = pipeline.date_day
            and pipeline.expected_close_date between periods.period_start and periods.period_end

    group by periods.month, periods.rep

),

running as (

    select
        periods.month,
        periods.rep,
        sum(pipeline.amount) as now_pipeline,
        sum(pipeline.weighted_amount) as now_weighted

    from periods

    inner join pipeline
        on
            periods.rep = coalesce(pipeline.sales_rep_id, 'unattributed')
            and periods.last_day = pipeline.date_day
            and pipeline.expected_close_date between periods.period_start and periods.period_end

    where periods.is_now

    group by periods.month, periods.rep

),

won as (

    select
        periods.month,
        periods.rep,
        sum(bookings.amount) as period_won

    from periods

    inner join bookings
        on
            periods.rep = coalesce(bookings.sales_rep_id, 'unattributed')
            and bookings.event_date between periods.period_start and periods.last_day

    group by periods.month, periods.rep

),

by_rep as (

    select
        periods.month,
        periods.rep,
        periods.is_now,
        periods.period_quota,
        periods.team_quota,
        case when periods.period_start >= first_snapshots.first_snapshot then coalesce(started.start_pipeline, 0) end
            as start_pipeline,
        case when periods.period_start >= first_snapshots.first_snapshot then coalesce(started.start_weighted, 0) end
            as start_weighted,
        case when periods.is_now then coalesce(running.now_pipeline, 0) end as now_pipeline,
        case when periods.is_now then coalesce(running.now_weighted, 0) end as now_weighted,
        coalesce(won.period_won, 0) as period_won

    from periods

    cross join first_snapshots

    left join started
        on periods.month = started.month and periods.rep = started.rep

    left join running
        on periods.month = running.month and periods.rep = running.rep

    left join won
        on periods.month = won.month and periods.rep = won.rep

    where
        periods.period_quota is not null
        or started.rep is not null
        or running.rep is not null
        or won.rep is not null

),

-- Sums first: who is above the quota lowers what is left for the team, who has none brings pipeline and wins.
totals as (

    select
        month,
        rep,
        is_now,
        period_quota,
        start_pipeline,
        start_weighted,
        now_pipeline,
        now_weighted,
        period_won
    from by_rep

    union all

    select
        month,
        'all',
        is_now,
        coalesce(sum(period_quota), max(team_quota)),
        sum(start_pipeline),
        sum(start_weighted),
        sum(now_pipeline),
        sum(now_weighted),
        sum(period_won)
    from by_rep
    group by month, is_now

),

remainders as (

    select
        *,
        coalesce(period_quota, 0) = 0 as is_no_quota,
        case when is_now then coalesce(period_quota, 0) - period_won end as remaining_quota

    from totals

),

coverage as (

    select
        month,
        rep,
        is_no_quota,
        {{ money('period_quota') }} as period_quota,
        {{ money('period_won') }} as period_won,
        {{ ratio('period_won', 'period_quota') }} as period_attainment,
        {{ money('start_pipeline') }} as coverage_start_pipeline,
        case when period_quota > 0 then {{ ratio('start_pipeline', 'period_quota') }} end as coverage_start,
        case when period_quota > 0 then {{ ratio('start_weighted', 'period_quota') }} end as coverage_start_weighted,
        {{ money('now_pipeline') }} as coverage_now_pipeline,
        {{ money('remaining_quota') }} as remaining_quota,
        case when remaining_quota > 0 then {{ ratio('now_pipeline', 'remaining_quota') }} end as coverage_now,
        case when remaining_quota > 0 then {{ ratio('now_weighted', 'remaining_quota') }} end as coverage_now_weighted

    from remainders

)

select * from coverage
