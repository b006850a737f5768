with

source as (

    select * from {{ newest(
        'generic', 'opportunities',
        key=['source_system', 'opportunity_id']
    ) }}

),

renamed as (

    select
        opportunity_id,
        account_id,
        person_record_id,
        sales_rep_id,
        created_by,
        created_by_role,
        original_opportunity_id,
        source_system,
        opportunity_name,
        stage_name,
        status,
        kind,
        currency_code,
        forecast_category,
        loss_reason,
        channel_source,
        campaign,
        amount,
        list_amount,
        contract_months,
        probability,
        is_partner_registered,
        close_date,
        created_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
