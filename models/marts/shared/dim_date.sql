-- One row per day, from the first thing that happened to the end of the year of today.
with

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

first_days as (

    select min(entered_date) as first_day from {{ ref('int_funnel_entries') }}

    union all

    select min(coalesce(created_date, close_date)) from {{ ref('int_opportunities') }}

    union all

    select min(date_day) from {{ ref('int_ad_performance_daily') }}

    union all

    select min(date_day) from {{ ref('int_revenue') }}

    union all

    select min(month) from {{ ref('int_costs') }}

    union all

    select as_of from settings

),

-- Deals that are still open are expected to close later than today.
last_days as (

    select max(close_date) as last_day from {{ ref('int_opportunities') }}

    union all

    select as_of from settings

),

bounds as (

    select
        cast(date_trunc('year', min(first_days.first_day)) as date) as first_day,
        {{ add_days(add_months("cast(date_trunc('year', max(last_days.last_day)) as date)", 12), -1) }} as last_day

    from first_days

    cross join last_days

),

days as (

    select date_day
    from {{ day_spine('(select first_day from bounds)', '(select last_day from bounds)') }} as spine

),

fiscal as (

    select
        days.date_day,
        -- Months since the fiscal year started; the year is named by the one it ends in (glossary 0.5).
        (extract(month from days.date_day) - settings.fiscal_year_start_month + 12) % 12 as fiscal_month_index,
        extract(year from days.date_day)
        + case
            when
                settings.fiscal_year_start_month > 1
                and extract(month from days.date_day) >= settings.fiscal_year_start_month
                then 1
            else 0
        end as fiscal_year

    from days

    cross join settings

)

select
    date_day,
    cast(date_trunc('week', date_day) as date) as iso_week_start,
    {{ month_of('date_day') }} as month,
    cast(date_trunc('quarter', date_day) as date) as quarter_start,
    cast(fiscal_year as integer) as fiscal_year,
    cast(floor({{ ratio('fiscal_month_index', '3') }}) + 1 as integer) as fiscal_quarter,
    cast(fiscal_month_index + 1 as integer) as fiscal_month,
    {{ weekday_iso('date_day') }} <= 5 as is_business_day

from fiscal
