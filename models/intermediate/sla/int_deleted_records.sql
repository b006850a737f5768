-- One row per lead or contact that is gone: since which export it is known to be (glossary 0.9).
with

salesforce_leads as (

    select * from {{ ref('int_salesforce_leads') }}

),

salesforce_contacts as (

    select * from {{ ref('int_salesforce_contacts') }}

),

hubspot_contacts as (

    select * from {{ ref('int_hubspot_contacts') }}

),

generic_leads as (

    select * from {{ ref('stg_generic__leads') }}

),

generic_contacts as (

    select * from {{ ref('stg_generic__contacts') }}

),

unioned as (

    select
        'salesforce:' || lead_id as record_id,
        known_at as deleted_at
    from salesforce_leads
    where is_deleted

    union all

    select
        'salesforce:' || contact_id,
        known_at
    from salesforce_contacts
    where is_deleted

    union all

    select
        'hubspot:' || contact_id,
        known_at
    from hubspot_contacts
    where is_deleted

    union all

    select
        source_system || ':' || lead_id,
        coalesce(deleted_at, exported_at)
    from generic_leads
    where coalesce(is_deleted, false) or deleted_at is not null

    union all

    select
        source_system || ':' || contact_id,
        coalesce(deleted_at, exported_at)
    from generic_contacts
    where coalesce(is_deleted, false) or deleted_at is not null

)

select * from unioned
