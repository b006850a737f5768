{{ config(materialized='table') }}

-- One row per platform, account, campaign, ad group, ad and day, in both currencies.
with

reports as (

    select * from {{ ref('int_ad_reports_chosen') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates') }}

),

summed as (

    select
        platform,
        level,
        ad_account,
        campaign_id,
        max(campaign_name) as campaign_name,
        ad_group_name,
        ad_name,
        currency_code,
        period_start as date_day,
        sum(impressions) as impressions,
        -- Reach is known at the exported grain only: summed rows have none (glossary A2).
        case when count(*) = 1 then max(reach) end as reach,
        sum(clicks) as clicks,
        sum(spend) as spend_original,
        sum(platform_conversions) as platform_conversions

    from reports

    where is_counted and is_daily

    group by
        platform,
        level,
        ad_account,
        campaign_id,
        ad_group_name,
        ad_name,
        currency_code,
        period_start

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
