with

source as (

    select * from {{ newest(
        'fivetran_hubspot', 'engagements',
        key=['engagement_id']
    ) }}

),

renamed as (

    select
        engagement_id,
        owner_id,
        activity_type,
        outcome,
        is_deleted,
        created_at,
        occurred_at,
        synced_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
