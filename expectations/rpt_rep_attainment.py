"""What BI may take for granted about marts.rpt_rep_attainment."""

from expectations import finite, no_rows, totals_add_up

TABLE = "marts.rpt_rep_attainment"

EXPECTATIONS = [
    finite("attainment", "ramp_share", "share_at_quota"),
    no_rows("quota > full_quota", "a ramp asks for no more than the quota"),
    no_rows("share_at_quota not between 0 and 1", "no more reach the quota than have one"),
    totals_add_up(
        "quarter_start",
        "sales_rep_id",
        "coalesce(full_quota, 0)",
        "coalesce(quota, 0)",
        "credited_bookings",
        "coalesce(bonus, 0)",
        "reps_with_quota",
        "reps_at_quota",
    ),
]
