{{ config(materialized='table') }}

-- One row per finding about a person's budget, authority, need and timeline, with what was known as of it
-- (glossary B11). A blank takes nothing back; `unknown` does.
with

findings as (

    select * from {{ ref('stg_generic__qualification') }}

),

person_records as (

    select * from {{ ref('int_person_records') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

numbered as (

    select
        person_records.person_id,
        person_records.source_system,
        findings.source_system || ':' || findings.sales_rep_id as sales_rep_id,
        findings.budget,
        findings.authority,
        findings.need,
        findings.timeline_months,
        {{ local_date('findings.assessed_at', 'settings.reporting_timezone') }} as assessed_date,
        findings.assessed_at,
        row_number() over (
            partition by person_records.person_id
            order by findings.assessed_at, person_records.record_id
        ) as finding_number

    from findings

    cross join settings

    inner join person_records
        on findings.source_system || ':' || findings.record_id = person_records.record_id

    where
        findings.deleted_at is null
        and {{ local_date('findings.assessed_at', 'settings.reporting_timezone') }} <= settings.as_of

),

known as (

    select
        person_id,
        source_system,
        sales_rep_id,
        finding_number,
        {% for column in ['budget', 'authority', 'need', 'timeline_months'] %}
        max_by({{ column }}, case when {{ column }} is not null then finding_number end) over (
            partition by person_id
            order by finding_number
            rows between unbounded preceding and current row
        ) as {{ column }},
        {% endfor %}
        assessed_date,
        assessed_at

    from numbered

),

scored as (

    select
        known.person_id,
        known.source_system,
        known.sales_rep_id,
        known.finding_number,
        sqls.version as definition_version,
        case when known.budget = 'yes' then 1 else 0 end
        + case when known.authority = 'yes' then 1 else 0 end
        + case when known.need = 'yes' then 1 else 0 end
        + case when known.timeline_months <= {{ parameter('sqls', 'timeline_max_months') }} then 1 else 0 end
            as bant_score,
        case when known.budget in ('yes', 'no') then 1 else 0 end
        + case when known.authority in ('yes', 'no') then 1 else 0 end
        + case when known.need in ('yes', 'no') then 1 else 0 end
        + case when known.timeline_months is not null then 1 else 0 end as bant_completeness,
        coalesce(known.need = 'yes', false) as is_needed,
        {{ parameter('sqls', 'bant_min_score') }} as min_score,
        known.assessed_at

    from known

    {{ definition_join('sqls', 'sqls', 'known.assessed_date') }}

)

select
    person_id,
    source_system,
    sales_rep_id,
    finding_number,
    definition_version,
    bant_score,
    bant_completeness,
    is_needed and bant_score >= min_score as is_bant_sql,
    assessed_at

from scored
