with

source as (

    select * from {{ newest(
        'fivetran_hubspot', 'email_events',
        key=['event_id']
    ) }}

),

renamed as (

    select
        event_id,
        campaign_id,
        sent_event_id,
        email_key,
        email_domain,
        event,
        is_machine,
        occurred_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
