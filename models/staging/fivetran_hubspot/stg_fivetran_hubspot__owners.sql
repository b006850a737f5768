with

source as (

    select * from {{ newest(
        'fivetran_hubspot', 'owners',
        key=['owner_id']
    ) }}

),

renamed as (

    select
        owner_id,
        first_name,
        last_name,
        team,
        is_active,
        is_deleted,
        created_at,
        synced_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
