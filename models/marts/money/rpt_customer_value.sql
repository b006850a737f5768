-- One row per customer: what was earned with it to date (glossary C11). Fact, not forecast.
with

customers as (

    select * from {{ ref('int_customers') }}

),

revenue as (

    select * from {{ ref('fct_revenue') }}

),

per_account as (

    select
        account_id,
        min(case when revenue_original > 0 then date_day end) as first_order_date,
        count(distinct case when revenue_original > 0 then order_id end) as orders,
        sum(revenue) as revenue,
        -- A line whose cost is unknown has no known margin; how many there are stands beside.
        sum(margin) as margin,
        count(case when cogs is null then 1 end) as lines_without_cogs

    from revenue

    group by account_id

)

select
    customers.account_id,
    customers.channel,
    coalesce(per_account.orders, 0) as orders,
    {{ money('per_account.revenue') }} as revenue,
    {{ money('per_account.margin') }} as margin,
    {{ money('per_account.margin') }} as clv_historical,
    coalesce(per_account.lines_without_cogs, 0) as lines_without_cogs,
    customers.became_customer_date,
    per_account.first_order_date

from customers

left join per_account
    on customers.account_id = per_account.account_id
