-- One row per cohort month, channel and pair of stages (glossary B2, B3).
with

conversions as (

    select * from {{ ref('int_conversions') }}

),

curves as (

    select * from {{ ref('int_conversion_curves') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

counted as (

    select
        cohort_month,
        channel,
        from_stage,
        to_stage,
        max(window_days) as window_days,
        count(*) as entered,
        count(case when lag_days <= window_days then 1 end) as converted,
        count(converted_date) as converted_ever,
        {{ percentile('lag_days', 0.5) }} as lag_median_days_converted

    from conversions

    group by cohort_month, channel, from_stage, to_stage

),

curve_points as (

    select
        counted.cohort_month,
        counted.channel,
        counted.from_stage,
        counted.to_stage,
        min(case when curves.age_days <= counted.window_days then curves.unconverted_share end)
            as unconverted_at_window,
        min(case when curves.unconverted_share <= 0.5 then curves.age_days end) as lag_median_days,
        min(case when curves.unconverted_share <= 0.1 then curves.age_days end) as lag_p90_days

    from counted

    left join curves
        on
            counted.cohort_month = curves.cohort_month
            and counted.channel = curves.channel
            and counted.from_stage = curves.from_stage
            and counted.to_stage = curves.to_stage

    group by counted.cohort_month, counted.channel, counted.from_stage, counted.to_stage

)

select
    counted.channel,
    counted.from_stage,
    counted.to_stage,
    counted.entered,
    counted.converted,
    {{ ratio('counted.converted', 'counted.entered') }} as conversion_rate,
    {{ wilson('low', 'counted.converted', 'counted.entered') }} as ci_low,
    {{ wilson('high', 'counted.converted', 'counted.entered') }} as ci_high,
    1 - coalesce(curve_points.unconverted_at_window, 1) as conversion_rate_km,
    counted.converted_ever,
    {{ ratio('counted.converted_ever', 'counted.entered') }} as conversion_ever_rate,
    counted.window_days,
    -- The cohort is mature when its last day has had its window (glossary 0.12).
    settings.as_of >= {{ add_days(
        add_days(add_months('counted.cohort_month', 1), -1), 'counted.window_days'
    ) }} as is_mature,
    curve_points.lag_median_days,
    curve_points.lag_p90_days,
    counted.lag_median_days_converted,
    counted.cohort_month

from counted

cross join settings

inner join curve_points
    on
        counted.cohort_month = curve_points.cohort_month
        and counted.channel = curve_points.channel
        and counted.from_stage = curve_points.from_stage
        and counted.to_stage = curve_points.to_stage
