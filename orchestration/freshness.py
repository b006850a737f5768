"""Which sources are overdue: their newest export is older than their contract expects.

How old it may become is `freshness` of the contract, or of workspace.yml. An old export stops
nothing: the numbers up to it are right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from orchestration.contracts import Contract
from orchestration.warehouse import literal
from orchestration.workspace import Workspace


@dataclass(frozen=True)
class Newest:
    """The newest export of a table, on the day that counts as today."""

    contract: str
    file_name: str
    exported_on: date
    age_days: int
    limit_days: int
    """After so many days a newer one is expected."""

    @property
    def is_overdue(self) -> bool:
        """Whether it is too old."""
        return self.age_days > self.limit_days

    def __str__(self) -> str:
        return (
            f"newest export of {self.contract} is {_days(self.age_days)} old "
            f"({self.file_name}, {self.exported_on})"
        )

    @property
    def advice(self) -> str:
        """The same, with what to do about it."""
        each = "day" if self.limit_days == 1 else f"{self.limit_days} days"
        return f"{self}; one is expected every {each}: export it again"


def today(workspace: Workspace) -> date:
    """The day of which freshness is told: the stated one, else that of the clock, which moves on
    also where nothing is exported any more."""
    stated = workspace.as_of or workspace.config.as_of
    return stated or datetime.now(ZoneInfo(workspace.config.timezone)).date()


def limit(workspace: Workspace, contract: Contract) -> int | None:
    """After how many days a newer export of a table is expected; None where none is."""
    stated = workspace.config.freshness
    own = stated.get(contract.name, stated.get(contract.source))
    if own is not None:
        return None if own == "any" else int(own)
    return contract.freshness.days if contract.freshness else None


def newest(
    workspace: Workspace, contracts: Mapping[str, Contract], files: Iterable[Mapping[str, Any]]
) -> dict[str, Newest]:
    """The newest export of each table that has `files` (the loader's list) and a limit, by
    contract."""
    day = today(workspace)
    found: dict[str, Newest] = {}
    for file in sorted(files, key=lambda file: (file["exported_at"], file["file_name"])):
        contract = contracts.get(f"{file['source_name']}.{file['table_name']}")
        limit_days = limit(workspace, contract) if contract else None
        if contract and limit_days is not None:
            on = file["exported_at"].date()
            age = max((day - on).days, 0)
            found[contract.name] = Newest(contract.name, file["file_name"], on, age, limit_days)
    return found


def of_workspace(workspace: Workspace, contracts: Mapping[str, Contract]) -> dict[str, Newest]:
    """The same for the files that count in a workspace; of none before its first load."""
    import duckdb

    path = workspace.lists / "_files.parquet"
    if not path.is_file():
        return {}
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select source_name, table_name, file_name, exported_at "
            f"from read_parquet({literal(str(path))})"
        ).fetchall()
    names = ("source_name", "table_name", "file_name", "exported_at")
    return newest(workspace, contracts, [dict(zip(names, row, strict=True)) for row in rows])


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"
