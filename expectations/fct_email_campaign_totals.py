"""What BI may take for granted about marts.fct_email_campaign_totals."""

from expectations import no_rows

TABLE = "marts.fct_email_campaign_totals"

EXPECTATIONS = [
    no_rows("delivered > sent", "no more is delivered than was sent"),
    no_rows(
        "least(sent, delivered, opens_raw, clicks_raw, unsubscribes, complaints) < 0",
        "no count is negative",
    ),
]
