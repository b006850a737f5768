with

source as (

    select * from {{ changes(
        'hubspot', 'deals',
        key=['deal_id'],
        column='deal_stage'
    ) }}

),

renamed as (

    select
        deal_id,
        deal_stage as stage_name,
        previous_value as previous_stage_name,
        exported_at

    from source

)

select * from renamed
