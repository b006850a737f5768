with

source as (

    select * from {{ newest(
        'generic', 'leads',
        key=['source_system', 'lead_id']
    ) }}

),

renamed as (

    select
        lead_id,
        account_id,
        converted_contact_id,
        master_record_id,
        sales_rep_id,
        source_system,
        email_key,
        email_domain,
        company,
        channel_source,
        campaign,
        country,
        is_test_name,
        is_deleted,
        created_at,
        assigned_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
