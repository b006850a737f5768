with

source as (

    select * from {{ newest(
        'fivetran_hubspot', 'contact_merged_ids',
        key=['contact_id', 'merged_contact_id'],
        several=true
    ) }}

),

renamed as (

    select
        contact_id,
        merged_contact_id,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
