-- One row per line of an order, invoice or credit note of any system, under one shape: net of tax, credit
-- notes negative, in the currency of the line.
with

generic_orders as (

    select * from {{ ref('stg_generic__orders') }}

),

shopify_lines as (

    select * from {{ ref('int_shopify_lines') }}

),

stripe_lines as (

    select * from {{ ref('int_stripe_lines') }}

),

unioned as (

    select
        source_system || ':' || order_id as order_id,
        line_id,
        source_system || ':' || original_order_id as original_order_id,
        source_system,
        account_id as account_number,
        cast(null as varchar) as customer_number,
        email_key,
        email_domain,
        product,
        lower(coalesce(kind, 'order')) as kind,
        currency_code,
        case when lower(kind) = 'credit_note' then -abs(quantity) else quantity end as quantity,
        case when lower(kind) = 'credit_note' then -abs(revenue) else revenue end as revenue,
        case when lower(kind) = 'credit_note' then -abs(cogs) else cogs end as cogs,
        case when lower(kind) = 'credit_note' then -abs(list_amount) else list_amount end as list_amount,
        order_date

    from generic_orders

    where deleted_at is null

    union all

    select
        source_system || ':' || order_id,
        line_id,
        source_system || ':' || original_order_id,
        source_system,
        null,
        null,
        email_key,
        email_domain,
        product,
        kind,
        currency_code,
        quantity,
        revenue,
        null,
        list_amount,
        order_date

    from shopify_lines

    union all

    select
        'stripe:' || order_id,
        '1',
        'stripe:' || original_order_id,
        'stripe',
        null,
        customer_id,
        email_key,
        email_domain,
        product,
        kind,
        currency_code,
        quantity,
        revenue,
        null,
        null,
        order_date

    from stripe_lines

)

select * from unioned
