-- One row per row of a report or of a connector's table, at any level.
with

ads_daily as (

    select * from {{ ref('stg_tiktok_ads__ads_daily') }}

),

reports_hourly as (

    select * from {{ ref('stg_tiktok_ads__reports_hourly') }}

),

accounts as (

    select * from {{ ref('stg_tiktok_ads__advertisers') }}

),

-- Of a history the newest version counts; a record that is gone keeps its last name.
campaigns as (

    select *
    from {{ ref('stg_tiktok_ads__campaigns') }}
    qualify row_number() over (
        partition by campaign_id order by coalesce(is_current, true) desc, updated_at desc, exported_at desc
    ) = 1

),

ad_groups as (

    select *
    from {{ ref('stg_tiktok_ads__ad_groups') }}
    qualify row_number() over (
        partition by ad_group_id order by coalesce(is_current, true) desc, updated_at desc, exported_at desc
    ) = 1

),

ads as (

    select *
    from {{ ref('stg_tiktok_ads__ads') }}
    qualify row_number() over (
        partition by ad_id order by coalesce(is_current, true) desc, updated_at desc, exported_at desc
    ) = 1

),

-- The connector's tables of results hold one id each.
placed as (

    select
        reports_hourly.*,
        coalesce(reports_hourly.ad_group_id, ads.ad_group_id) as own_ad_group_id,
        coalesce(reports_hourly.campaign_id, ad_groups.campaign_id, ads.campaign_id) as own_campaign_id,
        coalesce(reports_hourly.ad_group_name, ad_groups.ad_group_name) as own_ad_group_name,
        coalesce(ads.ad_name, reports_hourly.ad_name, reports_hourly.ad_id) as own_ad_name,
        coalesce(reports_hourly.ad_account, ads.ad_account, ad_groups.ad_account) as own_ad_account

    from reports_hourly

    left join ads
        on reports_hourly.ad_id = ads.ad_id

    left join ad_groups
        on coalesce(reports_hourly.ad_group_id, ads.ad_group_id) = ad_groups.ad_group_id

),

connector as (

    select
        'fivetran_tiktok_ads' as door,
        placed.level,
        coalesce(placed.own_ad_account, campaigns.ad_account) as ad_account,
        accounts.ad_account_name,
        placed.own_campaign_id as campaign_id,
        coalesce(campaigns.campaign_name, placed.campaign_name) as campaign_name,
        coalesce(placed.own_ad_group_name, placed.own_ad_group_id) as ad_group_name,
        placed.own_ad_name as ad_name,
        coalesce(placed.currency_code, accounts.currency_code) as currency_code,
        placed.impressions,
        -- Hours have a reach each, a day has none that could be had from them.
        cast(null as bigint) as reach,
        placed.clicks,
        placed.spend,
        placed.platform_conversions,
        true as is_daily,
        placed.date_day as period_start,
        placed.date_day as period_end,
        placed.exported_at

    from placed

    left join campaigns
        on placed.own_campaign_id = campaigns.campaign_id

    left join accounts
        on coalesce(placed.own_ad_account, campaigns.ad_account) = accounts.ad_account

),

unioned as (

    select
        'tiktok_ads' as door,
        level,
        ad_account,
        ad_account_name,
        campaign_id,
        campaign_name,
        ad_group_name,
        coalesce(ad_name, ad_id) as ad_name,
        currency_code,
        impressions,
        reach,
        clicks,
        spend,
        platform_conversions,
        true as is_daily,
        date_day as period_start,
        date_day as period_end,
        exported_at

    from ads_daily

    union all

    select * from connector

),

reports as (

    select
        'tiktok_ads' as platform,
        unioned.*

    from unioned

)

select * from reports
