"""What is recorded about loaded files, and which of them count.

`history/loads/` has one small record per sighting of a file; from these, and the Parquet files
that are there, follow the tables `_files`, `_settings` and `_refused` and the empty file that gives
each relation its columns. `_seen.json` only saves work and may be deleted.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.contracts import Contract
from orchestration.ingest import columns, load
from orchestration.workspace import Workspace

if TYPE_CHECKING:
    pass

FILES = (
    ("source_name", "varchar"),
    ("table_name", "varchar"),
    ("file_name", "varchar"),
    ("fingerprint", "varchar"),
    ("path", "varchar"),
    ("rejects_path", "varchar"),
    ("exported_at", "timestamp"),
    ("exported_at_from", "varchar"),
    ("rows", "bigint"),
    ("rejected", "bigint"),
    ("skipped", "bigint"),
)
SETTINGS = (
    ("company", "varchar"),
    ("as_of", "date"),
    ("reporting_currency", "varchar"),
    ("reporting_timezone", "varchar"),
    ("fiscal_year_start_month", "integer"),
)
REFUSED = (
    ("file_name", "varchar"),
    ("source_name", "varchar"),
    ("table_name", "varchar"),
    ("message", "varchar"),
)


@dataclass(frozen=True)
class Sighting:
    """One file as it was once seen and loaded."""

    source: str
    table: str
    nth: int
    content: str
    """What the file holds, its name as far as the rows depend on it included."""
    file_name: str
    fingerprint: str
    exported_at: str
    exported_on: str
    exported_at_from: str
    rows: int
    rejected: int
    skipped: int
    rejects: dict[str, int] = field(default_factory=dict)
    seen_at: str = ""
    """By the wall clock; only decides between mappings of a file that is gone."""

    @property
    def group(self) -> tuple[str, str, int, str]:
        """The same for all sightings of one content under one contract."""
        return self.source, self.table, self.nth, self.content

    @property
    def id(self) -> str:
        """The same for the same sighting."""
        parts = (self.file_name, self.fingerprint, self.exported_at)
        return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()

    def path(self, raw: Path) -> Path:
        """Its rows."""
        return raw / self.source / self.table / f"{self.fingerprint}.parquet"

    def rejects_path(self, raw: Path) -> Path:
        """Its rejects, if there were any."""
        return raw / self.source / self.table / f"{self.fingerprint}.rejects.parquet"


class History:
    """All sightings, and the record of new ones."""

    def __init__(self, workspace: Workspace) -> None:
        self._folder = workspace.history / "loads"
        self.sightings: dict[str, Sighting] = {}
        if self._folder.is_dir():
            for path in sorted(self._folder.glob("*.json")):
                self.sightings[path.stem] = Sighting(**json.loads(path.read_bytes()))
        self._by_fingerprint = {s.fingerprint: s for s in self.sightings.values()}

    def of(self, fingerprint: str) -> Sighting | None:
        """Some sighting of these very rows."""
        return self._by_fingerprint.get(fingerprint)

    def record(self, sighting: Sighting) -> None:
        """Keep a sighting; seeing the same again only moves its `seen_at`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        write_text(self._folder / f"{sighting.id}.json", json.dumps(asdict(sighting), indent=1))
        self.sightings[sighting.id] = sighting
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
        late = as_of is not None and sighting.exported_on > as_of.isoformat()
        gone = sighting.source == "definitions" and sighting.fingerprint not in current
        if not gone and (not late or sighting.source == "definitions"):
            groups[sighting.group].append(sighting)

    exists: dict[str, bool] = {}
    newest = []
    for group in groups.values():
        there = [s for s in group if exists.setdefault(s.fingerprint, s.path(raw).is_file())]
        if not there:
            continue
        mapping = max(there, key=lambda s: (s.fingerprint in current, s.seen_at, s.fingerprint))
        last = max(group, key=lambda s: (s.exported_at, s.seen_at, s.file_name))
        newest.append((last, mapping))

    winners: dict[tuple[str, str, int, str, str], tuple[bool, str, str]] = {}
    for last, mapping in newest:
        place = (*last.group[:3], last.file_name, last.exported_at)
        rank = (mapping.fingerprint in current, last.seen_at, mapping.fingerprint)
        winners[place] = max(rank, winners.get(place, rank))
    kept = {}
    for last, mapping in newest:
        place = (*last.group[:3], last.file_name, last.exported_at)
        if winners[place][2] == mapping.fingerprint:
            shown = asdict(mapping) | {
                key: getattr(last, key)
                for key in ("file_name", "exported_at", "exported_on", "exported_at_from")
            }
            kept[mapping.fingerprint] = Sighting(**shown)
    return sorted(kept.values(), key=lambda s: (s.source, s.table, s.file_name, s.fingerprint))


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
        if json.dumps(self._data) != self._before:
            write_text(self.path, json.dumps(self._data))


class Tables:
    """Writes the loader's own tables, each only when something in it has changed."""

    def __init__(self, workspace: Workspace, seen: Seen, connection: load.Connection) -> None:
        self._raw = workspace.raw
        self._seen = seen
        self._connection = connection

    def schema(self, contract: Contract) -> None:
        """The columns of a contract's relation, without rows."""
        shape = [(c.name, c.data_type) for c in contract.columns] + [("_fingerprint", "varchar")]
        self.table(f"{contract.source}/{contract.table}/_schema.parquet", shape, [])

    def table(
        self, name: str, shape: Iterable[tuple[str, str]], rows: list[Mapping[str, Any]]
    ) -> None:
        """A table of these columns and rows, in this order."""
        shape = list(shape)
        path = self._raw / name
        digest = hashlib.blake2b(json.dumps([shape, rows], default=str).encode()).hexdigest()[:32]
        if path.is_file() and self._seen.written.get(name) == [digest, *_stat(path)]:
            return
        typed = ", ".join(
            f"cast({columns.name(c)} as {kind}) as {columns.name(c)}" for c, kind in shape
        )
        quoted = [
            "(" + ", ".join(_literal(row[column]) for column, _ in shape) + ")" for row in rows
        ]
        empty = f"({', '.join('null' for _ in shape)})"
        columns_of = ", ".join(columns.name(column) for column, _ in shape)
        query = f"select {typed} from (values {', '.join(quoted or [empty])}) as t ({columns_of})"
        load.write(self._connection(), query if rows else f"{query} where false", path)
        self._seen.written[name] = [digest, *_stat(path)]


def _stat(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns]


def _literal(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, (datetime, date)):
        value = value.isoformat()
    return str(value) if isinstance(value, int) else columns.literal(str(value))
