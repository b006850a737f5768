with

source as (

    select * from {{ newest(
        'fivetran_hubspot', 'contacts',
        key=['contact_id', 'version_started_at']
    ) }}

),

renamed as (

    select
        contact_id,
        primary_company_id,
        salesforce_lead_id,
        salesforce_contact_id,
        email_key,
        email_domain,
        company_name,
        lifecycle_stage,
        lead_status,
        original_source,
        original_source_detail,
        contact_owner,
        is_test_name,
        is_deleted,
        is_current,
        created_at,
        owner_assigned_at,
        became_lead_at,
        became_mql_at,
        became_sql_at,
        became_opportunity_at,
        became_customer_at,
        version_started_at,
        synced_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
