with

source as (

    select * from {{ newest(
        'fivetran_hubspot', 'contact_companies',
        key=['contact_id', 'company_id', 'association_type_id']
    ) }}

),

renamed as (

    select
        contact_id,
        company_id,
        association_type_id,
        association_category,
        is_deleted,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
