with

source as (

    select * from {{ newest(
        'fivetran_salesforce', 'opportunity_split_type',
        key=['split_type_id', 'version_started_at']
    ) }}

),

renamed as (

    select
        split_type_id,
        split_type,
        is_total_validated,
        coalesce(is_deleted, false) or coalesce(is_connector_deleted, false) as is_deleted,
        coalesce(is_active_version, true) as is_active_version,
        version_started_at,
        version_ended_at,
        _exported_at as exported_at

    from source

)

select * from renamed
