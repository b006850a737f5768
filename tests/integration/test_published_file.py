"""The published file of the demo company as its readers have it: exported, and compared."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import duckdb
import pytest

from orchestration.diff import compare, mart_keys
from orchestration.export import as_file, to_csv, unescaped
from orchestration.warehouse import connect_published

pytestmark = pytest.mark.slow


@pytest.fixture
def published(demo: Path) -> Path:
    return demo / "published" / "plumbline.duckdb"


def test_only_the_row_that_was_changed_differs(published: Path, tmp_path: Path) -> None:
    shutil.copy(published, tmp_path / "new.duckdb")
    with duckdb.connect(str(tmp_path / "new.duckdb")) as connection:
        connection.execute(
            "update marts.fct_bookings set amount = amount + 0.01 where rowid = "
            "(select max(rowid) from marts.fct_bookings)"
        )

    same = compare(published, published, mart_keys())
    other = compare(published, tmp_path / "new.duckdb", mart_keys())

    assert same.exit_code == 0
    assert {mart.name for mart in same.marts if mart.key} == mart_keys().keys()
    [bookings] = other.changed_marts
    assert (bookings.name, bookings.changed_columns) == ("fct_bookings", {"amount": 1})
    assert (bookings.added, bookings.gone, bookings.changed) == (0, 0, 1)


@pytest.mark.parametrize("mart", ["rpt_scorecard", "dim_account", "fct_opportunities"])
def test_an_export_holds_what_the_mart_holds(published: Path, tmp_path: Path, mart: str) -> None:
    file = io.StringIO(newline="")
    to_csv(published, mart, file)
    [header, *lines] = csv.reader(io.StringIO(file.getvalue(), newline=""), strict=True)
    with connect_published(published) as connection:
        rows = connection.sql(f"select coalesce(cast(columns(*) as varchar), '') from marts.{mart}")
        names, expected = rows.columns, rows.fetchall()

    assert header == names
    assert [tuple(map(unescaped, line)) for line in lines] == expected

    # ... and once more by another reader.
    as_file(published, mart, tmp_path / "mart.csv", excel=False, replace=False)
    with duckdb.connect() as connection:
        read = connection.read_csv(str(tmp_path / "mart.csv"), all_varchar=True, quotechar='"')
        assert read.columns == names
        assert len(read.fetchall()) == len(expected)
