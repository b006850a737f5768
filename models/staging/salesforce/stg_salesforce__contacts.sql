with

source as (

    select * from {{ newest('salesforce', 'contacts', key=['contact_id']) }}

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
        coalesce(is_deleted, false) as is_deleted,
        created_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
