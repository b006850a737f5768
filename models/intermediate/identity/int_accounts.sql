{{ config(materialized='table') }}

-- One row per account that a system of record knows. Persons without one get theirs in int_persons.
with

salesforce_accounts as (

    select * from {{ ref('int_salesforce_accounts') }}

),

hubspot_companies as (

    select * from {{ ref('int_hubspot_companies') }}

),

generic_accounts as (

    select * from {{ ref('stg_generic__accounts') }}

),

accounts as (

    select
        'salesforce:' || account_id as account_id,
        'salesforce' as source_system,
        account_name,
        domain,
        industry as segment,
        country,
        is_deleted,
        created_at

    from salesforce_accounts

    union all

    -- A company that another system lists as well is that account.
    select
        account_id,
        'hubspot',
        company_name,
        domain,
        industry,
        country,
        is_deleted,
        created_at

    from hubspot_companies

    where is_own_account

    union all

    select
        source_system || ':' || account_id,
        source_system,
        account_name,
        domain,
        segment,
        country,
        deleted_at is not null,
        created_at

    from generic_accounts

)

select * from accounts
