with

source as (

    select * from {{ newest(
        'fivetran_salesforce', 'opportunity_split',
        key=['opportunity_split_id', 'version_started_at']
    ) }}

),

renamed as (

    select
        opportunity_split_id,
        opportunity_id,
        owner_id,
        split_type_id,
        percentage,
        coalesce(is_deleted, false) or coalesce(is_connector_deleted, false) as is_deleted,
        coalesce(is_active_version, true) as is_active_version,
        created_at,
        version_started_at,
        version_ended_at,
        _exported_at as exported_at

    from source

)

select * from renamed
