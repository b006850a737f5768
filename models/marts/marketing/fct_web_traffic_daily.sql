-- One row per day, tool, website, channel and landing page.
select
    source_system,
    web_property,
    channel,
    landing_page,
    sessions,
    engaged_sessions,
    visitors,
    page_views,
    search_impressions,
    search_clicks,
    search_position,
    date_day

from {{ ref('int_web_traffic') }}
