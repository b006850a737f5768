"""Write files: text exactly as given, lines joined at once, and a count of what was written.

What the rows say belongs to the modules that make them.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Folder:
    """The folder of a demo workspace, and what a loader should find in each of its export files."""

    path: Path
    files: dict[str, dict[str, object]] = field(default_factory=dict)

    def text(self, name: str, text: str, encoding: str = "utf-8") -> None:
        """Write one file, its line ends as they are in the text."""
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode(encoding))

    def lines(self, name: str, lines: Sequence[str], encoding: str = "utf-8") -> None:
        """Write lines, each ended by a line feed."""
        self.text(name, "\n".join(lines) + "\n", encoding)

    def zip(self, name: str, members: Mapping[str, Sequence[str]]) -> None:
        """Write an archive of files, dated by the day of the exports, the same on any machine."""
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            for member, lines in members.items():
                info = zipfile.ZipInfo(member, (2026, 10, 31, 18, 0, 0))
                archive.writestr(info, "\n".join(lines) + "\n")

    def parquet(
        self, name: str, columns: Mapping[str, str], rows: Sequence[Sequence[object]]
    ) -> None:
        """Write one file of typed columns, as warehouses give their tables."""
        import duckdb

        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(config={"threads": 1}) as connection:
            listed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
            connection.execute(f"create table written ({listed})")
            places = ", ".join("?" for _ in columns)
            connection.executemany(f"insert into written values ({places})", rows)
            quoted = str(target).replace("'", "''")
            connection.execute(f"copy written to '{quoted}' (format parquet)")

    def expect(
        self, name: str, contract: str, rows: int, *, rejected: int = 0, skipped: int = 0
    ) -> None:
        """Note what a file below exports/ holds: `rows` are all records under its header.

        Rejected are those planted bad, skipped are totals and rows that the mapping leaves out.
        Of a file that several contracts read, the rows of all of them are counted. One that no
        contract reads has none.
        """
        counted = {
            "rows": rows,
            "accepted": rows - rejected - skipped,
            "rejected": rejected,
            "skipped": skipped,
        }
        before = self.files.get(name)
        if before:
            contract = f"{before['contract']}, {contract}"
            counted = {key: value + int(str(before[key])) for key, value in counted.items()}
        self.files[name] = {"contract": contract, **counted}


def all_quoted(rows: Iterable[Sequence[str]]) -> list[str]:
    """Every field in quotes; a field must double the quotes that it holds (see `doubled`)."""
    return ['"' + '","'.join(row) + '"' for row in rows]


def doubled(text: str) -> str:
    """Text for a quoted field."""
    return text.replace('"', '""')


def quoted_if_needed(text: str) -> str:
    """Text for a field that is quoted only when it must be."""
    if any(mark in text for mark in ',"\n'):
        return f'"{doubled(text)}"'
    return text


def cents_text(cents: int | None) -> str:
    """`1234.50`; empty for an unknown amount."""
    if cents is None:
        return ""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"
