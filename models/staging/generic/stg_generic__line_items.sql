with

source as (

    select * from {{ newest(
        'generic', 'line_items',
        key=['source_system', 'opportunity_id', 'product', 'line_id']
    ) }}

),

renamed as (

    select
        opportunity_id,
        line_id,
        source_system,
        product,
        quantity,
        list_amount,
        amount,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
