{{ config(materialized='table') }}

-- One row per observed MQL cycle: what sales made of it, when and why (glossary B10). A person of whom every
-- record was deleted is still here, as deleting a lead breaks no promise and keeps none.
with

entries as (

    select * from {{ ref('int_stage_entries') }}

),

persons as (

    select * from {{ ref('int_persons') }}

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

qualification as (

    select * from {{ ref('int_qualification') }}

),

reject_reasons as (

    select * from {{ source('definitions', 'reject_reasons') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

mql_cycles as (

    select
        entries.person_id,
        entries.cycle_number,
        cycles.channel,
        cycles.campaign_id,
        persons.is_excluded as is_deleted,
        {{ local_date('entries.entered_at', 'settings.reporting_timezone') }} as mql_date,
        entries.entered_at as mql_at

    from entries

    cross join settings

    inner join persons
        on entries.person_id = persons.person_id

    inner join cycles
        on
            entries.person_id = cycles.person_id
            and entries.cycle_number = cycles.cycle_number

    where
        entries.stage = 'mql'
        and not entries.is_imputed
        and (not persons.is_excluded or persons.exclusion_rule = 'deleted')
        and {{ local_date('entries.entered_at', 'settings.reporting_timezone') }} <= settings.as_of

),

later_entries as (

    select
        entries.person_id,
        entries.cycle_number,
        min(case when entries.stage = 'sal' then entries.entered_at end) as sal_at,
        min(case when entries.stage = 'sql' then entries.entered_at end) as sql_at,
        min(case when entries.stage = 'rejected' then entries.entered_at end) as rejected_at,
        min(case when entries.stage = 'recycled' then entries.entered_at end) as recycled_at,
        min(case when entries.stage = 'rejected' then entries.reason end) as reason,
        min(case when entries.stage = 'rejected' then entries.source_system end) as source_system

    from entries

    cross join settings

    where {{ local_date('entries.entered_at', 'settings.reporting_timezone') }} <= settings.as_of

    group by entries.person_id, entries.cycle_number

),

-- A disqualification after the acceptance is no rejection.
decided as (

    select
        mql_cycles.*,
        case
            when later_entries.sal_at is not null then 'accepted'
            when later_entries.rejected_at is not null then 'rejected'
            when later_entries.recycled_at is not null then 'recycled'
            else 'pending'
        end as decision,
        coalesce(later_entries.sal_at, later_entries.rejected_at, later_entries.recycled_at) as decided_at,
        case
            when later_entries.sal_at is null and later_entries.rejected_at is not null
                then coalesce(trim(later_entries.reason), '')
        end as source_reason,
        later_entries.source_system,
        -- Of an SQL its qualification as of then counts, of anybody else as of the end of the cycle.
        coalesce(
            later_entries.sql_at, later_entries.rejected_at, later_entries.recycled_at
        ) as qualified_at

    from mql_cycles

    left join later_entries
        on
            mql_cycles.person_id = later_entries.person_id
            and mql_cycles.cycle_number = later_entries.cycle_number

),

qualified as (

    select
        decided.person_id,
        decided.cycle_number,
        qualification.bant_score,
        qualification.bant_completeness

    from decided

    inner join qualification
        on
            decided.person_id = qualification.person_id
            and (decided.qualified_at is null or qualification.assessed_at <= decided.qualified_at)

    qualify row_number() over (
        partition by decided.person_id, decided.cycle_number
        order by qualification.finding_number desc
    ) = 1

),

final as (

    select
        decided.person_id,
        decided.cycle_number,
        decided.channel,
        decided.campaign_id,
        decided.decision,
        case
            when decided.source_reason is null then null
            when decided.source_reason = '' then 'not_given'
            when reject_reasons.reject_reason is not null then reject_reasons.reject_reason
            when
                replace(lower(decided.source_reason), ' ', '_') in (
                    {%- for reason in reject_reasons() %}
                    '{{ reason }}'{{ ',' if not loop.last }}
                    {%- endfor %}
                )
                then replace(lower(decided.source_reason), ' ', '_')
            else 'other'
        end as reject_reason,
        reject_reasons.version as reason_version,
        qualified.bant_score,
        qualified.bant_completeness,
        decided.is_deleted,
        decided.mql_date,
        {{ month_of('decided.mql_date') }} as month,
        decided.mql_at,
        decided.decided_at

    from decided

    cross join settings

    left join reject_reasons
        on
            decided.source_system = reject_reasons.source_system
            and lower(decided.source_reason) = lower(reject_reasons.source_reason)
            and {{ in_force(
                'reject_reasons', local_date('decided.decided_at', 'settings.reporting_timezone')
            ) }}

    left join qualified
        on
            decided.person_id = qualified.person_id
            and decided.cycle_number = qualified.cycle_number

)

select * from final
