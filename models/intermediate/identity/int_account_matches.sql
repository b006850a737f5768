{{ config(materialized='table') }}

-- One row per person: the account, how it was found, and how sure that is. Of all ways that lead to an account
-- the one with the highest score counts (account_match_methods.csv). Accounts are as they are today, so the
-- definitions of the as-of day hold.
with

person_records as (

    select * from {{ ref('int_person_records') }}

),

accounts as (

    select * from {{ ref('int_accounts') }}

),

account_domains as (

    select * from {{ ref('int_account_domains') }}

),

company_names as (

    select * from {{ ref('int_company_names') }}

),

free_mail_domains as (

    select * from {{ ref('int_free_mail_domains') }}

),

methods as (

    select * from {{ source('definitions', 'account_match_methods') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

persons as (

    select
        person_id,
        max(case when email_domain is null then 0 else 1 end) = 1 as has_address,
        count(distinct account_id) as crm_accounts

    from person_records

    group by person_id

),

-- The account that a system of record gives, the newest record first.
crm_accounts as (

    select
        person_id,
        account_id

    from person_records

    where account_id is not null

    qualify row_number() over (
        partition by person_id
        order by has_left asc, created_at desc nulls last, record_id asc
    ) = 1

),

corporate_domains as (

    select
        person_records.person_id,
        person_records.email_domain

    from person_records

    left join free_mail_domains
        on person_records.email_domain = free_mail_domains.domain

    where person_records.email_domain is not null and free_mail_domains.domain is null

    qualify row_number() over (
        partition by person_records.person_id
        order by person_records.has_left asc, person_records.created_at asc nulls last, person_records.record_id asc
    ) = 1

),

stated_companies as (

    select
        person_records.person_id,
        company_names.name_key

    from person_records

    inner join company_names
        on person_records.company_name = company_names.company_name

    qualify row_number() over (
        partition by person_records.person_id
        order by person_records.has_left asc, person_records.created_at asc nulls last, person_records.record_id asc
    ) = 1

),

-- A name that two accounts share says nothing about which of them is meant.
accounts_by_name as (

    select
        company_names.name_key,
        min(accounts.account_id) as account_id,
        count(*) as accounts

    from accounts

    inner join company_names
        on accounts.account_name = company_names.company_name

    where not accounts.is_deleted

    group by company_names.name_key

),

ways as (

    select
        crm_accounts.person_id,
        crm_accounts.account_id,
        'crm' as method,
        case when persons.crm_accounts > 1 then 'newest_record' end as tie_breaker,
        persons.crm_accounts as candidates

    from crm_accounts

    inner join persons
        on crm_accounts.person_id = persons.person_id

    union all

    select
        corporate_domains.person_id,
        account_domains.account_id,
        account_domains.method,
        account_domains.tie_breaker,
        account_domains.candidates

    from corporate_domains

    inner join account_domains
        on corporate_domains.email_domain = account_domains.domain

    union all

    select
        stated_companies.person_id,
        accounts_by_name.account_id,
        'company_name',
        cast(null as varchar),
        1

    from stated_companies

    inner join accounts_by_name
        on
            stated_companies.name_key = accounts_by_name.name_key
            and accounts_by_name.accounts = 1

    union all

    select
        person_id,
        'domain:' || email_domain,
        'domain_only',
        cast(null as varchar),
        1

    from corporate_domains

),

scored as (

    select
        ways.*,
        case when ways.candidates = 1 then methods.score else methods.tied_score end as score

    from ways

    cross join settings

    inner join methods
        on
            ways.method = methods.method
            and {{ in_force('methods', 'settings.as_of') }}

),

surest as (

    select *

    from scored

    qualify row_number() over (partition by person_id order by score desc, method asc) = 1

),

final as (

    select
        persons.person_id,
        coalesce(surest.account_id, 'person:' || persons.person_id) as account_id,
        coalesce(surest.method, 'person') as method,
        surest.tie_breaker,
        corporate_domains.email_domain as corporate_domain,
        cast(coalesce(surest.score, 0) as decimal(4, 3)) as score,
        coalesce(surest.candidates, 0) as candidates,
        coalesce(accounts_by_name.accounts, 0) as accounts_of_stated_name,
        persons.has_address

    from persons

    left join surest
        on persons.person_id = surest.person_id

    left join corporate_domains
        on persons.person_id = corporate_domains.person_id

    left join stated_companies
        on persons.person_id = stated_companies.person_id

    left join accounts_by_name
        on stated_companies.name_key = accounts_by_name.name_key

)

select * from final
