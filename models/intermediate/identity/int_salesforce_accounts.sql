-- One row per account of Salesforce, through whichever door it came last.
with

native as (

    select * from {{ ref('stg_salesforce__accounts') }}

),

connector as (

    select * from {{ ref('stg_fivetran_salesforce__account') }}

),

newest as (

    select * from {{ newest_record(
        'account_id',
        [
            'parent_account_id',
            'owner_id',
            'master_record_id',
            'account_name',
            'account_type',
            'industry',
            'country',
            'domain',
            'employees',
            'created_at'
        ]
    ) }}

)

select * from newest
