with

source as (

    select * from {{ newest(
        'tiktok_ads', 'advertisers',
        key=['ad_account']
    ) }}

),

renamed as (

    select
        ad_account,
        ad_account_name,
        currency_code,
        is_deleted,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
