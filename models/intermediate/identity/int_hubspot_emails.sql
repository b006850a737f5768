-- One row per contact and further e-mail address of it.
with

native as (

    select * from {{ ref('stg_hubspot__contact_emails') }}

),

connector as (

    select * from {{ ref('stg_fivetran_hubspot__contact_emails') }}

),

emails as (

    select contact_id, email_key
    from native
    where email_key is not null

    union

    select contact_id, email_key
    from connector
    where email_key is not null

)

select * from emails
