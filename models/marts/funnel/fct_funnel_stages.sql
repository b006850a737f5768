-- One row per person, cycle and stage: the first entry in the cycle. An MQL that was recorded has beside it what
-- became of the headline promise to answer it.
with

entries as (

    select * from {{ ref('int_funnel_entries') }}

),

assignments as (

    select * from {{ ref('int_assignments') }}

),

waits as (

    select *
    from {{ ref('int_sla_waits') }}
    where metric = 'sla_response_rate'

)

select
    entries.person_id,
    entries.account_id,
    entries.opportunity_id,
    entries.campaign_id,
    entries.sales_rep_id,
    assignments.sales_rep_id as sla_sales_rep_id,
    entries.stage,
    entries.channel,
    entries.source_system,
    entries.reason,
    entries.mql_evidence,
    waits.outcome as sla_outcome,
    cast(entries.cycle_number as integer) as cycle_number,
    entries.stage_order,
    entries.definition_version,
    entries.is_primary_contact,
    entries.via_account,
    entries.is_imputed,
    entries.is_out_of_order,
    entries.is_lead_after_opportunity,
    entries.entered_date,
    entries.entered_at,
    assignments.assigned_at,
    assignments.first_response_at,
    waits.due_at as sla_due_at

from entries

left join assignments
    on
        entries.person_id = assignments.person_id
        and entries.cycle_number = assignments.cycle_number
        and entries.stage = 'mql'
        and not entries.is_imputed
        and not entries.via_account

left join waits
    on
        assignments.person_id = waits.person_id
        and assignments.cycle_number = waits.cycle_number
