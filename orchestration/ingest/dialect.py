"""How a file is to be read under a contract: encoding, header row, delimiter, and which column is
where.

Only the head of a file is read here, by Python's csv. Values are left to columns.py.
"""

from __future__ import annotations

import codecs
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
PERIOD_DATES = ("%B %d, %Y", "%d %B %Y", "%b %d, %Y", "%d %b %Y", "%Y-%m-%d")


class Refused(Exception):
    """This file cannot be loaded; the message says why and what to do."""


@dataclass(frozen=True)
class Layout:
    """How one file is read under one contract."""

    encoding: str
    delimiter: str
    skip: int
    """Physical lines up to and including the header."""
    newline: str | None
    """How these lines end; None if not all of them end alike, or as nobody ends lines now."""
    headers: tuple[str, ...]
    positions: Mapping[str, tuple[int, ...]]
    """Of each bound column: where its header is; several places only for a test_flag."""
    constants: Mapping[str, str]
    """Values that are the same in every row of the file."""
    where: Mapping[int, tuple[str, ...]]
    """Rows are kept if the cell at this place is one of these."""


@dataclass
class Head:
    """The first rows of a file, under whatever encoding and delimiter they are asked for."""

    path: Path
    name: str
    _texts: dict[str, str] = field(default_factory=dict)
    _rows: dict[tuple[str, str], list[tuple[int, list[str]]]] = field(default_factory=dict)

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
            self._texts[encoding] = decoder.decode(self._bytes, final=False)
        return io.StringIO(self._texts[encoding], newline="")

    def newline(self, encoding: str, lines: int) -> str | None:
        """How the first lines end, if they all end alike."""
        first = itertools.islice(self._lines(encoding), lines)
        ends = {line[len(line.rstrip("\r\n")) :] for line in first} - {""} or {"\n"}
        return next((end for end in ("\n", "\r\n") if ends == {end}), None)

    def rows(self, encoding: str, delimiter: str) -> list[tuple[int, list[str]]]:
        """The first rows, each with the number of physical lines up to its end."""
        if (encoding, delimiter) not in self._rows:
            reader = csv.reader(self._lines(encoding), delimiter=delimiter)
            rows = []
            try:
                for cells in reader:
                    rows.append((reader.line_num, cells))
                    if len(rows) == ROWS:
                        break
            except csv.Error:
                pass  # a field beyond csv's limit: what comes before it is enough
            self._rows[encoding, delimiter] = rows
        return self._rows[encoding, delimiter]


def bind(head: Head, contract: Contract, where: Mapping[str, tuple[str, ...]]) -> Layout:
    """Find the header: the first row that has all required headers, under the delimiter for which
    there is such a row.
    """
    encoding = head.encoding(contract.rules.encoding)
    best: tuple[int, list[str], str] = (-1, [], "")
    wanted = [column for column in contract.required if column.headers]
    for delimiter in contract.rules.delimiters:
        rows = head.rows(encoding, delimiter)
        for number, (line, cells) in enumerate(rows):
            names = _Names(cells)
            missing = [column.headers[0] for column in wanted if not names.find(column)]
            missing += [header for header in where if not names.at(header)]
            if missing or (not wanted and not any(names.find(c) for c in contract.columns)):
                found = len(wanted) + len(where) - len(missing)
                if len(cells) > 1 and (found, len(cells)) > (best[0], len(best[1])):
                    best = (found, cells, missing[0] if missing else contract.columns[0].name)
                continue
            for header in contract.rules.absent:
                if names.at(header):
                    raise Refused(f"has a column '{header}', which files of {contract.name} lack")
            above = [delimiter.join(cells) for _, cells in rows[:number]]
            constants = _constants(contract, names, above, head.name)
            positions = {c.name: places for c in contract.columns if (places := names.one(c))}
            for column in contract.required:
                if column.name not in positions and column.name not in constants:
                    raise Refused(f"nothing in it gives '{column.name}' of {contract.name}")
            kept = {names.at(header)[0]: values for header, values in where.items()}
            newline = head.newline(encoding, line)
            return Layout(
                encoding, delimiter, line, newline, tuple(cells), positions, constants, kept
            )

    _, cells, header = best
    if not cells:
        raise Refused(f"no header row as {contract.name} needs it was found in its first lines")
    lacks = f"lacks the column '{header}' that {contract.name} needs{nearest(header, cells)}"
    if contract.source == DEFINITIONS:
        raise Refused(f"{lacks}: add it")
    raise Refused(
        f"{lacks}: export it with that column, or name the header under `files:` in workspace.yml"
    )


class _Names:
    """The header row, as it is looked up: without case, outer blanks and runs of blanks."""

    def __init__(self, cells: list[str]) -> None:
        self.cells = [" ".join(cell.strip("\ufeff").split()) for cell in cells]
        self.places: dict[str, list[int]] = {}
        for place, cell in enumerate(self.cells):
            self.places.setdefault(cell.casefold(), []).append(place)

    def at(self, header: str) -> list[int]:
        """Where a header of this name, or matching this /regex/, is."""
        regex = pattern(header)
        if regex is None:
            return self.places.get(" ".join(header.split()).casefold(), [])
        return [place for place, cell in enumerate(self.cells) if regex.fullmatch(cell)]

    def find(self, column: Column) -> list[int]:
        """Where the first header of the column that is there at all is."""
        return next((places for header in column.headers if (places := self.at(header))), [])

    def one(self, column: Column) -> tuple[int, ...]:
        """The same, where twice is once too often; a test_flag looks at all its headers."""
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
    contract: Contract, names: _Names, above: list[str], file_name: str
) -> dict[str, str]:
    period = _period(above) if contract.rules.preamble.period else {}
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
            value = period.get(rules.from_preamble)
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
    """The dates of a line like `March 27, 2026 - April 23, 2026` above the header."""
    for match in filter(None, (PERIOD.fullmatch(line) for line in above)):
        start, end = (next(_as_dates(text), None) for text in match.groups())
        if start and end:
            return {"period_start": start.isoformat(), "period_end": end.isoformat()}
    return {}


def _as_dates(text: str) -> Iterator[date]:
    for form in PERIOD_DATES:
        try:
            yield datetime.strptime(text, form).date()
        except ValueError:
            continue
