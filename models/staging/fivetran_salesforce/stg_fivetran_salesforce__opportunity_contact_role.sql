with

source as (

    select * from {{ newest(
        'fivetran_salesforce', 'opportunity_contact_role',
        key=['opportunity_contact_role_id', 'version_started_at']
    ) }}

),

renamed as (

    select
        opportunity_contact_role_id,
        opportunity_id,
        contact_id,
        role,
        is_primary,
        coalesce(is_deleted, false) or coalesce(is_connector_deleted, false) as is_deleted,
        coalesce(is_active_version, true) as is_active_version,
        created_at,
        version_started_at,
        version_ended_at,
        _exported_at as exported_at

    from source

)

select * from renamed
