-- One row per domain that belongs to one account alone: a domain that two accounts share says nothing
-- about which of them a person belongs to, and that of a mail provider nothing at all.
with

accounts as (

    select * from {{ ref('int_accounts') }}

),

free_mail_domains as (

    select domain from {{ source('definitions', 'free_mail_domains') }}

),

final as (

    select
        accounts.domain,
        min(accounts.account_id) as account_id

    from accounts

    left join free_mail_domains
        on accounts.domain = free_mail_domains.domain

    where accounts.domain is not null and not accounts.is_deleted and free_mail_domains.domain is null

    group by accounts.domain

    having count(*) = 1

)

select * from final
