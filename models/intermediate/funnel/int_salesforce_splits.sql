-- One row per part of a deal's credit in Salesforce, through whichever door it came last.
with

native as (

    select * from {{ ref('stg_salesforce__opportunity_splits') }}

),

connector as (

    select * from {{ ref('stg_fivetran_salesforce__opportunity_split') }}

),

newest as (

    select * from {{ newest_record(
        'opportunity_split_id',
        [
            'opportunity_id',
            'owner_id',
            'split_type_id',
            'percentage'
        ]
    ) }}

)

select * from newest
