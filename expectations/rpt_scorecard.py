"""What BI may take for granted about marts.rpt_scorecard."""

import great_expectations.expectations as gxe

from expectations import AS_OF, finite, no_rows, nothing_in

TABLE = "marts.rpt_scorecard"

EXPECTATIONS = [
    gxe.ExpectTableRowCountToBeBetween(min_value=1, description="there is a number to sign"),
    finite("value", "numerator", "denominator", "target", "attainment", "ci_low", "ci_high"),
    finite("value_restated", "value_as_published"),
    no_rows(
        "unit is null or owner is null or definition_version is null",
        "every metric has a definition in force, with its unit and owner",
    ),
    no_rows(
        "ci_low is not null and value not between 0 and 1", "a rate of people is at most 100 %"
    ),
    no_rows(f"month > {AS_OF}", "no month after the as-of day"),
    nothing_in(
        "select 1 as found from {batch} "
        "having sum(value) filter (metric = 'won') > sum(value) filter (metric = 'opportunities')",
        "no more is won than there ever were opportunities",
    ),
    nothing_in(
        "select metric from (values ('leads'), ('mqls'), ('sqls'), ('opportunities'), ('won'), "
        "('pipeline_created'), ('new_bookings'), ('win_rate'), ('ad_spend'), ('cac')) "
        "as needed (metric) where metric not in ("
        "select metric from {batch} where value is not null "
        f"and month >= date_trunc('month', {AS_OF}) - interval 2 month)",
        "every headline metric has a number in the last three months",
        "warning",
    ),
]
