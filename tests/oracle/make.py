"""Small random companies, as CSV exports of the generic contracts.

A company is a few months of a few people, deals and customers, made so that what the rules are
about happens often: instants that are equal, days at the ends of months, credits, gaps. Each
make_<domain>.py adds the entities of its domain; `MAKERS` is their order, as deals need people.
"""

from __future__ import annotations

import csv
import importlib
import importlib.util
import shutil
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

import yaml

MAKERS = ("people", "funnel", "deals", "audience", "sla", "commerce", "money")
ZONES = ("UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata")


@dataclass
class Human:
    """A person of the company's world, who may have several records."""

    email: str
    record_ids: list[str] = field(default_factory=list)
    """Ids of their records as the exports write them, without the system (`L7`)."""
    account_id: str = ""


@dataclass
class World:
    """A company in the making."""

    random: Random
    currency: str
    zone: str
    fiscal_year_start_month: int
    first_day: date
    as_of: date
    tables: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    definitions: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    """Files of definitions/, beside the defaults: name without .csv to rows."""
    accounts: list[str] = field(default_factory=list)
    people: list[Human] = field(default_factory=list)
    reps: list[str] = field(default_factory=list)
    opportunities: list[dict[str, object]] = field(default_factory=list)
    """The rows of the entity, for those who need deals to exist."""

    def add(self, table: str, **columns: object) -> dict[str, object]:
        """Add a row to an entity; columns are named as in the contract's headers."""
        self.tables.setdefault(table, []).append(columns)
        return columns

    def day(self, first: date | None = None, last: date | None = None) -> date:
        """A day of the company's time, ends of months more often than others."""
        first, last = first or self.first_day, last or self.as_of
        found = first + timedelta(days=self.random.randint(0, max(0, (last - first).days)))
        if self.random.random() < 0.2:
            found = min(last, max(first, found.replace(day=1) - timedelta(days=1)))
        return found

    def instant(self, first: date | None = None, last: date | None = None) -> datetime:
        """An instant (UTC), on the hour more often than not, so that some are equal."""
        day = self.day(first, last)
        minutes = self.random.choice((0, 0, 0, 17, 30, 59))
        return datetime(day.year, day.month, day.day, self.random.randint(0, 23), minutes)

    def chance(self, share: float) -> bool:
        """True in this share of cases."""
        return self.random.random() < share

    def amount(self) -> str:
        """An amount of money with cents."""
        return f"{self.random.choice((100, 250, 1000, 7333)) * self.random.randint(1, 9)}." + (
            self.random.choice(("00", "00", "10", "33", "99"))
        )


def make(random: Random, root: Path) -> World:
    """Write a random company into the workspace at `root`, in place of the one that is there."""
    first_day = date(2024, random.randint(1, 12), 1)
    world = World(
        random=random,
        currency=random.choice(("USD", "EUR")),
        zone=random.choice(ZONES),
        fiscal_year_start_month=random.choice((1, 1, 2, 7)),
        first_day=first_day,
        as_of=first_day + timedelta(days=random.choice((70, 200, 430, 600))),
    )
    for name in MAKERS:
        if importlib.util.find_spec(f"tests.oracle.make_{name}"):
            importlib.import_module(f"tests.oracle.make_{name}").make(world)
    write(world, root)
    return world


def write(world: World, root: Path) -> None:
    """Write the files of a company; what was loaded of another one there goes."""
    for name in ("exports", "definitions", "raw", "history"):
        shutil.rmtree(root / name, ignore_errors=True)
    settings = {
        "company": "Random",
        "reporting_currency": world.currency,
        "timezone": world.zone,
        "fiscal_year_start_month": world.fiscal_year_start_month,
        "as_of": world.as_of,
        "files": [
            {
                "match": f"generic/{table}.csv",
                "contract": f"generic.{table}",
                "exported_at": world.as_of,
                "timezone": "UTC",
            }
            for table in world.tables
        ],
    }
    root.mkdir(parents=True, exist_ok=True)
    (root / "workspace.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    for table, rows in world.tables.items():
        _csv(root / "exports" / "generic" / f"{table}.csv", rows)
    for name, rows in world.definitions.items():
        _csv(root / "definitions" / f"{name}.csv", rows)


def _csv(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
