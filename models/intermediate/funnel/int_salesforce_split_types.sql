-- One row per type of split in Salesforce, through whichever door it came last.
with

native as (

    select * from {{ ref('stg_salesforce__opportunity_split_types') }}

),

connector as (

    select * from {{ ref('stg_fivetran_salesforce__opportunity_split_type') }}

),

newest as (

    select * from {{ newest_record(
        'split_type_id',
        [
            'split_type',
            'is_total_validated'
        ]
    ) }}

)

select * from newest
