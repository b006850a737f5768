-- One row per platform, account, campaign and exported period, for reports that hold no day. Never
-- dated on one day, never added to the daily fact where both cover a day.
select
    platform,
    level,
    ad_account,
    campaign_id,
    currency_code,
    cast(impressions as bigint) as impressions,
    cast(clicks as bigint) as clicks,
    cast(spend as decimal(18, 6)) as spend,
    is_covered_by_daily,
    period_start,
    period_end

from {{ ref('int_ad_performance_period') }}
