with

source as (

    select * from {{ newest(
        'fivetran_salesforce', 'user',
        key=['user_id', 'version_started_at']
    ) }}

),

renamed as (

    select
        user_id,
        user_name,
        first_name,
        last_name,
        team,
        title,
        region,
        is_active,
        coalesce(is_active_version, true) as is_active_version,
        coalesce(is_connector_deleted, false) as is_deleted,
        created_at,
        version_started_at,
        version_ended_at,
        _exported_at as exported_at

    from source

)

select * from renamed
