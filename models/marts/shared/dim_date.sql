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

    select min(start_date) from {{ ref('int_subscriptions') }}

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

computed as (

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
        end as fiscal_year,
        {{ fiscal_quarter_start(month_of('days.date_day'), 'settings.fiscal_year_start_month') }}
            as fiscal_quarter_start

    from days

    cross join settings

),

-- A calendar of one's own (4-4-5) counts on the days that it has.
listed_quarters as (

    select
        fiscal_year,
        fiscal_quarter,
        min(valid_from) as quarter_start,
        {{ add_days('max(valid_to)', -1) }} as quarter_end

    from {{ source('definitions', 'fiscal_calendar') }}

    group by fiscal_year, fiscal_quarter

),

listed as (

    select
        months.fiscal_year,
        months.fiscal_quarter,
        months.fiscal_month,
        months.valid_from,
        months.valid_to,
        listed_quarters.quarter_start,
        listed_quarters.quarter_end

    from {{ source('definitions', 'fiscal_calendar') }} as months

    inner join listed_quarters
        on
            months.fiscal_year = listed_quarters.fiscal_year
            and months.fiscal_quarter = listed_quarters.fiscal_quarter

)

select
    computed.date_day,
    cast(date_trunc('week', computed.date_day) as date) as iso_week_start,
    {{ month_of('computed.date_day') }} as month,
    cast(date_trunc('quarter', computed.date_day) as date) as quarter_start,
    cast(coalesce(listed.fiscal_year, computed.fiscal_year) as integer) as fiscal_year,
    cast(
        coalesce(listed.fiscal_quarter, floor({{ ratio('computed.fiscal_month_index', '3') }}) + 1) as integer
    ) as fiscal_quarter,
    cast(coalesce(listed.fiscal_month, computed.fiscal_month_index + 1) as integer) as fiscal_month,
    coalesce(listed.quarter_start, computed.fiscal_quarter_start) as fiscal_quarter_start,
    coalesce(
        listed.quarter_end, {{ add_days(add_months('computed.fiscal_quarter_start', 3), -1) }}
    ) as fiscal_quarter_end,
    {{ weekday_iso('computed.date_day') }} <= 5 as is_business_day

from computed

left join listed
    on {{ in_force('listed', 'computed.date_day') }}
