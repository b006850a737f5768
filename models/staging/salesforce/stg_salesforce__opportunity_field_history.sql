with

source as (

    select * from {{ newest(
        'salesforce', 'opportunity_field_history',
        key=['opportunity_field_history_id']
    ) }}

),

renamed as (

    select
        opportunity_field_history_id,
        opportunity_id,
        changed_by_id,
        field,
        old_value,
        new_value,
        coalesce(is_deleted, false) as is_deleted,
        created_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
