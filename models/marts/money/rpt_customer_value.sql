-- One row per customer: what was earned with it to date (glossary C11), and how much of all that is its part.
-- Fact, not forecast.
with

customers as (

    select * from {{ ref('int_customers') }}

),

revenue as (

    select * from {{ ref('fct_revenue') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

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

),

joined as (

    select
        customers.account_id,
        customers.channel,
        customers.became_customer_date,
        per_account.first_order_date,
        coalesce(per_account.orders, 0) as orders,
        per_account.revenue,
        per_account.margin,
        greatest(coalesce(per_account.margin, 0), 0) as positive_margin,
        coalesce(per_account.lines_without_cogs, 0) as lines_without_cogs

    from customers

    left join per_account
        on customers.account_id = per_account.account_id

),

-- What the customers of a higher value brought, the largest first.
ranked as (

    select
        *,
        sum(positive_margin) over (
            order by positive_margin desc, account_id asc
            rows between unbounded preceding and current row
        ) - positive_margin as margin_above,
        sum(positive_margin) over () as total_margin

    from joined

),

defined as (

    select
        ranked.*,
        {{ ratio('ranked.margin_above', 'ranked.total_margin') }} as share_above,
        {{ parameter('definitions', 'high_value_share') }} as high_value_share,
        {{ parameter('definitions', 'mid_value_share') }} as mid_value_share

    from ranked

    cross join settings

    {{ definition_join('definitions', 'clv', 'settings.as_of') }}

)

select
    account_id,
    channel,
    orders,
    {{ money('revenue') }} as revenue,
    {{ money('margin') }} as margin,
    {{ money('margin') }} as clv_historical,
    case
        when positive_margin = 0 then 'none'
        when share_above < high_value_share then 'high'
        when share_above < mid_value_share then 'mid'
        else 'low'
    end as segment,
    lines_without_cogs,
    became_customer_date,
    first_order_date

from defined
