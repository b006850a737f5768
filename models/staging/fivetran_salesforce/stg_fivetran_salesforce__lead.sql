with

source as (

    select * from {{ newest(
        'fivetran_salesforce', 'lead',
        key=['lead_id', 'version_started_at']
    ) }}

),

renamed as (

    select
        lead_id,
        owner_id,
        converted_account_id,
        converted_contact_id,
        converted_opportunity_id,
        master_record_id,
        email_key,
        email_domain,
        company,
        country,
        lead_source,
        status,
        rejection_reason,
        is_converted,
        is_test_name,
        coalesce(is_deleted, false) or coalesce(is_connector_deleted, false) as is_deleted,
        coalesce(is_active_version, true) as is_active_version,
        converted_date,
        created_at,
        version_started_at,
        version_ended_at,
        _exported_at as exported_at

    from source

)

select * from renamed
