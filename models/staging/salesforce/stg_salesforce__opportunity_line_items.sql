with

source as (

    select * from {{ newest(
        'salesforce', 'opportunity_line_items',
        key=['opportunity_line_item_id']
    ) }}

),

renamed as (

    select
        opportunity_line_item_id,
        opportunity_id,
        product_id,
        product_code,
        product_name,
        currency_code,
        quantity,
        list_price,
        unit_price,
        amount,
        coalesce(is_deleted, false) as is_deleted,
        service_date,
        created_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
