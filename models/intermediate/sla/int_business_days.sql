{{ config(materialized='table') }}

-- One row per calendar and day: when sales is there, and how much open time and how many business days went
-- before. The open time between two instants is then one subtraction (glossary B8).
with

business_hours as (

    select * from {{ source('definitions', 'business_hours') }}

),

holidays as (

    select * from {{ source('definitions', 'holidays') }}

),

sla as (

    select * from {{ source('definitions', 'sla') }}

),

entries as (

    select * from {{ ref('int_stage_entries') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

-- Ahead lies whatever is promised today, were there one open hour a week.
longest as (

    select coalesce(max(case when kind in ('response', 'decision') then committed end), 0) as committed
    from sla

),

bounds as (

    select
        {{ month_of(add_days(
            "coalesce(min(" ~ local_date('entries.entered_at', 'settings.reporting_timezone') ~ "), max(settings.as_of))",
            -1
        )) }} as first_day,
        {{ add_days('max(settings.as_of)', '7 * (max(longest.committed) + 2)') }} as last_day

    from settings

    cross join longest

    left join entries
        on
            entries.stage = 'mql'
            and {{ local_date('entries.entered_at', 'settings.reporting_timezone') }} <= settings.as_of

),

days as (

    select date_day
    from {{ day_spine('(select first_day from bounds)', '(select last_day from bounds)') }} as spine

),

calendars as (

    select
        business_hours.calendar,
        coalesce(min(business_hours.time_zone), min(settings.reporting_timezone)) as time_zone

    from business_hours

    cross join settings

    group by business_hours.calendar

),

calendar_days as (

    select
        calendars.calendar,
        calendars.time_zone,
        days.date_day,
        case when holidays.day is null then {{ wall_clock(
            'days.date_day', 'business_hours.opens', 'calendars.time_zone'
        ) }} end as opens_at,
        case when holidays.day is null then {{ wall_clock(
            'days.date_day', 'business_hours.closes', 'calendars.time_zone'
        ) }} end as closes_at

    from calendars

    cross join days

    left join business_hours
        on
            calendars.calendar = business_hours.calendar
            and business_hours.weekday = {{ weekday_iso('days.date_day') }}
            and {{ in_force('business_hours', 'days.date_day') }}

    left join holidays
        on
            calendars.calendar = holidays.calendar
            and days.date_day = holidays.day

),

measured as (

    select
        *,
        opens_at is not null as is_open,
        coalesce({{ seconds_between('opens_at', 'closes_at') }}, 0) as open_seconds

    from calendar_days

),

running as (

    select
        calendar,
        time_zone,
        date_day,
        is_open,
        opens_at,
        closes_at,
        cast(open_seconds as bigint) as open_seconds,
        cast(coalesce(sum(open_seconds) over (
            partition by calendar
            order by date_day
            rows between unbounded preceding and 1 preceding
        ), 0) as bigint) as open_seconds_before,
        cast(sum(case when is_open then 1 else 0 end) over (
            partition by calendar
            order by date_day
            rows between unbounded preceding and current row
        ) as bigint) as business_day_number

    from measured

)

select * from running
