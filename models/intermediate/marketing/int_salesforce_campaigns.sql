-- One row per campaign of Salesforce, through whichever door it came last.
with

native as (

    select * from {{ ref('stg_salesforce__campaigns') }}

),

connector as (

    select * from {{ ref('stg_fivetran_salesforce__campaign') }}

),

newest as (

    select * from {{ newest_record(
        'campaign_id',
        [
            'campaign_name',
            'campaign_type',
            'status',
            'actual_cost',
            'start_date',
            'end_date'
        ]
    ) }}

)

select * from newest
