-- One row per company of HubSpot, whichever door it came through, and the account that it is: that of
-- another system where HubSpot names it, or where exactly one there has the same domain (glossary 0.7).
with

native as (

    select * from {{ ref('stg_hubspot__companies') }}

),

connector as (

    select * from {{ ref('stg_fivetran_hubspot__companies') }}

),

salesforce_accounts as (

    select * from {{ ref('int_salesforce_accounts') }}

),

free_mail_domains as (

    select * from {{ ref('int_free_mail_domains') }}

),

versions as (

    select
        company_id,
        parent_company_id,
        salesforce_account_id,
        company_name,
        domain,
        industry,
        country,
        deleted_at is not null as is_deleted,
        true as is_current,
        created_at,
        cast(null as timestamp) as version_started_at,
        exported_at,
        -- A full export that lacks a record is news of it, too.
        coalesce(deleted_at, exported_at) as known_at

    from native

    union all

    select
        company_id,
        parent_company_id,
        salesforce_account_id,
        company_name,
        domain,
        industry,
        country,
        coalesce(is_deleted, false) or deleted_at is not null,
        coalesce(is_current, true),
        created_at,
        version_started_at,
        exported_at,
        coalesce(deleted_at, exported_at)

    from connector

),

newest as (

    select *

    from versions

    qualify row_number() over (
        partition by company_id
        order by known_at desc, is_current desc, version_started_at desc nulls last, is_deleted asc
    ) = 1

),

known_accounts as (

    select
        account_id,
        domain

    from salesforce_accounts

    where not coalesce(is_deleted, false)

),

accounts_by_domain as (

    select
        known_accounts.domain,
        min(known_accounts.account_id) as account_id

    from known_accounts

    left join free_mail_domains
        on known_accounts.domain = free_mail_domains.domain

    where known_accounts.domain is not null and free_mail_domains.domain is null

    group by known_accounts.domain

    having count(*) = 1

),

companies as (

    select
        newest.company_id,
        newest.parent_company_id,
        coalesce(
            'salesforce:' || named_accounts.account_id,
            'salesforce:' || accounts_by_domain.account_id,
            'hubspot:' || newest.company_id
        ) as account_id,
        newest.company_name,
        newest.domain,
        newest.industry,
        newest.country,
        named_accounts.account_id is null and accounts_by_domain.account_id is null as is_own_account,
        newest.is_deleted or not newest.is_current as is_deleted,
        newest.created_at,
        newest.exported_at

    from newest

    left join known_accounts as named_accounts
        on left(newest.salesforce_account_id, 15) = left(named_accounts.account_id, 15)

    left join accounts_by_domain
        on newest.domain = accounts_by_domain.domain

),

with_parents as (

    select
        companies.company_id,
        companies.account_id,
        parents.account_id as parent_account_id,
        companies.company_name,
        companies.domain,
        companies.industry,
        companies.country,
        companies.is_own_account,
        companies.is_deleted,
        companies.created_at,
        companies.exported_at

    from companies

    left join companies as parents
        on companies.parent_company_id = parents.company_id

)

select * from with_parents
