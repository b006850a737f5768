{{ config(materialized='table') }}

-- What went in beside what came out, one row per check: deals, bookings, orders, subscriptions.
with

staged_opportunities as (

    select
        count(*) as n,
        count(case when is_deleted then 1 end) as deleted
    from {{ ref('int_opportunities_unioned') }}

),

opportunities as (

    select
        count(*) as n,
        sum(case when status = 'won' and kind != 'refund' then amount else 0 end) as won_amount,
        count(case when amount_original is not null and amount is null then 1 end) as rates_missing
    from {{ ref('fct_opportunities') }}

),

undated_deals as (

    select
        count(case when status != 'open' then 1 end) as closed,
        count(case when status != 'open' and close_date is not null then 1 end) as dated
    from {{ ref('fct_opportunities') }}

),

wins as (

    select
        count(*) as n,
        count(account_id) as with_account
    from {{ ref('fct_opportunities') }}
    where status = 'won' and kind != 'refund'

),

revenue_accounts as (

    select
        coalesce(sum(revenue), 0) as revenue,
        coalesce(sum(case when account_id != 'unattributed' then revenue else 0 end), 0) as with_account
    from {{ ref('fct_revenue') }}

),

bookings as (

    select sum(case when event = 'won' and sequence_number = 0 then amount else 0 end) as won_amount
    from {{ ref('fct_bookings') }}

),

staged_revenue as (

    select
        sum(case when lower(kind) = 'credit_note' then -abs(revenue) else revenue end) as revenue
    from {{ ref('stg_generic__orders') }}
    where deleted_at is null

    union all

    select sum(revenue) from {{ ref('int_shopify_lines') }}

    union all

    select sum(revenue) from {{ ref('int_stripe_lines') }}

),

revenue_in as (

    select sum(revenue) as revenue
    from staged_revenue

),

shop_order_parts as (

    select
        source_system,
        order_id,
        sum(revenue) as revenue
    from {{ ref('int_shopify_lines') }}
    where kind = 'order'
    group by source_system, order_id

),

shop_orders as (

    select
        count(*) as n,
        count(shop_order_parts.order_id) as counted,
        sum(
            case
                when shop_order_parts.order_id is not null
                    then orders.total - coalesce(orders.taxes, 0) - coalesce(orders.duties, 0)
            end
        ) as net_total,
        sum(shop_order_parts.revenue) as revenue
    from {{ ref('stg_shopify__orders') }} as orders
    left join shop_order_parts
        on
            orders.source_system = shop_order_parts.source_system
            and orders.order_name = shop_order_parts.order_id
    where orders.total is not null

),

headed_shop_orders as (

    select distinct
        source_system,
        order_name
    from {{ ref('stg_shopify__orders') }}
    where total is not null

),

shop_order_rows as (

    select
        count(*) as n,
        count(headed_shop_orders.order_name) as headed
    from {{ ref('stg_shopify__orders') }} as orders
    left join headed_shop_orders
        on
            orders.source_system = headed_shop_orders.source_system
            and orders.order_name = headed_shop_orders.order_name

),

staged_stripe_invoices as (

    select invoice_id
    from {{ ref('stg_stripe__invoices') }}
    where deleted_at is null

    union distinct

    select invoice_id
    from {{ ref('stg_stripe__api_invoices') }}
    where deleted_at is null

),

stripe_invoices as (

    select
        count(*) as n,
        count(lines.order_id) as issued
    from staged_stripe_invoices
    left join {{ ref('int_stripe_lines') }} as lines
        on staged_stripe_invoices.invoice_id = lines.order_id

),

subscriptions as (

    select
        count(*) as n,
        count(monthly_amount) as with_amount
    from {{ ref('int_subscriptions') }}

),

revenue as (

    select
        sum(revenue_original) as revenue,
        count(case when revenue_original is not null and revenue is null then 1 end) as rates_missing
    from {{ ref('fct_revenue') }}

),

costs as (

    select
        sum(case when cost_type = 'media' then amount else 0 end) as media,
        sum(rates_missing) as rates_missing
    from {{ ref('int_costs') }}

),

known_products as (

    select lower(product_id) as product
    from {{ ref('stg_generic__products') }}

    union

    select lower(product)
    from {{ ref('stg_generic__products') }}

),

lines as (

    select
        line_items.amount,
        known_products.product is null as is_product_unknown

    from {{ ref('stg_generic__line_items') }} as line_items

    left join known_products
        on lower(line_items.product) = known_products.product

),

line_sums as (

    select
        coalesce(sum(amount), 0) as amount,
        coalesce(sum(case when not is_product_unknown then amount else 0 end), 0) as amount_known
    from lines

),

billed_accounts as (

    select
        account_id,
        sum(revenue) as revenue
    from {{ ref('fct_revenue') }}
    where account_id != 'unattributed'
    group by account_id

),

booked_accounts as (

    select
        account_id,
        sum(amount) as booked
    from {{ ref('fct_bookings') }}
    where account_id is not null
    group by account_id

),

billing as (

    select
        sum(booked_accounts.booked) as booked,
        sum(case when billed_accounts.account_id is not null then booked_accounts.booked else 0 end)
            as booked_and_billed,
        sum(billed_accounts.revenue) as billed
    from booked_accounts
    full outer join billed_accounts
        on booked_accounts.account_id = billed_accounts.account_id

),

