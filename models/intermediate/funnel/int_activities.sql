{{ config(materialized='table') }}

-- One row per activity of a sales rep: a call, a meeting, an e-mail, a task, of any system.
with

salesforce_tasks as (

    select * from {{ ref('int_salesforce_tasks') }}

),

salesforce_events as (

    select * from {{ ref('int_salesforce_events') }}

),

hubspot_engagements as (

    select * from {{ ref('stg_fivetran_hubspot__engagements') }}

),

engagement_contacts as (

    select * from {{ ref('stg_fivetran_hubspot__engagement_contacts') }}

),

engagement_deals as (

    select * from {{ ref('stg_fivetran_hubspot__engagement_deals') }}

),

generic_activities as (

    select * from {{ ref('stg_generic__activities') }}

),

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

person_records as (

    select * from {{ ref('int_person_records') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

-- An engagement is about several contacts and deals; the first of each is enough to find its people.
engagement_records as (

    select
        engagement_id,
        min(contact_id) as contact_id

    from engagement_contacts

    group by engagement_id

),

engagement_opportunities as (

    select
        engagement_id,
        min(deal_id) as deal_id

    from engagement_deals

    group by engagement_id

),

unioned as (

    select
        'salesforce:' || task_id as activity_id,
        'salesforce' as source_system,
        case
            when subtype in ('Call', 'Email', 'ListEmail') then lower(subtype)
            when lower(type) in ('call', 'email', 'meeting') then lower(type)
            else 'task'
        end as written_type,
        lower(call_type) as direction,
        status as outcome,
        'salesforce:' || owner_id as sales_rep_id,
        'salesforce:' || who_id as record_id,
        case when left(what_id, 3) = '006' then 'salesforce:' || what_id end as opportunity_id,
        'salesforce:' || coalesce(case when left(what_id, 3) = '001' then what_id end, account_id) as account_id,
        {{ ratio('call_seconds', 60) }} as duration_minutes,
        is_closed as is_completed,
        is_deleted,
        due_date,
        -- What older orgs do not say, the entry of a call or e-mail that was logged when done comes next to.
        case when is_closed then coalesce(completed_at, created_at) end as occurred_at

    from salesforce_tasks

    union all

    -- An attendee's copy of a meeting is the same meeting.
    select
        'salesforce:' || event_id,
        'salesforce',
        case when lower(type) in ('call', 'email') then lower(type) else 'meeting' end,
        cast(null as varchar),
        type,
        'salesforce:' || owner_id,
        'salesforce:' || who_id,
        case when left(what_id, 3) = '006' then 'salesforce:' || what_id end,
        'salesforce:' || coalesce(case when left(what_id, 3) = '001' then what_id end, account_id),
        cast(duration_minutes as double),
        cast(null as boolean),
        is_deleted,
        activity_date,
        started_at
    from salesforce_events
    where not coalesce(is_child, false)

    union all

    select
        'hubspot:' || hubspot_engagements.engagement_id,
        'hubspot',
        lower(hubspot_engagements.activity_type),
        cast(null as varchar),
        hubspot_engagements.outcome,
        'hubspot:' || hubspot_engagements.owner_id,
        'hubspot:' || engagement_records.contact_id,
        'hubspot:' || engagement_opportunities.deal_id,
        cast(null as varchar),
        cast(null as double),
        cast(null as boolean),
        coalesce(hubspot_engagements.is_deleted, false) or hubspot_engagements.deleted_at is not null,
        cast(null as date),
        coalesce(hubspot_engagements.occurred_at, hubspot_engagements.created_at)
    from hubspot_engagements
    left join engagement_records
        on hubspot_engagements.engagement_id = engagement_records.engagement_id
    left join engagement_opportunities
        on hubspot_engagements.engagement_id = engagement_opportunities.engagement_id

    union all

    select
        source_system || ':' || activity_id,
        source_system,
        lower(activity_type),
        direction,
        outcome,
        source_system || ':' || sales_rep_id,
        source_system || ':' || person_record_id,
        source_system || ':' || opportunity_id,
        source_system || ':' || account_id,
        cast(duration_minutes as double),
        is_completed,
        deleted_at is not null,
        cast(null as date),
        occurred_at
    from generic_activities

),

activities as (

    select
        unioned.activity_id,
        unioned.source_system,
        case
            when unioned.written_type in ('call', 'meeting', 'email', 'task', 'note') then unioned.written_type
            when unioned.written_type = 'listemail' then 'mass_email'
            else 'other'
        end as activity_type,
        unioned.direction,
        unioned.outcome,
        unioned.sales_rep_id,
        unioned.record_id,
        coalesce(person_records.person_id, opportunities.person_id) as person_id,
        unioned.opportunity_id,
        coalesce(unioned.account_id, opportunities.account_id, person_records.account_id) as account_id,
        unioned.duration_minutes,
        -- What lies ahead did not happen yet; a system that does not say so means what it lists as done.
        coalesce(unioned.is_completed, true)
        and coalesce(
            {{ local_date('unioned.occurred_at', 'settings.reporting_timezone') }}, unioned.due_date
        ) <= settings.as_of as is_completed,
        unioned.is_deleted,
        coalesce(
            {{ local_date('unioned.occurred_at', 'settings.reporting_timezone') }}, unioned.due_date
        ) as activity_date,
        unioned.occurred_at

    from unioned

    cross join settings

    left join person_records
        on unioned.record_id = person_records.record_id

    left join opportunities
        on unioned.opportunity_id = opportunities.opportunity_id

)

select * from activities
