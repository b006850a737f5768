-- One row per part of a shop order: its lines, its shipping, and what was paid back, all net of tax.
-- The parts of an order add up to its total without tax and duties, to the cent.
with

order_rows as (

    select * from {{ ref('stg_shopify__orders') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

-- Only the first row of an order has its totals.
orders as (

    select
        order_rows.source_system,
        order_rows.order_name,
        order_rows.email_key,
        order_rows.email_domain,
        order_rows.currency_code,
        order_rows.subtotal,
        coalesce(order_rows.shipping, 0) as shipping,
        order_rows.total,
        order_rows.total - coalesce(order_rows.taxes, 0) - coalesce(order_rows.duties, 0) as net_total,
        coalesce(order_rows.refunded_amount, 0) as refunded_amount,
        -- Where prices include tax, the total is the subtotal and shipping, and tax is inside of both.
        coalesce(order_rows.taxes, 0) > 0
        and order_rows.subtotal + coalesce(order_rows.shipping, 0) = order_rows.total as is_tax_included,
        {{ local_date('order_rows.created_at', 'settings.reporting_timezone') }} as order_date,
        {{ local_date('coalesce(order_rows.cancelled_at, order_rows.created_at)', 'settings.reporting_timezone') }}
            as refund_date

    from order_rows

    cross join settings

    where
        order_rows.total is not null
        -- Nothing was sold: the payment was never taken, or it is a test of the shop's owner.
        and lower(coalesce(order_rows.financial_status, '')) not in ('voided', 'expired')
        and (
            order_rows.cancelled_at is null
            or lower(coalesce(order_rows.financial_status, '')) not in ('pending', 'authorized', 'unpaid')
        )
        and coalesce(lower(order_rows.payment_method), '') not like '%bogus%'

),

lines as (

    select
        source_system,
        order_name,
        coalesce(lineitem_sku, lineitem_name) as product,
        lineitem_quantity as quantity,
        greatest(coalesce(lineitem_quantity * lineitem_price, 0) - coalesce(lineitem_discount, 0), 0) as price,
        lineitem_quantity * greatest(lineitem_price, coalesce(lineitem_compare_at_price, 0)) as list_price,
        row_number() over (
            partition by source_system, order_name
            order by
                total asc nulls last, lineitem_name asc, lineitem_price asc, lineitem_quantity asc, lineitem_sku asc
        ) as line_number

    from order_rows

),

-- What each part weighs: the lines share the subtotal by their prices, as discounts of the whole order
-- are in it; without prices they share alike.
weighed as (

    select
        orders.source_system,
        orders.order_name,
        lines.product,
        lines.quantity,
        lines.list_price,
        lines.line_number,
        cast(case when orders.subtotal + orders.shipping > 0 then orders.subtotal else 1 end as double)
        * case
            when sum(lines.price) over (partition by lines.source_system, lines.order_name) > 0
                then {{ ratio(
                    'lines.price', 'sum(lines.price) over (partition by lines.source_system, lines.order_name)'
                ) }}
            else {{ ratio('1', 'count(*) over (partition by lines.source_system, lines.order_name)') }}
        end as weight

    from orders

    inner join lines
        on
            orders.source_system = lines.source_system
            and orders.order_name = lines.order_name

    union all

    select
        source_system,
        order_name,
        'shipping',
        null,
        null,
        1000000,
        cast(shipping as double)

    from orders

    where shipping > 0

),

shared as (

    select
        weighed.*,
        cast(
            orders.net_total * {{ ratio(
                'weighed.weight',
                'sum(weighed.weight) over (partition by weighed.source_system, weighed.order_name)'
            ) }} as decimal(24, 6)
        ) as share,
        case
            when orders.is_tax_included
                then {{ money('weighed.list_price * ' ~ ratio('orders.net_total', 'orders.total')) }}
            else {{ money('weighed.list_price') }}
        end as list_amount

    from weighed

    inner join orders
        on
            weighed.source_system = orders.source_system
            and weighed.order_name = orders.order_name

),

parts as (

    select
        source_system,
        order_name,
        case when product = 'shipping' and line_number = 1000000 then 'shipping' else cast(line_number as varchar) end
            as line_id,
        product,
        quantity,
        list_amount,
        {{ money_parts('share', 'source_system, order_name', 'line_number') }} as revenue

    from shared

),

-- What was paid back has its tax in it: net of tax it is the same share of the net total. Which lines it
-- was for is known only when it was all of them. The export does not say when: a cancelled order was paid
-- back when it was cancelled, any other counts on the day of the order.
refunds as (

    select
        orders.source_system,
        orders.order_name,
        parts.line_id,
        parts.product,
        -parts.quantity as quantity,
        -parts.list_amount as list_amount,
        -parts.revenue as revenue

    from orders

    inner join parts
        on
            orders.source_system = parts.source_system
            and orders.order_name = parts.order_name

    where orders.refunded_amount > 0 and orders.refunded_amount >= orders.total

    union all

    select
        source_system,
        order_name,
        '1',
        null,
        null,
        null,
        -{{ money_divided(
            'cast(refunded_amount * cast(net_total * 100 as bigint) as decimal(28, 2))',
            'cast(total * 100 as bigint)'
        ) }}

    from orders

    where refunded_amount > 0 and refunded_amount < total

),

final as (

    select
        parts.source_system,
        parts.order_name as order_id,
        parts.line_id,
        cast(null as varchar) as original_order_id,
        orders.email_key,
        orders.email_domain,
        parts.product,
        'order' as kind,
        orders.currency_code,
        parts.quantity,
        parts.revenue,
        parts.list_amount,
        orders.order_date

    from parts

    inner join orders
        on
            parts.source_system = orders.source_system
            and parts.order_name = orders.order_name

    union all

    select
        refunds.source_system,
        refunds.order_name || ':refund',
        refunds.line_id,
        refunds.order_name,
        orders.email_key,
        orders.email_domain,
        refunds.product,
        'credit_note',
        orders.currency_code,
        refunds.quantity,
        refunds.revenue,
        refunds.list_amount,
        orders.refund_date

    from refunds

    inner join orders
        on
            refunds.source_system = orders.source_system
            and refunds.order_name = orders.order_name

)

select * from final
