{{ config(materialized='table') }}

-- One row per cart, with the order it became (glossary C10). Shopify lists only checkouts that were left:
-- the order of one is the first that its buyer placed later, and an order that no left checkout leads to is
-- a cart that was ordered at once.
with

carts as (

    select * from {{ ref('int_carts_unioned') }}

),

order_rows as (

    select * from {{ ref('stg_shopify__orders') }}

),

shopify_lines as (

    select * from {{ ref('int_shopify_lines') }}

),

buyers as (

    select * from {{ ref('int_buyers') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

order_values as (

    select
        source_system,
        order_id,
        sum(revenue) as order_value

    from shopify_lines

    where kind = 'order'

    group by source_system, order_id

),

-- What was sold at a counter or by hand had no checkout.
web_orders as (

    select
        order_rows.source_system || ':' || order_rows.order_name as order_id,
        order_rows.source_system,
        cast(null as varchar) as account_number,
        cast(null as varchar) as customer_number,
        order_rows.email_key,
        order_rows.currency_code,
        order_values.order_value,
        order_rows.created_at

    from order_rows

    inner join order_values
        on
            order_rows.source_system = order_values.source_system
            and order_rows.order_name = order_values.order_id

    where
        order_rows.total is not null
        and coalesce(lower(order_rows.sales_channel), 'web') not in ('pos', 'shopify_draft_order')

),

next_orders as (

    select
        carts.cart_id,
        web_orders.order_id,
        web_orders.order_value,
        web_orders.created_at as order_at,
        carts.created_at

    from carts

    inner join web_orders
        on
            carts.source_system = web_orders.source_system
            and carts.email_key = web_orders.email_key
            and carts.created_at < web_orders.created_at

    where carts.order_at is null

    qualify row_number() over (
        partition by carts.cart_id
        order by web_orders.created_at, web_orders.order_id
    ) = 1

),

-- Of several carts that one order closes the last has its value, so that a sum has it once.
closing as (

    select
        cart_id,
        order_id,
        order_at,
        case
            when row_number() over (partition by order_id order by created_at desc, cart_id desc) = 1
                then order_value
        end as order_value

    from next_orders

),

closed_orders as (

    select distinct order_id from closing

),

unioned as (

    select
        carts.cart_id,
        coalesce(carts.order_id, closing.order_id) as order_id,
        {{ buyer_id('carts') }} as buyer_id,
        carts.source_system,
        carts.currency_code,
        carts.cart_value,
        coalesce(carts.order_value, closing.order_value) as order_value,
        carts.has_reached_checkout,
        carts.created_at,
        coalesce(carts.order_at, closing.order_at) as order_at,
        carts.reminder_at

    from carts

    left join closing
        on carts.cart_id = closing.cart_id

    union all

    select
        web_orders.order_id,
        web_orders.order_id,
        {{ buyer_id('web_orders') }},
        web_orders.source_system,
        web_orders.currency_code,
        web_orders.order_value,
        web_orders.order_value,
        true,
        web_orders.created_at,
        web_orders.created_at,
        null

    from web_orders

    left join closed_orders
        on web_orders.order_id = closed_orders.order_id

    where closed_orders.order_id is null

),

final as (

    select
        unioned.cart_id,
        unioned.order_id,
        coalesce(buyers.account_id, 'unattributed') as account_id,
        unioned.source_system,
        coalesce(unioned.currency_code, settings.reporting_currency) as currency_code,
        unioned.cart_value,
        unioned.order_value,
        unioned.has_reached_checkout,
        unioned.created_at,
        unioned.order_at,
        unioned.reminder_at

    from unioned

    cross join settings

    left join buyers
        on unioned.buyer_id = buyers.buyer_id

)

select * from final
