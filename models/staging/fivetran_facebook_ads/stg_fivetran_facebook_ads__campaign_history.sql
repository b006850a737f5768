with

source as (

    select * from {{ newest(
        'fivetran_facebook_ads', 'campaign_history',
        key=['campaign_id', 'updated_at']
    ) }}

),

renamed as (

    select
        campaign_id,
        ad_account,
        campaign_name,
        is_deleted,
        is_current,
        updated_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
