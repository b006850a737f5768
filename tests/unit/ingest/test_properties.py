"""What must not matter: the order of rows and columns, the encoding, and how lines end."""

from __future__ import annotations

import csv
import io
import tempfile
from collections import Counter
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import Lab

COLUMNS = {
    "id": ("varchar", {"required": True, "not_null": True}),
    "name": "varchar",
    "amount": ("decimal(18,2)", {"number": "1,234.56"}),
    "at": ("timestamp", {"timezone": "America/New_York"}),
    "email_key": ("varchar", {"headers": ["email"], "identity": "email"}),
}
HEADERS = ["id", "name", "amount", "at", "email"]

# Latin-1 holds these; quotes, delimiters and newlines are what CSV files break at.
texts = st.text(st.sampled_from("abcXYZ éü,;\t\"'\n\r#=-01"), max_size=8)
ids = st.text(st.sampled_from("abcdef0123456789"), min_size=1, max_size=4)
amounts = st.decimals(-(10**9), 10**9, places=2).map(lambda number: f"{number:,.2f}")
times = st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1)).map(
    lambda moment: f"{moment:%Y-%m-%d %H:%M:%S}"
)
good = st.tuples(ids, texts, amounts | st.just(""), times | st.just(""), texts)
bad = st.one_of(
    st.tuples(st.just(" "), texts, amounts, times, texts),
    st.tuples(ids, texts, st.just("12x"), times, texts),
    st.tuples(ids, texts, amounts, st.just("yesterday"), texts),
    st.tuples(ids, texts),
)


def written(
    rows: list[tuple[str, ...]], order: list[int], delimiter: str, end: str, encoding: str
) -> bytes:
    file = io.StringIO(newline="")
    # A bare carriage return ends a line unless it is quoted.
    quoting: Any = csv.QUOTE_MINIMAL if end == "\r\n" else csv.QUOTE_ALL
    writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=quoting)
    for row in [tuple(HEADERS), *rows]:
        writer.writerow([row[place] for place in order] if len(row) == len(order) else row)
    return file.getvalue().encode(encoding)


def loaded(content: bytes, **rules: Any) -> tuple[Any, list[tuple[Any, ...]]]:
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(Path(folder))
        lab.contract("crm.rows", COLUMNS, max_reject_share=1, **rules)
        result = lab.one(content)
        return result, lab.rows()


@pytest.mark.hazard("encodings", "ragged rows")
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), rows=st.lists(good | bad, min_size=1, max_size=12))
def test_form_does_not_matter_and_every_record_is_accounted_for(
    data: st.DataObject, rows: list[tuple[str, ...]]
) -> None:
    rows = [*rows, ("last", "", "1.00", "2026-01-01 00:00:00", "")]
    shuffled = data.draw(st.permutations(rows[:-1])) + rows[-1:]
    order = data.draw(st.permutations(range(len(HEADERS))))
    delimiter = data.draw(st.sampled_from(",;\t|"))
    end = data.draw(st.sampled_from(["\n", "\r\n"]))
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]))
    declared = {"encoding": "latin-1"} if encoding == "latin-1" else {}

    result, found = loaded(written(rows, [0, 1, 2, 3, 4], ",", "\n", "utf-8"))
    other, again = loaded(written(shuffled, order, delimiter, end, encoding), **declared)

    assert result.rows + result.rejected + result.skipped == len(rows), result.message
    assert other.rows + other.rejected + other.skipped == len(rows), other.message
    assert sorted(map(repr, found)) == sorted(map(repr, again))
    assert result.rejected == other.rejected
    for row in found:
        assert row[2] is None or isinstance(row[2], Decimal)


@pytest.mark.hazard("files that are cut")
@settings(max_examples=20, deadline=None)
@given(rows=st.lists(good, min_size=1, max_size=8), data=st.data())
def test_a_cut_file_never_gives_a_row_that_was_not_there(
    rows: list[tuple[str, ...]], data: st.DataObject
) -> None:
    content = written(rows, [0, 1, 2, 3, 4], ",", "\n", "utf-8")
    cut = content[: data.draw(st.integers(0, len(content)))]

    _, whole = loaded(content)
    result, part = loaded(cut)

    # Only the last field of the last row can have been cut, and then it is told.
    other = Counter(map(repr, part)) - Counter(map(repr, whole))
    assert other.total() <= bool(result.notes)
    assert len(part) <= len(whole)
