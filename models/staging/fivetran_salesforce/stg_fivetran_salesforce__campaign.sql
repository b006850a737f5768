with

source as (

    select * from {{ newest(
        'fivetran_salesforce', 'campaign',
        key=['campaign_id', 'version_started_at']
    ) }}

),

renamed as (

    select
        campaign_id,
        campaign_name,
        campaign_type,
        status,
        actual_cost,
        coalesce(is_deleted, false) or coalesce(is_connector_deleted, false) as is_deleted,
        coalesce(is_active_version, true) as is_active_version,
        start_date,
        end_date,
        version_started_at,
        version_ended_at,
        _exported_at as exported_at

    from source

)

select * from renamed
