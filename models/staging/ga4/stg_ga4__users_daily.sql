with

source as (

    select * from {{ newest_window(
        'ga4', 'users_daily',
        date='date_day',
        scope=['web_property']
    ) }}

),

renamed as (

    select
        web_property,
        visitors,
        new_visitors,
        page_views,
        date_day,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
