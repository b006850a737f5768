with

source as (

    select * from {{ newest(
        'generic', 'touchpoints',
        key=['source_system', 'touch_id', 'email_key', 'record_id', 'touch_type', 'channel_source', 'campaign', 'touched_at']
    ) }}

),

renamed as (

    select
        touch_id,
        record_id,
        source_system,
        email_key,
        touch_type,
        channel_source,
        campaign,
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
        is_machine,
        touched_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
