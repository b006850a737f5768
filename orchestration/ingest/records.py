"""What is recorded about loaded files, and which of them count.

`history/loads/` has one small record per sighting of a file; from these, and the Parquet files
that are there, follow the tables `_files`, `_settings` and `_refused` and the empty file that gives
each relation its columns. `_seen.json` only saves work and may be deleted.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

from orchestration.contracts import DEFINITIONS, Contract
from orchestration.ingest import columns, load
from orchestration.workspace import Workspace

FILES = (
    "source_name varchar, table_name varchar, file_name varchar, fingerprint varchar, "
    "path varchar, rejects_path varchar, exported_at timestamp, exported_at_from varchar, "
    "mode varchar, rows bigint, rejected bigint, skipped bigint"
)
SETTINGS = (
    "company varchar, as_of date, reporting_currency varchar, reporting_timezone varchar, "
    "fiscal_year_start_month integer"
)
# Of a smaller export anything may be gone the next time.
FEWEST_TO_COMPARE = 20
REFUSED = "file_name varchar, source_name varchar, table_name varchar, message varchar"


@dataclass(frozen=True)
class Sighting:
    """One file as it was once seen under one contract."""

    source: str
    table: str
    nth: int
    """Which of the contract's mappings, if the file follows it more than once."""
    content: str
    """What the file holds, and its name as far as the rows depend on it. A name that only tells
    whose days these are (an account, a website) is no part of it: a copy is nobody else's.
    """
    file_name: str
    fingerprint: str
    exported_at: datetime
    exported_on: date
    exported_at_from: str
    mode: str = ""
    """What the file means for rows that it lacks: full, incremental or window."""
    max_shrink: float = 1.0
    """By which share a full export may be smaller than the one before it."""
    rows: int = 0
    rejected: int = 0
    skipped: int = 0
    rejects: dict[str, int] = field(default_factory=dict)
    """Number of rejected rows by `reason/column`."""
    headers: Sequence[str] = ()
    notes: Sequence[str] = ()
    """What did not keep it from being loaded, and the user should know."""
    told_by_name: int = 0
    """How much the file's name told."""
    seen_at: str = ""
    """By the wall clock; decides only between mappings or contents of files that are gone."""

    @property
    def contract(self) -> str:
        """Name of the contract, or the source if it is not known which of its contracts."""
        return f"{self.source}.{self.table}" if self.table else self.source

    @property
    def id(self) -> str:
        """The same for the same sighting."""
        parts = (self.file_name, self.fingerprint, self.exported_at.isoformat())
        return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()

    def path(self, raw: Path) -> Path:
        """Its rows."""
        return raw / self.source / self.table / f"{self.fingerprint}.parquet"

    def is_whole(self, raw: Path) -> bool:
        """Whether its rows are there, and its rejects if there were any."""
        path = self.path(raw)
        return load.is_whole(path) and (not self.rejected or load.is_whole(load.rejects_path(path)))

    def to_json(self) -> dict[str, Any]:
        """All fields, for a file."""
        when = {"exported_at": str(self.exported_at), "exported_on": str(self.exported_on)}
        return asdict(self) | when

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """The other way round."""
        at, on = values["exported_at"], values["exported_on"]
        when = {"exported_at": datetime.fromisoformat(at), "exported_on": date.fromisoformat(on)}
        return cls(**values | when)


@dataclass(frozen=True)
class LoadResult(Sighting):
    """What became of one file under one contract in this run."""

    status: str = "unchanged"
    """loaded, unchanged, refused or unmatched."""
    message: str = ""
    seconds: float = 0.0


