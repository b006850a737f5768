with

source as (

    select * from {{ newest(
        'salesforce', 'opportunity_split_types',
        key=['split_type_id']
    ) }}

),

renamed as (

    select
        split_type_id,
        split_type,
        is_total_validated,
        coalesce(is_deleted, false) as is_deleted,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
