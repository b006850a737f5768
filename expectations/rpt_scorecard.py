"""What BI may take for granted about marts.rpt_scorecard."""

import great_expectations.expectations as gxe

TABLE = "marts.rpt_scorecard"

EXPECTATIONS = [
    gxe.UnexpectedRowsExpectation(
        unexpected_rows_query=(
            "select month from {batch} group by month "
            "having count(distinct metric) filter (where metric in "
            "('leads', 'mqls', 'sqls', 'opportunities', 'won')) < 5"
        ),
        description="every month has the counts of the funnel",
    ),
    gxe.UnexpectedRowsExpectation(
        unexpected_rows_query=(
            "select 1 as found from {batch} "
            "where not isfinite(value) or not isfinite(target) or not isfinite(attainment)"
        ),
        description="no number is infinite or not a number",
    ),
    gxe.ExpectColumnValuesToNotBeNull(
        column="unit", description="every metric has a definition in force, with its unit"
    ),
]
