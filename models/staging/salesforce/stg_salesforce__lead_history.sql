with

source as (

    select * from {{ newest(
        'salesforce', 'lead_history',
        key=['lead_history_id']
    ) }}

),

renamed as (

    select
        lead_history_id,
        lead_id,
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
