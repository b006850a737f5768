with

source as (

    select * from {{ newest(
        'fivetran_salesforce', 'opportunity_history',
        key=['opportunity_id', 'version_started_at']
    ) }}

),

renamed as (

    select
        opportunity_id,
        account_id,
        campaign_id,
        owner_id,
        created_by_id,
        contact_id,
        original_opportunity_id,
        opportunity_name,
        stage_name,
        currency_code,
        type,
        lead_source,
        forecast_category,
        loss_reason,
        amount,
        list_amount,
        probability,
        contract_months,
        is_closed,
        is_won,
        is_partner_registered,
        coalesce(is_deleted, false) or coalesce(is_connector_deleted, false) as is_deleted,
        coalesce(is_active_version, true) as is_active_version,
        close_date,
        created_at,
        version_started_at,
        version_ended_at,
        _exported_at as exported_at

    from source

)

select * from renamed
