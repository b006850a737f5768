-- One row per platform, account, campaign, ad group, ad and day.
select
    platform,
    level,
    ad_account,
    campaign_id,
    ad_group_name,
    ad_name,
    currency_code,
    cast(impressions as bigint) as impressions,
    cast(reach as bigint) as reach,
    cast(clicks as bigint) as clicks,
    spend,
    cast(spend_original as decimal(18, 6)) as spend_original,
    cast(platform_conversions as decimal(18, 6)) as platform_conversions,
    date_day

from {{ ref('int_ad_performance_daily') }}
