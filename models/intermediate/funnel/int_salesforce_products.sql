-- One row per product of Salesforce, through whichever door it came last.
with

native as (

    select * from {{ ref('stg_salesforce__products') }}

),

connector as (

    select * from {{ ref('stg_fivetran_salesforce__product_2') }}

),

newest as (

    select * from {{ newest_record(
        'product_id',
        [
            'product_name',
            'product_code',
            'family',
            'is_active',
            'created_at'
        ]
    ) }}

)

select * from newest
