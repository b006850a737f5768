-- One row per product and stretch of days in which its list price held (glossary C8).
with

products as (

    select * from {{ ref('stg_generic__products') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

prices as (

    select
        products.product_id,
        coalesce(products.currency_code, settings.reporting_currency) as currency_code,
        products.list_price,
        products.unit_cost,
        products.valid_from,
        coalesce(
            lead(products.valid_from) over (partition by products.product_id order by products.valid_from),
            date '9999-12-31'
        ) as valid_to

    from products

    cross join settings

    where products.deleted_at is null

)

select * from prices
