-- One row per platform, account, campaign and exported period, for reports that hold no day.
with

google_ads as (

    select * from {{ ref('stg_google_ads__campaigns_period') }}

),

meta_ads as (

    select * from {{ ref('stg_meta_ads__ads_period') }}

),

daily as (

    select * from {{ ref('int_ad_performance_daily') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

unioned as (

    select
        'google_ads' as platform,
        ad_account,
        campaign_id,
        campaign_name,
        currency_code,
        impressions,
        clicks,
        spend,
        period_start,
        period_end

    from google_ads

    union all

    select
        'meta_ads',
        ad_account,
        campaign_id,
        coalesce(campaign_name, ad_set_name, ad_name),
        currency_code,
        impressions,
        clicks,
        spend,
        period_start,
        period_end

    from meta_ads

),

summed as (

    select
        unioned.platform,
        coalesce(unioned.ad_account, 'unknown') as ad_account,
        unioned.platform || ':' || coalesce(unioned.campaign_id, unioned.campaign_name, 'unknown') as campaign_id,
        coalesce(unioned.campaign_name, unioned.campaign_id, 'unknown') as campaign_name,
        coalesce(unioned.currency_code, settings.reporting_currency) as currency_code,
        unioned.period_start,
        unioned.period_end,
        sum(unioned.impressions) as impressions,
        sum(unioned.clicks) as clicks,
        sum(unioned.spend) as spend

    from unioned

    cross join settings

    group by
        unioned.platform,
        coalesce(unioned.ad_account, 'unknown'),
        unioned.platform || ':' || coalesce(unioned.campaign_id, unioned.campaign_name, 'unknown'),
        coalesce(unioned.campaign_name, unioned.campaign_id, 'unknown'),
        coalesce(unioned.currency_code, settings.reporting_currency),
        unioned.period_start,
        unioned.period_end

),

flagged as (

    select
        summed.*,
        exists(
            select 1
            from daily
            where
                daily.platform = summed.platform
                and daily.ad_account = summed.ad_account
                and daily.date_day between summed.period_start and summed.period_end
        ) as is_covered_by_daily

    from summed

)

select * from flagged
