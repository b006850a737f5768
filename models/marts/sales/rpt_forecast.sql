-- One row per fiscal quarter, forecast and sales rep, and one for all reps (glossary B15).
with

pipeline as (

    select * from {{ ref('fct_pipeline_daily') }}
    where is_funnel

),

opportunities as (

    select * from {{ ref('fct_opportunities') }}
    where is_funnel and status = 'won'

),

days as (

    select * from {{ ref('dim_date') }}

),

sales_reps as (

    select * from {{ ref('dim_sales_rep') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

rep_or_all as (

    select 'rep' as scope

    union all

    select 'all'

),

-- The best case holds the commit, the pipeline all that is due.
forecasts as (

    select
        forecast,
        forecast_category

    from (
        values
        ('commit', 'commit'),
        ('best_case', 'commit'),
        ('best_case', 'best_case'),
        ('pipeline', 'any')
    ) as listed (forecast, forecast_category)

),

forecast_names as (

    select distinct forecast from forecasts

),

first_snapshots as (

    select min(date_day) as first_snapshot from pipeline

),

quarters as (

    select
        days.fiscal_quarter_start as quarter_start,
        max(days.fiscal_quarter_end) as quarter_end,
        max(days.fiscal_year) as fiscal_year,
        max(days.fiscal_quarter) as fiscal_quarter,
        {{ add_days(
            'days.fiscal_quarter_start',
            'floor(' ~ ratio(
                days_between('days.fiscal_quarter_start', add_days('max(days.fiscal_quarter_end)', 1)), '2'
            ) ~ ')'
        ) }} as mid_day,
        max(settings.as_of) as as_of,
        max(first_snapshots.first_snapshot) as first_snapshot

    from days

    cross join settings

    cross join first_snapshots

    where days.date_day <= settings.as_of

    group by days.fiscal_quarter_start

),

due as (

    select
        quarters.quarter_start,
        quarters.mid_day,
        pipeline.date_day,
        pipeline.opportunity_id,
        {{ rep_or_total('pipeline.sales_rep_id') }} as rep,
        forecasts.forecast,
        coalesce(pipeline.amount, 0) as amount,
        later.opportunity_id is not null as has_slipped

    from quarters

    inner join pipeline
        on
            (quarters.quarter_start = pipeline.date_day or quarters.mid_day = pipeline.date_day)
            and pipeline.expected_close_date between quarters.quarter_start and quarters.quarter_end

    -- Still open at the end, and due later: what was lost has not slipped.
    left join pipeline as later
        on
            pipeline.opportunity_id = later.opportunity_id
            and later.date_day = least(quarters.quarter_end, quarters.as_of)
            and later.expected_close_date > quarters.quarter_end

    inner join forecasts
        on forecasts.forecast_category = 'any' or pipeline.forecast_category = forecasts.forecast_category

    cross join rep_or_all

),

forecasted as (

    select
        quarter_start,
        rep,
        forecast,
        sum(case when date_day = quarter_start then amount else 0 end) as forecast_day_1,
        sum(case when date_day = mid_day then amount else 0 end) as open_mid_period,
        sum(case when date_day = quarter_start and has_slipped then amount else 0 end) as slipped_amount

    from due

    group by quarter_start, rep, forecast

),

won as (

    select
        quarters.quarter_start,
        {{ rep_or_total('opportunities.sales_rep_id') }}
            as rep,
        sum(opportunities.amount) as actual,
        sum(case when opportunities.close_date <= quarters.mid_day then opportunities.amount else 0 end)
            as won_by_mid_period

    from quarters

    inner join opportunities
        on
            opportunities.close_date between quarters.quarter_start and quarters.quarter_end
            and opportunities.close_date <= quarters.as_of

    cross join rep_or_all

    group by
        quarters.quarter_start,
        {{ rep_or_total('opportunities.sales_rep_id') }}

),

keys as (

    select quarter_start, rep from forecasted

    union

    select quarter_start, rep from won

),

rows_of_forecasts as (

    select
        keys.quarter_start,
        keys.rep,
        forecast_names.forecast

    from keys

    cross join forecast_names

),

amounts as (

    select
        rows_of_forecasts.forecast,
        rows_of_forecasts.rep,
        quarters.fiscal_year,
        quarters.fiscal_quarter,
        -- Where no snapshot was taken nothing was forecast.
        case when quarters.quarter_start >= quarters.first_snapshot then coalesce(forecasted.forecast_day_1, 0) end
            as forecast_day_1,
        case
            when quarters.mid_day between quarters.first_snapshot and quarters.as_of
                then coalesce(forecasted.open_mid_period, 0) + coalesce(won.won_by_mid_period, 0)
        end as forecast_mid_period,
        coalesce(won.actual, 0) as actual,
        case when quarters.quarter_start >= quarters.first_snapshot then coalesce(forecasted.slipped_amount, 0) end
            as slipped_amount,
        quarters.quarter_end <= quarters.as_of as is_complete,
        quarters.quarter_start,
        quarters.quarter_end,
        quarters.mid_day

    from rows_of_forecasts

    inner join quarters
        on rows_of_forecasts.quarter_start = quarters.quarter_start

    left join forecasted
        on
            rows_of_forecasts.quarter_start = forecasted.quarter_start
            and rows_of_forecasts.rep = forecasted.rep
            and rows_of_forecasts.forecast = forecasted.forecast

    left join won
        on rows_of_forecasts.quarter_start = won.quarter_start and rows_of_forecasts.rep = won.rep

),

errors as (

    select
        *,
        case when is_complete then {{ ratio('forecast_day_1 - actual', 'actual') }} end as error_day_1,
        case when is_complete then {{ ratio('forecast_mid_period - actual', 'actual') }} end as error_mid_period

    from amounts

)

select
    errors.rep as sales_rep_id,
    coalesce(sales_reps.sales_rep, errors.rep) as sales_rep,
    errors.forecast as forecast_category,
    errors.fiscal_year,
    errors.fiscal_quarter,
    {{ money('errors.forecast_day_1') }} as forecast_day_1,
    {{ money('errors.forecast_mid_period') }} as forecast_mid_period,
    {{ money('errors.actual') }} as actual,
    errors.error_day_1,
    errors.error_mid_period,
    1 - abs(errors.error_day_1) as accuracy,
    {{ money('errors.slipped_amount') }} as slipped_amount,
    {{ ratio('errors.slipped_amount', 'errors.forecast_day_1') }} as slippage,
    errors.forecast = 'commit' as is_headline,
    errors.is_complete,
    errors.quarter_start as period_start,
    errors.quarter_end as period_end,
    errors.mid_day

from errors

left join sales_reps
    on errors.rep = sales_reps.sales_rep_id
