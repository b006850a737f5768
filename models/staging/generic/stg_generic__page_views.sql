with

source as (

    select * from {{ newest(
        'generic', 'page_views',
        key=['source_system', 'view_id', 'visitor_id', 'page_path', 'viewed_at']
    ) }}

),

renamed as (

    select
        view_id,
        source_system,
        visitor_id,
        record_id,
        email_key,
        page_path,
        page_host,
        page_parameters,
        referrer_host,
        utm_source,
        utm_medium,
        utm_campaign,
        gclid,
        gbraid,
        wbraid,
        msclkid,
        fbclid,
        ttclid,
        li_fat_id,
        user_agent,
        is_bot,
        is_internal,
        has_consent,
        viewed_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
