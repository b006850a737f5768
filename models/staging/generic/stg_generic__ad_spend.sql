with

source as (

    select * from {{ newest_window(
        'generic', 'ad_spend',
        date='date_day',
        scope=['platform', 'ad_account', 'currency_code'],
        level=ad_level(['campaign_id', 'campaign_name'], ['ad_group_name'], ['ad_name'], per=['platform'])
    ) }}

),

renamed as (

    select
        campaign_id,
        platform,
        ad_account,
        campaign_name,
        ad_group_name,
        ad_name,
        currency_code,
        level,
        impressions,
        clicks,
        spend,
        platform_conversions,
        date_day,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
