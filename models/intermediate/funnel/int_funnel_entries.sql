{{ config(materialized='table') }}

-- One row per person, cycle and stage of the people who count, with channel, day and rep. The other
-- contacts of a deal stand beside with `via_account`, and are never counted (glossary B, rule 8).
with

entries as (

    select * from {{ ref('int_stage_entries') }}

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

persons as (

    select * from {{ ref('int_persons') }}

),

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

opportunity_contacts as (

    select * from {{ ref('int_opportunity_contacts') }}

),

ladder as (

    select * from {{ ref('int_ladder') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

first_opportunities as (

    select
        person_id,
        min(created_date) as first_opportunity_date

    from opportunities

    where person_id is not null and is_funnel and not is_deleted

    group by person_id

),

carried as (

    select
        entries.person_id,
        persons.account_id,
        entries.opportunity_id,
        entries.cycle_number,
        entries.stage,
        entries.stage_order,
        cycles.channel,
        cycles.campaign_id,
        entries.sales_rep_id,
        entries.source_system,
        entries.reason,
        entries.mql_evidence,
        entries.definition_version,
        case when entries.opportunity_id is not null then true end as is_primary_contact,
        false as via_account,
        entries.is_imputed,
        entries.is_out_of_order,
        -- A row for a person whose deal was already there tells nothing about what the row led to (rule 5).
        entries.stage = 'lead'
        and coalesce(first_opportunities.first_opportunity_date < persons.created_date, false)
            as is_lead_after_opportunity,
        {{ local_date('entries.entered_at', 'settings.reporting_timezone') }} as entered_date,
        entries.entered_at

    from entries

    cross join settings

    inner join persons
        on entries.person_id = persons.person_id

    inner join cycles
        on
            entries.person_id = cycles.person_id
            and entries.cycle_number = cycles.cycle_number

    left join first_opportunities
        on entries.person_id = first_opportunities.person_id

    where not persons.is_excluded

),

others as (

    select
        opportunity_contacts.person_id,
        opportunities.opportunity_id,
        opportunities.sales_rep_id,
        opportunities.source_system,
        persons.account_id,
        ladder.stage,
        ladder.stage_order,
        case
            when ladder.stage = 'opportunity' then coalesce(opportunities.created_at, opportunities.closed_at)
            else opportunities.closed_at
        end as entered_at

    from opportunity_contacts

    inner join opportunities
        on opportunity_contacts.opportunity_id = opportunities.opportunity_id

    inner join persons
        on opportunity_contacts.person_id = persons.person_id

    inner join ladder
        on ladder.stage in ('opportunity', opportunities.status)

    where
        not opportunity_contacts.is_primary_contact
        and opportunities.is_funnel
        and not opportunities.is_deleted
        and not persons.is_excluded

),

-- A contact beside the carrying one is in the cycle that runs at that instant.
others_in_cycles as (

    select
        others.*,
        cycles.cycle_number,
        cycles.channel,
        cycles.campaign_id

    from others

    left join cycles
        on
            others.person_id = cycles.person_id
            and (cycles.ended_at is null or others.entered_at <= cycles.ended_at)

    qualify row_number() over (
        partition by others.person_id, others.opportunity_id, others.stage
        order by cycles.cycle_number nulls last
    ) = 1

),

first_others as (

    select *
    from others_in_cycles
    qualify row_number() over (
        partition by person_id, coalesce(cycle_number, 0), stage
        order by entered_at, opportunity_id
    ) = 1

),

via_account as (

    select
        first_others.person_id,
        first_others.account_id,
        first_others.opportunity_id,
        coalesce(first_others.cycle_number, 0) as cycle_number,
        first_others.stage,
        first_others.stage_order,
        coalesce(first_others.channel, 'unattributed') as channel,
        first_others.campaign_id,
        first_others.sales_rep_id,
        first_others.source_system,
        cast(null as varchar) as reason,
        cast(null as varchar) as mql_evidence,
        cast(null as bigint) as definition_version,
        false as is_primary_contact,
        true as via_account,
        false as is_imputed,
        false as is_out_of_order,
        false as is_lead_after_opportunity,
        {{ local_date('first_others.entered_at', 'settings.reporting_timezone') }} as entered_date,
        first_others.entered_at

    from first_others

    cross join settings

    left join carried
        on
            first_others.person_id = carried.person_id
            and first_others.cycle_number = carried.cycle_number
            and first_others.stage = carried.stage

    where carried.person_id is null

),

final as (

    select * from carried

    union all

    select * from via_account

)

select * from final
