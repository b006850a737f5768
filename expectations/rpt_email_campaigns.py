"""What BI may take for granted about marts.rpt_email_campaigns."""

from expectations import finite, no_rows

TABLE = "marts.rpt_email_campaigns"

EXPECTATIONS = [
    finite("open_rate_raw", "open_rate_reliable", "click_to_open_rate"),
    no_rows("delivered > sent", "no more is delivered than was sent"),
    no_rows("opens_human > opens_raw", "people open no more than people and machines"),
    no_rows(
        "clicks_human > delivered or opens_human > delivered",
        "no more people react than were reached",
    ),
    no_rows(
        "open_rate_human not between 0 and 1 or click_rate not between 0 and 1 "
        "or unsubscribe_rate not between 0 and 1 or complaint_rate not between 0 and 1 "
        "or delivery_rate not between 0 and 1",
        "every rate is between 0 and 100 %",
    ),
    no_rows(
        "complaint_rate > 0.003", "complaints stay below what mailbox providers bear", "warning"
    ),
]
