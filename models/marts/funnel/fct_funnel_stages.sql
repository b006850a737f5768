-- One row per person, cycle and stage: the first entry in the cycle.
select
    person_id,
    account_id,
    opportunity_id,
    campaign_id,
    sales_rep_id,
    stage,
    channel,
    source_system,
    reason,
    cast(cycle_number as integer) as cycle_number,
    stage_order,
    definition_version,
    is_primary_contact,
    via_account,
    is_imputed,
    is_out_of_order,
    is_lead_after_opportunity,
    entered_date,
    entered_at

from {{ ref('int_funnel_entries') }}
