-- One row per product.
select
    product_id,
    product,
    currency_code,
    list_price,
    unit_cost

from {{ ref('int_products') }}
