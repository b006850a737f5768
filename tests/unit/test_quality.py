from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.quality import CheckError, CheckResult, Suite, check, require_passed


@pytest.fixture(scope="module")
def gxe() -> Any:
    import great_expectations.expectations

    return great_expectations.expectations


def test_a_failure_counts_rows_and_shows_no_value(warehouse: Path, gxe: Any) -> None:
    suite = [
        gxe.ExpectColumnValuesToNotBeNull(column="email"),
        gxe.ExpectColumnValuesToBeInSet(column="email", value_set=["nobody"]),
        gxe.ExpectColumnValuesToBeBetween(column="rate", max_value=1, severity="warning"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="select * from {batch} where id > 1", description="one row"
        ),
        gxe.ExpectTableRowCountToBeBetween(min_value=3),
    ]

    results = check(warehouse, [Suite("marts.rpt_small", suite)])

    assert [(r.success, r.unexpected, r.severity) for r in results] == [
        (False, 1, "critical"),
        (False, 2, "critical"),
        (False, 2, "warning"),
        (False, 2, "critical"),
        (True, None, "critical"),
    ]
    assert "example.com" not in repr(results)
    assert str(results[3]) == "marts.rpt_small: one row: 2 rows"


def test_what_cannot_be_run_has_failed(warehouse: Path, gxe: Any) -> None:
    suite = [
        gxe.ExpectColumnValuesToNotBeNull(column="emial"),
        gxe.UnexpectedRowsExpectation(unexpected_rows_query="select nonsense from {batch}"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="select * from {batch} where cast(email as integer) > 0"
        ),
    ]

    results = check(
        warehouse, [Suite("marts.rpt_small", suite), Suite("marts.rpt_gone", suite[:1])]
    )

    assert [result.blocks for result in results] == [True, True, True, True]
    assert "emial" in str(results[0])
    assert "nonsense" in str(results[1])
    assert "ada@example.com" not in str(results[2])
    assert "no such table" in str(results[3])


def test_the_same_suite_can_be_run_twice(warehouse: Path, gxe: Any) -> None:
    suite = Suite("marts.rpt_small", [gxe.ExpectColumnValuesToBeUnique(column="id")])

    assert check(warehouse, [suite]) == check(warehouse, [suite])


def test_the_file_is_free_afterwards(warehouse: Path, gxe: Any) -> None:
    check(warehouse, [Suite("marts.rpt_small", [gxe.ExpectColumnToExist(column="gone")])])

    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("drop table marts.rpt_small")


def test_severity_decides() -> None:
    met = CheckResult("marts.a", "is fine", "critical", True)
    warned = CheckResult("marts.a", "could be better", "warning", False, 3)
    failed = CheckResult("marts.b", "adds up", "critical", False, 1)

    require_passed([met, warned])
    with pytest.raises(CheckError, match=r"marts\.b: adds up: 1 row$") as error:
        require_passed([met, warned, failed])
    assert "marts.a" not in str(error.value)
