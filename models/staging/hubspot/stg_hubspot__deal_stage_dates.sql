with

source as (

    select * from {{ newest(
        'hubspot', 'deal_stage_dates',
        key=['deal_id', 'stage_name', 'entered_at']
    ) }}

),

renamed as (

    select
        deal_id,
        stage_name,
        entered_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
