with

source as (

    select * from {{ newest(
        'fivetran_hubspot', 'deal_stages',
        key=['deal_id', 'entered_at', 'stage_id']
    ) }}

),

renamed as (

    select
        deal_id,
        stage_id,
        is_current,
        entered_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
