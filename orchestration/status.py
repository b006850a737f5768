"""What a workspace holds, as of its last run: sources and how fresh they are, the run, the publish.

Read from what runs leave behind (raw/, history/, runs/last/, the published file); nothing is built,
and a run that is going on is not disturbed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration import freshness, record
from orchestration.contracts import DEFINITIONS, Contract
from orchestration.ingest.records import History, LoadResult
from orchestration.warehouse import connect_published, holder, identifier, literal
from orchestration.workspace import Workspace, WorkspaceError

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Source:
    """What was loaded of one source."""

    name: str
    files: int
    rows: int
    rejected: int
    refused: tuple[str, ...]
    """Files of its folder that were not loaded, with the reason."""
    newest: datetime | None
    """When the newest of its files was exported."""
    age_days: int | None
    """From then to the day that counts as today."""
    first_day: date | None
    last_day: date | None
    days: int
    """Days of data: those of daily tables, and those on which something began or happened."""
    undated: int
    """Files of which only the file's own time says when they were exported."""
    notes: tuple[str, ...]
    overdue: tuple[str, ...] = ()
    """Tables whose newest export is older than expected, and what to do."""


@dataclass(frozen=True)
class LastRun:
    """The last run, from its beginning."""

    started_at: datetime
    ended_at: datetime | None
    outcome: str
    """running, published, stopped, finished (of a part, not to be published), or killed: it neither
    ended nor runs."""
    message: str = ""

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        return (self.ended_at - self.started_at).total_seconds() if self.ended_at else None


@dataclass(frozen=True)
class LastPublish:
    """What BI reads."""

    build_id: str
    published_at: datetime
    as_of: date
    marts: int
    rows: int


@dataclass(frozen=True)
class Status:
    """A workspace, as its last run left it."""

    workspace: Path
    company: str
    as_of: date | None
    sources: tuple[Source, ...]
    unmatched: tuple[str, ...]
    """Files that no contract is for, with the reason."""
    run: LastRun | None
    publish: LastPublish | None

    @property
    def exit_code(self) -> int:
        """0 when the last run published, else 1."""
        return 0 if self.run and self.run.outcome == "published" and self.publish else 1

    def to_json(self) -> dict[str, Any]:
        """All of it, as plain data."""
        values = asdict(self) | {"exit_code": self.exit_code}
        if self.run:
            values["run"]["seconds"] = self.run.seconds
        return values


def read(workspace: Workspace, contracts: Mapping[str, Contract]) -> Status:
    """What is known of a workspace. Raises WorkspaceError where what was loaded cannot be read."""
    import duckdb

    with _told_of_damage(), duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        settings = _rows(connection, workspace.lists / "_settings.parquet")
        files = _rows(connection, workspace.lists / "_files.parquet")
        left = _rows(connection, workspace.lists / "_refused.parquet")
        as_of = settings[0]["as_of"] if settings else None
        sources = _sources(connection, workspace, contracts, files, left, as_of)
    named = {source.name for source in sources}
    return Status(
        workspace.root,
        workspace.config.company,
        as_of,
        tuple(sources),
        tuple(_line(row) for row in left if row["source_name"] not in named),
        _run(workspace),
        last_publish(workspace),
    )


@contextmanager
def _told_of_damage() -> Iterator[None]:
    """A power cut may leave a Parquet file empty, or the half of it."""
    import duckdb

    try:
        yield
    except duckdb.InvalidInputException as error:
        said = str(error).splitlines()[0]
        raise WorkspaceError(
            f"what was loaded is damaged, `plumbline run` makes it anew: {said}"
        ) from None


def _rows(connection: duckdb.DuckDBPyConnection, path: Path) -> list[dict[str, Any]]:
    """The rows of one of the loader's own tables; none before the first run."""
    if not path.is_file():
        return []
    found = connection.execute(f"select * from read_parquet({literal(str(path))})")
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _line(row: Mapping[str, Any]) -> str:
    return f"{row['file_name']}: {row['message']}"


def _sources(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    contracts: Mapping[str, Contract],
    files: Sequence[Mapping[str, Any]],
    left: Iterable[Mapping[str, Any]],
    as_of: date | None,
) -> list[Source]:
    notes = {s.fingerprint: s.notes for s in History(workspace).sightings.values() if s.notes}
    by_source: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in files:
        if row["source_name"] != DEFINITIONS:
            by_source[row["source_name"]].append(row)
    refused: dict[str, list[str]] = defaultdict(list)
    for row in left:
        if row["source_name"]:
            refused[row["source_name"]].append(_line(row))
    late = [age for age in freshness.newest(workspace, contracts, files).values() if age.is_overdue]
    found = []
    for name in sorted({*by_source, *refused} - {DEFINITIONS}):
        rows = by_source[name]
        newest = max((row["exported_at"] for row in rows), default=None)
        first, last, days = _days(connection, workspace.raw, contracts, rows)
        found.append(
            Source(
                name,
                len({row["file_name"] for row in rows}),
                sum(row["rows"] for row in rows),
                sum(row["rejected"] for row in rows),
                tuple(refused[name]),
                newest,
                (as_of - newest.date()).days if as_of and newest else None,
                first,
                last,
                days,
                len({r["file_name"] for r in rows if r["exported_at_from"] == "file time"}),
                tuple(
                    f"{row['file_name']}: {note}"
                    for row in rows
                    for note in notes.get(row["fingerprint"], ())
                ),
                tuple(age.advice for age in late if age.contract.startswith(f"{name}.")),
            )
        )
    return found


