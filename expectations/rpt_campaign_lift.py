"""What BI may take for granted about marts.rpt_campaign_lift."""

from expectations import finite, no_rows

TABLE = "marts.rpt_campaign_lift"

EXPECTATIONS = [
    finite("tested_rate", "held_out_rate", "lift", "ci_low", "ci_high"),
    finite("incremental_conversions", "cost_per_incremental_conversion", "incremental_cac"),
    no_rows(
        "converted_tested > tested or converted_held_out > held_out",
        "nobody converted who was not drawn",
    ),
    no_rows("lift not between ci_low and ci_high", "the interval holds the lift"),
    no_rows("incremental_cac is not null and ci_low <= 0", "chance has no cost"),
]
