with

source as (

    select * from {{ newest_window(
        'fivetran_google_ads', 'ad_stats',
        date='date_day',
        scope=['ad_account']
    ) }}

),

renamed as (

    select
        ad_account,
        campaign_id,
        ad_group_id,
        ad_id,
        impressions,
        clicks,
        spend,
        platform_conversions,
        is_deleted,
        date_day,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
