"""How a file is to be read under a contract: encoding, header row, delimiter, and which column is
where.

Only the head of a file is read here, by Python's csv. Values are left to columns.py.
"""

from __future__ import annotations

import codecs
import collections
import contextlib
import csv
import io
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

from orchestration.contracts import DEFINITIONS, Column, Contract, nearest, pattern

HEAD = 1 << 18
ROWS = 100
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
PERIOD = re.compile(r"\s*(\S.*?\d)\s+[-–—]\s+(\S.*?\d)\s*")
REPORT_TIME = re.compile(r"\W*report time:\s*([0-9/.-]+)(?:,\s*([0-9/.-]+))?\s*$", re.I)
BOUND = re.compile(r"\W*(?:report )?(start|end)(?: date)?:\s*([^(]*[0-9])", re.I)
PERIOD_DATES = (
    "%B %d, %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%d %b %Y",
    "%Y-%m-%d",
    "%Y%m%d",
    # Only American reports write their period in figures.
    "%m/%d/%Y",
)
# Lines at the end of a file among which its footer is looked for.
FOOTER = 30


class Refused(Exception):
    """This file cannot be loaded; the message says why and what to do."""

    def __init__(self, message: str, near: float = 0) -> None:
        super().__init__(message)
        self.near = near
        """How much of what was looked for is there, of 1."""


@dataclass(frozen=True)
class Layout:
    """How one file is read under one contract."""

    encoding: str
    delimiter: str
    skip: int
    """Physical lines up to and including the header."""
    last: int | None
    """The last physical line that is read, where something else follows; None for all of them."""
    newline: str | None
    """How these lines end; None if not all of them end alike, or as nobody ends lines now."""
    headers: tuple[str, ...]
    positions: Mapping[str, tuple[int, ...]]
    """Of each bound column: where its header is; several places only for a test_flag. Places beyond
    the headers are those that `unpivot` and `split` add: first the name or part, then the value."""
    constants: Mapping[str, str]
    """Values that are the same in every row of the file."""
    where: Mapping[int, tuple[str, ...]]
    """Rows are kept if the cell at this place is one of these."""
    unpivot: Mapping[int, str] = field(default_factory=dict)
    """Each of these cells makes a row of its own, which is called this."""
    split: tuple[int, str] | None = None
    """The cell whose parts make rows of their own, and what is between them."""
    period_start: date | None = None
    exported_at: datetime | date | None = None
    """As the file itself says, in the contract's zone."""
    row_count: int | None = None
    """Number of its records, as the file itself says."""
    is_incomplete: bool = False
    """Whether the file itself says that its numbers may still change."""

    @property
    def reads_last_column(self) -> bool:
        """Whether the last cell of the file's last line makes a difference."""
        read = {place for places in self.positions.values() for place in places}
        read |= {*self.where, *self.unpivot} | ({self.split[0]} if self.split else set())
        return self.last is None and len(self.headers) - 1 in read

    @property
    def blank_skips(self) -> int | None:
        """The place whose blank cells make no row."""
        if self.unpivot:
            return len(self.headers) + 1
        return len(self.headers) if self.split else None


