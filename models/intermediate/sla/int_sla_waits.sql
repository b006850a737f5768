{{ config(materialized='table') }}

-- One row per promise of a time and MQL cycle: when the clock started, when it was due, when it was answered,
-- and how long that took on the calendar of whoever had the lead (glossary B8, B10).
with

assignments as (

    select * from {{ ref('int_assignments') }}

),

sales_reps as (

    select * from {{ ref('int_sales_reps') }}

),

activities as (

    select * from {{ ref('int_activities') }}

),

business_days as (

    select * from {{ ref('int_business_days') }}

),

sla as (

    select * from {{ source('definitions', 'sla') }}

),

rep_calendars as (

    select * from {{ source('definitions', 'rep_calendars') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

-- A company that exports no activities does not say whether anybody was answered.
known_activities as (

    select count(*) as activities from activities

),

zones as (

    select distinct
        calendar,
        time_zone

    from business_days

),

started as (

    select
        sla.commitment,
        sla.owner,
        sla.kind,
        sla.metric,
        sla.committed,
        sla.unit,
        sla.calendar as clock,
        sla.version as definition_version,
        assignments.person_id,
        assignments.cycle_number,
        assignments.sales_rep_id,
        assignments.mql_at,
        assignments.assigned_at,
        case when sla.starts_at = 'mql' then assignments.mql_at else assignments.assigned_at end as started_at,
        case when sla.kind = 'decision' then assignments.decided_at else assignments.first_response_at end
            as answered_at,
        assignments.deleted_at,
        {{ local_date(
            "case when sla.starts_at = 'mql' then assignments.mql_at else assignments.assigned_at end",
            'settings.reporting_timezone'
        ) }} as started_date,
        {{ day_start(add_days('settings.as_of', 1), 'settings.reporting_timezone') }} as as_of_at

    from assignments

    cross join settings

    cross join known_activities

    inner join sla
        on
            (sla.kind = 'decision' or (sla.kind = 'response' and known_activities.activities > 0))
            and {{ in_force('sla', local_date(
                "case when sla.starts_at = 'mql' then assignments.mql_at else assignments.assigned_at end",
                'settings.reporting_timezone'
            )) }}

),

-- The calendar of the rep comes before that of the team, and that before the region's.
calendars as (

    select
        started.*,
        coalesce(rep_calendars.calendar, 'default') as calendar

    from started

    left join sales_reps
        on started.sales_rep_id = sales_reps.sales_rep_id

    left join rep_calendars
        on
            (
                (rep_calendars.match_on = 'sales_rep_id' and rep_calendars.value = started.sales_rep_id)
                or (rep_calendars.match_on = 'team' and lower(rep_calendars.value) = lower(sales_reps.team))
                or (rep_calendars.match_on = 'region' and lower(rep_calendars.value) = lower(sales_reps.region))
            )
            and {{ in_force('rep_calendars', 'started.started_date') }}

    qualify row_number() over (
        partition by started.commitment, started.person_id, started.cycle_number
        order by
            case rep_calendars.match_on when 'sales_rep_id' then 1 when 'team' then 2 else 3 end asc,
            rep_calendars.calendar asc
    ) = 1

),

-- Nobody is waiting any more once there is an answer, or nobody left to answer.
watched as (

    select
        calendars.*,
        zones.time_zone,
        greatest(
            calendars.started_at,
            coalesce(
                calendars.answered_at,
                least(coalesce(calendars.deleted_at, calendars.as_of_at), calendars.as_of_at)
            )
        ) as watched_until

    from calendars

    inner join zones
        on calendars.calendar = zones.calendar

),

-- Open seconds of the calendar up to an instant: those of the days before, and those of the day itself.
measured as (

    select
        watched.*,
        start_days.business_day_number as start_day_number,
        start_days.open_seconds_before
        + least(start_days.open_seconds, greatest(0, coalesce(
            {{ seconds_between('start_days.opens_at', 'watched.started_at') }}, 0
        ))) as open_seconds_at_start,
        end_days.open_seconds_before
        + least(end_days.open_seconds, greatest(0, coalesce(
            {{ seconds_between('end_days.opens_at', 'watched.watched_until') }}, 0
        ))) as open_seconds_at_end

    from watched

    inner join business_days as start_days
        on
            watched.calendar = start_days.calendar
            and start_days.date_day = {{ local_date('watched.started_at', 'watched.time_zone') }}

    inner join business_days as end_days
        on
            watched.calendar = end_days.calendar
            and end_days.date_day = {{ local_date('watched.watched_until', 'watched.time_zone') }}

),

-- Open hours are used up in the midst of a day that is open, business days at the end of one.
due as (

    select
        measured.*,
        case
            when measured.clock = 'business' and measured.unit = 'hours'
                then {{ add_seconds(
                    'hour_days.opens_at',
                    'measured.open_seconds_at_start + measured.committed * 3600 - hour_days.open_seconds_before'
                ) }}
            when measured.clock = 'business'
                then {{ day_end('count_days.date_day', 'measured.time_zone') }}
            when measured.unit = 'hours'
                then {{ add_seconds('measured.started_at', 'measured.committed * 3600') }}
            else {{ day_end(
                add_days(local_date('measured.started_at', 'measured.time_zone'), 'measured.committed'),
                'measured.time_zone'
            ) }}
        end as due_at

    from measured

    left join business_days as hour_days
        on
            measured.clock = 'business'
            and measured.unit = 'hours'
            and measured.calendar = hour_days.calendar
            and hour_days.open_seconds_before <= measured.open_seconds_at_start + measured.committed * 3600
            and hour_days.open_seconds_before + hour_days.open_seconds
            > measured.open_seconds_at_start + measured.committed * 3600

    left join business_days as count_days
        on
            measured.clock = 'business'
            and measured.unit = 'days'
            and measured.calendar = count_days.calendar
            and count_days.is_open
            and count_days.business_day_number = measured.start_day_number + measured.committed

),

judged as (

    select
        commitment,
        owner,
        kind,
        metric,
        committed,
        unit,
        clock,
        calendar,
        definition_version,
        person_id,
        cycle_number,
        sales_rep_id,
        {{ month_of('started_date') }} as month,
        case
            when answered_at <= due_at then 'met'
            when answered_at is null and deleted_at <= due_at then 'void'
            when answered_at > due_at or due_at < as_of_at then 'breached'
            else 'pending'
        end as outcome,
        {{ ratio('case when clock = \'business\' then open_seconds_at_end - open_seconds_at_start else '
            ~ seconds_between('started_at', 'watched_until') ~ ' end', 60) }} as waited_minutes,
        {{ ratio(seconds_between('mql_at', 'assigned_at'), 60) }} as routing_minutes,
        mql_at,
        assigned_at,
        started_at,
        due_at,
        answered_at

    from due

)

select * from judged
