"""What BI may take for granted about marts.dim_definition."""

from expectations import AS_OF, no_rows, nothing_in

TABLE = "marts.dim_definition"

EXPECTATIONS = [
    no_rows("valid_from >= valid_to", "every version holds for a day at least"),
    nothing_in(
        "select metric from {batch} group by metric "
        f"having count(*) filter (valid_from <= {AS_OF} and valid_to > {AS_OF}) = 0",
        "every metric has a version in force today",
        "warning",
    ),
    no_rows(
        "trim(coalesce(owner_sales, '')) = '' or trim(coalesce(owner_marketing, '')) = ''",
        "both teams own every definition",
        "warning",
    ),
]
