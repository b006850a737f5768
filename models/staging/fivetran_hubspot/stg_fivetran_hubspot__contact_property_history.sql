with

source as (

    select * from {{ newest(
        'fivetran_hubspot', 'contact_property_history',
        key=['contact_id', 'property_name', 'changed_at']
    ) }}

),

renamed as (

    select
        contact_id,
        property_name,
        value,
        changed_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
