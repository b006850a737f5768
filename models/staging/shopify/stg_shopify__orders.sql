with

source as (

    select * from {{ newest_parts(
        'shopify', 'orders',
        key=['source_system', 'order_name'],
        head='total'
    ) }}

),

renamed as (

    select
        order_name,
        order_id,
        source_system,
        email_key,
        email_domain,
        financial_status,
        currency_code,
        discount_code,
        payment_method,
        sales_channel,
        lineitem_name,
        lineitem_sku,
        subtotal,
        shipping,
        taxes,
        duties,
        total,
        discount_amount,
        refunded_amount,
        outstanding_balance,
        lineitem_quantity,
        lineitem_price,
        lineitem_compare_at_price,
        lineitem_discount,
        is_test_name,
        created_at,
        paid_at,
        cancelled_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
