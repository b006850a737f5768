-- One row per month, channel and stage, by each entry's own date (glossary B1).
with

entries as (

    select * from {{ ref('int_funnel_entries') }}

),

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

opportunity_sources as (

    select * from {{ ref('int_opportunity_sources') }}

),

counted as (

    select
        *,
        row_number() over (partition by person_id, stage order by entered_at, cycle_number) = 1
            as is_first_ever

    from entries

    where not via_account

),

person_stages as (

    select
        {{ month_of('entered_date') }} as month,
        channel,
        stage,
        sum(case when is_imputed then 0 else 1 end) as entries,
        count(*) as entries_incl_imputed,
        sum(case when is_first_ever then 1 else 0 end) as new_people,
        count(case when mql_evidence = 'lifecycle' then 1 end) as entries_by_lifecycle_date,
        count(case when is_lead_after_opportunity and not is_imputed then 1 end) as n_lead_after_opp

    from counted

    group by {{ month_of('entered_date') }}, channel, stage

),

-- Deals are counted themselves, whoever carries them and whether anybody does (rule 8).
deal_stages as (

    select
        opportunities.opportunity_id,
        opportunity_sources.channel,
        'opportunity' as stage,
        opportunities.created_date is null as is_imputed,
        coalesce(opportunities.created_date, opportunities.close_date) as entered_date

    from opportunities

    inner join opportunity_sources
        on opportunities.opportunity_id = opportunity_sources.opportunity_id

    where
        opportunities.is_funnel
        and not opportunities.is_deleted
        and (opportunities.created_date is not null or opportunities.status != 'open')

    union all

    select
        opportunities.opportunity_id,
        opportunity_sources.channel,
        opportunities.status,
        false,
        opportunities.close_date

    from opportunities

    inner join opportunity_sources
        on opportunities.opportunity_id = opportunity_sources.opportunity_id

    where
        opportunities.is_funnel
        and not opportunities.is_deleted
        and (
            opportunities.status = 'lost'
            or (opportunities.status = 'won' and coalesce(opportunities.amount_original, 0) >= 0)
        )

),

deal_counts as (

    select
        {{ month_of('entered_date') }} as month,
        channel,
        stage,
        sum(case when is_imputed then 0 else 1 end) as entries,
        count(*) as entries_incl_imputed

    from deal_stages

    group by {{ month_of('entered_date') }}, channel, stage

),

people_with_deals as (

    select *
    from person_stages
    where stage in ('opportunity', 'won', 'lost')

),

deal_rows as (

    select
        coalesce(deal_counts.month, people_with_deals.month) as month,
        coalesce(deal_counts.channel, people_with_deals.channel) as channel,
        coalesce(deal_counts.stage, people_with_deals.stage) as stage,
        coalesce(deal_counts.entries, 0) as entries,
        coalesce(deal_counts.entries_incl_imputed, 0) as entries_incl_imputed,
        coalesce(people_with_deals.new_people, 0) as new_people,
        0 as entries_by_lifecycle_date,
        0 as n_lead_after_opp

    from deal_counts

    full outer join people_with_deals
        on
            deal_counts.month = people_with_deals.month
            and deal_counts.channel = people_with_deals.channel
            and deal_counts.stage = people_with_deals.stage

),

all_rows as (

    select * from person_stages
    where stage not in ('opportunity', 'won', 'lost')

    union all

    select * from deal_rows

),

-- A deal that closed on an unknown day is in no month.
with_mqls as (

    select
        *,
        sum(case when stage = 'mql' then entries end) over (partition by month, channel) as mql_entries

    from all_rows

    where month is not null

)

select
    channel,
    stage,
    cast(entries as bigint) as entries,
    cast(entries_incl_imputed as bigint) as entries_incl_imputed,
    cast(new_people as bigint) as new_people,
    cast(entries_by_lifecycle_date as bigint) as entries_by_lifecycle_date,
    cast(n_lead_after_opp as bigint) as n_lead_after_opp,
    cast(mql_entries as bigint) as mql_entries,
    {{ ratio('entries', 'mql_entries') }} as flow_ratio,
    month

from with_mqls
