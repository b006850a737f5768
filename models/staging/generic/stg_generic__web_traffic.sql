with

source as (

    select * from {{ newest_window(
        'generic', 'web_traffic',
        date='date_day',
        scope=['source_system', 'web_property', 'channel_header', 'page_header']
    ) }}

),

renamed as (

    select
        source_system,
        web_property,
        channel_header,
        page_header,
        channel_source,
        landing_page,
        sessions,
        engaged_sessions,
        visitors,
        page_views,
        date_day,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
