with

source as (

    select * from {{ newest(
        'generic', 'qualification',
        key=['source_system', 'record_id', 'assessed_at']
    ) }}

),

renamed as (

    select
        record_id,
        opportunity_id,
        sales_rep_id,
        source_system,
        budget,
        authority,
        need,
        timeline_months,
        assessed_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
