-- One row per change of a person record's stage that any system tells, under one shape. The stage is as
-- written; what it means is decided in int_stage_events.
with

generic_stage_events as (

    select * from {{ ref('stg_generic__stage_events') }}

),

salesforce_lead_changes as (

    select * from {{ ref('int_salesforce_lead_changes') }}

),

salesforce_leads as (

    select * from {{ ref('int_salesforce_leads') }}

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

    -- The reason is a field of the lead as it is today: of the status that it has today.
    select
        'salesforce:' || salesforce_lead_changes.lead_id,
        'salesforce',
        salesforce_lead_changes.status,
        salesforce_leads.rejection_reason,
        cast(null as varchar),
        salesforce_lead_changes.changed_at
    from salesforce_lead_changes
    left join salesforce_leads
        on
            salesforce_lead_changes.lead_id = salesforce_leads.lead_id
            and salesforce_lead_changes.status = salesforce_leads.status

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
