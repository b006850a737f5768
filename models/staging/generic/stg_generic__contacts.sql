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
        source_system,
        email_key,
        email_domain,
        channel_source,
        campaign,
        is_test_name,
        created_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
