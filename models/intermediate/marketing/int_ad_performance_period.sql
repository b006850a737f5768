-- One row per platform, account, campaign and exported period, for reports that hold no day.
with

reports as (

    select * from {{ ref('int_ad_reports_chosen') }}

),

daily as (

    select * from {{ ref('int_ad_performance_daily') }}

),

summed as (

    select
        platform,
        level,
        ad_account,
        campaign_id,
        max(campaign_name) as campaign_name,
        currency_code,
        period_start,
        period_end,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        sum(spend) as spend

    from reports

    where is_counted and not is_daily

    group by
        platform,
        level,
        ad_account,
        campaign_id,
        currency_code,
        period_start,
        period_end

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
                -- All that is known of an unknown account is its currency.
                and (daily.ad_account != 'unknown' or daily.currency_code = summed.currency_code)
                and daily.date_day between summed.period_start and summed.period_end
        ) as is_covered_by_daily

    from summed

)

select * from flagged
