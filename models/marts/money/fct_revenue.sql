-- One row per customer, day and line; credit notes are negative.
select
    order_id,
    line_id,
    account_id,
    product_id,
    kind,
    currency_code,
    quantity,
    revenue,
    revenue_original,
    cogs,
    {{ money('revenue - cogs') }} as margin,
    list_amount,
    date_day

from {{ ref('int_revenue') }}
