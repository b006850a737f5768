"""What BI may take for granted: one module per mart, named like it, and `raw` for loaded exports.

Lists of expectations and nothing else: `orchestration/quality.py` runs them, and their severity
decides (`critical` blocks publishing). What a dbt test says already is not said here again.
"""

from typing import Any

AS_OF = "(select as_of from raw.plumbline__settings)"


def no_rows(where: str, description: str, severity: str = "critical") -> Any:
    """Expect that `where` holds for no row of the mart; it may look into other tables."""
    return nothing_in(f"select 1 as found from {{batch}} where {where}", description, severity)


def nothing_in(query: str, description: str, severity: str = "critical") -> Any:
    """Expect that a query finds nothing; `{batch}` in it is the mart."""
    import great_expectations.expectations as gxe

    return gxe.UnexpectedRowsExpectation(
        unexpected_rows_query=query, description=description, severity=severity
    )


def finite(*columns: str) -> Any:
    """Expect no infinity and no NaN in columns of floating point."""
    return no_rows(
        " or ".join(f"not isfinite({column})" for column in columns),
        f"{', '.join(columns)}: finite or unknown",
    )


def totals_add_up(keys: str, part: str, *columns: str) -> Any:
    """Expect the row `all` of `part` to be the sum of the other rows, for each of the keys."""
    sums = " or ".join(
        f"abs(sum({column}) filter ({part} = 'all')"
        f" - coalesce(sum({column}) filter ({part} != 'all'), 0)) > 0.005"
        for column in columns
    )
    return nothing_in(
        f"select {keys} from {{batch}} group by {keys} having {sums}",
        f"all is the sum of its parts in {', '.join(columns)}",
    )


def no_gap_in(month: str) -> Any:
    """Expect every month between the first and the last."""
    return nothing_in(
        f"select {month} from {{batch}} where {month} <= {AS_OF} group by {month} "
        f"qualify {month} > lag({month}) over (order by {month}) + interval 1 month",
        "no month is left out",
        "warning",
    )
