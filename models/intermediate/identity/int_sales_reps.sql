-- One row per sales rep that a system lists. Of a rep whom a generic list names beside a system, the system
-- gives the name and the list what the system leaves out.
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

unioned as (

    select
        'salesforce:' || user_id as sales_rep_id,
        user_name as sales_rep,
        team,
        title,
        region,
        true as is_system,
        cast(null as date) as started_on
    from salesforce_users

    union all

    select distinct
        'hubspot:' || sales_rep_id,
        sales_rep,
        team,
        cast(null as varchar),
        cast(null as varchar),
        true,
        cast(null as date)
    from hubspot_owners

    union all

    select
        coalesce(source_system, 'generic') || ':' || sales_rep_id,
        sales_rep,
        team,
        title,
        region,
        false,
        started_on
    from generic_reps
    where deleted_at is null

),

merged as (

    select
        sales_rep_id,
        coalesce(max(case when is_system then sales_rep end), max(sales_rep)) as sales_rep,
        coalesce(max(case when is_system then team end), max(team)) as team,
        coalesce(max(case when is_system then title end), max(title)) as title,
        coalesce(max(case when is_system then region end), max(region)) as region,
        max(started_on) as started_on

    from unioned

    group by sales_rep_id

)

select * from merged
