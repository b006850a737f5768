-- One row per campaign member of Salesforce, through whichever door it came last.
with

native as (

    select * from {{ ref('stg_salesforce__campaign_members') }}

),

connector as (

    select * from {{ ref('stg_fivetran_salesforce__campaign_member') }}

),

newest as (

    select * from {{ newest_record(
        'campaign_member_id',
        [
            'campaign_id',
            'lead_id',
            'contact_id',
            'status',
            'has_responded',
            'first_responded_date',
            'created_at'
        ]
    ) }}

)

select * from newest
