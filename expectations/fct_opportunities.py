"""What BI may take for granted about marts.fct_opportunities."""

from expectations import AS_OF, no_rows

TABLE = "marts.fct_opportunities"

EXPECTATIONS = [
    no_rows("status not in ('open', 'won', 'lost')", "every opportunity is open, won or lost"),
    no_rows("status = 'won' and close_date is null", "every win has a day"),
    no_rows("status = 'won' and coalesce(amount, 0) = 0", "every win has an amount", "warning"),
    no_rows(
        f"status in ('won', 'lost') and close_date > {AS_OF}",
        "no deal is decided after the as-of day",
        "warning",
    ),
    no_rows("has_date_issue", "no opportunity closes before it was created", "warning"),
    no_rows("probability not between 0 and 100", "a probability is between 0 and 100 %", "warning"),
]
