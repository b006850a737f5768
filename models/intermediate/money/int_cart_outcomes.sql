{{ config(materialized='table') }}

-- One row per cart: whether it was left, and whether its buyer came back in time (glossary C10). Of several
-- carts that one order recovers the last has its value.
with

carts as (

    select * from {{ ref('int_carts') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

dated as (

    select
        carts.*,
        {{ local_date('carts.created_at', 'settings.reporting_timezone') }} as created_date,
        {{ local_date('coalesce(carts.order_at, carts.created_at)', 'settings.reporting_timezone') }} as fx_date

    from carts

    cross join settings

),

timed as (

    select
        dated.*,
        {{ add_seconds('dated.created_at', '60 * ' ~ parameter('definitions', 'abandon_minutes')) }} as left_at,
        {{ add_seconds(
            'dated.created_at',
            '60 * ' ~ parameter('definitions', 'abandon_minutes')
            ~ ' + 86400 * ' ~ parameter('definitions', 'recovery_days')
        ) }} as recoverable_until,
        {{ parameter('definitions', 'recovery_days') }} as recovery_days

    from dated

    {{ definition_join('definitions', 'cart_recovery_rate', 'dated.created_date') }}

),

judged as (

    select
        timed.cart_id,
        timed.order_id,
        timed.account_id,
        timed.has_reached_checkout,
        timed.has_reached_checkout and (timed.order_at is null or timed.order_at > timed.left_at) as is_abandoned,
        timed.has_reached_checkout
        and coalesce(timed.order_at > timed.left_at and timed.order_at <= timed.recoverable_until, false)
            as is_recovered,
        coalesce(timed.order_at >= timed.reminder_at, false) as is_after_reminder,
        {{ money('timed.cart_value * exchange_rates.rate') }} as cart_value,
        {{ money('timed.order_value * exchange_rates.rate') }} as order_value,
        timed.recovery_days,
        timed.created_date,
        timed.created_at

    from timed

    left join exchange_rates
        on
            timed.currency_code = exchange_rates.currency_code
            and {{ in_force('exchange_rates', 'timed.fx_date') }}

),

final as (

    select
        *,
        is_recovered and is_after_reminder as is_recovered_assisted,
        case
            when
                is_recovered
                and row_number() over (
                    partition by coalesce(order_id, cart_id), is_recovered
                    order by created_at desc, cart_id desc
                ) = 1
                then order_value
        end as recovered_value

    from judged

)

select * from final
