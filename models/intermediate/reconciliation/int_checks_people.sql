{{ config(materialized='table') }}

-- What went in beside what came out, one row per check: people, their stages and touches.
with

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

staged_records as (

    select count(*) as n from {{ ref('int_records_unioned') }}

),

assigned_records as (

    select
        count(*) as n,
        count(distinct person_id) as persons
    from {{ ref('int_person_records') }}

),

persons as (

    select
        count(*) as n,
        count(case when is_excluded then 1 end) as excluded
    from {{ ref('dim_person') }}

),

funnel_persons as (

    select count(distinct entries.person_id) as n
    from {{ ref('fct_funnel_stages') }} as entries
    inner join {{ ref('dim_person') }} as persons
        on entries.person_id = persons.person_id
    where not entries.via_account and persons.created_at is not null

),

undated_persons as (

    select count(*) as n
    from {{ ref('dim_person') }}
    where created_at is null and not is_excluded

),

stage_changes as (

    select
        events.source_system,
        events.source_stage,
        records.record_id is null as is_record_unknown,
        coalesce(stage_map.stage, ladder.stage) is null as is_stage_unmapped

    from {{ ref('int_stage_changes_unioned') }} as events

    cross join settings

    left join {{ ref('int_person_records') }} as records
        on events.record_id = records.record_id

    left join {{ source('definitions', 'stage_map') }} as stage_map
        on
            events.source_system = stage_map.source_system
            and lower(events.source_stage) = lower(stage_map.source_stage)
            and {{ in_force('stage_map', local_date('events.changed_at', 'settings.reporting_timezone')) }}

    left join {{ ref('int_ladder') }} as ladder
        on
            lower(events.source_stage) = ladder.stage
            and ladder.stage not in ('opportunity', 'won', 'lost')

),

stage_change_counts as (

    select
        count(*) as n,
        count(case when is_record_unknown then 1 end) as records_unknown,
        count(case when is_stage_unmapped then 1 end) as stages_unmapped
    from stage_changes

),

-- Without a history, and with one export alone, nobody knows since when a lead has its status.
lead_statuses as (

    select
        count(distinct leads.lead_id) as n,
        count(distinct changes.lead_id) as dated

    from {{ ref('int_salesforce_leads') }} as leads

    inner join {{ source('definitions', 'stage_map') }} as stage_map
        on
            stage_map.source_system = 'salesforce'
            and lower(leads.status) = lower(stage_map.source_stage)
            and stage_map.stage != 'none'

    left join {{ ref('int_salesforce_lead_changes') }} as changes
        on
            leads.lead_id = changes.lead_id
            and leads.status = changes.status

    where not leads.is_deleted

),

-- Today's stage alone does not say since when: no date, no entry in the funnel.
lifecycle_stages as (

    select
        count(distinct contacts.contact_id) as n,
        count(distinct changes.contact_id) as dated

    from {{ ref('int_hubspot_contacts') }} as contacts

    inner join {{ source('definitions', 'stage_map') }} as stage_map
        on
            stage_map.source_system = 'hubspot'
            and lower(contacts.lifecycle_stage) = lower(stage_map.source_stage)
            and stage_map.stage != 'none'

    left join {{ ref('int_hubspot_lifecycle_changes') }} as changes
        on contacts.contact_id = changes.contact_id

    where not contacts.is_deleted

),

deal_stages as (

    select
        count(*) as n,
        count(case when is_stage_known then 1 end) as known
    from {{ ref('int_hubspot_deals') }}
    where not is_deleted

),

touch_logs as (

    select count(*) as n
    from {{ ref('stg_generic__touchpoints') }}
    where not coalesce(is_machine, false)

),

logged_touches as (

    select count(*) as n from {{ ref('int_touchpoints') }}

),

unmapped as (

    select
        count(*) as n,
        count(case when channel != 'unmapped' then 1 end) as mapped
    from {{ ref('dim_person') }}
    where not is_excluded

),

