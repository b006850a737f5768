"""What BI may take for granted about marts.rpt_funnel_conversion."""

from expectations import finite, no_rows

TABLE = "marts.rpt_funnel_conversion"

EXPECTATIONS = [
    finite("conversion_ever_rate", "ci_low", "ci_high", "lag_median_days_converted"),
    no_rows(
        "converted > converted_ever or converted_ever > entered",
        "of those who entered, no more convert in time than ever, and no more than all",
    ),
    no_rows(
        "conversion_rate < ci_low - 1e-9 or conversion_rate > ci_high + 1e-9",
        "every rate is within its interval",
    ),
    no_rows(
        "conversion_rate not between 0 and 1 or conversion_rate_km not between 0 and 1",
        "every rate is between 0 and 100 %",
    ),
    no_rows("lag_median_days > lag_p90_days", "half have converted before nine tenths have"),
]
