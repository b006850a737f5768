"""What BI may take for granted about marts.fct_social_daily."""

from expectations import AS_OF, no_rows

TABLE = "marts.fct_social_daily"

EXPECTATIONS = [
    no_rows("reach < 0 or followers < 0 or mentions < 1", "no count of people is negative"),
    no_rows(
        "positive_mentions + negative_mentions > mentions", "a mention is good or bad, not both"
    ),
    no_rows("reach > impressions", "nobody is reached without being shown a post", "warning"),
    no_rows(
        "channel not in (select channel from marts.dim_channel)",
        "every channel is known",
    ),
    no_rows(f"date_day > {AS_OF}", "no day after the as-of day", "warning"),
]
