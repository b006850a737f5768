with

source as (

    select * from {{ newest(
        'generic', 'products',
        key=['product_id', 'valid_from']
    ) }}

),

renamed as (

    select
        product_id,
        product,
        list_price,
        unit_cost,
        currency_code,
        coalesce(valid_from, date '1900-01-01') as valid_from,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
