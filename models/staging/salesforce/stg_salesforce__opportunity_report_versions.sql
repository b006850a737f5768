with

source as (

    select * from {{ versions(
        'salesforce', 'opportunity_report',
        key='opportunity_id',
        columns=[
            'stage_name', 'forecast_category', 'amount', 'probability', 'is_closed', 'is_won', 'close_date'
        ]
    ) }}

),

renamed as (

    select
        opportunity_id,
        stage_name,
        forecast_category,
        amount,
        probability,
        is_closed,
        is_won,
        close_date,
        exported_at

    from source

)

select * from renamed
