"""What BI may take for granted about marts.dim_date."""

from expectations import nothing_in

TABLE = "marts.dim_date"

EXPECTATIONS = [
    nothing_in(
        "select 1 as found from {batch} having count(*) != max(date_day) - min(date_day) + 1",
        "no day is left out",
    ),
    nothing_in(
        "select entered_date from marts.fct_funnel_stages "
        "where entered_date not in (select date_day from {batch})",
        "every day of the funnel is a day of the calendar",
    ),
]
