-- One row per instant at which a sales rep came to own a person's lead, as any system tells.
with

salesforce_leads as (

    select * from {{ ref('int_salesforce_leads') }}

),

salesforce_history as (

    select * from {{ ref('stg_salesforce__lead_history') }}

),

hubspot_contacts as (

    select * from {{ ref('int_hubspot_contacts') }}

),

hubspot_owners as (

    select * from {{ ref('int_hubspot_owners') }}

),

generic_leads as (

    select * from {{ ref('stg_generic__leads') }}

),

stage_changes as (

    select * from {{ ref('int_stage_changes_unioned') }}

),

person_records as (

    select * from {{ ref('int_person_records') }}

),

-- The history names each owner twice, by name and by id.
salesforce_changes as (

    select
        left(lead_id, 15) as short_id,
        {{ salesforce_id('old_value') }} as old_owner_id,
        {{ salesforce_id('new_value') }} as new_owner_id,
        created_at as changed_at

    from salesforce_history

    where
        field = 'Owner'
        and not is_deleted
        and left(new_value, 3) in ('005', '00G')

),

first_changes as (

    select
        short_id,
        old_owner_id

    from salesforce_changes

    qualify row_number() over (
        partition by short_id
        order by changed_at asc, old_owner_id asc nulls last
    ) = 1

),

-- Who owned it from the beginning: before the first change the old owner, without one whoever owns it today.
salesforce_owners as (

    select
        salesforce_leads.lead_id,
        case
            when first_changes.short_id is null then {{ salesforce_id('salesforce_leads.owner_id') }}
            else first_changes.old_owner_id
        end as owner_id,
        salesforce_leads.created_at as assigned_at

    from salesforce_leads

    left join first_changes
        on left(salesforce_leads.lead_id, 15) = first_changes.short_id

    union all

    select
        salesforce_leads.lead_id,
        salesforce_changes.new_owner_id,
        salesforce_changes.changed_at

    from salesforce_changes

    inner join salesforce_leads
        on salesforce_changes.short_id = left(salesforce_leads.lead_id, 15)

),

unioned as (

    -- A queue (00G) is nobody.
    select
        'salesforce:' || lead_id as record_id,
        'salesforce:' || owner_id as sales_rep_id,
        assigned_at

    from salesforce_owners

    where left(owner_id, 3) = '005'

    union all

    -- It tells of the last owner only; of one without a date nobody knows since when.
    select
        'hubspot:' || hubspot_contacts.contact_id,
        'hubspot:' || coalesce(hubspot_owners.sales_rep_id, hubspot_contacts.contact_owner),
        hubspot_contacts.owner_assigned_at

    from hubspot_contacts

    left join hubspot_owners
        on lower(hubspot_contacts.contact_owner) = lower(hubspot_owners.deal_owner)

    union all

    select
        source_system || ':' || lead_id,
        source_system || ':' || sales_rep_id,
        coalesce(assigned_at, created_at)
    from generic_leads

    union all

    select
        record_id,
        sales_rep_id,
        changed_at
    from stage_changes

),

owners as (

    select distinct
        person_records.person_id,
        unioned.sales_rep_id,
        unioned.assigned_at

    from unioned

    inner join person_records
        on unioned.record_id = person_records.record_id

    where unioned.sales_rep_id is not null and unioned.assigned_at is not null

)

select * from owners
