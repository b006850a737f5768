with

source as (

    select * from {{ newest_window(
        'search_console', 'searches_daily',
        date='date_day',
        scope=['web_property']
    ) }}

),

renamed as (

    select
        web_property,
        impressions,
        clicks,
        average_position,
        date_day,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