accounts as (

    select sum(people) as people from {{ ref('dim_account') }}

),

-- Of everybody who counts: who stands in no account that a system of record lists, and why.
unmatched as (

    select
        unmatched_reason,
        count(*) as n
    from {{ ref('dim_person') }}
    where not is_excluded and unmatched_reason is not null
    group by unmatched_reason

),

left_out as (

    select
        exclusion_rule,
        count(*) as n
    from {{ ref('dim_person') }}
    where is_excluded
    group by exclusion_rule

),

feedback as (

    select sum(decided + recycled + pending) as mqls
    from {{ ref('rpt_lead_feedback') }}
    where campaign_id = 'all'

),

recorded_mqls as (

    select count(*) as n
    from {{ ref('fct_funnel_stages') }}
    where stage = 'mql' and not is_imputed and not via_account

),

all_touches as (

    select count(*) as n from {{ ref('int_touches') }}

),

published_touches as (

    select count(*) as n from {{ ref('fct_touchpoints') }}

),

checks as (

    select
        'records_in_persons' as check_name,
        'staged person records' as left_name,
        staged_records.n as left_value,
        'records with a person' as right_name,
        assigned_records.n as right_value,
        0.00 as tolerance,
        true as is_blocking
    from staged_records cross join assigned_records

    union all

    select 'persons_in_dimension', 'persons', assigned_records.persons, 'rows of dim_person', persons.n, 0.00, true
    from assigned_records cross join persons

    union all

    select
        'persons_in_funnel', 'persons not excluded, with a date',
        persons.n - persons.excluded - undated_persons.n, 'persons in fct_funnel_stages', funnel_persons.n, 0.00, true
    from persons cross join funnel_persons cross join undated_persons

    union all

    select
        'stage_changes_of_unknown_records', 'staged stage changes', n, 'of a known record',
        n - records_unknown, 0.00, false
    from stage_change_counts

    union all

    select
        'stage_changes_unmapped', 'staged stage changes', n, 'with a stage in the stage map',
        n - stages_unmapped, 0.00, false
    from stage_change_counts

    union all

    select
        'deal_stages_unmapped', 'HubSpot deals', n, 'in a stage that is known to be open, won or lost', known,
        0.00, false
    from deal_stages

    union all

    select
        'lead_statuses_undated', 'Salesforce leads in a stage of the funnel', n,
        'dated: export LeadHistory, too', dated, 0.00, false
    from lead_statuses

    union all

    select
        'lifecycle_stages_undated', 'HubSpot contacts in a stage of the funnel', n,
        'dated: export the columns Became a ... Date, too', dated, 0.00, false
    from lifecycle_stages

    union all

    select 'channels_unmapped', 'persons', n, 'with a mapped channel', mapped, 0.00, false
    from unmapped

    union all

    select
        'touches_of_unknown_people', 'staged touches', touch_logs.n, 'of a known person', logged_touches.n, 0.00,
        false
    from touch_logs cross join logged_touches

    union all

    select 'people_in_accounts', 'rows of dim_person', persons.n, 'people of dim_account', accounts.people, 0.00, true
    from persons cross join accounts

    union all

    select
        'people_without_account_' || unmatched.unmatched_reason, 'persons', persons.n - persons.excluded,
        'in no listed account: ' || unmatched.unmatched_reason, unmatched.n, null, false
    from unmatched cross join persons

    union all

    select
        'people_left_out_' || left_out.exclusion_rule, 'persons', persons.n,
        'left out by the rule ' || left_out.exclusion_rule, left_out.n, null, false
    from left_out cross join persons

    union all

    select 'mqls_in_feedback', 'recorded MQLs', recorded_mqls.n, 'in rpt_lead_feedback', feedback.mqls, 0.00, true
    from recorded_mqls cross join feedback

    union all

    select
        'touches_of_people_left_out', 'touches', all_touches.n, 'in fct_touchpoints', published_touches.n, null, false
    from all_touches cross join published_touches

)

select * from checks