class History:
    """All sightings, and the record of new ones."""

    def __init__(self, workspace: Workspace) -> None:
        self._folder = workspace.history / "loads"
        self.sightings: dict[str, Sighting] = {}
        self.damaged: set[str] = set()
        """The ids of those that cannot be read."""
        for path in sorted(self._folder.glob("*.json")):
            try:
                self.sightings[path.stem] = Sighting.from_json(json.loads(path.read_bytes()))
            except (ValueError, KeyError, TypeError):
                self.damaged.add(path.stem)
        self._by_fingerprint = {s.fingerprint: s for s in self.sightings.values()}
        self._headers: dict[str, set[str]] = defaultdict(set)
        for sighting in self.sightings.values():
            self._headers[sighting.contract] |= {header.casefold() for header in sighting.headers}

    def of(self, fingerprint: str) -> Sighting | None:
        """Some sighting of these very rows."""
        return self._by_fingerprint.get(fingerprint)

    def new_headers(self, contract: str, headers: Sequence[str]) -> list[str]:
        """The headers that no file of the contract had in an earlier run, unless there was none."""
        known = self._headers[contract]
        return [header for header in headers if header.casefold() not in known] if known else []

    def record(self, sighting: Sighting) -> None:
        """Keep a sighting; seeing the same again only moves its `seen_at`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(sighting.to_json(), indent=1)
        write_text(self._folder / f"{sighting.id}.json", text)
        self.sightings[sighting.id] = sighting
        self.damaged.discard(sighting.id)
        self._by_fingerprint[sighting.fingerprint] = sighting


def active(
    sightings: Iterable[Sighting], current: set[str], raw: Path, as_of: date | None
) -> list[Sighting]:
    """The sightings that count: of each content the newest, under the mapping of today.

    `current` are the fingerprints of the files in exports/. Where a file is gone, the mapping that
    loaded it last stands. Of contents that were seen under one name and time the file's present
    one counts: it was corrected in place. Definitions count only while they are current.
    """
    groups: dict[tuple[str, str, int, str], list[Sighting]] = defaultdict(list)
    for sighting in sightings:
        if sighting.source == DEFINITIONS:
            counts = sighting.fingerprint in current
        else:
            counts = as_of is None or sighting.exported_on <= as_of
        if counts:
            same = (sighting.source, sighting.table, sighting.nth, sighting.content)
            groups[same].append(sighting)

    # Of each name and time the content that stands, as (rank, sighting).
    standing: dict[tuple[Any, ...], tuple[tuple[bool, str, str], Sighting]] = {}
    for (source, table, nth, _), group in groups.items():
        there = [sighting for sighting in group if sighting.path(raw).is_file()]
        if there:
            mapping = max(there, key=lambda s: _telling(s, s.fingerprint in current))
            last = max(group, key=lambda s: (s.exported_at, s.seen_at, s.file_name))
            rank = (mapping.fingerprint in current, last.seen_at, mapping.fingerprint)
            counted = replace(
                mapping,
                file_name=last.file_name,
                exported_at=last.exported_at,
                exported_on=last.exported_on,
                exported_at_from=last.exported_at_from,
                mode=last.mode,
                max_shrink=last.max_shrink,
            )
            place = (source, table, nth, last.file_name, last.exported_at)
            if place not in standing or standing[place][0] < rank:
                standing[place] = (rank, counted)
    kept = {sighting.fingerprint: sighting for _, sighting in standing.values()}
    return sorted(kept.values(), key=lambda s: (s.source, s.table, s.file_name, s.fingerprint))


def _telling(sighting: Sighting, is_current: bool) -> tuple[Any, ...]:
    """Of files of one content: one that is there, whose name tells more, and is no copy's."""
    seen_at = "" if is_current else sighting.seen_at
    name = sighting.file_name
    return is_current, sighting.told_by_name, seen_at, -len(name), name


def shrunken(counting: Iterable[Sighting]) -> dict[str, str]:
    """Full exports that lack too much of what the one before them had, and why not to believe them,
    by fingerprint.

    Files of one moment are parts of one export. What is not believed is not compared with either.
    """
    exports: dict[tuple[Any, ...], dict[datetime, list[Sighting]]] = defaultdict(dict)
    for sighting in counting:
        if sighting.mode == "full":
            moments = exports[sighting.source, sighting.table, sighting.nth]
            moments.setdefault(sighting.exported_at, []).append(sighting)
    problems: dict[str, str] = {}
    for moments in exports.values():
        before = 0
        for _, parts in sorted(moments.items()):
            rows = sum(part.rows + part.rejected for part in parts)
            share = max(part.max_shrink for part in parts)
            if before >= FEWEST_TO_COMPARE and rows < before * (1 - share):
                problem = (
                    f"has {rows:,} rows, where the full export before it had {before:,}: if it is "
                    "cut, export it again; if it is only a part, state `mode: incremental` for it "
                    "under `files:` in workspace.yml; if so much was deleted, `max_shrink: 1`"
                )
                problems |= {part.fingerprint: problem for part in parts}
            else:
                before = rows
    return problems


