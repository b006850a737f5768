with

source as (

    select * from {{ newest(
        'generic', 'orders',
        key=['source_system', 'order_id', 'line_id']
    ) }}

),

renamed as (

    select
        order_id,
        line_id,
        account_id,
        original_order_id,
        source_system,
        email_key,
        email_domain,
        kind,
        product,
        currency_code,
        quantity,
        revenue,
        cogs,
        list_amount,
        order_date,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
