with

source as (

    select * from {{ newest(
        'fivetran_google_ads', 'account_history',
        key=['ad_account', 'updated_at']
    ) }}

),

renamed as (

    select
        ad_account,
        ad_account_name,
        currency_code,
        is_deleted,
        is_current,
        updated_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
