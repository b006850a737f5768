with

source as (

    select * from {{ newest(
        'salesforce', 'events',
        key=['event_id']
    ) }}

),

renamed as (

    select
        event_id,
        who_id,
        what_id,
        account_id,
        owner_id,
        type,
        subtype,
        duration_minutes,
        is_child,
        coalesce(is_deleted, false) as is_deleted,
        activity_date,
        started_at,
        ended_at,
        created_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
