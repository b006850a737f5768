with

source as (

    select * from {{ newest_window(
        'google_ads', 'account_daily',
        date='date_day',
        scope=['ad_account', 'ad_account_name']
    ) }}

),

renamed as (

    select
        ad_account,
        ad_account_name,
        currency_code,
        spend_as_written,
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
