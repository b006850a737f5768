-- One row per product line of a deal of any system, under one shape, in the currency of the deal.
with

salesforce_lines as (

    select * from {{ ref('int_salesforce_line_items') }}

),

generic_lines as (

    select * from {{ ref('stg_generic__line_items') }}

),

unioned as (

    select
        'salesforce:' || opportunity_id as opportunity_id,
        opportunity_line_item_id as line_id,
        coalesce(product_code, 'salesforce:' || product_id, product_name) as product_text,
        quantity,
        cast(quantity * list_price as decimal(18, 2)) as list_amount_original,
        amount as amount_original,
        created_at as quoted_at

    from salesforce_lines

    where not is_deleted

    union all

    select
        source_system || ':' || opportunity_id,
        product || ':' || line_id,
        product,
        quantity,
        list_amount,
        amount,
        cast(null as timestamp)

    from generic_lines

    where deleted_at is null

)

select * from unioned
