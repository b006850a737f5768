{{ config(materialized='table') }}

-- One row per campaign of any platform, under its newest name.
with

ad_performance_daily as (

    select * from {{ ref('int_ad_performance_daily') }}

),

ad_performance_period as (

    select * from {{ ref('int_ad_performance_period') }}

),

salesforce_campaigns as (

    select * from {{ ref('int_salesforce_campaigns') }}

),

email_totals as (

    select * from {{ ref('int_email_campaign_totals') }}

),

email_events as (

    select * from {{ ref('int_email_events') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

campaign_names as (

    select
        platform,
        campaign_id,
        campaign_name,
        'ad_platform' as source_system,
        platform as channel_source,
        date_day as named_on
    from ad_performance_daily

    union all

    select platform, campaign_id, campaign_name, 'ad_platform', platform, period_end
    from ad_performance_period

    union all

    select
        'salesforce', 'salesforce:' || campaign_id, campaign_name, 'salesforce_campaign', campaign_type,
        coalesce(start_date, date '1900-01-01')
    from salesforce_campaigns

    union all

    select
        source_system, campaign_id, campaign_name, source_system, message_channel,
        coalesce(cast(sent_at as date), date '1900-01-01')
    from email_totals

    union all

    select
        source_system, source_system || ':' || campaign_id, campaign_name, source_system, 'email',
        coalesce(cast(occurred_at as date), date '1900-01-01')
    from email_events

),

newest as (

    select
        campaign_id,
        max(platform) as platform,
        coalesce(
            max_by(campaign_name, case when campaign_name is not null then named_on end), campaign_id
        ) as campaign_name,
        max(source_system) as source_system,
        max(channel_source) as channel_source,
        min(named_on) as first_seen_on

    from campaign_names

    group by campaign_id

),

campaigns as (

    select
        newest.campaign_id,
        newest.platform,
        newest.campaign_name,
        {{ channel_of('newest.channel_source') }} as channel,
        newest.first_seen_on

    from newest

    cross join settings

    {{ channel_joins('newest.source_system', 'newest.channel_source', 'settings.as_of') }}

)

select * from campaigns
