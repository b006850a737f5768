-- One row per account that a system of record knows, that a person belongs to, or that buys.
with

accounts as (

    select * from {{ ref('int_accounts') }}

),

persons as (

    select * from {{ ref('int_persons') }}

),

customers as (

    select * from {{ ref('int_customers') }}

),

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

-- How people come to it: the surest way counts.
best_matches as (

    select
        account_id,
        match_method,
        match_score,
        match_tie_breaker

    from persons

    qualify row_number() over (
        partition by account_id
        order by match_score desc, match_method asc, match_tie_breaker asc nulls first, person_id asc
    ) = 1

),

people as (

    select
        account_id,
        max(corporate_domain) as domain,
        count(*) as people,
        sum(case when match_method = 'crm' then 1 else 0 end) as people_by_crm,
        sum(case when match_method = 'parent' then 1 else 0 end) as people_by_parent,
        sum(case when match_method = 'domain' then 1 else 0 end) as people_by_domain,
        sum(case when match_method = 'company_name' then 1 else 0 end) as people_by_company_name,
        sum(case when match_tie_breaker is not null then 1 else 0 end) as people_by_tie_breaker

    from persons

    group by account_id

),

all_ids as (

    select account_id from accounts

    union

    select account_id from people

    union

    select account_id from customers

    union

    select account_id from opportunities
    where account_id is not null

)

select
    all_ids.account_id,
    accounts.parent_account_id,
    coalesce(accounts.account_name, people.domain) as account_name,
    coalesce(accounts.domain, people.domain) as domain,
    accounts.segment,
    accounts.country,
    coalesce(
        best_matches.match_method, case when accounts.account_id is null then 'named_by_deal' else 'no_people' end
    ) as match_method,
    best_matches.match_tie_breaker,
    best_matches.match_score,
    coalesce(people.people, 0) as people,
    cast(coalesce(people.people_by_crm, 0) as bigint) as people_by_crm,
    cast(coalesce(people.people_by_parent, 0) as bigint) as people_by_parent,
    cast(coalesce(people.people_by_domain, 0) as bigint) as people_by_domain,
    cast(coalesce(people.people_by_company_name, 0) as bigint) as people_by_company_name,
    cast(coalesce(people.people_by_tie_breaker, 0) as bigint) as people_by_tie_breaker,
    accounts.account_id is not null as is_listed,
    customers.account_id is not null as is_customer,
    customers.became_customer_date

from all_ids

left join accounts
    on all_ids.account_id = accounts.account_id

left join people
    on all_ids.account_id = people.account_id

left join best_matches
    on all_ids.account_id = best_matches.account_id

left join customers
    on all_ids.account_id = customers.account_id
