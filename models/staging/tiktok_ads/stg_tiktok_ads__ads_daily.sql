with

source as (

    select * from {{ newest_window(
        'tiktok_ads', 'ads_daily',
        date='date_day',
        scope=['ad_account', 'ad_account_name', 'currency_code'],
        level=ad_level(['campaign_id', 'campaign_name'], ['ad_group_name'], ['ad_id', 'ad_name'])
    ) }}

),

renamed as (

    select
        ad_account,
        campaign_id,
        ad_id,
        ad_account_name,
        campaign_name,
        ad_group_name,
        ad_name,
        currency_code,
        level,
        impressions,
        reach,
        clicks,
        spend,
        platform_conversions,
        date_day,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
