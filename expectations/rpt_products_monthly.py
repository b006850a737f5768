"""What BI may take for granted about marts.rpt_products_monthly."""

from expectations import finite, no_rows, totals_add_up

TABLE = "marts.rpt_products_monthly"

EXPECTATIONS = [
    finite("attach_rate", "discount_rate", "net_discount_rate"),
    finite("upsell_share", "upsell_share_of_bookings"),
    no_rows("attach_rate not between 0 and 1", "every attach rate is between 0 and 100 %"),
    no_rows("discount_rate < 0", "no discount given is below zero"),
    no_rows("net_discount_rate > discount_rate", "uplifts make a discount no larger"),
    totals_add_up("month", "product_id", "units", "revenue", "margin", "list_amount", "amount"),
    totals_add_up(
        "month", "product_id", "new_amount", "upsell_amount", "cross_sell_amount", "renewal_amount"
    ),
]
