with

source as (

    select * from {{ newest(
        'salesforce', 'opportunity_splits',
        key=['opportunity_split_id']
    ) }}

),

renamed as (

    select
        opportunity_split_id,
        opportunity_id,
        owner_id,
        split_type_id,
        percentage,
        coalesce(is_deleted, false) as is_deleted,
        created_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
