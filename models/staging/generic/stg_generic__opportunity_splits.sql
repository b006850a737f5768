with

source as (

    select * from {{ newest(
        'generic', 'opportunity_splits',
        key=['source_system', 'opportunity_id', 'sales_rep_id', 'split_type']
    ) }}

),

renamed as (

    select
        opportunity_id,
        sales_rep_id,
        coalesce(split_type, 'revenue') as split_type,
        source_system,
        share,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
