"""A company as its exports tell: rows of the generic entities, as text, and its definitions.

Two kinds of workspace are read: one whose exports all lie in exports/generic/, a CSV file per
entity with the contract's own column names (the random companies), and the demo (its vendors'
files are turned into the same rows in demo_*.py).
"""

from __future__ import annotations

import csv
import importlib
import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import yaml

Row = dict[str, str]
Of = TypeVar("Of")
Told = TypeVar("Told")
PROJECT = Path(__file__).parents[2]
DEMO = ("people", "deals", "stages", "sla", "audience", "commerce", "money")


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
    _definitions: dict[str, list[Row]] = field(default_factory=dict, repr=False)
    _in_force: dict[Any, list[Row]] = field(default_factory=dict, repr=False)

    def rows(self, table: str) -> list[Row]:
        """The rows of an entity; none where no export has it."""
        return self.tables.get(table, [])

    def definitions(self, name: str) -> list[Row]:
        """The rows of a definition: the workspace's own file, else the default."""
        if name not in self._definitions:
            folders = (self.root / "definitions", PROJECT / "seeds" / "definitions")
            path = next(f / f"{name}.csv" for f in folders if (f / f"{name}.csv").exists())
            self._definitions[name] = list(read_csv(path))
        return self._definitions[name]

    def in_force(self, name: str, day: date, **keys: str) -> list[Row]:
        """The rows of a dated definition that hold on a day, with these values."""
        asked = name, day, *keys.items()
        if asked not in self._in_force:
            self._in_force[asked] = [
                row
                for row in self.definitions(name)
                if row["valid_from"] <= day.isoformat() < row["valid_to"]
                and all(row[key] == value for key, value in keys.items())
            ]
        return self._in_force[asked]

    def local_date(self, instant: datetime) -> date:
        """The day of a UTC instant in the reporting time zone."""
        return instant.replace(tzinfo=UTC).astimezone(self.zone).date()


def once(function: Callable[[Of], Told]) -> Callable[[Of], Told]:
    """Find out only once what a function tells of something that does not change: each domain asks
    for the same persons and touches again. What it tells is not to be changed, either.
    """

    @wraps(function)
    def told(of: Of) -> Told:
        known: dict[Callable[[Of], Told], Told] = of.__dict__.setdefault("_told", {})
        if function not in known:
            known[function] = function(of)
        return known[function]

    return told


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
            company.tables[path.stem] = [
                row | {"source_system": row.get("source_system") or "generic"}
                for row in read_csv(path)
            ]
    else:
        for name in DEMO:
            if importlib.util.find_spec(f"tests.oracle.demo_{name}"):
                importlib.import_module(f"tests.oracle.demo_{name}").add(company)
    return company
