{{ config(materialized='table') }}

-- One row per unit that was observed entering a stage, and the day on which it reached a later one
-- (glossary B2): person cycles, except from lead to a deal (persons) and from a deal to a win (deals).
with

entries as (

    select * from {{ ref('int_funnel_entries') }}

),

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

opportunity_sources as (

    select * from {{ ref('int_opportunity_sources') }}

),

windows as (

    select * from {{ source('definitions', 'conversion_windows') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

counted as (

    select * from entries
    where not via_account

),

-- Somebody may be recorded as a lead again, in a later cycle: the first time is theirs.
first_leads as (

    select *

    from counted

    where stage = 'lead' and not is_imputed and not is_lead_after_opportunity

    qualify row_number() over (partition by person_id order by cycle_number) = 1

),

person_cycles as (

    select
        windows.from_stage,
        windows.to_stage,
        windows.window_days,
        windows.version as definition_version,
        from_entries.person_id || '#' || cast(from_entries.cycle_number as varchar) as unit_id,
        from_entries.channel,
        from_entries.entered_date,
        to_entries.entered_date as converted_date

    from counted as from_entries

    inner join windows
        on
            from_entries.stage = windows.from_stage
            and not (windows.from_stage = 'lead' and windows.to_stage in ('opportunity', 'won'))
            and windows.from_stage != 'opportunity'
            and {{ in_force('windows', 'from_entries.entered_date') }}

    left join counted as to_entries
        on
            from_entries.person_id = to_entries.person_id
            and from_entries.cycle_number = to_entries.cycle_number
            and windows.to_stage = to_entries.stage

    where not from_entries.is_imputed and not from_entries.is_lead_after_opportunity

),

-- A person counts once if any deal of theirs exists, in whatever cycle.
persons as (

    select
        windows.from_stage,
        windows.to_stage,
        windows.window_days,
        windows.version as definition_version,
        from_entries.person_id as unit_id,
        from_entries.channel,
        from_entries.entered_date,
        min(to_entries.entered_date) as converted_date

    from first_leads as from_entries

    inner join windows
        on
            windows.from_stage = 'lead'
            and windows.to_stage in ('opportunity', 'won')
            and {{ in_force('windows', 'from_entries.entered_date') }}

    left join counted as to_entries
        on
            from_entries.person_id = to_entries.person_id
            and to_entries.cycle_number >= from_entries.cycle_number
            and windows.to_stage = to_entries.stage

    group by
        windows.from_stage,
        windows.to_stage,
        windows.window_days,
        windows.version,
        from_entries.person_id,
        from_entries.channel,
        from_entries.entered_date

),

-- A deal was there when it was closed, at the latest. The day on which an open one may close says nothing.
dated_opportunities as (

    select
        *,
        case
            when status != 'open' and close_date < created_date then close_date
            else created_date
        end as entered_date

    from opportunities

),

deals as (

    select
        windows.from_stage,
        windows.to_stage,
        windows.window_days,
        windows.version as definition_version,
        opportunities.opportunity_id as unit_id,
        opportunity_sources.channel,
        opportunities.entered_date,
        case when opportunities.status = 'won' then opportunities.close_date end as converted_date

    from dated_opportunities as opportunities

    inner join opportunity_sources
        on opportunities.opportunity_id = opportunity_sources.opportunity_id

    inner join windows
        on
            windows.from_stage = 'opportunity'
            and windows.to_stage = 'won'
            and {{ in_force('windows', 'opportunities.entered_date') }}

    where
        opportunities.is_funnel
        and not opportunities.is_deleted
        and opportunities.created_date is not null
        and coalesce(opportunities.amount_original, 0) >= 0

),

units as (

    select * from person_cycles

    union all

    select * from persons

    union all

    select * from deals

),

-- What is dated after today has not happened yet.
known as (

    select
        units.from_stage,
        units.to_stage,
        units.window_days,
        units.definition_version,
        units.unit_id,
        units.channel,
        units.entered_date,
        case when units.converted_date <= settings.as_of then units.converted_date end as converted_date

    from units

    cross join settings

    where units.entered_date <= settings.as_of

),

aged as (

    select
        known.*,
        {{ month_of('known.entered_date') }} as cohort_month,
        {{ days_between('known.entered_date', 'known.converted_date') }} as lag_days,
        -- How long the unit was watched: to its conversion, else to today.
        coalesce(
            {{ days_between('known.entered_date', 'known.converted_date') }},
            {{ days_between('known.entered_date', 'settings.as_of') }}
        ) as observed_days

    from known

    cross join settings

)

select * from aged
