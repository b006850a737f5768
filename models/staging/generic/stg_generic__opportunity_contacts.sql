with

source as (

    select * from {{ newest(
        'generic', 'opportunity_contacts',
        key=['source_system', 'opportunity_id', 'person_record_id']
    ) }}

),

renamed as (

    select
        opportunity_id,
        person_record_id,
        source_system,
        is_primary,
        created_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
