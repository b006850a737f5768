{{ config(materialized='table') }}

-- One row per buyer, as shops and billing know them: a number, an e-mail address or both; and the account
-- that this is. A rule of its own beside int_persons, as buying makes nobody a lead.
with

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

subscriptions as (

    select * from {{ ref('int_subscriptions_unioned') }}

),

carts as (

    select * from {{ ref('int_carts_unioned') }}

),

accounts as (

    select * from {{ ref('int_accounts') }}

),

account_domains as (

    select * from {{ ref('int_account_domains') }}

),

free_mail_domains as (

    select * from {{ ref('int_free_mail_domains') }}

),

person_records as (

    select * from {{ ref('int_person_records') }}

),

persons as (

    select * from {{ ref('int_persons') }}

),

mentions as (

    select source_system, account_number, customer_number, email_key, email_domain from orders

    union distinct

    select source_system, account_number, customer_number, email_key, email_domain from subscriptions

    union distinct

    select source_system, account_number, customer_number, email_key, email_domain from carts

),

persons_by_email as (

    select
        person_records.email_key,
        min(persons.account_id) as account_id

    from person_records

    inner join persons
        on person_records.person_id = persons.person_id

    where person_records.email_key is not null

    group by person_records.email_key

),

named as (

    select
        {{ buyer_id('mentions') }} as buyer_id,
        mentions.source_system,
        coalesce(mentions.account_number, mentions.customer_number) as number,
        mentions.account_number,
        mentions.email_key,
        case when free_mail_domains.domain is null then mentions.email_domain end as corporate_domain,
        persons_by_email.account_id as person_account_id,
        account_domains.account_id as domain_account_id

    from mentions

    left join persons_by_email
        on mentions.email_key = persons_by_email.email_key

    left join free_mail_domains
        on mentions.email_domain = free_mail_domains.domain

    left join account_domains
        on mentions.email_domain = account_domains.domain

),

-- A number of billing is one customer, whichever of its lines names a buyer that is known.
numbers as (

    select
        source_system,
        number,
        min(email_key) as email_key,
        min(corporate_domain) as corporate_domain,
        min(person_account_id) as person_account_id,
        min(domain_account_id) as domain_account_id

    from named

    where number is not null

    group by source_system, number

),

final as (

    select
        named.buyer_id,
        min(named.email_key) as email_key,
        -- The account that a system of record knows; that of the person, or of the company behind the
        -- address; the one that billing keeps; the company or the person alone. An account number outranks
        -- an unknown address; a number that a payment provider gives each checkout does not.
        min(coalesce(
            accounts.account_id,
            numbers.person_account_id,
            named.person_account_id,
            numbers.domain_account_id,
            named.domain_account_id,
            named.source_system || ':' || named.account_number,
            'domain:' || coalesce(numbers.corporate_domain, named.corporate_domain),
            'buyer:' || coalesce(numbers.email_key, named.email_key),
            named.source_system || ':' || named.number,
            'unattributed'
        )) as account_id

    from named

    left join accounts
        on named.source_system || ':' || named.account_number = accounts.account_id

    left join numbers
        on
            named.source_system = numbers.source_system
            and named.number = numbers.number

    group by named.buyer_id

)

select * from final
