-- One row per sales rep. Own staff are not personal data in this warehouse's sense.
with

salesforce_users as (

    select * from {{ ref('int_salesforce_users') }}

),

hubspot_owners as (

    select * from {{ ref('int_hubspot_owners') }}

),

generic_reps as (

    select * from {{ ref('stg_generic__sales_reps') }}

),

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

known as (

    select
        'salesforce:' || user_id as sales_rep_id,
        user_name as sales_rep,
        team,
        region
    from salesforce_users

    union all

    select distinct 'hubspot:' || sales_rep_id, sales_rep, team, cast(null as varchar)
    from hubspot_owners

    union all

    select source_system || ':' || sales_rep_id, sales_rep, team, region
    from generic_reps

),

-- A rep that deals name and no list knows is a rep all the same.
named_by_deals as (

    select distinct opportunities.sales_rep_id
    from opportunities
    left join known
        on opportunities.sales_rep_id = known.sales_rep_id
    where opportunities.sales_rep_id is not null and known.sales_rep_id is null

)

select * from known

union all

select
    sales_rep_id,
    sales_rep_id as sales_rep,
    cast(null as varchar) as team,
    cast(null as varchar) as region

from named_by_deals
