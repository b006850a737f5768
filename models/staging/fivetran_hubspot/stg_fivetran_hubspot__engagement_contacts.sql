with

source as (

    select * from {{ newest(
        'fivetran_hubspot', 'engagement_contacts',
        key=['engagement_id', 'contact_id'],
        several=true
    ) }}

),

renamed as (

    select
        engagement_id,
        contact_id,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
