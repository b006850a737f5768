with

source as (

    select * from {{ newest(
        'fivetran_mailchimp', 'automation_recipient_activity',
        key=['campaign_id', 'member_id', 'event', 'occurred_at', 'url_domain'],
        several=true
    ) }}

),

renamed as (

    select
        campaign_id,
        member_id,
        event,
        bounce_type,
        url_domain,
        occurred_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
