{{ config(materialized='table') }}

-- One row per platform, account, campaign, ad group, ad and day, in both currencies.
with

google_ads as (

    select * from {{ ref('stg_google_ads__campaigns_daily') }}

),

meta_ads as (

    select * from {{ ref('stg_meta_ads__ads_daily') }}

),

generic_ad_spend as (

    select * from {{ ref('stg_generic__ad_spend') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates') }}

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
        ad_group_name,
        cast(null as varchar) as ad_name,
        currency_code,
        impressions,
        cast(null as bigint) as reach,
        clicks,
        spend,
        platform_conversions,
        date_day,
        exported_at

    from google_ads

    union all

    select
        'meta_ads',
        ad_account,
        campaign_id,
        campaign_name,
        ad_set_name,
        ad_name,
        currency_code,
        impressions,
        reach,
        clicks,
        spend,
        platform_conversions,
        date_day,
        exported_at

    from meta_ads

    union all

    select
        platform,
        ad_account,
        campaign_id,
        campaign_name,
        ad_group_name,
        ad_name,
        currency_code,
        impressions,
        cast(null as bigint),
        clicks,
        spend,
        platform_conversions,
        date_day,
        exported_at

    from generic_ad_spend

),

-- A platform's campaign is known by its id, and by its name only where the export holds no id.
keyed as (

    select
        unioned.platform,
        coalesce(unioned.ad_account, 'unknown') as ad_account,
        unioned.platform || ':' || coalesce(unioned.campaign_id, unioned.campaign_name, 'unknown') as campaign_id,
        coalesce(unioned.campaign_name, unioned.campaign_id, 'unknown') as campaign_name,
        coalesce(unioned.ad_group_name, '') as ad_group_name,
        coalesce(unioned.ad_name, '') as ad_name,
        coalesce(unioned.currency_code, settings.reporting_currency) as currency_code,
        unioned.impressions,
        unioned.reach,
        unioned.clicks,
        unioned.spend,
        unioned.platform_conversions,
        unioned.date_day

    from unioned

    cross join settings

),

summed as (

    select
        platform,
        ad_account,
        campaign_id,
        max_by(campaign_name, date_day) as campaign_name,
        ad_group_name,
        ad_name,
        currency_code,
        date_day,
        sum(impressions) as impressions,
        -- Reach is known at the exported grain only: summed rows have none (glossary A2).
        case when count(*) = 1 then max(reach) end as reach,
        sum(clicks) as clicks,
        sum(spend) as spend_original,
        sum(platform_conversions) as platform_conversions

    from keyed

    group by
        platform,
        ad_account,
        campaign_id,
        ad_group_name,
        ad_name,
        currency_code,
        date_day

),

in_reporting_currency as (

    select
        summed.*,
        exchange_rates.rate as fx_rate,
        -- Six decimals stay until a total is shown: rounding each row would lose cents of the sum.
        cast(summed.spend_original * exchange_rates.rate as decimal(18, 6)) as spend,
        -- By the map of the day itself: a platform's channel may change (0.11).
        {{ channel_of('summed.platform') }} as channel

    from summed

    {{ channel_joins("'ad_platform'", 'summed.platform', 'summed.date_day') }}

    left join exchange_rates
        on
            summed.currency_code = exchange_rates.currency_code
            and {{ in_force('exchange_rates', 'summed.date_day') }}

)

select * from in_reporting_currency
