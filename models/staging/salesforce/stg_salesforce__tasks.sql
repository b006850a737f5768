with

source as (

    select * from {{ newest(
        'salesforce', 'tasks',
        key=['task_id']
    ) }}

),

renamed as (

    select
        task_id,
        who_id,
        what_id,
        account_id,
        owner_id,
        type,
        subtype,
        call_type,
        status,
        call_seconds,
        is_closed,
        coalesce(is_deleted, false) as is_deleted,
        due_date,
        completed_at,
        created_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
