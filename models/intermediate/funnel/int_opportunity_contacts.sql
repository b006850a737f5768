{{ config(materialized='table') }}

-- One row per opportunity and person. The primary contact, else the one known first, carries the deal
-- (glossary B, rule 8).
with

salesforce_roles as (

    select * from {{ ref('int_salesforce_contact_roles') }}

),

salesforce_opportunities as (

    select * from {{ ref('int_salesforce_opportunities') }}

),

salesforce_leads as (

    select * from {{ ref('int_salesforce_leads') }}

),

hubspot_deal_contacts as (

    select * from {{ ref('stg_hubspot__deal_contacts') }}

),

hubspot_connector_deal_contacts as (

    select * from {{ ref('stg_fivetran_hubspot__deal_contacts') }}

),

hubspot_contacts as (

    select * from {{ ref('int_hubspot_contacts') }}

),

generic_opportunities as (

    select * from {{ ref('stg_generic__opportunities') }}

),

generic_contacts as (

    select * from {{ ref('stg_generic__opportunity_contacts') }}

),

person_records as (

    select * from {{ ref('int_person_records') }}

),

links as (

    select
        'salesforce:' || opportunity_id as opportunity_id,
        'salesforce:' || contact_id as record_id,
        coalesce(is_primary, false) as is_marked_primary,
        1 as strength,
        created_at

    from salesforce_roles

    where not is_deleted

    union all

    select 'salesforce:' || opportunity_id, 'salesforce:' || contact_id, false, 2, created_at
    from salesforce_opportunities
    where contact_id is not null

    union all

    select
        'salesforce:' || converted_opportunity_id,
        'salesforce:' || lead_id,
        false,
        3,
        created_at
    from salesforce_leads
    where converted_opportunity_id is not null

    union all

    -- HubSpot calls none of a deal's contacts primary, nor says since when: the oldest contact carries it.
    select
        'hubspot:' || hubspot_deal_contacts.deal_id,
        'hubspot:' || hubspot_deal_contacts.contact_id,
        false,
        1,
        hubspot_contacts.created_at
    from hubspot_deal_contacts
    left join hubspot_contacts
        on hubspot_deal_contacts.contact_id = hubspot_contacts.contact_id
    where hubspot_deal_contacts.deleted_at is null

    union all

    select
        'hubspot:' || hubspot_connector_deal_contacts.deal_id,
        'hubspot:' || hubspot_connector_deal_contacts.contact_id,
        false,
        1,
        hubspot_contacts.created_at
    from hubspot_connector_deal_contacts
    left join hubspot_contacts
        on hubspot_connector_deal_contacts.contact_id = hubspot_contacts.contact_id
    where
        not coalesce(hubspot_connector_deal_contacts.is_deleted, false)
        and hubspot_connector_deal_contacts.deleted_at is null

    union all

    select
        source_system || ':' || opportunity_id,
        source_system || ':' || person_record_id,
        coalesce(is_primary, false),
        1,
        created_at
    from generic_contacts

    union all

    select source_system || ':' || opportunity_id, source_system || ':' || person_record_id, true, 2, created_at
    from generic_opportunities
    where person_record_id is not null

),

persons as (

    select
        links.opportunity_id,
        person_records.person_id,
        links.is_marked_primary,
        links.strength,
        links.created_at,
        links.record_id

    from links

    inner join person_records
        on links.record_id = person_records.record_id

    qualify row_number() over (
        partition by links.opportunity_id, person_records.person_id
        order by
            links.is_marked_primary desc, links.strength asc, links.created_at asc nulls last, links.record_id asc
    ) = 1

),

ranked as (

    select
        opportunity_id,
        person_id,
        row_number() over (
            partition by opportunity_id
            order by is_marked_primary desc, strength asc, created_at asc nulls last, record_id asc
        ) = 1 as is_primary_contact

    from persons

)

select * from ranked
