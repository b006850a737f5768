-- One row per row of a report, at any level.
with

ads_daily as (

    select * from {{ ref('stg_microsoft_ads__ads_daily') }}

),

ads_by_date as (

    select * from {{ ref('stg_microsoft_ads__ads_by_date') }}

),

ads_period as (

    select * from {{ ref('stg_microsoft_ads__ads_period') }}

),

unioned as (

    select
        level,
        ad_account,
        ad_account_name,
        campaign_id,
        campaign_name,
        ad_group_name,
        coalesce(ad_name, ad_id) as ad_name,
        currency_code,
        impressions,
        cast(null as bigint) as reach,
        clicks,
        spend,
        platform_conversions,
        true as is_daily,
        date_day as period_start,
        date_day as period_end,
        exported_at

    from ads_daily

    union all

    select
        level, ad_account, ad_account_name, campaign_id, campaign_name, ad_group_name, coalesce(ad_name, ad_id),
        currency_code, impressions, cast(null as bigint), clicks, spend, platform_conversions, true, date_day,
        date_day, exported_at
    from ads_by_date

    union all

    select
        level, ad_account, ad_account_name, campaign_id, campaign_name, ad_group_name, coalesce(ad_name, ad_id),
        currency_code, impressions, cast(null as bigint), clicks, spend, platform_conversions, false, period_start,
        period_end, exported_at
    from ads_period

),

reports as (

    select
        'microsoft_ads' as platform,
        'microsoft_ads' as door,
        unioned.*

    from unioned

)

select * from reports
