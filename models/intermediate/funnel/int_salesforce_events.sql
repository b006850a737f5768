-- One row per calendar event of Salesforce, through whichever door it came last.
with

native as (

    select * from {{ ref('stg_salesforce__events') }}

),

connector as (

    select * from {{ ref('stg_fivetran_salesforce__event') }}

),

newest as (

    select * from {{ newest_record(
        'event_id',
        [
            'who_id',
            'what_id',
            'account_id',
            'owner_id',
            'type',
            'subtype',
            'duration_minutes',
            'is_child',
            'activity_date',
            'started_at',
            'ended_at',
            'created_at'
        ]
    ) }}

)

select * from newest
