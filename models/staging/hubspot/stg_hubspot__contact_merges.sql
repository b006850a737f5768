with

source as (

    select * from {{ newest(
        'hubspot', 'contact_merges',
        key=['contact_id', 'merged_contact_id']
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
