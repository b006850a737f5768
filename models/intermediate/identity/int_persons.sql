{{ config(materialized='table') }}

-- One row per person, excluded ones too: they are flagged here and dropped in the marts (glossary 0.8).
with

person_records as (

    select * from {{ ref('int_person_records') }}

),

account_matches as (

    select * from {{ ref('int_account_matches') }}

),

exclusion_hits as (

    select * from {{ ref('int_exclusion_hits') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

exclusions as (

    select
        person_id,
        min(exclusion_rule) as exclusion_rule

    from exclusion_hits

    group by person_id

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
        account_matches.account_id,
        account_matches.method as match_method,
        account_matches.tie_breaker as match_tie_breaker,
        account_matches.score as match_score,
        account_matches.candidates as match_candidates,
        account_matches.corporate_domain,
        persons.source_systems,
        coalesce(exclusions.exclusion_rule, case when persons.has_left then 'deleted' end) as exclusion_rule,
        exclusions.exclusion_rule is not null or persons.has_left as is_excluded,
        {{ local_date('persons.created_at', 'settings.reporting_timezone') }} as created_date,
        persons.created_at

    from persons

    cross join settings

    inner join account_matches
        on persons.person_id = account_matches.person_id

    left join exclusions
        on persons.person_id = exclusions.person_id

)

select * from final
