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

person_accounts as (

    select
        account_id,
        max(corporate_domain) as domain,
        min(match_method) as match_method

    from persons

    group by account_id

),

all_ids as (

    select account_id from accounts

    union

    select account_id from person_accounts

    union

    select account_id from customers

    union

    select account_id from opportunities
    where account_id is not null

)

select
    all_ids.account_id,
    coalesce(accounts.account_name, person_accounts.domain) as account_name,
    coalesce(accounts.domain, person_accounts.domain) as domain,
    accounts.segment,
    accounts.country,
    -- How people come to it: by the system of record, by their mail domain, or on their own.
    case
        when accounts.account_id is not null then 'crm'
        when person_accounts.match_method is not null then person_accounts.match_method
        else 'named_by_deal'
    end as match_method,
    customers.account_id is not null as is_customer,
    customers.became_customer_date

from all_ids

left join accounts
    on all_ids.account_id = accounts.account_id

left join person_accounts
    on all_ids.account_id = person_accounts.account_id

left join customers
    on all_ids.account_id = customers.account_id
