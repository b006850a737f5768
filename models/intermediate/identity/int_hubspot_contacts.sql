{{ config(materialized='table') }}

-- One row per contact of HubSpot, whichever door it came through: the newest version wins, an old version of
-- the connector's history never does, and a merged contact is gone.
with

native as (

    select * from {{ ref('stg_hubspot__contacts') }}

),

connector as (

    select * from {{ ref('stg_fivetran_hubspot__contacts') }}

),

native_companies as (

    select * from {{ ref('stg_hubspot__contact_companies') }}

),

connector_companies as (

    select * from {{ ref('stg_fivetran_hubspot__contact_companies') }}

),

native_merges as (

    select * from {{ ref('stg_hubspot__contact_merges') }}

),

connector_merged_ids as (

    select * from {{ ref('stg_fivetran_hubspot__contact_merged_ids') }}

),

connector_merges as (

    select * from {{ ref('stg_fivetran_hubspot__contact_merges') }}

),

companies as (

    select * from {{ ref('int_hubspot_companies') }}

),

versions as (

    select
        contact_id,
        primary_company_id,
        salesforce_lead_id,
        salesforce_contact_id,
        email_key,
        email_domain,
        company_name,
        lifecycle_stage,
        contact_owner,
        original_source,
        original_source_detail,
        is_test_name,
        deleted_at is not null as is_deleted,
        true as is_current,
        created_at,
        became_lead_at,
        became_mql_at,
        became_sql_at,
        became_opportunity_at,
        became_customer_at,
        owner_assigned_at,
        cast(null as timestamp) as version_started_at,
        exported_at,
        -- A full export that lacks a record is news of it, too.
        coalesce(deleted_at, exported_at) as known_at

    from native

    union all

    select
        contact_id,
        primary_company_id,
        salesforce_lead_id,
        salesforce_contact_id,
        email_key,
        email_domain,
        company_name,
        lifecycle_stage,
        contact_owner,
        original_source,
        original_source_detail,
        is_test_name,
        coalesce(is_deleted, false) or deleted_at is not null,
        coalesce(is_current, true),
        created_at,
        became_lead_at,
        became_mql_at,
        became_sql_at,
        became_opportunity_at,
        became_customer_at,
        owner_assigned_at,
        version_started_at,
        exported_at,
        coalesce(deleted_at, exported_at)

    from connector

),

newest as (

    select *

    from versions

    qualify row_number() over (
        partition by contact_id
        order by known_at desc, is_current desc, version_started_at desc nulls last, is_deleted asc
    ) = 1

),

told_merges as (

    select contact_id, merged_contact_id from native_merges

    union all

    select contact_id, merged_contact_id from connector_merged_ids

    union all

    select contact_id, merged_contact_id from connector_merges

),

merge_pairs as (

    select
        merged_contact_id,
        max(contact_id) as contact_id

    from told_merges

    where merged_contact_id != contact_id

    group by merged_contact_id

),

-- Of several companies the primary one counts, else the one with the smallest number: nothing tells more.
associated as (

    select
        contact_id,
        company_id,
        case when association_type_id = '1' then 1 else 2 end as preference
    from connector_companies
    where not coalesce(is_deleted, false) and deleted_at is null

    union all

    select contact_id, company_id, 2
    from native_companies
    where deleted_at is null

),

company_of_contact as (

    select
        contact_id,
        company_id

    from associated

    qualify row_number() over (partition by contact_id order by preference asc, company_id asc) = 1

),

contacts as (

    select
        newest.contact_id,
        coalesce(companies.account_id, 'hubspot:' || coalesce(newest.primary_company_id, company_of_contact.company_id))
            as account_id,
        merge_pairs.contact_id as merged_into_contact_id,
        newest.salesforce_lead_id,
        newest.salesforce_contact_id,
        newest.email_key,
        newest.email_domain,
        newest.company_name,
        newest.lifecycle_stage,
        newest.contact_owner,
        newest.original_source,
        newest.original_source_detail,
        coalesce(newest.is_test_name, false) as is_test_name,
        newest.is_deleted or not newest.is_current or merge_pairs.contact_id is not null as is_deleted,
        newest.created_at,
        newest.became_lead_at,
        newest.became_mql_at,
        newest.became_sql_at,
        newest.became_opportunity_at,
        newest.became_customer_at,
        newest.owner_assigned_at,
        newest.exported_at,
        newest.known_at

    from newest

    left join company_of_contact
        on newest.contact_id = company_of_contact.contact_id

    left join companies
        on coalesce(newest.primary_company_id, company_of_contact.company_id) = companies.company_id

    left join merge_pairs
        on newest.contact_id = merge_pairs.merged_contact_id

)

select * from contacts
