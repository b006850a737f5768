{{ config(materialized='table') }}

-- What went in beside what came out, one row per check: ads, mailings, the web, costs.
with

spend_in as (

    select platform, sum(spend) as spend
    from {{ ref('int_ad_reports_unioned') }}
    where is_daily
    group by platform

),

-- In another level, or in an older export, of an account and day.
spend_left_out as (

    select platform, sum(spend) as spend
    from {{ ref('int_ad_reports_chosen') }}
    where is_daily and not is_counted
    group by platform

),

spend_out as (

    select platform, sum(spend_original) as spend
    from {{ ref('fct_ad_performance_daily') }}
    group by platform

),

known_cost_types as (

    select distinct cost_type from {{ source('definitions', 'cac_cost_types') }}

),

email_events as (

    select
        count(*) as n,
        count(
            case
                when event in ('sent', 'delivered', 'open', 'click', 'bounce', 'unsubscribe', 'complaint')
                    then 1
            end
        ) as known
    from {{ ref('int_email_events') }}

),

ledger_types as (

    select
        sum(costs.amount) as amount,
        sum(case when cost_types.cost_type is not null then costs.amount else 0 end) as amount_known
    from {{ ref('fct_costs') }} as costs
    left join known_cost_types as cost_types
        on costs.cost_type = cost_types.cost_type

),

costs as (

    select
        sum(case when cost_type = 'media' then amount else 0 end) as media,
        sum(rates_missing) as rates_missing
    from {{ ref('int_costs') }}

),

ledger_media as (

    select sum(case when lower(cost_type) = 'media' then amount else 0 end) as media
    from {{ ref('stg_generic__costs') }}

),

channel_spend as (

    select sum(spend) as spend
    from {{ ref('fct_ad_performance_daily') }}

),

message_pairs as (

    select distinct
        source_system,
        campaign_id,
        recipient_id
    from {{ ref('int_email_events') }}

),

staged_messages as (

    select count(*) as n from message_pairs

),

messages as (

    select count(*) as n from {{ ref('fct_email_messages') }}

),

campaign_totals as (

    select
        count(*) as n,
        count(case when message_channel = 'email' then 1 end) as emails
    from {{ ref('int_email_campaign_totals') }}

),

web_reports as (

    select count(*) as n from {{ ref('stg_ga4__traffic_period') }}

    union all

    select count(*) from {{ ref('stg_ga4__events_period') }}

),

undated_web_reports as (

    select sum(n) as n from web_reports

),

spend_by_day_in as (

    select
        platform,
        period_start as date_day,
        cast(sum(spend) as decimal(18, 2)) as spend

    from {{ ref('int_ad_reports_chosen') }}

    where is_daily and is_counted

    group by platform, period_start

),

spend_by_day_out as (

    select
        platform,
        date_day,
        cast(sum(spend_original) as decimal(18, 2)) as spend

    from {{ ref('fct_ad_performance_daily') }}

    group by platform, date_day

),

-- To the cent on each day, so that no two days make up for each other.
spend_days as (

    select
        coalesce(spend_by_day_in.platform, spend_by_day_out.platform) as platform,
        count(*) as n,
        count(
            case when coalesce(spend_by_day_in.spend, 0) = coalesce(spend_by_day_out.spend, 0) then 1 end
        ) as equal

    from spend_by_day_in

    full outer join spend_by_day_out
        on
            spend_by_day_in.platform = spend_by_day_out.platform
            and spend_by_day_in.date_day = spend_by_day_out.date_day

    group by coalesce(spend_by_day_in.platform, spend_by_day_out.platform)

),

claimed as (

    select
        platform,
        sum(platform_conversions) as conversions

    from {{ ref('fct_ad_performance_daily') }}

    group by platform

),

known_leads as (

    select
        campaigns.platform,
        count(*) as leads

    from {{ ref('int_leads') }} as leads

    inner join {{ ref('dim_campaign') }} as campaigns
        on leads.campaign_id = campaigns.campaign_id

    group by campaigns.platform

),

