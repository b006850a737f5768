-- One row per person whom no account that a system lists is known for, and why.
with

account_matches as (

    select * from {{ ref('int_account_matches') }}

),

unmatched as (

    select
        person_id,
        account_id,
        corporate_domain,
        case
            when accounts_of_stated_name > 1 then 'name_ambiguous'
            when corporate_domain is not null then 'domain_unknown'
            when has_address then 'free_mail'
            else 'no_address'
        end as reason

    from account_matches

    where method in ('domain_only', 'person')

)

select * from unmatched
