with

source as (

    select * from {{ newest(
        'fivetran_hubspot', 'deal_pipelines',
        key=['pipeline_id']
    ) }}

),

renamed as (

    select
        pipeline_id,
        label,
        is_active,
        is_deleted,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
