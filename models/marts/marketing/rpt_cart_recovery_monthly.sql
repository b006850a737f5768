-- One row per month in which carts were begun: those left at the checkout, and those whose buyer came back
-- (glossary C10). A cohort: what became of the carts of the month.
with

carts as (

    select * from {{ ref('int_cart_outcomes') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

counted as (

    select
        {{ month_of('created_date') }} as month,
        count(case when has_reached_checkout then 1 end) as carts,
        count(case when is_abandoned then 1 end) as abandoned,
        count(case when is_recovered then 1 end) as recovered,
        count(case when is_recovered_assisted then 1 end) as recovered_assisted,
        count(case when not has_reached_checkout then 1 end) as browse_abandoned,
        sum(case when is_abandoned then cart_value end) as abandoned_value,
        sum(recovered_value) as recovered_value,
        max(recovery_days) as recovery_days

    from carts

    group by {{ month_of('created_date') }}

)

select
    counted.carts,
    counted.abandoned,
    counted.recovered,
    counted.recovered_assisted,
    counted.browse_abandoned,
    cast(counted.recovery_days as bigint) as window_days,
    {{ money('coalesce(counted.abandoned_value, 0)') }} as abandoned_value,
    {{ money('coalesce(counted.recovered_value, 0)') }} as recovered_value,
    {{ ratio('counted.abandoned', 'counted.carts') }} as abandonment_rate,
    {{ ratio('counted.recovered', 'counted.abandoned') }} as recovery_rate,
    {{ ratio('counted.recovered_assisted', 'counted.abandoned') }} as assisted_recovery_rate,
    {{ wilson('low', 'counted.recovered', 'counted.abandoned') }} as ci_low,
    {{ wilson('high', 'counted.recovered', 'counted.abandoned') }} as ci_high,
    -- The last hour of the month has its days, too, once the day after them is over.
    settings.as_of > {{ add_days(add_months('counted.month', 1), 'counted.recovery_days') }} as is_mature,
    counted.month

from counted

cross join settings
