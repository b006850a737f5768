-- One row per change of a lead's status in Salesforce: from its history where that was exported, else told by
-- comparing one export with the next, and then dated by the export that shows it.
with

lead_history as (

    select * from {{ ref('stg_salesforce__lead_history') }}

),

mapped_history as (

    select * from {{ ref('stg_generic__stage_events') }}

),

lead_versions as (

    select * from {{ ref('stg_salesforce__lead_versions') }}

),

report_versions as (

    select * from {{ ref('stg_salesforce__lead_report_versions') }}

),

connector_leads as (

    select * from {{ ref('stg_fivetran_salesforce__lead') }}

),

leads as (

    select * from {{ ref('int_salesforce_leads') }}

),

history as (

    select
        left(lead_id, 15) as short_id,
        {{ salesforce_id('lead_id') }} as lead_id,
        old_value as previous_status,
        new_value as status,
        exported_at,
        created_at as changed_at

    from lead_history

    where field = 'Status' and not is_deleted

),

-- The connector's history mode: a version from the instant at which it began.
connector_versions as (

    select
        left(lead_id, 15) as short_id,
        lead_id,
        lag(status) over (partition by left(lead_id, 15) order by version_started_at) as previous_status,
        status,
        exported_at,
        version_started_at as changed_at

    from connector_leads

    where version_started_at is not null

),

told as (

    select * from history

    union all

    select * from connector_versions
    where previous_status is not null and status != previous_status

),

-- A lead of whose status any history was exported needs no guess up to that export.
told_until as (

    select
        short_id,
        max(exported_at) as exported_at

    from (
        select short_id, exported_at from told

        union all

        select left(record_id, 15), exported_at from mapped_history
        where source_system = 'salesforce'
    ) as known

    group by short_id

),

seen as (

    select left(lead_id, 15) as short_id, lead_id, status, created_at, exported_at from lead_versions

    union all

    select left(lead_id, 15), {{ salesforce_id('lead_id') }}, status, created_at, exported_at from report_versions

    union all

    select left(lead_id, 15), lead_id, status, created_at, exported_at from connector_leads
    where version_started_at is null

),

-- Of each lead one status per moment of export.
moments as (

    select
        short_id,
        exported_at,
        max(lead_id) as lead_id,
        max(status) as status,
        min(created_at) as created_at

    from seen

    group by short_id, exported_at

),

first_export as (

    select min(exported_at) as exported_at from moments

),

compared as (

    select
        moments.*,
        lag(moments.status) over (partition by moments.short_id order by moments.exported_at) as previous_status

    from moments

),

inferred as (

    select
        compared.short_id,
        compared.lead_id,
        compared.previous_status,
        compared.status,
        compared.exported_at as changed_at

    from compared

    cross join first_export

    left join told_until
        on compared.short_id = told_until.short_id

    where
        compared.status is not null
        and (told_until.exported_at is null or compared.exported_at > told_until.exported_at)
        and (
            compared.status != compared.previous_status
            -- Made after an export, and in the next one already beyond its beginning.
            or (
                compared.previous_status is null
                and compared.created_at > first_export.exported_at
                and compared.exported_at > first_export.exported_at
            )
        )

),

changes as (

    select
        short_id,
        lead_id,
        previous_status,
        status,
        false as is_inferred,
        changed_at

    from told

    union all

    select
        short_id,
        lead_id,
        previous_status,
        status,
        true,
        changed_at
    from inferred

),

named as (

    select
        coalesce(leads.lead_id, changes.lead_id) as lead_id,
        changes.previous_status,
        changes.status,
        changes.is_inferred,
        changes.changed_at

    from changes

    left join leads
        on changes.short_id = left(leads.lead_id, 15)

)

select * from named
