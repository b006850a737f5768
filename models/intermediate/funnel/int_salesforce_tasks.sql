-- One row per task of Salesforce, through whichever door it came last.
with

native as (

    select * from {{ ref('stg_salesforce__tasks') }}

),

connector as (

    select * from {{ ref('stg_fivetran_salesforce__task') }}

),

newest as (

    select * from {{ newest_record(
        'task_id',
        [
            'who_id',
            'what_id',
            'account_id',
            'owner_id',
            'type',
            'subtype',
            'call_type',
            'status',
            'call_seconds',
            'is_closed',
            'due_date',
            'completed_at',
            'created_at'
        ]
    ) }}

)

select * from newest