@dataclass
class Head:
    """The first rows of a file, under whatever encoding and delimiter they are asked for."""

    path: Path
    name: str
    _texts: dict[str, str] = field(default_factory=dict)
    _rows: dict[tuple[str, str, bool], list[tuple[int, list[str]]]] = field(default_factory=dict)
    _folded: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    @cached_property
    def _bytes(self) -> bytes:
        with self.path.open("rb") as file:
            return file.read(HEAD)

    def encoding(self, declared: str) -> str:
        """What the byte order mark says, else what is declared."""
        return next((name for mark, name in MARKS if self._bytes.startswith(mark)), declared)

    def _lines(self, encoding: str) -> io.StringIO:
        if encoding not in self._texts:
            decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
            try:
                self._texts[encoding] = decoder.decode(self._bytes, final=False)
            except UnicodeError:
                raise Refused(
                    f"does not begin as {encoding} does, with a byte order mark: state its "
                    "encoding (as utf-16-le or cp1252) under `files:` in workspace.yml"
                ) from None
        return io.StringIO(self._texts[encoding], newline="")

    def newline(self, encoding: str, lines: int) -> str | None:
        """How the first lines end, if they all end alike."""
        first = itertools.islice(self._lines(encoding), lines)
        ends = {line[len(line.rstrip("\r\n")) :] for line in first} - {""} or {"\n"}
        return next((end for end in ("\n", "\r\n") if ends == {end}), None)

    def rows(
        self, encoding: str, delimiter: str, *, whole: bool = False
    ) -> list[tuple[int, list[str]]]:
        """The first rows, or all, each with the number of physical lines up to its end."""
        if (encoding, delimiter, whole) not in self._rows:
            rows = []
            with contextlib.ExitStack() as stack:
                lines: io.TextIOBase = self._lines(encoding)
                if whole:
                    text = self.path.open(encoding=encoding, newline="", errors="replace")
                    lines = stack.enter_context(text)
                reader = csv.reader(lines, delimiter=delimiter)
                try:
                    for cells in reader:
                        rows.append((reader.line_num, cells))
                        if len(rows) == ROWS and not whole:
                            break
                except csv.Error:
                    pass  # a field beyond csv's limit: what comes before it is enough
            self._rows[encoding, delimiter, whole] = rows
        return self._rows[encoding, delimiter, whole]

    def ends_with(self, encoding: str, line: int) -> bool:
        """Whether there is nothing behind this line, not even its end."""
        lines = list(itertools.islice(self._lines(encoding), line + 1))
        is_whole = len(self._bytes) < HEAD
        return is_whole and len(lines) == line and not lines[-1].endswith(("\n", "\r"))

    def marks(self, encoding: str, mark: str) -> bool:
        """Whether a line near the beginning starts with a mark."""
        return any(line.startswith(mark) for line in self._lines(encoding))

    def may_have(self, contract: Contract) -> bool:
        """Whether all required headers are among the cells of the first rows: quickly told, where
        there are a hundred contracts to choose from.
        """
        if contract.rules.sections:
            return True
        encoding = self.encoding(contract.rules.encoding)
        unpivot = contract.rules.unpivot
        made = (unpivot.name, unpivot.value) if unpivot else ()
        wanted = [{_folded(h) for h in c.headers} for c in contract.required if c.name not in made]
        wanted = [headers for headers in wanted if not any(h.startswith("/") for h in headers)]
        return any(
            not any(headers and headers.isdisjoint(cells) for headers in wanted)
            for delimiter in contract.rules.delimiters
            for cells in [self._cells(encoding, delimiter)]
        )

    def _cells(self, encoding: str, delimiter: str) -> set[str]:
        if (encoding, delimiter) not in self._folded:
            rows = self.rows(encoding, delimiter)
            self._folded[encoding, delimiter] = {_folded(cell) for _, row in rows for cell in row}
        return self._folded[encoding, delimiter]

    def says(self, layout: Layout, regex: str) -> bool:
        """Whether a line above the header has what the expression looks for."""
        rows = self.rows(layout.encoding, layout.delimiter)
        above = [layout.delimiter.join(cells) for line, cells in rows if line < layout.skip]
        return _first(regex, above) is not None

    def footer(
        self, encoding: str, delimiter: str, begins: tuple[str, ...]
    ) -> tuple[int | None, list[str]]:
        """The last line before the footer, if there is one, and the texts of the footer.

        It begins with the first line near the end of the file that has one filled cell, and that
        as one of `begins`; blank lines and lines of one cell directly above belong to it.
        """
        if not begins:
            return None, []
        with self.path.open(encoding=encoding, newline="", errors="replace") as file:
            count, tail = 0, collections.deque[str](maxlen=FOOTER)
            for line in file:
                count += 1
                tail.append(line)
        rows = [next(csv.reader([line], delimiter=delimiter), []) for line in tail]
        marked = (place for place, cells in enumerate(rows) if _is_footer(cells, begins))
        first = next(marked, None)
        if first is None:
            return None, []
        while first and len(rows[first - 1]) <= 1:
            first -= 1
        return count - len(rows) + first, [cells[0] for cells in rows[first:] if cells]


