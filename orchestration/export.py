"""Write a mart of the published file for spreadsheets, with nothing in it that runs.

A spreadsheet takes a text that begins like a formula for one, whoever typed it into a form. In CSV
such text gets an apostrophe, in Excel files it is typed as text. Numbers and dates stay what they
are. What a mart holds is decided in models/; nothing is computed here.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from orchestration.contracts import nearest
from orchestration.warehouse import connect_published, identifier

if TYPE_CHECKING:
    import duckdb

# What Excel holds.
MOST_ROWS, MOST_CHARACTERS, MOST_DIGITS = 1_048_576, 32_767, 15
BATCH = 10_000  # rows in memory at a time

# A text begins like a formula if this is its first character but for blanks and quotes: full-width
# signs are read as plain ones, and a tab or a line break is skipped by some programs.
_SIGNS = "=+\\-@＝＋－＠"
_BLANKS = "[\\s\"'\u200b\ufeff\x00-\x1f]*"
# A list separator of another country, or a line break for a program that does not heed quotes,
# begins a cell of its own.
_PLACES = rf"(?:^(?={_BLANKS}[{_SIGNS}\t\r\n])|(?<=[;|\t\r\n])(?={_BLANKS}[{_SIGNS}]))"
_DANGER = re.compile(_PLACES)
_ESCAPED = re.compile(_PLACES.replace("(?=", "'(?="))
_QUOTED = re.compile(r'[",;\t\r\n]|^\s|\s$')
# Types of which no value looks like a formula or needs quotes; whatever is not among them is text.
_PLAIN = re.compile(r"U?[A-Z]*INT(EGER)?|DECIMAL.*|DOUBLE|FLOAT|BOOLEAN|DATE|TIME.*")
# What no XML file may hold.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class ExportError(Exception):
    """A mart cannot be exported; the message says why, and what to do."""


@dataclass(frozen=True)
class Column:
    """A column of a mart."""

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class Mart:
    """A mart of the published file, with what people should know of it."""

    name: str
    description: str
    rows: int
    columns: tuple[Column, ...]
    build: tuple[tuple[str, Any], ...]
    """What the published file says of itself: name and value."""


def list_marts(published: Path) -> list[tuple[str, int, str]]:
    """Name, rows and description of every mart."""
    with _opened(published) as connection:
        return connection.execute(
            "select table_name, estimated_size, coalesce(comment, '') from duckdb_tables() "
            "where schema_name = 'marts' order by table_name"
        ).fetchall()


def to_csv(published: Path, mart: str, file: IO[str]) -> int:
    """Write a mart as RFC 4180 has it, with a header; return the number of rows.

    Null is empty, an empty text is two quotes. Times are UTC.
    """
    with _opened(published) as connection:
        about = _about(connection, mart)
        written = [_csv_column(column) for column in about.columns]
        file.write(_csv_lines([[column.name] for column in about.columns], [True] * len(written)))
        is_text = [not _PLAIN.fullmatch(column.type) for column in about.columns]
        for rows in _batches(connection, mart, ", ".join(written)):
            file.write(_csv_lines(list(zip(*rows, strict=True)), is_text))
    return about.rows


def to_excel(published: Path, mart: str, path: Path) -> int:
    """Write a mart as an Excel file with a second sheet about it; return the number of rows.

    Raises `ExportError` where Excel cannot hold it; nothing is cut off.
    """
    with _opened(published) as connection:
        about = _about(connection, mart)
        if about.rows >= MOST_ROWS:
            raise ExportError(
                f"{mart} has {about.rows:,} rows, and an Excel sheet holds {MOST_ROWS - 1:,} below "
                "its header: export it with --format csv"
            )
        _write_workbook(about, _batches(connection, mart, "*"), path)
    return about.rows


def as_file(published: Path, mart: str, path: Path, *, excel: bool, replace: bool) -> int:
    """Write a mart into a file that appears whole or not at all; return the number of rows."""
    with _opened(published) as connection:
        _about(connection, mart)  # says what is wrong before anything is written
    if not path.parent.is_dir():
        raise ExportError(f"the folder {path.parent} does not exist")
    if path.exists() and not replace:
        raise ExportError(
            f"{path} exists already: say --force to replace it, or another name with --to"
        )
    aside = path.with_name(f".{path.name}.{secrets.token_hex(3)}")
    try:
        if excel:
            rows = to_excel(published, mart, aside)
        else:
            # Without the mark at the beginning, Excel reads UTF-8 as if it were something else.
            with aside.open("w", encoding="utf-8-sig", newline="") as file:
                rows = to_csv(published, mart, file)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    return rows


def escaped(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe before what looks like one."""
    return _DANGER.sub("'", text)


def unescaped(text: str) -> str:
    """The text as it was before `escaped`."""
    return _ESCAPED.sub("", text)


# The published file ------------------------------------------------------------------------------


