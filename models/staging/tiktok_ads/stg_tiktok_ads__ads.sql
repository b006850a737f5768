with

source as (

    select * from {{ newest(
        'tiktok_ads', 'ads',
        key=['ad_id', 'updated_at']
    ) }}

),

renamed as (

    select
        ad_id,
        ad_account,
        campaign_id,
        ad_group_id,
        ad_name,
        is_deleted,
        is_current,
        updated_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
