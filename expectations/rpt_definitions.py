"""What BI may take for granted about marts.rpt_definitions."""

from expectations import finite, no_rows

TABLE = "marts.rpt_definitions"

EXPECTATIONS = [
    finite("value_from", "value_to", "value_moved"),
    no_rows("from_version >= to_version", "each pair of versions stands once"),
    no_rows("months_affected = 0", "what moves nothing is left out"),
]
