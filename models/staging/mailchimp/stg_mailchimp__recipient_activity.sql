with

source as (

    select * from {{ newest(
        'mailchimp', 'recipient_activity',
        key=['campaign_file', 'event', 'email_key', 'occurred_at']
    ) }}

),

renamed as (

    select
        campaign_file,
        event,
        email_key,
        email_domain,
        bounce_type,
        occurred_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
