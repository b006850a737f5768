{{ config(materialized='table') }}

-- One row per customer: an account with a positive win or a paid order, and the channel that its first
-- win is credited to (glossary 0.7, C2).
with

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

opportunity_sources as (

    select * from {{ ref('int_opportunity_sources') }}

),

revenue as (

    select * from {{ ref('int_revenue') }}

),

persons as (

    select * from {{ ref('int_persons') }}

),

first_touches as (

    select * from {{ ref('int_first_touches') }}

),

wins as (

    select
        opportunities.account_id,
        opportunities.opportunity_id,
        opportunity_sources.channel,
        opportunity_sources.campaign_id,
        opportunities.close_date as customer_date

    from opportunities

    inner join opportunity_sources
        on opportunities.opportunity_id = opportunity_sources.opportunity_id

    where
        opportunities.status = 'won'
        and opportunities.amount_original > 0
        and opportunities.kind != 'refund'
        and not opportunities.is_deleted
        and opportunities.account_id is not null

    qualify row_number() over (
        partition by opportunities.account_id
        order by opportunities.close_date, opportunities.created_at, opportunities.opportunity_id
    ) = 1

),

orders as (

    select
        account_id,
        min(date_day) as customer_date

    from revenue

    where revenue_original > 0 and account_id != 'unattributed'

    group by account_id

),

-- The channel of an account that only ordered: where the first of its people came from.
account_touches as (

    select
        persons.account_id,
        min_by(first_touches.channel, first_touches.touched_at) as channel

    from persons

    inner join first_touches
        on persons.person_id = first_touches.person_id

    group by persons.account_id

),

customers as (

    select
        coalesce(wins.account_id, orders.account_id) as account_id,
        wins.opportunity_id as first_opportunity_id,
        coalesce(wins.channel, account_touches.channel, 'unattributed') as channel,
        wins.campaign_id,
        least(
            coalesce(wins.customer_date, orders.customer_date),
            coalesce(orders.customer_date, wins.customer_date)
        ) as became_customer_date

    from wins

    full outer join orders
        on wins.account_id = orders.account_id

    left join account_touches
        on coalesce(wins.account_id, orders.account_id) = account_touches.account_id

)

select * from customers
