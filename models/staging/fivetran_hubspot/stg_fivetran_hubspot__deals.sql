with

source as (

    select * from {{ newest(
        'fivetran_hubspot', 'deals',
        key=['deal_id', 'version_started_at']
    ) }}

),

renamed as (

    select
        deal_id,
        primary_company_id,
        original_deal_id,
        salesforce_opportunity_id,
        deal_name,
        deal_stage,
        pipeline,
        deal_type,
        original_source,
        original_source_detail,
        loss_reason,
        deal_owner,
        forecast_category,
        currency_code,
        amount,
        list_amount,
        contract_months,
        is_closed,
        is_closed_won,
        is_closed_lost,
        is_partner_registered,
        is_deleted,
        is_current,
        created_at,
        closed_at,
        version_started_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
