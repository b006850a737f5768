{# What only a promise to answer in time has, for the rows of the others. #}
{% set of_waits_alone %}
cast(null as bigint) as void,
        cast(null as bigint) as answered,
        cast(null as bigint) as within_5min,
        cast(null as bigint) as within_1h,
        cast(null as bigint) as within_24h,
        cast(null as bigint) as unassigned,
        cast(null as double) as median_response_minutes_km,
        cast(null as double) as p90_response_minutes_km,
        cast(null as double) as median_answered_minutes,
        cast(null as double) as p90_answered_minutes,
        cast(null as double) as median_routing_minutes,
{% endset %}

-- One row per month and commitment: what marketing and sales promised each other, and what came of it
-- (glossary B8, B9). The month is that of the assignment, of the MQL where the clock starts there.
with

volumes as (

    select * from {{ ref('int_sla_volumes') }}

),

waits as (

    select * from {{ ref('int_sla_waits') }}

),

curves as (

    select * from {{ ref('int_sla_curves') }}

),

conversions as (

    select * from {{ ref('int_sla_conversions') }}

),

targets as (

    select * from {{ ref('int_targets') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

wait_counts as (

    select
        commitment,
        month,
        max(owner) as owner,
        max(kind) as kind,
        max(metric) as metric,
        max_by(unit, definition_version) as unit,
        max_by(clock, definition_version) as calendar,
        max_by(committed, definition_version) as agreed,
        max(definition_version) as definition_version,
        sum(case when outcome = 'met' then 1 else 0 end) as met,
        sum(case when outcome = 'breached' then 1 else 0 end) as breached,
        sum(case when outcome = 'pending' then 1 else 0 end) as pending,
        sum(case when outcome = 'void' then 1 else 0 end) as void,
        sum(case when answered_at is not null then 1 else 0 end) as answered,
        sum(case when answered_at is not null and waited_minutes <= 5 then 1 else 0 end) as within_5min,
        sum(case when answered_at is not null and waited_minutes <= 60 then 1 else 0 end) as within_1h,
        sum(case when answered_at is not null and waited_minutes <= 1440 then 1 else 0 end) as within_24h,
        sum(case when assigned_at is null then 1 else 0 end) as unassigned,
        {{ percentile('case when answered_at is not null then waited_minutes end', 0.5) }} as median_answered_minutes,
        {{ percentile('case when answered_at is not null then waited_minutes end', 0.9) }} as p90_answered_minutes,
        {{ percentile('routing_minutes', 0.5) }} as median_routing_minutes

    from waits

    group by commitment, month

),

wait_quantiles as (

    select
        commitment,
        month,
        min(case when unanswered_share <= 0.5 then waited_minutes end) as median_response_minutes_km,
        min(case when unanswered_share <= 0.1 then waited_minutes end) as p90_response_minutes_km

    from curves

    group by commitment, month

),

conversion_counts as (

    select
        commitment,
        month,
        max(owner) as owner,
        max(kind) as kind,
        max(metric) as metric,
        max_by(unit, definition_version) as unit,
        max_by(committed, definition_version) as agreed,
        max(definition_version) as definition_version,
        sum(case when outcome = 'met' then 1 else 0 end) as met,
        sum(case when outcome = 'breached' then 1 else 0 end) as breached,
        sum(case when outcome = 'pending' then 1 else 0 end) as pending

    from conversions

    group by commitment, month

),

unioned as (

    select
        volumes.commitment,
        volumes.owner,
        volumes.kind,
        volumes.metric,
        volumes.unit,
        cast(null as varchar) as calendar,
        volumes.committed as agreed,
        volumes.definition_version,
        volumes.committed,
        volumes.delivered,
        volumes.committed * {{ ratio('volumes.business_days_elapsed', 'volumes.business_days') }} as pacing_committed,
        cast(null as bigint) as met,
        cast(null as bigint) as breached,
        cast(null as bigint) as pending,
        {{ of_waits_alone }}
        volumes.month

    from volumes

    union all

    select
        wait_counts.commitment,
        wait_counts.owner,
        wait_counts.kind,
        wait_counts.metric,
        wait_counts.unit,
        wait_counts.calendar,
        wait_counts.agreed,
        wait_counts.definition_version,
        wait_counts.met + wait_counts.breached as committed,
        wait_counts.met as delivered,
        cast(null as double) as pacing_committed,
        wait_counts.met,
        wait_counts.breached,
        wait_counts.pending,
        wait_counts.void,
        wait_counts.answered,
        wait_counts.within_5min,
        wait_counts.within_1h,
        wait_counts.within_24h,
        wait_counts.unassigned,
        wait_quantiles.median_response_minutes_km,
        wait_quantiles.p90_response_minutes_km,
        wait_counts.median_answered_minutes,
        wait_counts.p90_answered_minutes,
        wait_counts.median_routing_minutes,
        wait_counts.month

    from wait_counts

    left join wait_quantiles
        on
            wait_counts.commitment = wait_quantiles.commitment
            and wait_counts.month = wait_quantiles.month

    union all

    select
        conversion_counts.commitment,
        conversion_counts.owner,
        conversion_counts.kind,
        conversion_counts.metric,
        conversion_counts.unit,
        cast(null as varchar) as calendar,
        coalesce(conversion_counts.agreed, targets.target) as agreed,
        conversion_counts.definition_version,
        coalesce(conversion_counts.agreed, targets.target) as committed,
        {{ ratio(
            'conversion_counts.met',
            'conversion_counts.met + conversion_counts.breached + conversion_counts.pending'
        ) }} as delivered,
        cast(null as double) as pacing_committed,
        conversion_counts.met,
        conversion_counts.breached,
        conversion_counts.pending,
        {{ of_waits_alone }}
        conversion_counts.month

    from conversion_counts

    left join targets
        on
            conversion_counts.metric = targets.metric
            and conversion_counts.month = targets.month
            and targets.channel = 'all'
            and targets.sales_rep_id = 'all'

),

rated as (

    select
        *,
        met + breached + pending as leads,
        -- A rate of what was due; of a conversion all that entered are due, as in any cohort (B2).
        case when kind = 'conversion' then met + breached + pending else met + breached end as due

    from unioned

)

select
    rated.commitment,
    rated.owner,
    rated.kind,
    rated.metric,
    rated.unit,
    rated.calendar,
    cast(rated.definition_version as bigint) as definition_version,
    cast(rated.agreed as double) as agreed,
    cast(rated.committed as double) as committed,
    cast(rated.delivered as double) as delivered,
    {{ ratio('rated.delivered', 'rated.committed') }} as attainment,
    rated.pacing_committed,
    {{ ratio('rated.delivered', 'rated.pacing_committed') }} as pacing,
    cast(rated.met as bigint) as met,
    cast(rated.breached as bigint) as breached,
    cast(rated.pending as bigint) as pending,
    cast(rated.void as bigint) as void,
    {{ ratio('rated.met', 'rated.due') }} as met_rate,
    {{ wilson('low', 'rated.met', 'rated.due') }} as ci_low,
    {{ wilson('high', 'rated.met', 'rated.due') }} as ci_high,
    case when rated.kind in ('response', 'decision') then cast(rated.leads as bigint) end as leads,
    cast(rated.answered as bigint) as answered,
    {{ ratio('rated.answered', 'rated.leads') }} as answered_share,
    rated.median_response_minutes_km,
    rated.p90_response_minutes_km,
    rated.median_answered_minutes,
    rated.p90_answered_minutes,
    cast(rated.within_5min as bigint) as within_5min,
    {{ ratio('rated.within_5min', 'rated.leads') }} as share_within_5min,
    cast(rated.within_1h as bigint) as within_1h,
    {{ ratio('rated.within_1h', 'rated.leads') }} as share_within_1h,
    cast(rated.within_24h as bigint) as within_24h,
    {{ ratio('rated.within_24h', 'rated.leads') }} as share_within_24h,
    cast(rated.unassigned as bigint) as unassigned,
    rated.median_routing_minutes,
    coalesce(rated.pending, 0) = 0
    and {{ add_months('rated.month', 1) }} <= {{ add_days('settings.as_of', 1) }} as is_mature,
    rated.month

from rated

cross join settings
