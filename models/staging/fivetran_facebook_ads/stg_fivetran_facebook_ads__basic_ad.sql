with

source as (

    select * from {{ newest_window(
        'fivetran_facebook_ads', 'basic_ad',
        date='date_day',
        scope=['ad_account']
    ) }}

),

renamed as (

    select
        ad_account,
        campaign_id,
        ad_id,
        campaign_name,
        ad_set_name,
        ad_name,
        impressions,
        reach,
        clicks,
        spend,
        is_deleted,
        date_day,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
