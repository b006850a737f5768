-- One row per text that says one product: its id, its code or its name. A name that two products share
-- says nothing.
with

listed as (

    select * from {{ ref('stg_generic__products') }}

),

salesforce_products as (

    select * from {{ ref('int_salesforce_products') }}

),

listed_ids as (

    select distinct product_id from listed

),

-- Systems share a product's code; where there is none the record stands for itself.
salesforce_ids as (

    select
        coalesce(
            listed_ids.product_id, salesforce_products.product_code, 'salesforce:' || salesforce_products.product_id
        ) as product_id,
        salesforce_products.product_id as record_id,
        salesforce_products.product_code,
        salesforce_products.product_name

    from salesforce_products

    left join listed_ids
        on lower(salesforce_products.product_code) = lower(listed_ids.product_id)

    where not salesforce_products.is_deleted

),

texts as (

    select lower(product_id) as product_text, product_id, 1 as preference from listed

    union distinct

    select lower(product_code), product_id, 1 from salesforce_ids

    union distinct

    select lower('salesforce:' || record_id), product_id, 1 from salesforce_ids

    union distinct

    select lower(product), product_id, 2 from listed

    union distinct

    select lower(product_name), product_id, 2 from salesforce_ids

),

preferred as (

    select
        *,
        min(preference) over (partition by product_text) as best_preference

    from texts

    where product_text is not null

),

final as (

    select
        product_text,
        min(product_id) as product_id

    from preferred

    where preference = best_preference

    group by product_text

    having count(*) = 1

)

select * from final
