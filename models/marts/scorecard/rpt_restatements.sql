{{ config(tags=['closing']) }}

-- One row per publish, month, metric and variant whose published number had changed by more than 0.5 %
-- since the publish before (glossary 0.10). Those of earlier publishes are kept; of this build's it is
-- known only once it is published which publish that is.
with

published as (

    select * from {{ source('plumbline', 'published') }}

),

causes as (

    select * from {{ source('plumbline', 'causes') }}

),

scorecard as (

    select * from {{ ref('rpt_scorecard') }}

),

last_values as (

    select
        metric,
        variant,
        value,
        month

    from published

    qualify row_number() over (
        partition by metric, variant, month
        order by published_at desc, build_id desc, event desc
    ) = 1

),

changed as (

    select
        last_values.metric,
        last_values.variant,
        last_values.value as value_before,
        scorecard.value as value_after,
        last_values.month

    from last_values

    left join scorecard
        on
            last_values.metric = scorecard.metric
            and last_values.variant = scorecard.variant
            and last_values.month = scorecard.month

    where
        (last_values.value is null and scorecard.value is not null)
        or (last_values.value is not null and scorecard.value is null)
        or abs(scorecard.value - last_values.value) > 0.005 * abs(last_values.value)

),

-- The nearest cause that is known: of the metric in the month, of the metric, of anything.
explained as (

    select
        changed.metric,
        changed.variant,
        causes.cause,
        changed.value_before,
        changed.value_after,
        changed.month

    from changed

    inner join causes
        on
            (changed.metric = causes.metric or causes.metric = '*')
            and (changed.month = causes.month or causes.month is null)

    qualify row_number() over (
        partition by changed.metric, changed.variant, changed.month
        order by
            case when causes.metric = '*' then 1 else 0 end asc,
            case when causes.month is null then 1 else 0 end asc,
            causes.cause asc
    ) = 1

)

select
    build_id,
    metric,
    variant,
    cause,
    value_before,
    value as value_after,
    month,
    published_at

from published

where event = 'restated'

union all

select
    'unpublished',
    metric,
    variant,
    cause,
    value_before,
    value_after,
    month,
    cast(null as timestamp)

from explained
