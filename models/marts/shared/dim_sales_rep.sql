-- One row per sales rep. Own staff are not personal data in this warehouse's sense.
with

known as (

    select * from {{ ref('int_sales_reps') }}

),

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

-- A rep that deals name and no list knows is a rep all the same.
named_by_deals as (

    select distinct opportunities.sales_rep_id
    from opportunities
    left join known
        on opportunities.sales_rep_id = known.sales_rep_id
    where opportunities.sales_rep_id is not null and known.sales_rep_id is null

)

select
    sales_rep_id,
    sales_rep,
    team,
    region

from known

union all

select
    sales_rep_id,
    sales_rep_id as sales_rep,
    cast(null as varchar) as team,
    cast(null as varchar) as region

from named_by_deals
