-- One row per user of Salesforce, through whichever door it came last.
with

native as (

    select * from {{ ref('stg_salesforce__users') }}

),

connector as (

    select * from {{ ref('stg_fivetran_salesforce__user') }}

),

newest as (

    select * from {{ newest_record(
        'user_id',
        [
            'user_name',
            'team',
            'title',
            'region',
            'is_active',
            'created_at'
        ],
        native_deleted='false'
    ) }}

)

select * from newest