def _folded(header: str) -> str:
    """A header as it is looked up: without case, outer blanks and runs of blanks."""
    return " ".join(header.strip("\ufeff").split()).casefold()


def _is_footer(cells: list[str], begins: tuple[str, ...]) -> bool:
    if not cells or not cells[0].strip() or any(cell.strip() for cell in cells[1:]):
        return False
    text = cells[0].strip()
    return any(
        regex.match(text) if (regex := pattern(begin)) else text.lower().startswith(begin.lower())
        for begin in begins
    )


@dataclass(frozen=True)
class _Table:
    """A row that may be a header, with what stands above it."""

    line: int
    cells: list[str]
    above: list[str]
    last: int | None
    """Its last line, where another table follows."""


def bind(
    head: Head, contract: Contract, where: Mapping[str, tuple[str, ...]], *, header: bool = True
) -> Layout:
    """Find the header: the first row that has all required headers, under the delimiter for which
    there is such a row. Of a file of several tables it must be the header of one of them alone.

    Without a header the first row only says how many columns there are.
    """
    where = {**contract.rules.where, **where}
    encoding = head.encoding(contract.rules.encoding)
    sections = contract.rules.sections
    if sections and not head.marks(encoding, sections):
        sections = None  # one table: all of a large file need not be read to find its header
    best: tuple[int, list[str], str] = (-1, [], "")
    unpivot = contract.rules.unpivot
    made = (unpivot.name, unpivot.value) if unpivot else ()
    wanted = [c for c in contract.required if c.headers and c.name not in made]
    for delimiter in contract.rules.delimiters:
        found = []
        for table in _tables(head, encoding, delimiter, sections, header=header):
            names = Names(table.cells)
            if not header:
                found.append((table, names))
                break
            missing = [column.headers[0] for column in wanted if not names.find(column)]
            missing += [header for header in where if not names.at(header)]
            if unpivot and not any(names.at(header) for header in unpivot.headers):
                missing.append(next(iter(unpivot.headers)))
            if missing or (not wanted and not any(names.find(c) for c in contract.columns)):
                hits = len(wanted) + len(where) - len(missing)
                if len(table.cells) > 1 and (hits, len(table.cells)) > (best[0], len(best[1])):
                    first = missing[0] if missing else contract.columns[0].name
                    best = (hits, table.cells, first)
                continue
            found.append((table, names))
            if not sections:
                break
        if len(found) > 1:
            lines = ", ".join(str(table.line) for table, _ in found)
            raise Refused(
                f"has several tables that {contract.name} could be (their headers are on lines "
                f"{lines}): keep the one that is meant, or export them one by one"
            )
        if found:
            if header and head.ends_with(encoding, found[0][0].line):
                raise Refused(
                    "ends with its header, and that line has no end: it is cut, or there was "
                    "nothing to export: export it again, or leave it out",
                    near=1,
                )
            return _layout(head, contract, where, encoding, delimiter, *found[0])

    _, cells, missed = best
    if sections:
        tables = [
            table.cells
            for delimiter in contract.rules.delimiters[:1]
            for table in _tables(head, encoding, delimiter, sections)
        ]
        if len(tables) > 1:
            listed = "; ".join(", ".join(names[:4]) for names in tables)
            raise Refused(f"has {len(tables)} tables, none of them {contract.name}: {listed}")
    if any("\0" in cell for cell in cells):
        raise Refused(
            "looks like UTF-16, but does not begin with the mark of it: state its encoding (as "
            "utf-16-le) under `files:` in workspace.yml, or export it as UTF-8"
        )
    if not cells:
        raise Refused(f"no header row as {contract.name} needs it was found in its first lines")
    lacks = f"lacks the column '{missed}' that {contract.name} needs{nearest(missed, cells)}"
    if contract.source == DEFINITIONS:
        raise Refused(f"{lacks}: add it")
    raise Refused(
        f"{lacks}: export it with that column, or name the header under `files:` in workspace.yml",
        near=best[0] / max(len(wanted) + len(where), 1),
    )


