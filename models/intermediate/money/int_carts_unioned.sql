-- One row per cart or checkout that a system lists, under one shape.
with

generic_carts as (

    select * from {{ ref('stg_generic__carts') }}

),

shopify_checkouts as (

    select * from {{ ref('stg_shopify__abandoned_checkouts') }}

),

unioned as (

    select
        source_system || ':' || cart_id as cart_id,
        source_system || ':' || order_id as order_id,
        source_system,
        account_id as account_number,
        cast(null as varchar) as customer_number,
        email_key,
        email_domain,
        currency_code,
        cart_value,
        order_value,
        has_reached_checkout,
        created_at,
        order_at,
        reminder_at

    from generic_carts

    where deleted_at is null

    union all

    -- Only the first row of a checkout has its totals.
    select
        source_system || ':checkout:' || checkout_name,
        null,
        source_system,
        null,
        null,
        email_key,
        email_domain,
        currency_code,
        total - coalesce(taxes, 0),
        null,
        true,
        created_at,
        null,
        reminder_at

    from shopify_checkouts

    where total is not null

)

select * from unioned
