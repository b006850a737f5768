-- One row per row of a report, at any level. Conversions, which are exported apart, have rows of their own.
with

ads_daily as (

    select * from {{ ref('stg_linkedin_ads__ads_daily') }}

),

ads_period as (

    select * from {{ ref('stg_linkedin_ads__ads_period') }}

),

conversions as (

    select * from {{ ref('stg_linkedin_ads__conversions_daily') }}

),

unioned as (

    select
        level,
        ad_account,
        ad_account_name,
        campaign_id,
        coalesce(campaign_name, campaign_group_name) as campaign_name,
        ad_set_name as ad_group_name,
        coalesce(ad_name, ad_id) as ad_name,
        currency_code,
        impressions,
        reach,
        clicks,
        spend,
        platform_conversions,
        false as is_conversions_only,
        true as is_daily,
        date_day as period_start,
        date_day as period_end,
        exported_at

    from ads_daily

    union all

    select
        level, ad_account, ad_account_name, campaign_id, coalesce(campaign_name, campaign_group_name), ad_set_name,
        coalesce(ad_name, ad_id), currency_code, impressions, reach, clicks, spend, platform_conversions, false, false,
        period_start, period_end, exported_at
    from ads_period

    union all

    -- The platform leaves out what is zero, so these are known (0.2).
    select
        level, ad_account, ad_account_name, campaign_id, coalesce(campaign_name, campaign_group_name), ad_set_name,
        coalesce(ad_name, ad_id), cast(null as varchar), 0, cast(null as bigint), 0, 0, platform_conversions, true,
        true, date_day, date_day, exported_at
    from conversions

),

reports as (

    select
        'linkedin_ads' as platform,
        'linkedin_ads' as door,
        unioned.*

    from unioned

)

select * from reports
