with

source as (

    select * from {{ newest(
        'fivetran_salesforce', 'event',
        key=['event_id', 'version_started_at']
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
        coalesce(is_deleted, false) or coalesce(is_connector_deleted, false) as is_deleted,
        coalesce(is_active_version, true) as is_active_version,
        activity_date,
        started_at,
        ended_at,
        created_at,
        version_started_at,
        version_ended_at,
        _exported_at as exported_at

    from source

)

select * from renamed
