-- One row per lead of Salesforce, through whichever door it came last.
with

native as (

    select * from {{ ref('stg_salesforce__leads') }}

),

connector as (

    select * from {{ ref('stg_fivetran_salesforce__lead') }}

),

reports as (

    select * from {{ ref('stg_salesforce__lead_report') }}

),

newest as (

    select * from {{ newest_record(
        'lead_id',
        [
            'owner_id',
            'converted_account_id',
            'converted_contact_id',
            'converted_opportunity_id',
            'master_record_id',
            'email_key',
            'email_domain',
            'company',
            'country',
            'lead_source',
            'status',
            'rejection_reason',
            'is_converted',
            'is_test_name',
            'converted_date',
            'created_at'
        ]
    ) }}

),

leads as (

    select * from {{ with_reports(
        'lead_id',
        fixed=[
            'is_test_name',
            'created_at'
        ],
        changing=[
            'owner_id',
            'converted_account_id',
            'converted_contact_id',
            'converted_opportunity_id',
            'master_record_id',
            'email_key',
            'email_domain',
            'company',
            'country',
            'lead_source',
            'status',
            'rejection_reason',
            'is_converted',
            'converted_date'
        ],
        ids=[
            'owner_id',
            'converted_account_id',
            'converted_contact_id',
            'converted_opportunity_id'
        ]
    ) }}

)

select * from leads
