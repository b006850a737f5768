with

source as (

    select * from {{ newest(
        'salesforce', 'opportunities',
        key=['opportunity_id']
    ) }}

),

renamed as (

    select
        opportunity_id,
        account_id,
        campaign_id,
        owner_id,
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
        coalesce(is_deleted, false) as is_deleted,
        close_date,
        created_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
