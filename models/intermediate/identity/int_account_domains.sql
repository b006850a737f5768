{{ config(materialized='table') }}

-- One row per domain that tells whose account somebody is: the only account with that domain, one of several
-- by a tie-breaker, or the one that the teams agreed on. That of a mail provider tells nothing.
with

accounts as (

    select * from {{ ref('int_accounts') }}

),

account_parents as (

    select * from {{ source('definitions', 'account_parents') }}

),

free_mail_domains as (

    select * from {{ ref('int_free_mail_domains') }}

),

opportunities as (

    select * from {{ ref('int_opportunities_unioned') }}

),

person_records as (

    select * from {{ ref('int_person_records') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

agreed as (

    select
        lower(account_parents.value) as domain,
        account_parents.parent_account_id as account_id

    from account_parents

    cross join settings

    where account_parents.match_on = 'domain' and {{ in_force('account_parents', 'settings.as_of') }}

),

candidates as (

    select
        accounts.domain,
        accounts.account_id,
        accounts.parent_account_id,
        accounts.created_at

    from accounts

    left join free_mail_domains
        on accounts.domain = free_mail_domains.domain

    left join agreed
        on accounts.domain = agreed.domain

    where
        accounts.domain is not null
        and not accounts.is_deleted
        and free_mail_domains.domain is null
        and agreed.domain is null

),

-- What tells candidates apart is what systems of record say: who is whose, and who buys, follows from it.
customers as (

    select distinct account_id
    from opportunities
    where status = 'won' and amount_original > 0 and not is_deleted

),

people as (

    select
        account_id,
        count(distinct person_id) as people

    from person_records

    where not has_left

    group by account_id

),

heads_of_group as (

    select distinct
        domain,
        parent_account_id as account_id

    from candidates

),

described as (

    select
        candidates.domain,
        candidates.account_id,
        case when customers.account_id is null then 0 else 1 end as is_customer,
        case when heads_of_group.account_id is null then 0 else 1 end as is_head_of_group,
        coalesce(people.people, 0) as people,
        -- One whose age is not known is the youngest.
        coalesce(candidates.created_at, cast('9999-12-31' as timestamp)) as created_at

    from candidates

    left join customers
        on candidates.account_id = customers.account_id

    left join heads_of_group
        on
            candidates.domain = heads_of_group.domain
            and candidates.account_id = heads_of_group.account_id

    left join people
        on candidates.account_id = people.account_id

),

ranked as (

    select
        *,
        row_number() over candidates_of_domain as place,
        lead(is_customer) over candidates_of_domain as next_is_customer,
        lead(is_head_of_group) over candidates_of_domain as next_is_head_of_group,
        lead(people) over candidates_of_domain as next_people,
        lead(created_at) over candidates_of_domain as next_created_at,
        count(*) over (partition by domain) as candidates

    from described

    window candidates_of_domain as (
        partition by domain
        order by is_customer desc, is_head_of_group desc, people desc, created_at asc, account_id asc
    )

),

final as (

    select
        domain,
        account_id,
        'domain' as method,
        case
            when candidates = 1 then null
            when is_customer > next_is_customer then 'customer'
            when is_head_of_group > next_is_head_of_group then 'head_of_group'
            when people > next_people then 'most_people'
            when created_at < next_created_at then 'oldest'
            else 'id'
        end as tie_breaker,
        candidates

    from ranked

    where place = 1

    union all

    select
        domain,
        account_id,
        'parent',
        cast(null as varchar),
        1

    from agreed

)

select * from final
