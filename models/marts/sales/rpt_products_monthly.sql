-- One row per month and product, and one for all: what was sold, invoiced and booked, each by its own date
-- (glossary C8, C9).
with

lines as (

    select * from {{ ref('int_opportunity_lines') }}

),

revenue as (

    select * from {{ ref('int_revenue') }}

),

product_bookings as (

    select * from {{ ref('int_product_bookings') }}

),

products as (

    select * from {{ ref('int_products') }}

),

won_lines as (

    select
        {{ month_of('close_date') }} as month,
        product_id,
        opportunity_id as basket_id,
        quantity,
        list_amount,
        amount,
        amount_up_to_list,
        is_discountable

    from lines

    where status = 'won' and kind != 'refund'

),

invoiced as (

    select
        {{ month_of('date_day') }} as month,
        coalesce(product_id, 'unattributed') as product_id,
        order_id as basket_id,
        kind,
        quantity,
        revenue,
        revenue - cogs as margin,
        case when cogs is null then revenue end as revenue_without_cogs

    from revenue

),

-- Invoices bill what deals sold; only orders are sales of their own.
baskets as (

    select distinct month, product_id, 'deal:' || basket_id as basket_id
    from won_lines
    where product_id != 'unattributed'

    union distinct

    select month, product_id, 'order:' || basket_id
    from invoiced
    where kind = 'order' and product_id not in ('unattributed', 'shipping')

),

basket_sizes as (

    select
        month,
        basket_id,
        count(*) as n_products

    from baskets

    group by month, basket_id

),

months as (

    select
        month,
        count(*) as n_baskets,
        count(case when n_products > 1 then 1 end) as n_baskets_of_several

    from basket_sizes

    group by month

),

in_baskets as (

    select
        baskets.month,
        baskets.product_id,
        count(*) as n_baskets,
        count(case when basket_sizes.n_products > 1 then 1 end) as n_attached

    from baskets

    inner join basket_sizes
        on baskets.month = basket_sizes.month and baskets.basket_id = basket_sizes.basket_id

    group by baskets.month, baskets.product_id

),

parts as (

    select
        month,
        product_id,
        quantity as units_won,
        cast(null as decimal(18, 4)) as units_ordered,
        cast(null as decimal(18, 2)) as revenue,
        cast(null as decimal(18, 2)) as margin,
        cast(null as decimal(18, 2)) as revenue_without_cogs,
        case when is_discountable then list_amount end as list_amount,
        case when is_discountable then amount end as amount,
        case when is_discountable then amount_up_to_list end as amount_up_to_list,
        cast(null as varchar) as kind,
        cast(null as decimal(18, 2)) as booked

    from won_lines

    union all

    select
        month,
        product_id,
        null,
        case when kind = 'order' then quantity end,
        revenue,
        margin,
        revenue_without_cogs,
        null,
        null,
        null,
        null,
        null

    from invoiced

    union all

    select
        {{ month_of('event_date') }},
        product_id,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        kind,
        amount

    from product_bookings

),

product_or_all as (

    select 'product' as scope

    union all

    select 'all'

),

summed as (

    select
        parts.month,
        case when product_or_all.scope = 'all' then 'all' else parts.product_id end as product_id,
        sum(parts.units_won) as units_won,
        sum(parts.units_ordered) as units_ordered,
        sum(parts.revenue) as revenue,
        sum(parts.margin) as margin,
        sum(parts.revenue_without_cogs) as revenue_without_cogs,
        sum(parts.list_amount) as list_amount,
        sum(parts.amount) as amount,
        sum(parts.amount_up_to_list) as amount_up_to_list,
        sum(case when parts.kind = 'new' then parts.booked end) as new_amount,
        sum(case when parts.kind = 'upsell' then parts.booked end) as upsell_amount,
        sum(case when parts.kind = 'cross_sell' then parts.booked end) as cross_sell_amount,
        sum(case when parts.kind = 'renewal' then parts.booked end) as renewal_amount,
        sum(parts.booked) as booked

    from parts

    cross join product_or_all

    where parts.month is not null

    group by parts.month, case when product_or_all.scope = 'all' then 'all' else parts.product_id end

),

-- Baskets with anything else in them: all but those of this product alone.
attached as (

    select
        summed.month,
        summed.product_id,
        case
            when summed.product_id = 'all' then months.n_baskets_of_several
            else coalesce(in_baskets.n_attached, 0)
        end as n_attached,
        case
            when summed.product_id = 'all' then months.n_baskets
            else months.n_baskets - coalesce(in_baskets.n_baskets, 0) + coalesce(in_baskets.n_attached, 0)
        end as n_attachable

    from summed

    inner join months
        on summed.month = months.month

    left join in_baskets
        on summed.month = in_baskets.month and summed.product_id = in_baskets.product_id

    where summed.product_id not in ('unattributed', 'shipping')

)

select
    summed.product_id,
    coalesce(products.product, summed.product_id) as product,
    attached.n_attached,
    attached.n_attachable,
    cast(coalesce(summed.units_won, 0) + coalesce(summed.units_ordered, 0) as decimal(18, 4)) as units,
    cast(coalesce(summed.units_won, 0) as decimal(18, 4)) as units_won,
    cast(coalesce(summed.units_ordered, 0) as decimal(18, 4)) as units_ordered,
    {{ money('coalesce(summed.revenue, 0)') }} as revenue,
    {{ money('coalesce(summed.margin, 0)') }} as margin,
    {{ money('coalesce(summed.revenue_without_cogs, 0)') }} as revenue_without_cogs,
    {{ money('coalesce(summed.list_amount, 0)') }} as list_amount,
    {{ money('coalesce(summed.amount, 0)') }} as amount,
    {{ money('coalesce(summed.amount_up_to_list, 0)') }} as amount_up_to_list,
    {{ money('coalesce(summed.new_amount, 0)') }} as new_amount,
    {{ money('coalesce(summed.upsell_amount, 0)') }} as upsell_amount,
    {{ money('coalesce(summed.cross_sell_amount, 0)') }} as cross_sell_amount,
    {{ money('coalesce(summed.renewal_amount, 0)') }} as renewal_amount,
    {{ ratio('attached.n_attached', 'attached.n_attachable') }} as attach_rate,
    {{ ratio('summed.list_amount - summed.amount_up_to_list', 'summed.list_amount') }} as discount_rate,
    {{ ratio('summed.list_amount - summed.amount', 'summed.list_amount') }} as net_discount_rate,
    {{ ratio(
        'coalesce(summed.upsell_amount, 0) + coalesce(summed.cross_sell_amount, 0)',
        'summed.booked - coalesce(summed.renewal_amount, 0)'
    ) }} as upsell_share,
    {{ ratio(
        'coalesce(summed.upsell_amount, 0) + coalesce(summed.cross_sell_amount, 0)', 'summed.booked'
    ) }} as upsell_share_of_bookings,
    summed.month

from summed

left join products
    on summed.product_id = products.product_id

left join attached
    on summed.month = attached.month and summed.product_id = attached.product_id
