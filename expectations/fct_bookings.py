"""What BI may take for granted about marts.fct_bookings."""

from expectations import AS_OF, no_rows, nothing_in

TABLE = "marts.fct_bookings"

EXPECTATIONS = [
    no_rows("event = 'won' and amount < 0", "a win never takes money away"),
    no_rows(
        "event in ('reopened', 'refund') and amount > 0",
        "a re-opened deal or a refund never adds money",
    ),
    nothing_in(
        "select opportunity_id from {batch} where event in ('won', 'reopened') "
        "group by opportunity_id having sum(amount) < -0.005",
        "no more is taken back than was won",
    ),
    no_rows(f"event_date > {AS_OF}", "nothing is booked after the as-of day", "warning"),
]
