with

source as (

    select * from {{ newest(
        'generic', 'email_events',
        key=['source_system', 'campaign_id', 'email_key', 'event', 'link', 'occurred_at']
    ) }}

),

renamed as (

    select
        event_id,
        campaign_id,
        source_system,
        campaign_name,
        email_key,
        email_domain,
        event,
        bounce_type,
        is_machine,
        link,
        links_in_message,
        is_honeypot,
        occurred_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
