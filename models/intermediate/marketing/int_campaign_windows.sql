-- One row per month with touches or costs: how long after a touch of the month a deal counts as its doing,
-- by the definitions of the month (glossary C4).
with

costs as (

    select * from {{ ref('int_costs') }}

),

touches as (

    select * from {{ ref('int_touches') }}

),

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

months as (

    select month from costs

    union distinct

    select {{ month_of(local_date('touches.touched_at', 'settings.reporting_timezone')) }}
    from touches
    cross join settings

    union distinct

    select {{ month_of('created_date') }} from opportunities

    union distinct

    select {{ month_of('close_date') }} from opportunities

),

windows as (

    select
        months.month,
        {{ parameter('sourcing', 'lookback_days') }} as lookback_days,
        cast(least({{ parameter('returns', 'window_days') }}, {{ parameter('sourcing', 'lookback_days') }}) as bigint)
            as window_days,
        settings.as_of >= {{ add_days(
            add_days(add_months('months.month', 1), -1),
            'least(' ~ parameter('returns', 'window_days') ~ ', ' ~ parameter('sourcing', 'lookback_days') ~ ')'
        ) }} as is_mature

    from months

    cross join settings

    {{ definition_join('returns', 'roas', 'months.month') }}

    {{ definition_join('sourcing', 'pipeline_created', 'months.month') }}

    where months.month is not null

)

select * from windows
