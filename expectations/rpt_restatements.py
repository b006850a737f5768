"""What BI may take for granted about marts.rpt_restatements."""

from expectations import finite, no_rows

TABLE = "marts.rpt_restatements"

EXPECTATIONS = [
    finite("value_before", "value_after"),
    no_rows(
        "cause is null or cause not in ('late data', 'correction', 'merge', 'definition change')",
        "every restatement has its cause",
    ),
    no_rows("value_before is not distinct from value_after", "what is restated has changed"),
]
