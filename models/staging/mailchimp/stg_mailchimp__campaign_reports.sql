with

source as (

    select * from {{ newest(
        'mailchimp', 'campaign_reports',
        key=['campaign_id']
    ) }}

),

renamed as (

    select
        campaign_id,
        campaign_name,
        audience,
        recipients,
        delivered,
        soft_bounces,
        hard_bounces,
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
