"""What BI may take for granted about marts.fct_ad_performance_period."""

from expectations import no_rows

TABLE = "marts.fct_ad_performance_period"

EXPECTATIONS = [
    no_rows("period_end < period_start", "no period ends before it starts"),
    no_rows("impressions < 0 or clicks < 0", "no count is negative"),
    no_rows("is_covered_by_daily", "no period is also covered by daily reports", "warning"),
]
