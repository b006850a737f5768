with

source as (

    select * from {{ newest(
        'tiktok_ads', 'ad_groups',
        key=['ad_group_id', 'updated_at']
    ) }}

),

renamed as (

    select
        ad_group_id,
        ad_account,
        campaign_id,
        ad_group_name,
        is_deleted,
        is_current,
        updated_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
