with

source as (

    select * from {{ newest(
        'fivetran_hubspot', 'contact_merges',
        key=['contact_id', 'merged_contact_id'],
        several=true
    ) }}

),

renamed as (

    select
        contact_id,
        merged_contact_id,
        merged_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