def _tables(
    head: Head, encoding: str, delimiter: str, mark: str | None, *, header: bool = True
) -> Iterator[_Table]:
    """Every row that may be a header; in a file of several tables the first below each preamble."""
    rows = head.rows(encoding, delimiter, whole=bool(mark))
    if not header:
        if rows:
            names = [f"column {place}" for place, _ in enumerate(rows[0][1], start=1)]
            yield _Table(0, names, [], None)
        return
    texts = [delimiter.join(cells) for _, cells in rows]
    if mark is None:
        for number, (line, cells) in enumerate(rows):
            yield _Table(line, cells, texts[:number], None)
        return
    between = [not text.strip(f" {delimiter}") or text.startswith(mark) for text in texts]
    for number, (line, cells) in enumerate(rows):
        if not between[number] and (number == 0 or between[number - 1]):
            after = (place for place in range(number, len(rows)) if between[place])
            end = next(after, None)
            last = rows[end - 1][0] if end is not None else None
            yield _Table(line, cells, texts[:number], last)


def _layout(
    head: Head,
    contract: Contract,
    where: Mapping[str, tuple[str, ...]],
    encoding: str,
    delimiter: str,
    table: _Table,
    names: Names,
) -> Layout:
    rules = contract.rules
    for header in rules.absent:
        if names.at(header):
            raise Refused(f"has a column '{header}', which files of {contract.name} lack")
    last, below = head.footer(encoding, delimiter, rules.footer)
    said = [*table.above, *below]
    period = _period(table.above) if rules.preamble.period else {}
    constants = _constants(contract, names, table.above, period, head.name)
    width = len(names.cells)
    made: dict[str, tuple[int, ...]] = {}
    unpivot, split = {}, None
    if rules.unpivot:
        made = {rules.unpivot.name: (width,), rules.unpivot.value: (width + 1,)}
        unpivot = names.unpivoted(rules.unpivot.headers)
    positions = {
        column.name: places
        for column in contract.columns
        if column.name not in made and (places := names.one(column))
    }
    if rules.split:
        [place] = positions.get(rules.split.column, (None,))
        if place is None:
            raise Refused(f"nothing in it gives '{rules.split.column}' of {contract.name}")
        split, made = (place, rules.split.by), {rules.split.column: (width,)}
    positions |= made
    for column in contract.required:
        if column.name not in positions and column.name not in constants:
            raise Refused(f"nothing in it gives '{column.name}' of {contract.name}")
    start = period.get("period_start")
    for column in contract.columns:
        if column.rules.day_of_period and column.name in positions and not start:
            raise Refused(
                f"counts its days in '{column.headers[0]}' from a start date that it does not "
                "state above the header: export it again, with its first lines"
            )
    counted = _first(rules.row_count, said)
    return Layout(
        encoding,
        delimiter,
        table.line,
        last if table.last is None else table.last,
        head.newline(encoding, table.line),
        tuple(table.cells),
        positions,
        constants,
        {names.at(header)[0]: values for header, values in where.items()},
        unpivot,
        split,
        date.fromisoformat(start) if start else None,
        _moment(_first(rules.preamble.exported_at, said), rules.preamble.format),
        int(re.sub("[^0-9]", "", counted)) if counted else None,
        _first(rules.preamble.incomplete, said) is not None,
    )


def _first(regex: str | None, texts: list[str]) -> str | None:
    """The first group, else all, of the first text that matches."""
    compiled = pattern(regex or "")
    matches = (compiled.search(text) for text in texts) if compiled else iter(())
    match = next(filter(None, matches), None)
    return match[match.re.groups and 1] if match else None


def _moment(text: str | None, formats: tuple[str, ...]) -> datetime | date | None:
    for form in formats if text else ():
        try:
            moment = datetime.strptime((text or "").strip(), form)
        except ValueError:
            continue
        return moment if "%H" in form or "%I" in form else moment.date()
    return None


