with

source as (

    select * from {{ newest(
        'ga4', 'traffic_period',
        key=['web_property', 'channel_header', 'source_header', 'page_header', 'period_start', 'period_end'],
        several=true
    ) }}

),

renamed as (

    select
        web_property,
        channel_header,
        source_header,
        page_header,
        channel_group,
        landing_page,
        sessions,
        engaged_sessions,
        visitors,
        new_visitors,
        page_views,
        period_start,
        period_end,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
