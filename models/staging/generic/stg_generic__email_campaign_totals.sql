with

source as (

    select * from {{ newest(
        'generic', 'email_campaign_totals',
        key=['source_system', 'campaign_id']
    ) }}

),

renamed as (

    select
        campaign_id,
        source_system,
        campaign_name,
        audience,
        message_channel,
        recipients,
        delivered,
        bounces,
        unique_opens,
        unique_clicks,
        unsubscribes,
        complaints,
        sent_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
