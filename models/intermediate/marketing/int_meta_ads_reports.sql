-- One row per row of a report or of a connector's table, at any level.
with

ads_daily as (

    select * from {{ ref('stg_meta_ads__ads_daily') }}

),

ads_period as (

    select * from {{ ref('stg_meta_ads__ads_period') }}

),

connector_ads as (

    select * from {{ ref('stg_fivetran_facebook_ads__basic_ad') }}

),

-- Of a history the newest version counts; a record that is gone keeps its last name.
accounts as (

    select *
    from {{ ref('stg_fivetran_facebook_ads__account_history') }}
    qualify row_number() over (
        partition by ad_account order by coalesce(is_current, true) desc, updated_at desc, exported_at desc
    ) = 1

),

campaigns as (

    select *
    from {{ ref('stg_fivetran_facebook_ads__campaign_history') }}
    qualify row_number() over (
        partition by campaign_id order by coalesce(is_current, true) desc, updated_at desc, exported_at desc
    ) = 1

),

ad_sets as (

    select *
    from {{ ref('stg_fivetran_facebook_ads__ad_set_history') }}
    qualify row_number() over (
        partition by ad_set_id order by coalesce(is_current, true) desc, updated_at desc, exported_at desc
    ) = 1

),

ads as (

    select *
    from {{ ref('stg_fivetran_facebook_ads__ad_history') }}
    qualify row_number() over (
        partition by ad_id order by coalesce(is_current, true) desc, updated_at desc, exported_at desc
    ) = 1

),

connector as (

    select
        'fivetran_facebook_ads' as door,
        'ad' as level,
        connector_ads.ad_account,
        accounts.ad_account_name,
        coalesce(connector_ads.campaign_id, ads.campaign_id) as campaign_id,
        coalesce(campaigns.campaign_name, connector_ads.campaign_name) as campaign_name,
        coalesce(ad_sets.ad_set_name, connector_ads.ad_set_name) as ad_group_name,
        coalesce(ads.ad_name, connector_ads.ad_name, connector_ads.ad_id) as ad_name,
        accounts.currency_code,
        connector_ads.impressions,
        connector_ads.reach,
        connector_ads.clicks,
        connector_ads.spend,
        cast(null as decimal(18, 6)) as platform_conversions,
        true as is_daily,
        connector_ads.date_day as period_start,
        connector_ads.date_day as period_end,
        connector_ads.exported_at

    from connector_ads

    left join ads
        on connector_ads.ad_id = ads.ad_id

    left join accounts
        on connector_ads.ad_account = accounts.ad_account

    left join campaigns
        on coalesce(connector_ads.campaign_id, ads.campaign_id) = campaigns.campaign_id

    left join ad_sets
        on ads.ad_set_id = ad_sets.ad_set_id

    where not coalesce(connector_ads.is_deleted, false)

),

unioned as (

    select
        'meta_ads' as door,
        level,
        ad_account,
        ad_account_name,
        campaign_id,
        campaign_name,
        ad_set_name as ad_group_name,
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

    -- A report of a period is kept by campaign, for want of which by the name that it has.
    select
        'meta_ads', level, ad_account, ad_account_name, campaign_id,
        coalesce(campaign_name, campaign_id, ad_set_name, ad_name), ad_set_name, coalesce(ad_name, ad_id),
        currency_code, impressions, reach, clicks, spend, platform_conversions, false, period_start, period_end,
        exported_at
    from ads_period

    union all

    select * from connector

),

reports as (

    select
        'meta_ads' as platform,
        unioned.*

    from unioned

)

select * from reports
