{{ config(materialized='table') }}

-- One row per observed MQL cycle: to whom it was given and when, and when a human first answered (glossary B8).
with

decisions as (

    select * from {{ ref('int_lead_decisions') }}

),

lead_owners as (

    select * from {{ ref('int_lead_owners') }}

),

activities as (

    select * from {{ ref('int_activities') }}

),

person_records as (

    select * from {{ ref('int_person_records') }}

),

deleted_records as (

    select * from {{ ref('int_deleted_records') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

mql_cycles as (

    select
        person_id,
        cycle_number,
        is_deleted,
        mql_date,
        mql_at,
        decided_at,
        lead(mql_at) over (partition by person_id order by cycle_number) as next_mql_at

    from decisions

),

deletions as (

    select
        person_records.person_id,
        max(deleted_records.deleted_at) as deleted_at

    from person_records

    inner join deleted_records
        on person_records.record_id = deleted_records.record_id

    group by person_records.person_id

),

-- Whoever owns the lead when it becomes an MQL has it from that moment; else whoever gets it first. A later
-- owner restarts nothing.
assigned as (

    select
        mql_cycles.person_id,
        mql_cycles.cycle_number,
        lead_owners.sales_rep_id,
        greatest(lead_owners.assigned_at, mql_cycles.mql_at) as assigned_at

    from mql_cycles

    inner join lead_owners
        on
            mql_cycles.person_id = lead_owners.person_id
            and (mql_cycles.next_mql_at is null or lead_owners.assigned_at < mql_cycles.next_mql_at)

    qualify row_number() over (
        partition by mql_cycles.person_id, mql_cycles.cycle_number
        order by
            greatest(lead_owners.assigned_at, mql_cycles.mql_at) asc,
            lead_owners.assigned_at desc,
            lead_owners.sales_rep_id asc
    ) = 1

),

-- What somebody does for sales, to one person: no mass mail, and no mail that came in.
responses as (

    select
        activities.person_id,
        coalesce(
            activities.occurred_at,
            {{ day_end('activities.activity_date', 'settings.reporting_timezone') }}
        ) as responded_at

    from activities

    cross join settings

    where
        activities.is_completed
        and not activities.is_deleted
        and (
            activities.activity_type in ('call', 'meeting')
            or (activities.activity_type = 'email' and coalesce(activities.direction, '') != 'inbound')
        )

),

first_responses as (

    select
        mql_cycles.person_id,
        mql_cycles.cycle_number,
        min(responses.responded_at) as first_response_at

    from mql_cycles

    inner join responses
        on
            mql_cycles.person_id = responses.person_id
            and mql_cycles.mql_at <= responses.responded_at
            and (mql_cycles.next_mql_at is null or responses.responded_at < mql_cycles.next_mql_at)

    group by mql_cycles.person_id, mql_cycles.cycle_number

),

final as (

    select
        mql_cycles.person_id,
        mql_cycles.cycle_number,
        assigned.sales_rep_id,
        {{ month_of(local_date('assigned.assigned_at', 'settings.reporting_timezone')) }} as assigned_month,
        mql_cycles.mql_date,
        mql_cycles.mql_at,
        assigned.assigned_at,
        first_responses.first_response_at,
        mql_cycles.decided_at,
        case when mql_cycles.is_deleted then deletions.deleted_at end as deleted_at

    from mql_cycles

    cross join settings

    left join assigned
        on
            mql_cycles.person_id = assigned.person_id
            and mql_cycles.cycle_number = assigned.cycle_number

    left join first_responses
        on
            mql_cycles.person_id = first_responses.person_id
            and mql_cycles.cycle_number = first_responses.cycle_number

    left join deletions
        on mql_cycles.person_id = deletions.person_id

)

select * from final
