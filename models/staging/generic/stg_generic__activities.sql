with

source as (

    select * from {{ newest(
        'generic', 'activities',
        key=['source_system', 'activity_id']
    ) }}

),

renamed as (

    select
        activity_id,
        person_record_id,
        opportunity_id,
        account_id,
        sales_rep_id,
        source_system,
        activity_type,
        direction,
        outcome,
        duration_minutes,
        is_completed,
        occurred_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