def write_text(path: Path, text: str) -> None:
    """Write a small file that is there whole or not at all."""
    aside = path.with_name(f".{path.name}.tmp")
    try:
        aside.write_text(text, encoding="utf-8")
        load.settle(aside, path)
    finally:
        aside.unlink(missing_ok=True)


class Seen:
    """What earlier runs found out, to be used again while files, contracts and settings last."""

    def __init__(self, workspace: Workspace) -> None:
        self.path = workspace.raw / "_seen.json"
        try:
            self._data = json.loads(self.path.read_bytes())
        except (FileNotFoundError, ValueError):
            self._data = {}
        self._before = json.dumps(self._data)
        self.files: dict[str, dict[str, Any]] = self._data.setdefault("files", {})
        self.written: dict[str, list[Any]] = self._data.setdefault("written", {})

    def save(self) -> None:
        """Keep it for the next run."""
        text = json.dumps(self._data)
        if text != self._before:
            write_text(self.path, text)


class Tables:
    """Writes the loader's own tables, each only when something in it has changed."""

    def __init__(self, workspace: Workspace, seen: Seen, connection: load.Connection) -> None:
        self._workspace = workspace
        self._raw, self._lists = workspace.raw, workspace.lists
        self._seen = seen
        self._connection = connection

    def schema(self, contract: Contract) -> None:
        """The columns of a contract's relation, without rows."""
        shape = [f"{columns.name(column.name)} {column.data_type}" for column in contract.columns]
        name = f"{contract.source}/{contract.table}/_schema.parquet"
        self._write(self._raw / name, ", ".join([*shape, "_fingerprint varchar"]), [])

    def files(self, counting: list[Sighting]) -> None:
        """The files that count."""
        rows = []
        for seen in counting:
            path = seen.path(self._raw).relative_to(self._raw)
            rejects = load.rejects_path(path).as_posix() if seen.rejected else None
            row: list[Any] = [seen.source, seen.table, seen.file_name, seen.fingerprint]
            row += [path.as_posix(), rejects, seen.exported_at, seen.exported_at_from]
            rows.append([*row, seen.mode, seen.rows, seen.rejected, seen.skipped])
        self._write(self._lists / "_files.parquet", FILES, rows)

    def settings(self, today: date) -> None:
        """The workspace's settings."""
        config = self._workspace.config
        row: list[Any] = [config.company, today, config.reporting_currency, config.timezone]
        row.append(config.fiscal_year_start_month)
        self._write(self._lists / "_settings.parquet", SETTINGS, [row])

    def refused(self, left: list[LoadResult]) -> None:
        """The files that were not loaded, and why."""
        rows = [[r.file_name, r.source or None, r.table or None, r.message] for r in left]
        self._write(self._lists / "_refused.parquet", REFUSED, rows)

    def _write(self, path: Path, shape: str, rows: list[list[Any]]) -> None:
        name = os.path.relpath(path, self._raw)
        digest = hashlib.blake2b(json.dumps([shape, rows], default=str).encode()).hexdigest()[:32]
        if path.is_file() and self._seen.written.get(name) == [digest, *_stat(path)]:
            return
        connection = self._connection()
        connection.execute(f"create or replace temp table written ({shape})")
        if rows:
            values = ", ".join(f"({', '.join(map(_literal, row))})" for row in rows)
            connection.execute(f"insert into written values {values}")
        load.write(connection, "select * from written order by all", path)
        self._seen.written[name] = [digest, *_stat(path)]


def _stat(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns]


def _literal(value: Any) -> str:
    # A statement ends at a NUL, and a message may quote a header that has one.
    return "null" if value is None else columns.literal(str(value).replace("\0", ""))
