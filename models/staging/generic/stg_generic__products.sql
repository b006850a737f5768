with

source as (

    select * from {{ newest(
        'generic', 'products',
        key=['product_id']
    ) }}

),

renamed as (

    select
        product_id,
        product,
        list_price,
        unit_cost,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
