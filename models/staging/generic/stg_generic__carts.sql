with

source as (

    select * from {{ newest(
        'generic', 'carts',
        key=['source_system', 'cart_id']
    ) }}

),

renamed as (

    select
        cart_id,
        account_id,
        order_id,
        source_system,
        email_key,
        email_domain,
        currency_code,
        cart_value,
        order_value,
        has_reached_checkout,
        created_at,
        order_at,
        reminder_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