split_deals as (

    select sum(amount) as amount
    from {{ ref('fct_opportunity_splits') }}
    where split_type = 'revenue'

),

deals as (

    select
        sum(amount) as amount,
        sum(case when status = 'open' and kind != 'refund' then amount end) as open_amount
    from {{ ref('fct_opportunities') }}

),

pipeline_today as (

    select sum(pipeline.amount) as amount
    from {{ ref('fct_pipeline_daily') }} as pipeline
    inner join {{ ref('stg_plumbline__settings') }} as settings
        on pipeline.date_day = settings.as_of

),

product_bookings as (

    select sum(new_amount + upsell_amount + cross_sell_amount + renewal_amount) as amount
    from {{ ref('rpt_products_monthly') }}
    where product_id = 'all'

),

booked_kinds as (

    select sum(amount) as amount
    from {{ ref('fct_bookings') }}
    where kind in ('new', 'upsell', 'cross_sell', 'renewal')

),

staged_lines as (

    select
        count(*) as n,
        count(opportunities.opportunity_id) as with_deal
    from {{ ref('int_opportunity_lines_unioned') }} as lines
    left join {{ ref('int_opportunities') }} as opportunities
        on lines.opportunity_id = opportunities.opportunity_id

),

recurring as (

    select
        coalesce(sum(movements.closing), 0) as mrr,
        coalesce(sum(case when movements.account_id != 'unattributed' then movements.closing else 0 end), 0)
            as with_customer
    from {{ ref('fct_mrr_movements') }} as movements
    inner join {{ ref('stg_plumbline__settings') }} as settings
        on movements.month = {{ month_of('settings.as_of') }}

),

checks as (

    select
        'opportunities' as check_name,
        'staged opportunities less deleted' as left_name,
        staged_opportunities.n - staged_opportunities.deleted as left_value,
        'rows of fct_opportunities' as right_name,
        opportunities.n as right_value,
        0.00 as tolerance,
        true as is_blocking
    from staged_opportunities cross join opportunities

    union all

    select
        'won_in_bookings', 'won in fct_opportunities', opportunities.won_amount, 'won in fct_bookings',
        bookings.won_amount, 0.00, true
    from opportunities cross join bookings

    union all

    select
        'revenue', 'staged revenue, credit notes negative', revenue_in.revenue, 'revenue in fct_revenue',
        revenue.revenue, 0.00, true
    from revenue_in cross join revenue

    union all

    select 'shop_orders', 'net totals of shop orders', net_total, 'their lines, shipping included', revenue, 0.00, true
    from shop_orders

    union all

    select 'shop_orders_left_out', 'shop orders', n, 'paid or to be paid', counted, 0.00, false
    from shop_orders

    union all

    select 'shop_rows_cut_off', 'rows of shop orders', n, 'with the first row of their order', headed, 0.00, false
    from shop_order_rows

    union all

    select 'stripe_invoices_left_out', 'Stripe invoices', n, 'issued', issued, 0.00, false
    from stripe_invoices

    union all

    select 'subscriptions_without_amount', 'subscriptions', n, 'of a known amount', with_amount, 0.00, false
    from subscriptions

    union all

    select
        'fx_coverage', 'amounts without an exchange rate',
        opportunities.rates_missing + revenue.rates_missing + costs.rates_missing, 'expected', 0, 0.00, true
    from opportunities cross join revenue cross join costs

    union all

    select 'deals_closed_without_a_date', 'deals won or lost', closed, 'with a close date', dated, 0.00, false
    from undated_deals

    union all

    select 'wins_without_account', 'wins', n, 'of a known account or person', with_account, 0.00, false
    from wins

    union all

    select 'revenue_without_account', 'revenue', revenue, 'of a known account or buyer', with_account, 0.00, false
    from revenue_accounts

    union all

    select 'products_unknown', 'amount of opportunity lines', amount, 'of a listed product', amount_known, 0.00, false
    from line_sums

    union all

    select 'deals_in_splits', 'amounts of deals', deals.amount, 'shared by sales reps', split_deals.amount, 0.00, true
    from deals cross join split_deals

    union all

    select
        'pipeline_today', 'open in fct_opportunities', deals.open_amount, 'in fct_pipeline_daily of today',
        pipeline_today.amount, 0.00, false
    from deals cross join pipeline_today

    union all

    select
        'bookings_in_products', 'bookings, refunds of nothing apart', booked_kinds.amount, 'in rpt_products_monthly',
        product_bookings.amount, 0.00, false
    from booked_kinds cross join product_bookings

    union all

    select 'lines_of_unknown_deals', 'staged opportunity lines', n, 'of a known deal', with_deal, 0.00, false
    from staged_lines

    union all

    select 'mrr_without_customer', 'MRR', mrr, 'of a known customer', with_customer, 0.00, false
    from recurring

    union all

    -- A contract is billed over time: the two are compared, never equal.
    select 'won_against_billed', 'net bookings in the CRM', booked, 'billed', billed, null, false
    from billing

    union all

    select 'bookings_never_billed', 'net bookings', booked, 'of accounts with a bill', booked_and_billed, null, false
    from billing

)

select * from checks
