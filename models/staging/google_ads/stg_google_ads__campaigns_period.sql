with

source as (

    select * from {{ newest_window(
        'google_ads', 'campaigns_period',
        date='period_start',
        scope=['ad_account', 'cast(period_end as varchar)']
    ) }}

),

renamed as (

    select
        ad_account,
        campaign_id,
        campaign_name,
        currency_code,
        impressions,
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
