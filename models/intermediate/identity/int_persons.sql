{{ config(materialized='table') }}

-- One row per person, excluded ones too: they are flagged here and dropped in the marts (glossary 0.8).
with

person_records as (

    select * from {{ ref('int_person_records') }}

),

account_domains as (

    select * from {{ ref('int_account_domains') }}

),

exclusions as (

    select * from {{ source('definitions', 'exclusions') }}

),

free_mail_domains as (

    select domain from {{ source('definitions', 'free_mail_domains') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

exclusion_hits as (

    select
        person_records.person_id,
        min(exclusions.rule) as exclusion_rule

    from person_records

    cross join settings

    inner join exclusions
        on
            (
                exclusions.match_on = 'email_domain'
                and lower(exclusions.value) = person_records.email_domain
            )
            or (exclusions.match_on = 'test_flag' and person_records.is_test_name)
            or (exclusions.match_on = 'record_id' and exclusions.value = person_records.record_id)

    where
        coalesce(
            {{ local_date('person_records.created_at', 'settings.reporting_timezone') }}, settings.as_of
        ) >= exclusions.valid_from
        and coalesce(
            {{ local_date('person_records.created_at', 'settings.reporting_timezone') }}, settings.as_of
        ) < exclusions.valid_to

    group by person_records.person_id

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
        order by person_records.has_left, person_records.created_at nulls last, person_records.record_id
    ) = 1

),

persons as (

    select
        person_id,
        min(created_at) as created_at,
        {{ text_list('source_system', '+') }} as source_systems,
        max(case when has_left then 0 else 1 end) = 0 as has_left

    from person_records

    group by person_id

),

final as (

    select
        persons.person_id,
        coalesce(
            crm_accounts.account_id,
            account_domains.account_id,
            'domain:' || corporate_domains.email_domain,
            'person:' || persons.person_id
        ) as account_id,
        case
            when crm_accounts.account_id is not null then 'crm'
            when account_domains.account_id is not null then 'domain'
            when corporate_domains.email_domain is not null then 'domain_only'
            else 'person'
        end as match_method,
        corporate_domains.email_domain as corporate_domain,
        persons.source_systems,
        coalesce(exclusion_hits.exclusion_rule, case when persons.has_left then 'deleted' end)
            as exclusion_rule,
        exclusion_hits.exclusion_rule is not null or persons.has_left as is_excluded,
        {{ local_date('persons.created_at', 'settings.reporting_timezone') }} as created_date,
        persons.created_at

    from persons

    cross join settings

    left join crm_accounts
        on persons.person_id = crm_accounts.person_id

    left join corporate_domains
        on persons.person_id = corporate_domains.person_id

    left join account_domains
        on corporate_domains.email_domain = account_domains.domain

    left join exclusion_hits
        on persons.person_id = exclusion_hits.person_id

)

select * from final
