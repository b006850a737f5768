with

source as (

    select * from {{ newest_window(
        'google_ads', 'campaigns_daily',
        date='date_day',
        scope=['ad_account']
    ) }}

),

renamed as (

    select
        ad_account,
        campaign_id,
        campaign_name,
        ad_group_name,
        currency_code,
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
