"""What BI may take for granted about marts.rpt_reconciliation."""

import great_expectations.expectations as gxe

TABLE = "marts.rpt_reconciliation"

EXPECTATIONS = [
    gxe.ExpectTableRowCountToBeBetween(min_value=10, description="the checks were made"),
    gxe.UnexpectedRowsExpectation(
        unexpected_rows_query="select 1 as found from {batch} where status = 'failed'",
        description="what went in agrees with what came out",
    ),
    gxe.UnexpectedRowsExpectation(
        unexpected_rows_query="select 1 as found from {batch} where status = 'noted'",
        description="the definitions cover all that came in",
        severity="warning",
    ),
]
