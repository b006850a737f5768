with

source as (

    select * from {{ newest(
        'salesforce', 'products',
        key=['product_id']
    ) }}

),

renamed as (

    select
        product_id,
        product_name,
        product_code,
        family,
        is_active,
        coalesce(is_deleted, false) as is_deleted,
        created_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
