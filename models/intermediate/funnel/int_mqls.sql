{{ config(materialized='table') }}

-- One row per event that may make a person an MQL, judged by the rules of its own day (glossary B1): a score that
-- reaches the threshold, a raised hand, and where a record has no history of scores a lifecycle date.
with

lead_scores as (

    select * from {{ ref('int_lead_scores') }}

),

touchpoints as (

    select * from {{ ref('int_touchpoints') }}

),

source_stage_changes as (

    select * from {{ ref('int_stage_changes_unioned') }}

),

mapped_changes as (

    select * from {{ ref('int_stage_changes_mapped') }}

),

person_records as (

    select * from {{ ref('int_person_records') }}

),

mql_rules as (

    select * from {{ source('definitions', 'mql_rules') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

-- A rule for the system, or for the field, comes before one for all.
judged_scores as (

    select
        lead_scores.record_id,
        lead_scores.source_system,
        lead_scores.score,
        lead_scores.scored_at,
        mql_rules.threshold,
        mql_rules.version

    from lead_scores

    cross join settings

    inner join mql_rules
        on
            mql_rules.evidence = 'score'
            and mql_rules.source_system in (lead_scores.source_system, '*')
            and (mql_rules.value is null or lower(mql_rules.value) = lower(lead_scores.score_field))
            and {{ in_force('mql_rules', local_date('lead_scores.scored_at', 'settings.reporting_timezone')) }}

    qualify row_number() over (
        partition by lead_scores.record_id, lead_scores.scored_at
        order by
            case when mql_rules.source_system = '*' then 1 else 0 end asc,
            case when mql_rules.value is null then 1 else 0 end asc,
            mql_rules.rule asc
    ) = 1

),

compared_scores as (

    select
        *,
        lag(score) over (partition by record_id order by scored_at) as previous_score,
        lag(threshold) over (partition by record_id order by scored_at) as previous_threshold

    from judged_scores

),

-- Below before: below what is asked for now, or below what was asked for then.
crossings as (

    select * from compared_scores

    where
        score >= threshold
        and (previous_score is null or previous_score < threshold or previous_score < previous_threshold)

),

scored_records as (

    select distinct record_id from judged_scores

),

hands as (

    select
        person_id,
        touch_id as record_id,
        source_system,
        interaction as words,
        cast(null as varchar) as sales_rep_id,
        touched_at as raised_at

    from touchpoints

    union all

    select
        person_records.person_id,
        source_stage_changes.record_id,
        source_stage_changes.source_system,
        source_stage_changes.source_stage,
        source_stage_changes.sales_rep_id,
        source_stage_changes.changed_at

    from source_stage_changes

    inner join person_records
        on source_stage_changes.record_id = person_records.record_id

),

raised_hands as (

    select
        hands.*,
        mql_rules.version

    from hands

    cross join settings

    inner join mql_rules
        on
            mql_rules.evidence = 'hand_raise'
            and mql_rules.source_system in (hands.source_system, '*')
            and lower(mql_rules.value) = lower(hands.words)
            and {{ in_force('mql_rules', local_date('hands.raised_at', 'settings.reporting_timezone')) }}

    qualify row_number() over (
        partition by hands.record_id, hands.words, hands.raised_at
        order by
            case when mql_rules.source_system = '*' then 1 else 0 end asc,
            mql_rules.rule asc
    ) = 1

),

lifecycle_dates as (

    select
        mapped_changes.*,
        scored_records.record_id is not null as has_scores,
        mql_rules.version

    from mapped_changes

    left join scored_records
        on mapped_changes.record_id = scored_records.record_id

    left join mql_rules
        on
            mql_rules.evidence = 'lifecycle'
            and mql_rules.source_system in (mapped_changes.source_system, '*')
            and {{ in_force('mql_rules', 'mapped_changes.changed_date') }}

    where mapped_changes.stage = 'mql'

    qualify row_number() over (
        partition by mapped_changes.record_id, mapped_changes.changed_at
        order by
            case when mql_rules.source_system = '*' then 1 else 0 end asc,
            mql_rules.rule asc,
            mapped_changes.sales_rep_id asc nulls last,
            mapped_changes.reason asc nulls last
    ) = 1

),

final as (

    select
        person_records.person_id,
        crossings.record_id,
        'score' as evidence,
        crossings.source_system,
        cast(null as varchar) as sales_rep_id,
        cast(null as varchar) as reason,
        crossings.version as definition_version,
        true as is_mql,
        crossings.scored_at as occurred_at

    from crossings

    inner join person_records
        on crossings.record_id = person_records.record_id

    union all

    select
        person_id,
        record_id,
        'hand_raise',
        source_system,
        sales_rep_id,
        cast(null as varchar),
        version,
        true,
        raised_at
    from raised_hands

    union all

    select
        person_id,
        record_id,
        'lifecycle',
        source_system,
        sales_rep_id,
        reason,
        version,
        version is not null and not has_scores,
        changed_at
    from lifecycle_dates

)

select * from final
