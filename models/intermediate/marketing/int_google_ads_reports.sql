-- One row per row of a report or of a connector's table, at any level.
with

campaigns_daily as (

    select * from {{ ref('stg_google_ads__campaigns_daily') }}

),

campaigns_period as (

    select * from {{ ref('stg_google_ads__campaigns_period') }}

),

account_daily as (

    select * from {{ ref('stg_google_ads__account_daily') }}

),

connector_accounts as (

    select * from {{ ref('stg_fivetran_google_ads__account_stats') }}

),

connector_campaigns as (

    select * from {{ ref('stg_fivetran_google_ads__campaign_stats') }}

),

connector_ad_groups as (

    select * from {{ ref('stg_fivetran_google_ads__ad_group_stats') }}

),

connector_ads as (

    select * from {{ ref('stg_fivetran_google_ads__ad_stats') }}

),

-- Of a history the newest version counts; a record that is gone keeps its last name.
accounts as (

    select *
    from {{ ref('stg_fivetran_google_ads__account_history') }}
    qualify row_number() over (
        partition by ad_account order by coalesce(is_current, true) desc, updated_at desc, exported_at desc
    ) = 1

),

campaigns as (

    select *
    from {{ ref('stg_fivetran_google_ads__campaign_history') }}
    qualify row_number() over (
        partition by campaign_id order by coalesce(is_current, true) desc, updated_at desc, exported_at desc
    ) = 1

),

ad_groups as (

    select *
    from {{ ref('stg_fivetran_google_ads__ad_group_history') }}
    qualify row_number() over (
        partition by ad_group_id order by coalesce(is_current, true) desc, updated_at desc, exported_at desc
    ) = 1

),

ads as (

    select *
    from {{ ref('stg_fivetran_google_ads__ad_history') }}
    qualify row_number() over (
        partition by ad_id order by coalesce(is_current, true) desc, updated_at desc, exported_at desc
    ) = 1

),

connector_rows as (

    select
        'account' as level,
        ad_account,
        cast(null as varchar) as campaign_id,
        cast(null as varchar) as ad_group_id,
        cast(null as varchar) as ad_id,
        impressions,
        clicks,
        spend,
        platform_conversions,
        is_deleted,
        date_day,
        exported_at

    from connector_accounts

    union all

    select
        'campaign', ad_account, campaign_id, cast(null as varchar), cast(null as varchar), impressions, clicks, spend,
        platform_conversions, is_deleted, date_day, exported_at
    from connector_campaigns

    union all

    select
        'ad_group', ad_account, campaign_id, ad_group_id, cast(null as varchar), impressions, clicks, spend,
        platform_conversions, is_deleted, date_day, exported_at
    from connector_ad_groups

    union all

    select
        'ad', ad_account, campaign_id, ad_group_id, ad_id, impressions, clicks, spend,
        platform_conversions, is_deleted, date_day, exported_at
    from connector_ads

),

connector as (

    select
        'fivetran_google_ads' as door,
        connector_rows.level,
        connector_rows.ad_account,
        accounts.ad_account_name,
        connector_rows.campaign_id,
        campaigns.campaign_name,
        coalesce(ad_groups.ad_group_name, connector_rows.ad_group_id, ads.ad_group_id) as ad_group_name,
        coalesce(ads.ad_name, connector_rows.ad_id) as ad_name,
        accounts.currency_code,
        connector_rows.impressions,
        connector_rows.clicks,
        connector_rows.spend,
        connector_rows.platform_conversions,
        true as is_daily,
        connector_rows.date_day as period_start,
        connector_rows.date_day as period_end,
        connector_rows.exported_at

    from connector_rows

    left join accounts
        on connector_rows.ad_account = accounts.ad_account

    left join campaigns
        on connector_rows.campaign_id = campaigns.campaign_id

    left join ads
        on connector_rows.ad_id = ads.ad_id

    left join ad_groups
        on coalesce(connector_rows.ad_group_id, ads.ad_group_id) = ad_groups.ad_group_id

    where not coalesce(connector_rows.is_deleted, false)

),

unioned as (

    select
        'google_ads' as door,
        level,
        ad_account,
        ad_account_name,
        campaign_id,
        campaign_name,
        ad_group_name,
        coalesce(ad_name, ad_id) as ad_name,
        currency_code,
        impressions,
        clicks,
        spend,
        platform_conversions,
        true as is_daily,
        date_day as period_start,
        date_day as period_end,
        exported_at

    from campaigns_daily

    union all

    select
        'google_ads', level, ad_account, ad_account_name, campaign_id, campaign_name, ad_group_name,
        coalesce(ad_name, ad_id), currency_code, impressions, clicks, spend, platform_conversions,
        false, period_start, period_end, exported_at
    from campaigns_period

    union all

    select
        'google_ads', 'account', ad_account, ad_account_name, cast(null as varchar), cast(null as varchar),
        cast(null as varchar), cast(null as varchar),
        coalesce(currency_code, {{ currency_of_sign('spend_as_written') }}), impressions, clicks, spend,
        platform_conversions, true, date_day, date_day, exported_at
    from account_daily

    union all

    select * from connector

),

-- The screens write 614-220-9071, the connector writes 6142209071.
reports as (

    select
        'google_ads' as platform,
        door,
        level,
        replace(ad_account, '-', '') as ad_account,
        ad_account_name,
        campaign_id,
        campaign_name,
        ad_group_name,
        ad_name,
        currency_code,
        impressions,
        cast(null as bigint) as reach,
        clicks,
        spend,
        platform_conversions,
        is_daily,
        period_start,
        period_end,
        exported_at

    from unioned

)

select * from reports
