-- One row per sales rep of HubSpot: those whom the connector lists, and those whom deals name without being
-- listed there. Native exports know only the name.
with

owners as (

    select * from {{ ref('stg_fivetran_hubspot__owners') }}

),

native_deals as (

    select * from {{ ref('stg_hubspot__deals') }}

),

connector_deals as (

    select * from {{ ref('stg_fivetran_hubspot__deals') }}

),

listed as (

    select
        owner_id,
        coalesce(
            nullif(trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), ''), owner_id
        ) as sales_rep,
        team

    from owners

),

-- A name that two owners have tells neither of them.
listed_names as (

    select
        lower(sales_rep) as sales_rep,
        min(owner_id) as owner_id

    from listed

    group by lower(sales_rep)

    having count(*) = 1

),

named_by_deals as (

    select deal_owner from native_deals
    where deal_owner is not null

    union

    select deal_owner from connector_deals
    where deal_owner is not null

),

reps as (

    select
        owner_id as deal_owner,
        owner_id as sales_rep_id,
        sales_rep,
        team

    from listed

    union all

    select
        named_by_deals.deal_owner,
        coalesce(listed_names.owner_id, named_by_deals.deal_owner),
        coalesce(by_name.sales_rep, named_by_deals.deal_owner),
        by_name.team

    from named_by_deals

    left join listed
        on named_by_deals.deal_owner = listed.owner_id

    left join listed_names
        on lower(named_by_deals.deal_owner) = listed_names.sales_rep

    left join listed as by_name
        on listed_names.owner_id = by_name.owner_id

    where listed.owner_id is null

)

select * from reps
