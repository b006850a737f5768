"""The rows of the definitions that changed, and files that hold one change alone.

Rows are records, not lines: a cell may have line breaks, and another order is no change. What
changed of one thing (a stage of a CRM, a rule) is one change, however many rows say it: a new
version closes the row before it, and neither means anything alone.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Columns that say who agreed, when and why, and decide nothing.
WORDS = ("owner_sales", "owner_marketing", "approved_on", "reason")
# What of a key says since when, not what.
DATED = ("version", "valid_from", "valid_to")

Record = Mapping[str, str]


@dataclass(frozen=True)
class Row:
    """A row of a definition, and which it is: the first below the header is 1."""

    number: int
    record: Record


@dataclass(frozen=True)
class Change:
    """What changed of one thing that a definition knows."""

    definition: str
    """The name of the file, without its ending."""
    thing: tuple[str, ...]
    """What the rows are about: the key without the version."""
    changed: tuple[tuple[Row, Row], ...] = ()
    """The row before and after, the number of each in its own file."""
    added: tuple[Row, ...] = ()
    gone: tuple[Row, ...] = ()

    @property
    def newest(self) -> Record:
        """The row that says who agreed to it and why."""
        rows = [*self.gone, *(after for _, after in self.changed), *self.added]
        return rows[-1].record

    @property
    def only_words(self) -> bool:
        """Whether only owners and reasons are others, which no number is made of."""
        return not (self.added or self.gone) and all(
            set(differing(before.record, after.record)) <= set(WORDS)
            for before, after in self.changed
        )


@dataclass(frozen=True)
class File:
    """A file of definitions in both trees, and what changed in it."""

    name: str
    before: str
    after: str
    changes: tuple[Change, ...]
    has_other_columns: bool = False
    """Then rows of one do not fit into the other, and none can be tried alone."""


def differing(before: Record, after: Record) -> list[str]:
    """The columns in which two rows differ."""
    return [
        name
        for name in dict.fromkeys([*before, *after])
        if before.get(name, "") != after.get(name, "")
    ]


def compare(name: str, before: str, after: str, key: Sequence[str]) -> File:
    """What changed between two texts of a definition; `key` are the columns that identify a row."""
    (columns, old), (other_columns, new) = _read(before), _read(after)
    left = Counter(_plain(row) for row in old)
    left.subtract(_plain(row) for row in new)
    gone, came = [], []
    for row in reversed(old):  # of rows that are alike the last ones are gone
        if left[_plain(row)] > 0:
            left[_plain(row)] -= 1
            gone.append(row)
    for row in reversed(new):
        if left[_plain(row)] < 0:
            left[_plain(row)] += 1
            came.append(row)

    known = [column for column in key if column in columns and column in other_columns]
    about = [column for column in known if column not in DATED] or known or columns
    things: dict[tuple[str, ...], tuple[list[Row], list[Row]]] = {}
    for rows, place in ((gone, 0), (came, 1)):
        for row in reversed(rows):
            thing = tuple(row.record.get(column, "") for column in about)
            things.setdefault(thing, ([], []))[place].append(row)
    changes = tuple(_change(name, thing, *rows, known) for thing, rows in things.items())
    return File(name, before, after, changes, set(columns) != set(other_columns))


def _change(
    name: str, thing: tuple[str, ...], gone: list[Row], came: list[Row], key: Sequence[str]
) -> Change:
    """Rows of one key are one row before and after; the rest came or went."""
    changed = []
    for row in list(came):
        same = [x for x in gone if all(x.record[c] == row.record[c] for c in key)]
        if same:
            changed.append((same[0], row))
            gone.remove(same[0])
            came.remove(row)
    if len(gone) == len(came) == 1 and not changed:  # another version, and none before it
        changed, gone, came = [(gone[0], came[0])], [], []
    return Change(name, thing, tuple(changed), tuple(came), tuple(gone))


def with_changes(file: File, changes: Iterable[Change]) -> str:
    """The file of before, with some of the changes alone."""
    columns, rows = _read(file.before)
    replaced = {before.number: after for c in changes for before, after in c.changed}
    gone = {row.number for c in changes for row in c.gone}
    added = [row for c in changes for row in c.added]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    for row in (*(replaced.get(row.number, row) for row in rows if row.number not in gone), *added):
        writer.writerow({column: row.record.get(column, "") for column in columns})
    return text.getvalue()


def write_variant(folder: Path, files: Mapping[str, str]) -> Path:
    """A folder with files of definitions by name, as side.py takes it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8", newline="")
    return folder


def _read(text: str) -> tuple[list[str], list[Row]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), restval="")
    rows = []
    for number, record in enumerate(reader, 1):
        record.pop(None, None)
        rows.append(Row(number, record))
    return list(reader.fieldnames or ()), rows


def _plain(row: Row) -> tuple[tuple[str, str], ...]:
    """A row without what does not matter: the order of columns, and columns that are blank."""
    return tuple(sorted((name, value) for name, value in row.record.items() if value))
