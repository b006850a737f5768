with

source as (

    select * from {{ newest(
        'generic', 'lead_scores',
        key=['source_system', 'record_id', 'scored_at']
    ) }}

),

renamed as (

    select
        record_id,
        source_system,
        score,
        scored_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
