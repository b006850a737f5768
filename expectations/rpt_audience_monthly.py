"""What BI may take for granted about marts.rpt_audience_monthly."""

from expectations import finite, no_rows, nothing_in, totals_add_up

TABLE = "marts.rpt_audience_monthly"

EXPECTATIONS = [
    finite("frequency", "engagement_rate", "engagement_rate_by_reach", "share_of_voice"),
    finite("net_sentiment", "market_share"),
    totals_add_up("month", "channel", "sessions", "impressions", "engagements", "mentions"),
    no_rows(
        "least(visitors, sessions, page_views, impressions, reach) < 0", "no count is negative"
    ),
    no_rows("reach > impressions", "nobody is reached without being shown an ad"),
    no_rows("frequency < 1", "whoever is reached is shown an ad at least once"),
    no_rows("share_of_voice not between 0 and 1", "the share of voice is between 0 and 100 %"),
    no_rows("net_sentiment not between -1 and 1", "sentiment is between -100 and 100 %"),
    no_rows("visitors > sessions", "every visitor comes at least once", "warning"),
    no_rows(
        "channel != 'all' and channel not in (select channel from marts.dim_channel)",
        "every channel is known",
    ),
    no_rows("channel != 'all' and market_share is not null", "market share is of the whole"),
    nothing_in(
        "select month from (select month, "
        "max(case when channel = 'all' then visitors end) as whole, "
        "max(case when channel != 'all' then visitors end) as largest, "
        "sum(case when channel != 'all' then visitors end) as added, "
        "count(case when channel != 'all' and sessions > 0 and visitors is null then 1 end) "
        "as untold from {batch} group by month) as months "
        "where whole < largest or (whole > added and untold = 0)",
        "visitors of all are no fewer than of a channel, and no more than of all channels",
    ),
]