@contextmanager
def _opened(published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    if not published.is_file():
        raise ExportError(f"{published} does not exist: run `plumbline run` first")
    with connect_published(published) as connection:
        yield connection


def _about(connection: duckdb.DuckDBPyConnection, mart: str) -> Mart:
    known = dict(
        connection.execute(
            "select table_name, coalesce(comment, '') from duckdb_tables() "
            "where schema_name = 'marts' order by table_name"
        ).fetchall()
    )
    if mart not in known:
        raise ExportError(
            f"there is no mart {mart}{nearest(mart, list(known))}; "
            "`plumbline export` without a name lists them"
        )
    columns = connection.execute(
        "select column_name, data_type, coalesce(comment, '') from duckdb_columns() "
        "where schema_name = 'marts' and table_name = ? order by column_index",
        [mart],
    ).fetchall()
    [[rows]] = connection.execute(f"select count(*) from marts.{identifier(mart)}").fetchall()
    found = connection.execute("select * from main._build")
    names = [name for name, *_ in found.description or ()]
    build = zip(names, found.fetchone() or (), strict=True)
    return Mart(mart, known[mart], rows, tuple(Column(*row) for row in columns), tuple(build))


def _batches(
    connection: duckdb.DuckDBPyConnection, mart: str, columns: str
) -> Iterator[Sequence[tuple[Any, ...]]]:
    found = connection.execute(f"select {columns} from marts.{identifier(mart)}")
    while rows := found.fetchmany(BATCH):
        yield rows


# CSV ---------------------------------------------------------------------------------------------


def _csv_column(column: Column) -> str:
    """The column in SQL, as text: of text, nothing and the empty one are told apart later."""
    text = f"cast({identifier(column.name)} as varchar)"
    return f"coalesce({text}, '')" if _PLAIN.fullmatch(column.type) else text


def _csv_lines(columns: Sequence[Sequence[str | None]], is_text: Sequence[bool]) -> str:
    cells = (
        map(_csv_text, column) if text else column
        for column, text in zip(columns, is_text, strict=True)
    )
    return "".join(",".join(line) + "\r\n" for line in zip(*cells, strict=True))


@lru_cache(maxsize=100_000)  # a mart says the same few words again and again
def _csv_text(text: str | None) -> str:
    if text is None:
        return ""
    text = escaped(text)
    if not text or _QUOTED.search(text):
        return '"' + text.replace('"', '""') + '"'
    return text


# Excel -------------------------------------------------------------------------------------------


def _write_workbook(mart: Mart, batches: Iterator[Sequence[tuple[Any, ...]]], path: Path) -> None:
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet(mart.name[:31])  # Excel's limit for the name of a sheet
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(mart.columns))}{mart.rows + 1}"
    for place, column in enumerate(mart.columns, start=1):
        width = sheet.column_dimensions[get_column_letter(place)]
        width.width = min(max(len(column.name) + 4, 12), 40)
    names = [column.name for column in mart.columns]
    sheet.append(_bold(sheet, names))
    # The cells of a line are written at once, so that those of the next may be the same objects.
    cells = [_cells(sheet, _number_format(column.type)) for column in mart.columns]
    try:
        for rows in batches:
            for row in rows:
                sheet.append(list(map(_filled, cells, row, names)))
    finally:
        sheet.close()  # else openpyxl's temporary file stays open where a text does not fit

    about = book.create_sheet("About")
    about.column_dimensions["A"].width, about.column_dimensions["C"].width = 32, 100
    about.append(_bold(about, ["mart", mart.name]))
    lines = [("description", mart.description), ("rows", mart.rows), *mart.build, ()]
    for line in lines:
        about.append([_filled(_cells(about), value, "About") for value in line])
    about.append(_bold(about, ["column", "type", "description"]))
    for column in mart.columns:
        values = (column.name, column.type, column.description)
        about.append([_filled(_cells(about), value, "About") for value in values])
    book.save(path)


def _bold(sheet: Any, texts: Sequence[str]) -> list[Any]:
    from openpyxl.styles import Font

    cells = [_filled(_cells(sheet), text, "the header") for text in texts]
    for cell in cells:
        cell.font = Font(bold=True)
    return cells


def _number_format(kind: str) -> str | None:
    """How Excel shows a column: amounts with their cents, days by the calendar."""
    if kind == "DATE":
        return "yyyy-mm-dd"
    if kind.startswith("TIMESTAMP"):
        return "yyyy-mm-dd hh:mm:ss"
    return "#,##0.00" if re.fullmatch(r"DECIMAL\(\d+,2\)", kind) else None


def _cells(sheet: Any, number_format: str | None = None) -> tuple[Any, Any]:
    """A cell for whatever is harmless, and one for text that looks like a formula."""
    from openpyxl.cell import WriteOnlyCell

    plain, quoted = WriteOnlyCell(sheet), WriteOnlyCell(sheet)
    if number_format:
        plain.number_format = number_format
    quoted.quotePrefix = True  # it stays text when somebody edits it
    return plain, quoted


def _filled(cells: tuple[Any, Any], value: Any, column: str) -> Any:
    """One of the two cells, with a value: text is text whatever it looks like."""
    plain, quoted = cells
    is_long = isinstance(value, int) and abs(value) >= 10**MOST_DIGITS  # digits would be lost
    if value is None or (isinstance(value, bool | int | float | Decimal | date) and not is_long):
        plain.value = value
        return plain
    text = _excel_text(str(value), column)
    cell = quoted if _DANGER.search(text) else plain
    cell.value = text
    cell.data_type = "s"
    return cell


def _excel_text(text: str, column: str) -> str:
    if len(text) > MOST_CHARACTERS // 2 and len(text.encode("utf-16-le")) > 2 * MOST_CHARACTERS:
        raise ExportError(
            f"{column} holds a text of {len(text):,} characters, and an Excel cell holds "
            f"{MOST_CHARACTERS:,}: export it with --format csv"
        )
    # Whoever reads XML reads a carriage return as a line feed.
    return _ILLEGAL.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
