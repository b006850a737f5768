-- One row per change of a person record's stage that any system tells, under one shape. The stage is as
-- written; what it means is decided in int_stage_events.
with

generic_stage_events as (

    select * from {{ ref('stg_generic__stage_events') }}

),

salesforce_lead_changes as (

    select * from {{ ref('int_salesforce_lead_changes') }}

),

hubspot_changes as (

    select * from {{ ref('int_hubspot_lifecycle_changes') }}

),

unioned as (

    select
        source_system || ':' || record_id as record_id,
        source_system,
        stage as source_stage,
        reason,
        source_system || ':' || sales_rep_id as sales_rep_id,
        changed_at

    from generic_stage_events

    union all

    select
        'salesforce:' || lead_id,
        'salesforce',
        status,
        cast(null as varchar),
        cast(null as varchar),
        changed_at
    from salesforce_lead_changes

    union all

    select
        'hubspot:' || contact_id,
        'hubspot',
        lifecycle_stage,
        cast(null as varchar),
        cast(null as varchar),
        changed_at
    from hubspot_changes

)

select * from unioned
