-- One row per record and rule that leaves it out. A record is judged by the rules of its own date.
with

person_records as (

    select * from {{ ref('int_person_records') }}

),

company_names as (

    select * from {{ ref('int_company_names') }}

),

exclusions as (

    select * from {{ source('definitions', 'exclusions') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

records as (

    select
        person_records.*,
        company_names.name_key,
        coalesce(
            {{ local_date('person_records.created_at', 'settings.reporting_timezone') }}, settings.as_of
        ) as judged_on

    from person_records

    cross join settings

    left join company_names
        on person_records.company_name = company_names.company_name

),

marks as (

    select record_id, person_id, judged_on, 'record_id' as match_on, record_id as value
    from records

    union all

    select record_id, person_id, judged_on, 'email_domain', email_domain
    from records
    where email_domain is not null

    union all

    select record_id, person_id, judged_on, 'company_name', name_key
    from records
    where name_key is not null

    union all

    select record_id, person_id, judged_on, 'campaign', lower(campaign_name)
    from records
    where campaign_name is not null

    union all

    select record_id, person_id, judged_on, 'test_flag', 'true'
    from records
    where is_test_name

),

rules as (

    select
        exclusions.rule,
        exclusions.match_on,
        case exclusions.match_on
            when 'record_id' then exclusions.value
            when 'test_flag' then 'true'
            when 'company_name' then company_names.name_key
            else lower(exclusions.value)
        end as value,
        exclusions.valid_from,
        exclusions.valid_to

    from exclusions

    left join company_names
        on exclusions.value = company_names.company_name

),

hits as (

    select distinct
        marks.record_id,
        marks.person_id,
        rules.rule as exclusion_rule,
        marks.judged_on

    from marks

    inner join rules
        on
            marks.match_on = rules.match_on
            and marks.value = rules.value
            and {{ in_force('rules', 'marks.judged_on') }}

)

select * from hits
