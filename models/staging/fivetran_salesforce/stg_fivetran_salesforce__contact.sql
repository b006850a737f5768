with

source as (

    select * from {{ newest(
        'fivetran_salesforce', 'contact',
        key=['contact_id', 'version_started_at']
    ) }}

),

renamed as (

    select
        contact_id,
        account_id,
        owner_id,
        master_record_id,
        email_key,
        email_domain,
        lead_source,
        is_test_name,
        coalesce(is_deleted, false) or coalesce(is_connector_deleted, false) as is_deleted,
        coalesce(is_active_version, true) as is_active_version,
        created_at,
        version_started_at,
        version_ended_at,
        _exported_at as exported_at

    from source

)

select * from renamed
