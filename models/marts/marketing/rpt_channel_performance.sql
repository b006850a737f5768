-- One row per month and channel, and one for all: the period view, everything by its own date
-- (glossary A3). A ratio of things with different dates is named flow_.
with

ad_performance as (

    select * from {{ ref('int_ad_performance_daily') }}

),

funnel as (

    select * from {{ ref('rpt_funnel_monthly') }}

),

people as (

    select * from {{ ref('int_leads') }}

),

opportunities as (

    select * from {{ ref('fct_opportunities') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

ads as (

    select
        {{ month_of('date_day') }} as month,
        channel,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        sum(spend) as spend

    from ad_performance

    group by {{ month_of('date_day') }}, channel

),

-- A lead belongs to the channel that the person came from (A3), later stages to that of their cycle.
leads as (

    select
        lead_month as month,
        channel,
        count(*) as leads

    from people

    group by lead_month, channel

),

stages as (

    select
        month,
        channel,
        sum(case when stage = 'mql' then entries end) as mqls,
        sum(case when stage = 'sql' then entries end) as sqls,
        sum(case when stage = 'opportunity' then entries end) as opportunities,
        sum(case when stage = 'won' then entries end) as won

    from funnel

    group by month, channel

),

pipeline as (

    select
        {{ month_of('created_date') }} as month,
        channel,
        sum(acv) as pipeline_created

    from opportunities

    where is_funnel and created_date is not null

    group by {{ month_of('created_date') }}, channel

),

wins as (

    select
        {{ month_of('close_date') }} as month,
        channel,
        sum(amount) as won_amount

    from opportunities

    where is_funnel and status = 'won' and coalesce(amount, 0) >= 0 and close_date is not null

    group by {{ month_of('close_date') }}, channel

),

months as (

    select month from ads

    union

    select month from leads

    union

    select month from stages

),

-- What nobody can credit has a row in every month, if only to show that it is nothing.
keys as (

    select month, 'unattributed' as channel from months

    union

    select month, 'unmapped' from months

    union

    select month, channel from ads

    union

    select month, channel from leads

    union

    select month, channel from stages

    union

    select month, channel from pipeline

    union

    select month, channel from wins

),

by_channel as (

    select
        keys.month,
        keys.channel,
        coalesce(ads.impressions, 0) as impressions,
        coalesce(ads.clicks, 0) as clicks,
        {{ money_parts('coalesce(ads.spend, 0)', 'keys.month', 'keys.channel') }} as spend,
        coalesce(leads.leads, 0) as leads,
        coalesce(stages.mqls, 0) as mqls,
        coalesce(stages.sqls, 0) as sqls,
        coalesce(stages.opportunities, 0) as opportunities,
        coalesce(pipeline.pipeline_created, 0) as pipeline_created,
        coalesce(stages.won, 0) as won,
        coalesce(wins.won_amount, 0) as won_amount

    from keys

    left join ads
        on keys.month = ads.month and keys.channel = ads.channel

    left join leads
        on keys.month = leads.month and keys.channel = leads.channel

    left join stages
        on keys.month = stages.month and keys.channel = stages.channel

    left join pipeline
        on keys.month = pipeline.month and keys.channel = pipeline.channel

    left join wins
        on keys.month = wins.month and keys.channel = wins.channel

),

with_total as (

    select * from by_channel

    union all

    select
        month,
        'all',
        sum(impressions),
        sum(clicks),
        sum(spend),
        sum(leads),
        sum(mqls),
        sum(sqls),
        sum(opportunities),
        sum(pipeline_created),
        sum(won),
        sum(won_amount)

    from by_channel

    group by month

),

-- Only months that are over, and right after one another, say how fast MQLs grow (glossary B14).
with_month_before as (

    select
        with_total.*,
        case
            when
                lag(with_total.month) over (partition by with_total.channel order by with_total.month)
                = {{ add_months('with_total.month', -1) }}
                and {{ add_days(add_months('with_total.month', 1), -1) }} <= settings.as_of
                then lag(with_total.mqls) over (partition by with_total.channel order by with_total.month)
        end as mqls_month_before

    from with_total

    cross join settings

)

select
    channel,
    cast(impressions as bigint) as impressions,
    cast(clicks as bigint) as clicks,
    {{ money('spend') }} as spend,
    {{ ratio('clicks', 'impressions') }} as ctr,
    {{ cost_ratio('spend', 'clicks') }} as cpc,
    {{ cost_ratio('spend * 1000', 'impressions') }} as cpm,
    cast(leads as bigint) as leads,
    cast(mqls as bigint) as mqls,
    cast(mqls_month_before as bigint) as mqls_month_before,
    {{ ratio('mqls - mqls_month_before', 'mqls_month_before') }} as lead_velocity_rate,
    cast(sqls as bigint) as sqls,
    cast(opportunities as bigint) as opportunities,
    {{ money('pipeline_created') }} as pipeline_created,
    cast(won as bigint) as won,
    {{ money('won_amount') }} as won_amount,
    {{ cost_ratio('spend', 'leads') }} as flow_cpl,
    {{ cost_ratio('spend', 'mqls') }} as flow_cost_per_mql,
    {{ cost_ratio('spend', 'sqls') }} as flow_cost_per_sql,
    {{ cost_ratio('spend', 'opportunities') }} as flow_cost_per_opportunity,
    month

from with_month_before
