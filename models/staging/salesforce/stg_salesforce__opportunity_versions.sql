with

source as (

    select * from {{ versions(
        'salesforce', 'opportunities',
        key='opportunity_id',
        columns=['stage_name', 'amount', 'is_closed', 'is_won', 'close_date']
    ) }}

),

renamed as (

    select
        opportunity_id,
        stage_name,
        amount,
        is_closed,
        is_won,
        close_date,
        exported_at

    from source

)

select * from renamed
