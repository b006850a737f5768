with

source as (

    select * from {{ newest(
        'generic', 'opportunity_history',
        key=['source_system', 'opportunity_id', 'changed_at']
    ) }}

),

renamed as (

    select
        opportunity_id,
        sales_rep_id,
        source_system,
        stage_name,
        status,
        currency_code,
        forecast_category,
        amount,
        probability,
        close_date,
        changed_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
