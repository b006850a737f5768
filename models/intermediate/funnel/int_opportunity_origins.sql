{{ config(materialized='table') }}

-- One row per deal: who brought it, as it stood on the day it was created, whether marketing had a part in it
-- (glossary B12), and the touches until it was won (B13).
with

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

opportunity_touches as (

    select * from {{ ref('int_opportunity_touches') }}

),

sales_reps as (

    select * from {{ ref('int_sales_reps') }}

),

customers as (

    select * from {{ ref('int_customers') }}

),

sales_roles as (

    select * from {{ source('definitions', 'sales_roles') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

touched as (

    select
        opportunity_id,
        max(case when is_marketing and is_before_creation then 1 else 0 end) = 1 as is_influenced,
        count(*) as n_touches,
        count(distinct person_id) as n_contacts

    from opportunity_touches

    group by opportunity_id

),

-- What the deal says of its creator says more than a list of colleagues, a title more than a team.
creators as (

    select
        opportunities.opportunity_id,
        opportunities.account_id,
        opportunities.status,
        opportunities.is_partner_registered,
        opportunities.created_date,
        coalesce(by_role.role, by_title.role, by_team.role) as created_by_role

    from opportunities

    cross join settings

    left join sales_reps
        on opportunities.created_by_id = sales_reps.sales_rep_id

    left join sales_roles as by_role
        on
            lower(opportunities.created_by_role) = lower(by_role.source_text)
            and {{ in_force('by_role', 'coalesce(opportunities.created_date, settings.as_of)') }}

    left join sales_roles as by_title
        on
            lower(sales_reps.title) = lower(by_title.source_text)
            and {{ in_force('by_title', 'coalesce(opportunities.created_date, settings.as_of)') }}

    left join sales_roles as by_team
        on
            lower(sales_reps.team) = lower(by_team.source_text)
            and {{ in_force('by_team', 'coalesce(opportunities.created_date, settings.as_of)') }}

),

final as (

    select
        creators.opportunity_id,
        creators.created_by_role,
        case
            when creators.is_partner_registered then 'partner'
            when creators.created_by_role = 'cs' and customers.became_customer_date < creators.created_date
                then 'customer_success'
            when touched.is_influenced then 'marketing'
            when creators.created_by_role = 'sdr' then 'sdr'
            when creators.created_by_role = 'ae' then 'sales'
            else 'unknown'
        end as sourced_by,
        coalesce(touched.is_influenced, false) as is_influenced,
        case when creators.status = 'won' then coalesce(touched.n_touches, 0) end as touches_until_won,
        case when creators.status = 'won' then coalesce(touched.n_contacts, 0) end as contacts_until_won

    from creators

    left join touched
        on creators.opportunity_id = touched.opportunity_id

    left join customers
        on creators.account_id = customers.account_id

)

select * from final