campaigns as (

    select
        sum(spend) as spend,
        sum(credited_won) as won,
        sum(credited_amount) as amount
    from {{ ref('rpt_campaign_performance') }}
    where is_headline

),

campaign_costs as (

    select sum(amount) as amount
    from {{ ref('fct_costs') }}
    where cost_type in ('media', 'agency')

),

wins as (

    select
        count(*) as n,
        sum(acv) as acv
    from {{ ref('fct_opportunities') }}
    where status = 'won' and kind in ('new', 'upsell', 'cross_sell')

),

page_loads as (

    select
        count(*) as n,
        count(case when exclusion_rule is null then 1 end) as counted
    from {{ ref('int_page_views') }}

),

checks as (

    select
        'ad_spend_' || spend_in.platform as check_name,
        'staged spend that counts once' as left_name,
        spend_in.spend - coalesce(spend_left_out.spend, 0) as left_value,
        'spend in fct_ad_performance_daily' as right_name,
        spend_out.spend as right_value,
        0.00 as tolerance,
        true as is_blocking
    from spend_in
    left join spend_left_out
        on spend_in.platform = spend_left_out.platform
    left join spend_out
        on spend_in.platform = spend_out.platform

    union all

    select
        'ad_spend_days_' || platform, 'days of staged spend', n, 'with the same spend in fct_ad_performance_daily',
        equal, 0.00, true
    from spend_days

    union all

    -- Platforms claim what others claim, too: the two are never equal, and stand here beside each other.
    select
        'conversions_claimed_by_' || claimed.platform, 'conversions that the platform claims', claimed.conversions,
        'leads whose first touch is a campaign of it', known_leads.leads, null, false
    from claimed
    left join known_leads
        on claimed.platform = known_leads.platform
    where claimed.conversions is not null

    union all

    select
        'ad_spend_reported_twice_' || spend_in.platform, 'staged ad spend', spend_in.spend,
        'counted, as another level or a newer export has the same days',
        spend_in.spend - coalesce(spend_left_out.spend, 0), 0.00, false
    from spend_in
    left join spend_left_out
        on spend_in.platform = spend_left_out.platform

    union all

    select
        'ad_spend_in_costs', 'spend in fct_ad_performance_daily', channel_spend.spend, 'media in fct_costs',
        costs.media, 0.00, true
    from channel_spend cross join costs

    union all

    select
        'email_messages', 'staged campaign and recipient pairs', staged_messages.n,
        'rows of fct_email_messages', messages.n, 0.00, true
    from staged_messages cross join messages

    union all

    select 'email_events_unknown', 'e-mail events', n, 'of a known kind', known, 0.00, false
    from email_events

    union all

    select 'campaigns_not_by_email', 'campaigns in reports of totals', n, 'sent by e-mail', emails, 0.00, false
    from campaign_totals

    union all

    select 'web_reports_without_a_day', 'rows of web reports of a whole period, left out', n, 'expected', 0, 0.00, false
    from undated_web_reports

    union all

    select 'cost_types_in_no_cac', 'costs', amount, 'of a type that some CAC holds', amount_known, 0.00, false
    from ledger_types

    union all

    select 'media_in_cost_ledger', 'media in the cost ledger, left out', media, 'expected', 0, 0.00, false
    from ledger_media

    union all

    -- Each month is rounded to the cent.
    select
        'campaign_spend', 'media and agency in fct_costs', campaign_costs.amount, 'spend of campaigns', campaigns.spend,
        1.00, true
    from campaign_costs cross join campaigns

    union all

    select
        'campaign_credits', 'won, a year of each deal', wins.acv, 'credited to campaigns', campaigns.amount, 0.00, true
    from wins cross join campaigns

    union all

    select 'page_loads_of_machines_and_our_own', 'page loads', n, 'counted', counted, null, false
    from page_loads

)

select * from checks
