-- One row per product: those of a list, with the price and cost of today, and those that only sales name.
with

listed as (

    select * from {{ ref('stg_generic__products') }}

),

salesforce_products as (

    select * from {{ ref('int_salesforce_products') }}

),

product_names as (

    select * from {{ ref('int_product_names') }}

),

product_prices as (

    select * from {{ ref('int_product_prices') }}

),

lines as (

    select * from {{ ref('int_opportunity_lines') }}

),

revenue as (

    select * from {{ ref('int_revenue') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

names as (

    select
        product_id,
        max_by(product, valid_from) as product,
        1 as preference
    from listed
    where deleted_at is null
    group by product_id

    union all

    select
        product_names.product_id,
        min(salesforce_products.product_name),
        2
    from salesforce_products
    inner join product_names
        on lower('salesforce:' || salesforce_products.product_id) = product_names.product_text
    group by product_names.product_id

    union all

    -- What is sold and in no list is a product all the same; postage is none.
    select product_id, product_id, 3
    from lines
    group by product_id

    union all

    select product_id, product_id, 3
    from revenue
    where product_id is not null and product_id != 'shipping'
    group by product_id

),

products as (

    select
        product_id,
        product

    from names

    qualify row_number() over (partition by product_id order by preference asc) = 1

),

final as (

    select
        products.product_id,
        coalesce(products.product, products.product_id) as product,
        product_prices.list_price,
        product_prices.unit_cost,
        product_prices.currency_code

    from products

    cross join settings

    left join product_prices
        on
            products.product_id = product_prices.product_id
            and {{ in_force('product_prices', 'settings.as_of') }}

)

select * from final
