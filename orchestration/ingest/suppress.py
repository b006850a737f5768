"""People who asked to be forgotten: their rows are taken out of what is loaded.

The list is history/suppressed.txt: a keyed hash on each line, and nothing else of them.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.contracts import Contract
from orchestration.ingest import columns
from orchestration.ingest.load import write
from orchestration.ingest.records import write_text
from orchestration.workspace import Workspace

if TYPE_CHECKING:
    import duckdb


def keys(workspace: Workspace) -> frozenset[str]:
    """The keyed hashes of those who are to be left out."""
    path = _path(workspace)
    return frozenset(path.read_text(encoding="utf-8").split()) if path.is_file() else frozenset()


def add(workspace: Workspace, key: str) -> None:
    """Leave one more person out from now on."""
    path = _path(workspace)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, "".join(f"{one}\n" for one in sorted(keys(workspace) | {key})))


def take_out(
    connection: duckdb.DuckDBPyConnection, path: Path, contract: Contract, left_out: Collection[str]
) -> int:
    """Write a loaded file again without these people's rows; the number of rows that went."""
    named = [columns.name(column.name) for column in contract.columns if column.is_key]
    if not named or not left_out:
        return 0
    listed = columns.literals(tuple(sorted(left_out)))
    theirs = " or ".join(f"coalesce({column} in ({listed}), false)" for column in named)
    source = f"read_parquet({columns.literal(str(path))})"
    counted = connection.execute(f"select count(*) from {source} where {theirs}").fetchone()
    found = int(counted[0]) if counted else 0
    if found:
        write(connection, f"select * from {source} where not ({theirs})", path)
    return found


def count(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Rows of a loaded file."""
    source = f"read_parquet({columns.literal(str(path))})"
    counted = connection.execute(f"select count(*) from {source}").fetchone()
    return int(counted[0]) if counted else 0


def _path(workspace: Workspace) -> Path:
    return workspace.history / "suppressed.txt"
