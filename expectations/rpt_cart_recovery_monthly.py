"""What BI may take for granted about marts.rpt_cart_recovery_monthly."""

from expectations import finite, no_gap_in, no_rows

TABLE = "marts.rpt_cart_recovery_monthly"

EXPECTATIONS = [
    finite("abandonment_rate", "recovery_rate", "assisted_recovery_rate", "ci_low", "ci_high"),
    no_rows("abandoned > carts", "only carts at the checkout are abandoned"),
    no_rows("recovered > abandoned", "only abandoned carts are recovered"),
    no_rows(
        "recovered_assisted > recovered", "only recovered carts were recovered after a reminder"
    ),
    no_gap_in("month"),
]
