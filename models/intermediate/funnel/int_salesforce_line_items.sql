-- One row per product line of a deal in Salesforce, through whichever door it came last.
with

native as (

    select * from {{ ref('stg_salesforce__opportunity_line_items') }}

),

connector as (

    select * from {{ ref('stg_fivetran_salesforce__opportunity_line_item') }}

),

newest as (

    select * from {{ newest_record(
        'opportunity_line_item_id',
        [
            'opportunity_id',
            'product_id',
            'product_code',
            'product_name',
            'currency_code',
            'quantity',
            'list_price',
            'unit_price',
            'amount',
            'service_date',
            'created_at'
        ]
    ) }}

)

select * from newest
