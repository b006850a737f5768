with

source as (

    select * from {{ newest_window(
        'meta_ads', 'ads_period',
        date='period_start',
        scope=['ad_account', 'ad_account_name', 'currency_code', 'cast(period_end as varchar)'],
        level=ad_level(['campaign_id', 'campaign_name'], ['ad_set_name'], ['ad_id', 'ad_name'])
    ) }}

),

renamed as (

    select
        ad_account,
        campaign_id,
        ad_id,
        ad_account_name,
        campaign_name,
        ad_set_name,
        ad_name,
        currency_code,
        level,
        impressions,
        reach,
        clicks,
        spend,
        platform_conversions,
        period_start,
        period_end,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
