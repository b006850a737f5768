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
        sales_rep_id,
        source_system,
        email_key,
        email_domain,
        company,
        channel_source,
        campaign,
        country,
        is_test_name,
        created_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
