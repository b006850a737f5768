-- One row per contact, lifecycle stage and time at which HubSpot says that it was reached: by the history of
-- the property, by the columns that date a stage, and where neither says anything of a contact, by comparing
-- successive exports.
with

contacts as (

    select * from {{ ref('int_hubspot_contacts') }}

),

property_history as (

    select * from {{ ref('stg_fivetran_hubspot__contact_property_history') }}

),

export_changes as (

    select * from {{ ref('stg_hubspot__lifecycle_changes') }}

),

dated as (

    select contact_id, 'marketingqualifiedlead' as lifecycle_stage, became_mql_at as changed_at
    from contacts
    where became_mql_at is not null

    union

    select contact_id, 'salesqualifiedlead', became_sql_at
    from contacts
    where became_sql_at is not null

),

history as (

    select
        contact_id,
        value as lifecycle_stage,
        changed_at

    from property_history

    where property_name = 'lifecyclestage' and value is not null

),

told as (

    select contact_id from history

    union

    select contact_id
    from contacts
    where
        coalesce(became_lead_at, became_mql_at, became_sql_at, became_opportunity_at, became_customer_at) is not null

),

compared as (

    select
        export_changes.contact_id,
        export_changes.lifecycle_stage,
        export_changes.exported_at as changed_at

    from export_changes

    left join told
        on export_changes.contact_id = told.contact_id

    where
        told.contact_id is null
        and export_changes.previous_lifecycle_stage is not null
        and export_changes.lifecycle_stage is not null

),

changes as (

    select contact_id, lifecycle_stage, changed_at from dated

    union

    select contact_id, lifecycle_stage, changed_at from history

    union

    select contact_id, lifecycle_stage, changed_at from compared

)

select * from changes
