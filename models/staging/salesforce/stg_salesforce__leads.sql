with

source as (

    select * from {{ newest('salesforce', 'leads', key=['lead_id']) }}

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
        is_converted,
        is_test_name,
        coalesce(is_deleted, false) as is_deleted,
        converted_date,
        created_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
