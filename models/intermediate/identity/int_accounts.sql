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

account_parents as (

    select * from {{ source('definitions', 'account_parents') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

accounts as (

    select
        'salesforce:' || account_id as account_id,
        'salesforce:' || parent_account_id as parent_account_id,
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
        parent_account_id,
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
        source_system || ':' || parent_account_id,
        source_system,
        account_name,
        domain,
        segment,
        country,
        deleted_at is not null,
        created_at

    from generic_accounts

),

-- Groups are as they are today: what the teams agreed on counts before what a system says.
with_parents as (

    select
        accounts.account_id,
        nullif(coalesce(account_parents.parent_account_id, accounts.parent_account_id), accounts.account_id)
            as parent_account_id,
        accounts.source_system,
        accounts.account_name,
        accounts.domain,
        accounts.segment,
        accounts.country,
        accounts.is_deleted,
        accounts.created_at

    from accounts

    cross join settings

    left join account_parents
        on
            account_parents.match_on = 'account_id'
            and accounts.account_id = account_parents.value
            and {{ in_force('account_parents', 'settings.as_of') }}

)

select * from with_parents
