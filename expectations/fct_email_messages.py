"""What BI may take for granted about marts.fct_email_messages."""

from expectations import AS_OF, no_rows

TABLE = "marts.fct_email_messages"

EXPECTATIONS = [
    no_rows("is_opened_human and not is_opened", "what a person opened was opened"),
    no_rows(
        "(is_opened_human or is_clicked_human) and not is_delivered",
        "what a person opened or clicked had been delivered",
    ),
    no_rows("is_delivered and bounce_type = 'hard'", "what bounced was not delivered", "warning"),
    no_rows(
        f"cast(sent_at as date) > {AS_OF} + 1", "nothing was sent after the as-of day", "warning"
    ),
]