class Names:
    """The header row, as it is looked up: without case, outer blanks and runs of blanks."""

    def __init__(self, cells: list[str]) -> None:
        self.cells = [" ".join(cell.strip("\ufeff").split()) for cell in cells]
        self.places: dict[str, list[int]] = {}
        for place, cell in enumerate(self.cells):
            self.places.setdefault(_folded(cell), []).append(place)

    def at(self, header: str) -> list[int]:
        """Where a header of this name, or matching this /regex/, is."""
        regex = pattern(header)
        if regex is None:
            return self.places.get(_folded(header), [])
        return [place for place, cell in enumerate(self.cells) if regex.fullmatch(cell)]

    def find(self, column: Column) -> list[int]:
        """Where the first header of the column that is there at all is."""
        return next((places for header in column.headers if (places := self.at(header))), [])

    def unpivoted(self, headers: Mapping[str, str]) -> dict[int, str]:
        """Where headers that become rows are, and what they are called there."""
        found: dict[int, str] = {}
        for header, name in headers.items():
            regex = pattern(header)
            for place in self.at(header):
                match = regex.fullmatch(self.cells[place]) if regex else None
                found.setdefault(place, match.expand(name) if match else name)
        return found

    def one(self, column: Column) -> tuple[int, ...]:
        """The same, where twice is once too often; a test_flag looks at all its headers."""
        if column.rules.position:
            if column.rules.position > len(self.cells):
                raise Refused(
                    f"has {len(self.cells)} columns, so none at position {column.rules.position} "
                    f"for '{column.name}'"
                )
            return (column.rules.position - 1,)
        if column.rules.identity == "test_flag":
            return tuple(sorted({p for header in column.headers for p in self.at(header)}))
        places = self.find(column)
        if len(places) > 1:
            raise Refused(
                f"has the column '{self.cells[places[0]]}' {len(places)} times, and "
                f"'{column.name}' must come from one: remove or rename the others"
            )
        return tuple(places)


def _constants(
    contract: Contract,
    names: Names,
    above: list[str],
    period: Mapping[str, str],
    file_name: str,
) -> dict[str, str]:
    found = {}
    for column in contract.columns:
        rules = column.rules
        value = None
        if rules.from_header and (regex := pattern(rules.from_header)):
            matches = (regex.fullmatch(cell) for cell in names.cells)
            value = next((match[1] for match in matches if match), None)
        if value is None:
            value = from_file_name(column, file_name)
        if value is None and rules.from_preamble:
            # The nearest line above the header counts.
            said = _first(rules.from_preamble, above[::-1])
            value = period.get(rules.from_preamble) or (said.strip() if said else None)
        if value is None:
            value = rules.constant
        if value is not None:
            found[column.name] = value
    return found


def from_file_name(column: Column, file_name: str) -> str | None:
    """What the file's name says about a column: the first group of its expression."""
    regex = pattern(column.rules.from_file_name or "")
    match = regex.search(file_name) if regex else None
    return match[1] if match else None


def _period(above: list[str]) -> dict[str, str]:
    """The period that the lines above the header state, the nearest of them first:
    `March 27, 2026 - April 23, 2026`, `Start date: 20251015` and `End date: ...`, or
    `Report Time: 2/1/2020, 2/7/2020`.
    """
    found: dict[str, date | None] = {"period_start": None, "period_end": None}
    for line in reversed(above):
        match = PERIOD.fullmatch(line) or REPORT_TIME.match(line)
        if match:
            start, end = match[1], match[2] or match[1]
            stated = {"period_start": start, "period_end": end}
        elif match := BOUND.match(line):
            stated = {f"period_{match[1].lower()}": match[2]}
        else:
            continue
        for bound, text in stated.items():
            found[bound] = found[bound] or next(_as_dates(text.strip()), None)
    return {bound: day.isoformat() for bound, day in found.items() if day}


def _as_dates(text: str) -> Iterator[date]:
    for form in PERIOD_DATES:
        try:
            yield datetime.strptime(text, form).date()
        except ValueError:
            continue
