"""What BI may take for granted about marts.fct_revenue."""

from expectations import AS_OF, no_rows

TABLE = "marts.fct_revenue"

EXPECTATIONS = [
    no_rows(
        "kind not in ('order', 'invoice', 'credit_note')", "every line is of a kind of the list"
    ),
    no_rows("kind = 'credit_note' and revenue > 0", "a credit note never adds revenue"),
    no_rows("abs(margin - (revenue - cogs)) > 0.005", "margin is revenue less cost of goods"),
    no_rows(f"date_day > {AS_OF}", "no revenue after the as-of day", "warning"),
]
