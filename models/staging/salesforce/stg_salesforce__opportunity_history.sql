with

source as (

    select * from {{ newest(
        'salesforce', 'opportunity_history',
        key=['opportunity_history_id']
    ) }}

),

renamed as (

    select
        opportunity_history_id,
        opportunity_id,
        stage_name,
        forecast_category,
        amount,
        probability,
        coalesce(is_deleted, false) as is_deleted,
        close_date,
        created_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
