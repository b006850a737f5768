-- One row per row of any platform's reports, daily or of a period, whatever else covers the same days.
with

google_ads as (

    select * from {{ ref('int_google_ads_reports') }}

),

meta_ads as (

    select * from {{ ref('int_meta_ads_reports') }}

),

linkedin_ads as (

    select * from {{ ref('int_linkedin_ads_reports') }}

),

microsoft_ads as (

    select * from {{ ref('int_microsoft_ads_reports') }}

),

tiktok_ads as (

    select * from {{ ref('int_tiktok_ads_reports') }}

),

generic_daily as (

    select * from {{ ref('stg_generic__ad_spend') }}

),

generic_period as (

    select * from {{ ref('stg_generic__ad_spend_period') }}

),

unioned as (

    select
        platform,
        door,
        level,
        ad_account,
        ad_account_name,
        campaign_id,
        campaign_name,
        ad_group_name,
        ad_name,
        currency_code,
        impressions,
        reach,
        clicks,
        spend,
        platform_conversions,
        false as is_conversions_only,
        is_daily,
        period_start,
        period_end,
        exported_at

    from google_ads

    union all

    select
        platform, door, level, ad_account, ad_account_name, campaign_id, campaign_name, ad_group_name, ad_name,
        currency_code, impressions, reach, clicks, spend, platform_conversions, false, is_daily,
        period_start, period_end, exported_at
    from meta_ads

    union all

    select
        platform, door, level, ad_account, ad_account_name, campaign_id, campaign_name, ad_group_name, ad_name,
        currency_code, impressions, reach, clicks, spend, platform_conversions, is_conversions_only, is_daily,
        period_start, period_end, exported_at
    from linkedin_ads

    union all

    select
        platform, door, level, ad_account, ad_account_name, campaign_id, campaign_name, ad_group_name, ad_name,
        currency_code, impressions, reach, clicks, spend, platform_conversions, false, is_daily,
        period_start, period_end, exported_at
    from microsoft_ads

    union all

    select
        platform, door, level, ad_account, ad_account_name, campaign_id, campaign_name, ad_group_name, ad_name,
        currency_code, impressions, reach, clicks, spend, platform_conversions, false, is_daily,
        period_start, period_end, exported_at
    from tiktok_ads

    union all

    select
        platform, 'generic', level, ad_account, cast(null as varchar), campaign_id, campaign_name, ad_group_name,
        ad_name, currency_code, impressions, cast(null as bigint), clicks, spend, platform_conversions, false, true,
        date_day, date_day, exported_at
    from generic_daily

    union all

    select
        platform, 'generic', level, ad_account, ad_account_name, campaign_id, campaign_name, ad_group_name, ad_name,
        currency_code, impressions, cast(null as bigint), clicks, spend, platform_conversions, false, false,
        period_start, period_end, exported_at
    from generic_period

)

select * from unioned
