with

source as (

    select * from {{ newest(
        'fivetran_hubspot', 'deal_pipeline_stages',
        key=['pipeline_id', 'stage_id']
    ) }}

),

renamed as (

    select
        stage_id,
        pipeline_id,
        label,
        probability,
        is_closed_won,
        is_closed,
        is_deleted,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
