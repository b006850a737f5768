"""A company as its exports tell: rows of the generic entities, as text, and its definitions.

Two kinds of workspace are read: one whose exports all lie in exports/generic/, a CSV file per
entity with the contract's own column names (the random companies), and the demo (its vendors'
files are turned into the same rows in demo_*.py).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

Row = dict[str, str]
PROJECT = Path(__file__).parents[2]


@dataclass
class Company:
    """What a workspace was given."""

    root: Path
    as_of: date
    zone: ZoneInfo
    currency: str
    fiscal_year_start_month: int
    tables: dict[str, list[Row]] = field(default_factory=dict)
    """Rows by generic entity (`opportunities`, ...), values as text, '' for none."""

    def rows(self, table: str) -> list[Row]:
        """The rows of an entity; none where no export has it."""
        return self.tables.get(table, [])

    def definitions(self, name: str) -> list[Row]:
        """The rows of a definition: the workspace's own file, else the default."""
        for folder in (self.root / "definitions", PROJECT / "seeds" / "definitions"):
            path = folder / f"{name}.csv"
            if path.exists():
                return list(read_csv(path))
        raise FileNotFoundError(name)

    def in_force(self, name: str, day: date, **keys: str) -> list[Row]:
        """The rows of a dated definition that hold on a day, with these values."""
        return [
            row
            for row in self.definitions(name)
            if row["valid_from"] <= day.isoformat() < row["valid_to"]
            and all(row[key] == value for key, value in keys.items())
        ]

    def local_date(self, instant: datetime) -> date:
        """The day of a UTC instant in the reporting time zone."""
        return instant.replace(tzinfo=UTC).astimezone(self.zone).date()


def read_csv(path: Path, encoding: str = "utf-8-sig") -> Iterator[Row]:
    """The rows of a CSV file with a header."""
    with path.open(encoding=encoding, newline="") as file:
        yield from csv.DictReader(file)


def read(root: Path) -> Company:
    """Read a workspace of either kind."""
    settings = yaml.safe_load((root / "workspace.yml").read_text(encoding="utf-8"))
    company = Company(
        root=root,
        as_of=settings["as_of"],
        zone=ZoneInfo(settings["timezone"]),
        currency=settings["reporting_currency"],
        fiscal_year_start_month=settings["fiscal_year_start_month"],
    )
    generic = root / "exports" / "generic"
    if generic.is_dir():
        for path in sorted(generic.glob("*.csv")):
            company.tables[path.stem] = list(read_csv(path))
    else:
        # Each demo_*.py of a domain adds its entities here.
        pass
    return company
