"""What BI may take for granted about marts.rpt_cac_monthly."""

from expectations import finite, no_rows, nothing_in, totals_add_up

TABLE = "marts.rpt_cac_monthly"

EXPECTATIONS = [
    finite("cac"),
    no_rows("cac < 0 or new_customers < 0", "nothing is negative"),
    no_rows("cac is not null and new_customers = 0", "no cost per customer without a customer"),
    nothing_in(
        "select month from {batch} where channel = 'all' group by month "
        "having count(*) filter (is_headline) > 1",
        "no month has two headlines",
    ),
    totals_add_up("month, variant, lag_months", "channel", "cost", "new_customers"),
]
