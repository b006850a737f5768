with

source as (

    select * from {{ newest(
        'generic', 'stage_events',
        key=['source_system', 'record_id', 'stage', 'changed_at']
    ) }}

),

renamed as (

    select
        record_id,
        sales_rep_id,
        source_system,
        stage,
        campaign,
        reason,
        changed_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
