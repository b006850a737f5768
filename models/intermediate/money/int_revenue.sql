{{ config(materialized='table') }}

-- One row per invoiced or ordered line, credit notes negative, in the reporting currency.
with

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

buyers as (

    select * from {{ ref('int_buyers') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates') }}

),

product_names as (

    select * from {{ ref('int_product_names') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

-- A credit note linked to its order takes that order's rate (glossary 0.6).
order_dates as (

    select
        order_id,
        min(order_date) as order_date

    from orders

    group by order_id

),

dated as (

    select
        orders.order_id,
        orders.line_id,
        orders.original_order_id,
        buyers.account_id,
        orders.product,
        orders.kind,
        coalesce(orders.currency_code, settings.reporting_currency) as currency_code,
        orders.quantity,
        orders.revenue as revenue_original,
        orders.cogs as cogs_original,
        orders.list_amount as list_amount_original,
        coalesce(order_dates.order_date, orders.order_date) as fx_date,
        orders.order_date as date_day

    from orders

    cross join settings

    left join buyers
        on {{ buyer_id('orders') }} = buyers.buyer_id

    left join order_dates
        on orders.original_order_id = order_dates.order_id

),

valued as (

    select
        dated.order_id,
        dated.line_id,
        dated.original_order_id,
        coalesce(dated.account_id, 'unattributed') as account_id,
        coalesce(product_names.product_id, dated.product) as product_id,
        dated.kind,
        dated.currency_code,
        dated.quantity,
        dated.revenue_original,
        exchange_rates.rate as fx_rate,
        {{ money('dated.revenue_original * exchange_rates.rate') }} as revenue,
        {{ money('dated.cogs_original * exchange_rates.rate') }} as cogs,
        {{ money('dated.list_amount_original * exchange_rates.rate') }} as list_amount,
        dated.date_day

    from dated

    left join product_names
        on lower(dated.product) = product_names.product_text

    left join exchange_rates
        on
            dated.currency_code = exchange_rates.currency_code
            and {{ in_force('exchange_rates', 'dated.fx_date') }}

)

select * from valued
