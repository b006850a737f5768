with

source as (

    select * from {{ newest(
        'fivetran_salesforce', 'campaign_member',
        key=['campaign_member_id', 'version_started_at']
    ) }}

),

renamed as (

    select
        campaign_member_id,
        campaign_id,
        lead_id,
        contact_id,
        status,
        has_responded,
        coalesce(is_deleted, false) or coalesce(is_connector_deleted, false) as is_deleted,
        coalesce(is_active_version, true) as is_active_version,
        first_responded_date,
        created_at,
        version_started_at,
        version_ended_at,
        _exported_at as exported_at

    from source

)

select * from renamed
