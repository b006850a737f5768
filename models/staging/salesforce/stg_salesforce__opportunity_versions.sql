with

source as (

    select * from {{ versions(
        'salesforce', 'opportunities',
        key='opportunity_id',
        columns=[
            'stage_name', 'forecast_category', 'amount', 'probability', 'is_closed', 'is_won', 'close_date', 'owner_id'
        ]
    ) }}

),

renamed as (

    select
        opportunity_id,
        owner_id,
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
