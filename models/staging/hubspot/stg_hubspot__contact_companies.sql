with

source as (

    select * from {{ newest(
        'hubspot', 'contact_companies',
        key=['contact_id'],
        several=true
    ) }}

),

renamed as (

    select
        contact_id,
        company_id,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
