with

source as (

    select * from {{ newest(
        'salesforce', 'opportunity_contact_roles',
        key=['opportunity_contact_role_id']
    ) }}

),

renamed as (

    select
        opportunity_contact_role_id,
        opportunity_id,
        contact_id,
        role,
        is_primary,
        coalesce(is_deleted, false) as is_deleted,
        created_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
