{{ config(materialized='table') }}

-- One row per name of a company as written anywhere, and the name by which it is compared: spelling and
-- legal form do not tell two companies apart.
with

accounts as (

    select * from {{ ref('int_accounts') }}

),

person_records as (

    select * from {{ ref('int_person_records') }}

),

exclusions as (

    select * from {{ source('definitions', 'exclusions') }}

),

company_suffixes as (

    select * from {{ source('definitions', 'company_suffixes') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

names as (

    select account_name as company_name
    from accounts

    union

    select company_name
    from person_records

    union

    select value
    from exclusions
    where match_on = 'company_name'

),

folded as (

    select
        company_name,
        {{ folded_name('company_name') }} as folded_name

    from names

    where company_name is not null

),

final as (

    select
        folded.company_name,
        left(
            folded.folded_name, length(folded.folded_name) - coalesce(length(company_suffixes.suffix) + 1, 0)
        ) as name_key

    from folded

    cross join settings

    left join company_suffixes
        on
            folded.folded_name like '% ' || company_suffixes.suffix
            and {{ in_force('company_suffixes', 'settings.as_of') }}

    where folded.folded_name is not null

    qualify row_number() over (
        partition by folded.company_name
        order by length(company_suffixes.suffix) desc nulls last
    ) = 1

)

select * from final
