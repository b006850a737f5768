with

source as (

    select * from {{ newest(
        'klaviyo', 'campaigns',
        key=['campaign_id', 'campaign_name', 'sent_at']
    ) }}

),

renamed as (

    select
        campaign_id,
        campaign_name,
        audience,
        message_channel,
        recipients,
        delivered,
        bounces,
        unique_opens,
        total_opens,
        unique_clicks,
        total_clicks,
        unsubscribes,
        complaints,
        sent_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
