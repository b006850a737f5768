with

source as (

    select * from {{ newest(
        'fivetran_hubspot', 'contact_emails',
        key=['contact_id'],
        several=true
    ) }}

),

renamed as (

    select
        contact_id,
        email_key,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
