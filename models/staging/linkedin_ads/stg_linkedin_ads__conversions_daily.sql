with

source as (

    select * from {{ newest_window(
        'linkedin_ads', 'conversions_daily',
        date='date_day',
        scope=['ad_account', 'ad_account_name'],
        level=ad_level(['campaign_id', 'campaign_name', 'campaign_group_name'], ['ad_set_name'], ['ad_id', 'ad_name'])
    ) }}

),

renamed as (

    select
        ad_account,
        campaign_id,
        ad_id,
        ad_account_name,
        campaign_group_name,
        campaign_name,
        ad_set_name,
        ad_name,
        conversion_name,
        conversion_type,
        level,
        platform_conversions,
        date_day,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
