with

source as (

    select * from {{ newest(
        'fivetran_hubspot', 'email_event_status_changes',
        key=['event_id']
    ) }}

),

renamed as (

    select
        event_id,
        subscription_status,
        is_bounce,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
