"""What BI may take for granted about marts.fct_ad_performance_daily."""

from expectations import AS_OF, no_rows

TABLE = "marts.fct_ad_performance_daily"

EXPECTATIONS = [
    no_rows("impressions < 0 or clicks < 0", "no count is negative"),
    no_rows("spend < 0", "spend is not negative, as credits would be", "warning"),
    no_rows("clicks > impressions", "nobody clicks what nobody saw", "warning"),
    no_rows(f"date_day > {AS_OF}", "no day after the as-of day", "warning"),
    no_rows(
        "campaign_id not in (select campaign_id from marts.dim_campaign)",
        "every campaign is known",
    ),
]
