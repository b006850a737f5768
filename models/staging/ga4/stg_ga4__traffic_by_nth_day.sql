with

source as (

    select * from {{ newest_window(
        'ga4', 'traffic_by_nth_day',
        date='date_day',
        scope=['web_property', 'channel_header', 'source_header', 'page_header']
    ) }}

),

renamed as (

    select
        web_property,
        channel_header,
        source_header,
        page_header,
        channel_group,
        source_medium,
        source,
        medium,
        landing_page,
        sessions,
        engaged_sessions,
        visitors,
        new_visitors,
        page_views,
        date_day,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
