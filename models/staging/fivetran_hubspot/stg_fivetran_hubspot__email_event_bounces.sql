with

source as (

    select * from {{ newest(
        'fivetran_hubspot', 'email_event_bounces',
        key=['event_id']
    ) }}

),

renamed as (

    select
        event_id,
        category,
        status,
        synced_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
