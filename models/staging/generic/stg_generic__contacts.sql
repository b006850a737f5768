with

source as (

    select * from {{ newest(
        'generic', 'contacts',
        key=['source_system', 'contact_id']
    ) }}

),

renamed as (

    select
        contact_id,
        account_id,
        master_record_id,
        source_system,
        email_key,
        email_domain,
        company,
        channel_source,
        campaign,
        is_test_name,
        is_deleted,
        created_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
