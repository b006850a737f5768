with

source as (

    select * from {{ newest_parts(
        'shopify', 'abandoned_checkouts',
        key=['source_system', 'checkout_name'],
        head='total'
    ) }}

),

renamed as (

    select
        checkout_name,
        source_system,
        email_key,
        email_domain,
        currency_code,
        recovery_status,
        lineitem_name,
        lineitem_sku,
        subtotal,
        shipping,
        taxes,
        total,
        lineitem_quantity,
        lineitem_price,
        is_test_name,
        created_at,
        reminder_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
