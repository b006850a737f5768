-- One row per month of acquisition and channel, and one for all: the spend of the month, the people
-- first seen in it, and what became of them (glossary A3, 0.12).
with

acquired as (

    select * from {{ ref('int_leads') }}

),

entries as (

    select * from {{ ref('int_funnel_entries') }}

),

opportunities as (

    select * from {{ ref('fct_opportunities') }}

),

channel_performance as (

    select * from {{ ref('rpt_channel_performance') }}

),

windows as (

    select * from {{ source('definitions', 'conversion_windows') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

cycles as (

    select
        person_id,
        cycle_number,
        max(case when stage = 'mql' and not is_imputed then 1 else 0 end) as mql,
        max(case when stage = 'mql' then 1 else 0 end) as mql_incl_imputed,
        max(case when stage = 'sql' and not is_imputed then 1 else 0 end) as sql,
        max(case when stage = 'sql' then 1 else 0 end) as sql_incl_imputed,
        max(case when stage = 'opportunity' then 1 else 0 end) as opportunity,
        max(case when stage = 'won' then 1 else 0 end) as won

    from entries

    where not via_account

    group by person_id, cycle_number

),

-- What followed a stage followed it in the same cycle (B2).
reached as (

    select
        person_id,
        max(mql) as mql,
        max(mql_incl_imputed) as mql_incl_imputed,
        max(mql * sql_incl_imputed) as mql_to_sql,
        max(sql) as sql,
        max(sql * opportunity) as sql_to_opportunity,
        max(opportunity) as opportunity,
        max(opportunity * won) as opportunity_to_won

    from cycles

    group by person_id

),

deals as (

    select
        person_id,
        count(*) as opportunities,
        count(case when status = 'won' then 1 end) as won,
        sum(acv) as pipeline_amount,
        sum(case when status = 'won' then amount else 0 end) as won_amount

    from opportunities

    where is_funnel and person_id is not null

    group by person_id

),

people as (

    select
        acquired.lead_month as month,
        acquired.channel,
        count(*) as leads,
        count(case when not acquired.is_lead_after_opportunity then 1 end) as leads_in_conversion,
        sum(case when acquired.is_lead_after_opportunity then 0 else reached.mql_incl_imputed end)
            as leads_to_mql,
        sum(reached.mql) as mqls,
        sum(reached.mql_to_sql) as mqls_to_sql,
        sum(reached.sql) as sqls,
        sum(reached.sql_to_opportunity) as sqls_to_opportunity,
        sum(reached.opportunity) as people_with_opportunity,
        sum(reached.opportunity_to_won) as people_won,
        sum(case when acquired.is_lead_after_opportunity then 0 else deals.opportunities end) as opportunities,
        sum(case when acquired.is_lead_after_opportunity then 0 else deals.won end) as won,
        sum(case when acquired.is_lead_after_opportunity then 0 else deals.pipeline_amount end)
            as pipeline_amount,
        sum(case when acquired.is_lead_after_opportunity then 0 else deals.won_amount end) as won_amount

    from acquired

    inner join reached
        on acquired.person_id = reached.person_id

    left join deals
        on acquired.person_id = deals.person_id

    group by acquired.lead_month, acquired.channel

),

spend as (

    select
        month,
        channel,
        spend

    from channel_performance

    where
        channel in ('unattributed', 'unmapped')
        or (channel != 'all' and spend != 0)

),

by_channel as (

    select
        coalesce(people.month, spend.month) as month,
        coalesce(people.channel, spend.channel) as channel,
        coalesce(spend.spend, 0) as spend,
        coalesce(people.leads, 0) as leads,
        coalesce(people.leads_in_conversion, 0) as leads_in_conversion,
        coalesce(people.leads_to_mql, 0) as leads_to_mql,
        coalesce(people.mqls, 0) as mqls,
        coalesce(people.mqls_to_sql, 0) as mqls_to_sql,
        coalesce(people.sqls, 0) as sqls,
        coalesce(people.sqls_to_opportunity, 0) as sqls_to_opportunity,
        coalesce(people.people_with_opportunity, 0) as people_with_opportunity,
        coalesce(people.people_won, 0) as people_won,
        coalesce(people.opportunities, 0) as opportunities,
        coalesce(people.won, 0) as won,
        coalesce(people.pipeline_amount, 0) as pipeline_amount,
        coalesce(people.won_amount, 0) as won_amount

    from people

    full outer join spend
        on people.month = spend.month and people.channel = spend.channel

),

with_total as (

    select * from by_channel

    union all

    select
        month,
        'all',
        sum(spend),
        sum(leads),
        sum(leads_in_conversion),
        sum(leads_to_mql),
        sum(mqls),
        sum(mqls_to_sql),
        sum(sqls),
        sum(sqls_to_opportunity),
        sum(people_with_opportunity),
        sum(people_won),
        sum(opportunities),
        sum(won),
        sum(pipeline_amount),
        sum(won_amount)

    from by_channel

    group by month

),

longest_window as (

    select max(window_days) as window_days
    from windows

)

select
    with_total.channel,
    {{ money('with_total.spend') }} as spend,
    cast(with_total.leads as bigint) as leads,
    cast(with_total.leads_in_conversion as bigint) as leads_in_conversion,
    cast(with_total.leads_to_mql as bigint) as leads_to_mql,
    cast(with_total.mqls as bigint) as mqls,
    cast(with_total.mqls_to_sql as bigint) as mqls_to_sql,
    cast(with_total.sqls as bigint) as sqls,
    cast(with_total.sqls_to_opportunity as bigint) as sqls_to_opportunity,
    cast(with_total.people_with_opportunity as bigint) as people_with_opportunity,
    cast(with_total.people_won as bigint) as people_won,
    cast(with_total.opportunities as bigint) as opportunities,
    cast(with_total.won as bigint) as won,
    {{ money('with_total.pipeline_amount') }} as pipeline_amount,
    {{ money('with_total.won_amount') }} as won_amount,
    {{ cost_ratio('with_total.spend', 'with_total.leads') }} as cpl,
    {{ cost_ratio('with_total.spend', 'with_total.mqls') }} as cost_per_mql,
    {{ cost_ratio('with_total.spend', 'with_total.sqls') }} as cost_per_sql,
    {{ cost_ratio('with_total.spend', 'with_total.opportunities') }} as cost_per_opportunity,
    {{ cost_ratio('with_total.spend', 'with_total.won') }} as cost_per_won,
    {{ ratio('with_total.leads_to_mql', 'with_total.leads_in_conversion') }} as lead_to_mql_rate,
    {{ ratio('with_total.mqls_to_sql', 'with_total.mqls') }} as mql_to_sql_rate,
    {{ ratio('with_total.sqls_to_opportunity', 'with_total.sqls') }} as sql_to_opportunity_rate,
    {{ ratio('with_total.people_won', 'with_total.people_with_opportunity') }} as opportunity_to_won_rate,
    settings.as_of >= {{ add_days(
        add_days(add_months('with_total.month', 1), -1), 'longest_window.window_days'
    ) }} as is_mature,
    with_total.month

from with_total

cross join longest_window

cross join settings
