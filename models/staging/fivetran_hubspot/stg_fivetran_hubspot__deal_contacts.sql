with

source as (

    select * from {{ newest(
        'fivetran_hubspot', 'deal_contacts',
        key=['deal_id', 'contact_id', 'association_type_id']
    ) }}

),

renamed as (

    select
        deal_id,
        contact_id,
        association_type_id,
        association_category,
        is_deleted,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
