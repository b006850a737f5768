"""What BI may take for granted about marts.fct_web_traffic_daily."""

from expectations import AS_OF, finite, no_rows

TABLE = "marts.fct_web_traffic_daily"

EXPECTATIONS = [
    no_rows(
        "least(sessions, visitors, page_views, search_impressions, search_clicks) < 0",
        "no count is negative",
    ),
    no_rows("engaged_sessions > sessions", "no more sessions are engaged than there are"),
    no_rows("search_clicks > search_impressions", "nobody clicks what nobody saw"),
    no_rows("search_position < 1", "no result is above the first"),
    no_rows(
        "channel != 'all' and channel not in (select channel from marts.dim_channel)",
        "every channel is known",
    ),
    no_rows("channel = 'all' and sessions is not null", "sessions are counted by channel alone"),
    no_rows(f"date_day > {AS_OF}", "no day after the as-of day", "warning"),
    finite("search_position"),
]