def days_by_table(
    workspace: Workspace, contracts: Mapping[str, Contract]
) -> dict[str, tuple[date, date]]:
    """The first and the last day of the data of each raw table (`source.table`) that has any."""
    import duckdb

    files: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    found = {}
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for row in _rows(connection, workspace.lists / "_files.parquet"):
            files[f"{row['source_name']}.{row['table_name']}"].append(row)
        for name in files:
            if not name.startswith(f"{DEFINITIONS}."):
                first, last, _ = _days(connection, workspace.raw, contracts, files[name])
                if first and last:
                    found[name] = (first, last)
    return found


def days_replaced(
    workspace: Workspace, contract: Contract, files: Iterable[LoadResult]
) -> list[tuple[str, str, str]]:
    """Of files that replace the days they cover, and were loaded just now: name, first and last of
    these days. None of other files."""
    import duckdb

    window = contract.rules.window
    new = [file for file in files if file.status == "loaded" and file.rows]
    if contract.mode != "window" or window is None or not new:
        return []
    found = []
    with duckdb.connect() as connection:
        for file in new:
            first, last = connection.execute(
                f"select min({identifier(window.date)}), max({identifier(window.date)}) "
                f"from read_parquet({literal(str(file.path(workspace.raw)))})"
            ).fetchall()[0]
            found.append((file.file_name, f"{first}", f"{last}"))
    return found


def _days(
    connection: duckdb.DuckDBPyConnection,
    raw: Path,
    contracts: Mapping[str, Contract],
    files: Sequence[Mapping[str, Any]],
) -> tuple[date | None, date | None, int]:
    """The first and the last day of a source's data, and how many there are."""
    paths: dict[str, list[str]] = defaultdict(list)
    for row in files:
        if (raw / row["path"]).is_file():
            paths[f"{row['source_name']}.{row['table_name']}"].append(str(raw / row["path"]))
    known = {name: contracts[name] for name in paths if name in contracts}
    queries = []
    for name, contract in known.items():
        if column := _day_column(contract):
            listed = ", ".join(map(literal, paths[name]))
            # Files that an older contract read may lack the column, or have it as text.
            queries.append(
                f"select try_cast({identifier(column)} as date) as day from ("
                f"(select null::timestamp as {identifier(column)} limit 0) union all by name "
                f"(from read_parquet([{listed}], union_by_name = true)))"
            )
    if not queries:
        return None, None, 0
    found = connection.execute(
        f"select min(day), max(day), count(distinct day) from ({' union all '.join(queries)})"
    ).fetchone()
    assert found
    return found


def _day_column(contract: Contract) -> str | None:
    """The column that says of which day a row is."""
    if contract.rules.window:
        return contract.rules.window.date
    dated = [c.name for c in contract.columns if c.data_type in ("date", "timestamp")]
    telling = [name for name in dated if name in ("created_at", "occurred_at", "changed_at")]
    return next(iter([*telling, *dated]), None)


def _run(workspace: Workspace) -> LastRun | None:
    said = record.read(workspace.runs, "run")
    if not said:
        return None
    ended = datetime.fromisoformat(said["ended_at"]) if said["ended_at"] else None
    outcome = said["outcome"]
    if outcome == "running" and not holder(workspace.root):
        outcome = "killed"
    return LastRun(datetime.fromisoformat(said["started_at"]), ended, outcome, said["message"])


def last_publish(workspace: Workspace) -> LastPublish | None:
    """What BI reads; None where nothing was published."""
    if not workspace.published.is_file():
        return None
    with connect_published(workspace.published) as connection:
        build_id, published_at, as_of = connection.execute(
            "select build_id, published_at, as_of from main._build"
        ).fetchall()[0]
        marts, rows = connection.execute(
            "select count(*), sum(estimated_size) from duckdb_tables() where schema_name = 'marts'"
        ).fetchall()[0]
    return LastPublish(build_id, published_at, as_of, int(marts), int(rows or 0))


def now() -> datetime:
    """The wall clock, for telling how long ago something was; UTC."""
    return datetime.now(UTC).replace(tzinfo=None)
