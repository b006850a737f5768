"""Load the exports of a workspace: every file once, under its contract, into raw/.

This module says in which order things happen. Finding files is files.py, telling what they are
matching.py and dialect.py, typing them columns.py, writing them load.py and quarantine.py, and
what is known about them records.py. Renaming, joining and business rules begin in models/staging.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from orchestration.contracts import PROJECT_ROOT, Contract, nearest
from orchestration.ingest import load as loading
from orchestration.ingest.dialect import Head, Refused, from_file_name
from orchestration.ingest.files import (
    Content,
    Exported,
    ExportFile,
    discover,
    exported,
    read_content,
)
from orchestration.ingest.load import Loaded
from orchestration.ingest.matching import Match, Unmatched, check_rules, matches
from orchestration.ingest.records import (
    FILES,
    REFUSED,
    SETTINGS,
    History,
    Seen,
    Sighting,
    Tables,
    active,
)
from orchestration.warehouse import hold
from orchestration.workspace import Workspace, WorkspaceError

if TYPE_CHECKING:
    import duckdb

__all__ = ["IngestError", "IngestResult", "LoadResult", "ingest"]

DEFINITIONS = "definitions"
SEEDS = PROJECT_ROOT / "seeds"
# Raise it when the same file under the same contract would give other rows than before.
VERSION = 1
# A file may change again within the tick of its clock; what was read just then is not remembered.
SETTLED = 2_000_000_000


class IngestError(Exception):
    """The run cannot go on; the message names file, line and column, and says what to do."""


@dataclass(frozen=True)
class LoadResult:
    """What became of one file under one contract."""

    source: str
    table: str
    file_name: str
    fingerprint: str
    exported_at: datetime
    exported_at_from: str
    rows: int
    rejected: int
    skipped: int
    status: str
    """loaded, unchanged, refused or unmatched."""
    message: str
    seconds: float
    rejects: dict[str, int] = field(default_factory=dict)
    """Number of rejected rows by `reason/column`."""

    @property
    def contract(self) -> str:
        """Name of the contract, empty if there is none."""
        return f"{self.source}.{self.table}" if self.table else self.source


@dataclass(frozen=True)
class IngestResult:
    """What became of all files."""

    files: list[LoadResult]

    def of(self, contract: str) -> list[LoadResult]:
        """The files of one contract (source.table)."""
        return [result for result in self.files if result.contract == contract]

    def rows(self, contract: str) -> int:
        """Rows in the files of one contract."""
        return sum(result.rows for result in self.of(contract))

    def rejected(self, contract: str) -> int:
        """Rejected rows in the files of one contract."""
        return sum(result.rejected for result in self.of(contract))

    def with_status(self, status: str) -> list[LoadResult]:
        """The files that were loaded, unchanged, refused or unmatched."""
        return [result for result in self.files if result.status == status]


def ingest(
    workspace: Workspace,
    contracts: Mapping[str, Contract],
    *,
    on_file: Callable[[LoadResult], None] | None = None,
    only: set[str] | None = None,
    as_of: date | None = None,
) -> IngestResult:
    """Load what is new, and say which files count.

    A file that cannot be loaded is refused and the others go on; a definition that cannot be
    loaded stops the run, before anything else is loaded. `only` names sources or contracts. Under
    `as_of` nothing counts that was exported later.
    """
    check_rules(workspace, contracts)
    results = []
    with hold(workspace.root), _Run(workspace, contracts, only) as run:
        for result in run.load_all():
            results.append(result)
            if on_file:
                on_file(result)
        run.finish(results, as_of)
    return IngestResult(results)


class _Run:
    """One run of the loader over one workspace."""

    def __init__(
        self, workspace: Workspace, contracts: Mapping[str, Contract], only: set[str] | None
    ) -> None:
        self._workspace = workspace
        self._contracts = contracts
        self._only = only
        self._temporary = workspace.runs / "tmp"
        self._current: set[str] = set()
        self._connected: duckdb.DuckDBPyConnection | None = None

    def __enter__(self) -> _Run:
        for folder in (self._workspace.raw, self._temporary):
            folder.mkdir(parents=True, exist_ok=True)
        for pattern in ("raw/.*.tmp", "raw/*/*/.*.tmp", "history/loads/.*.tmp", "runs/tmp/*"):
            for left_over in self._workspace.root.glob(pattern):
                if left_over.is_file():
                    left_over.unlink()
        self._history = History(self._workspace)
        self._seen = Seen(self._workspace)
        return self

    def __exit__(self, *_: object) -> None:
        self._seen.save()
        if self._connected:
            self._connected.close()

    def _connection(self) -> duckdb.DuckDBPyConnection:
        if self._connected is None:
            self._connected = loading.connect(self._temporary)
        return self._connected

    def load_all(self) -> Iterator[LoadResult]:
        """Load the definitions, and then, if nothing is wrong with them, the exports."""
        wrong = []
        for file, contract in self._definitions():
            for result in self._load(file, contract):
                yield result
                if result.status == "refused":
                    wrong.append(f"{file.path}: {result.message}")
        if wrong:
            raise IngestError("\n".join(wrong))
        for file in discover(self._workspace.exports):
            yield from self._load(file)

    def _definitions(self) -> Iterator[tuple[ExportFile, Contract | None]]:
        """Of each definition the workspace's own file, else the default."""
        own = {file.name: file for file in discover(self._workspace.definitions)}
        for contract in self._contracts.values():
            if contract.source == DEFINITIONS:
                name = f"{contract.table}.csv"
                if name in own:
                    file = own.pop(name)
                    yield replace(file, name=f"definitions/{name}"), contract
                elif (SEEDS / name).is_file():
                    yield ExportFile.at(SEEDS / name, f"seeds/{name}"), contract
        for file in own.values():
            yield replace(file, name=f"definitions/{file.name}"), None

    def _load(self, file: ExportFile, definition: Contract | None = None) -> Iterator[LoadResult]:
        """Load one file under all its contracts, unless it is known what became of it."""
        started = time.perf_counter()
        known = self._seen.files.get(str(file.path), {})
        same = known.get("stat") == [file.size, file.modified]
        if same and known["state"] == self._state:
            results = [_from_json(result) for result in known["results"]]
            if all(self._is_there(result) for result in results):
                for result in results:
                    self._current.add(result.fingerprint)
                    if self._chosen(result.contract):
                        yield result
                return

        content = Content(**known["content"]) if same else read_content(file.path)
        results, complete = [], True
        for match in self._matches(file, definition):
            if isinstance(match, LoadResult):
                result = match
            elif self._chosen(match.contract.name):
                result = self._load_as(file, content, match, again=not same)
            else:
                self._current.add(self._fingerprint(file, content, match))
                complete = False
                continue
            result = replace(result, seconds=time.perf_counter() - started)
            started = time.perf_counter()
            results.append(result)
            yield result

        now = ExportFile.at(file.path, file.name)
        settled = now == file and time.time_ns() - file.modified > SETTLED
        if complete and settled:
            self._seen.files[str(file.path)] = {
                "stat": [file.size, file.modified],
                "state": self._state,
                "content": asdict(content),
                "results": [_to_json(result) for result in results],
            }

    def _matches(
        self, file: ExportFile, definition: Contract | None
    ) -> Iterable[Match | LoadResult]:
        """The contracts of a file, or why it has none."""
        if definition is not None:
            return [Match(definition)]
        known = self._export_contracts
        try:
            if file.path.is_relative_to(self._workspace.definitions):
                names = [c.table for c in self._contracts.values() if c.source == DEFINITIONS]
                hint = nearest(file.path.stem, names)
                raise Unmatched(f"there is no definition of this name{hint}: rename the file")
            return matches(file, Head(file.path, file.name), self._workspace, known)
        except (Unmatched, Refused) as problem:
            source = file.folder if any(c.source == file.folder for c in known.values()) else ""
            status = "unmatched" if isinstance(problem, Unmatched) else "refused"
            return [self._result(file, source, "", "", status, str(problem))]

    @cached_property
    def _export_contracts(self) -> dict[str, Contract]:
        return {n: c for n, c in self._contracts.items() if c.source != DEFINITIONS}

    def _load_as(
        self, file: ExportFile, content: Content, match: Match, *, again: bool
    ) -> LoadResult:
        """Load a file under one contract, unless its rows are there already."""
        contract = match.contract
        fingerprint = self._fingerprint(file, content, match)
        exported = self._exported(file, match)
        sighting = Sighting(
            contract.source,
            contract.table,
            match.nth,
            _digest([content.digest, _name_parts(file, contract)]),
            file.name,
            fingerprint,
            exported.at.isoformat(),
            exported.on.isoformat(),
            exported.known_from,
            *(0, 0, 0),
        )
        raw = self._workspace.raw
        earlier = self._history.of(fingerprint)
        status = "unchanged"
        if (
            earlier is None
            or not sighting.path(raw).is_file()
            or (earlier.rejected and not sighting.rejects_path(raw).is_file())
        ):
            status = "loaded"
            try:
                loaded = loading.load(
                    self._connection(),
                    loading.Job(
                        file.path,
                        contract,
                        match.layout(Head(file.path, file.name)),
                        self._workspace.config.timezone,
                        fingerprint,
                        sighting.path(raw),
                        sighting.rejects_path(raw),
                        self._temporary,
                        self._workspace.identity_key() if _has_keys(contract) else None,
                        content.has_nul,
                        strict=contract.source == DEFINITIONS,
                    ),
                )
            except Refused as problem:
                return self._result(
                    file, contract.source, contract.table, fingerprint, "refused", str(problem)
                )
        else:
            loaded = Loaded(earlier.rows, earlier.rejected, earlier.skipped, earlier.rejects)

        sighting = replace(sighting, **asdict(loaded), seen_at=datetime.now(UTC).isoformat())
        if again or sighting.id not in self._history.sightings:
            self._history.record(sighting)
        self._current.add(fingerprint)
        return LoadResult(
            contract.source,
            contract.table,
            file.name,
            fingerprint,
            exported.at,
            exported.known_from,
            loaded.rows,
            loaded.rejected,
            loaded.skipped,
            status,
            "",
            0.0,
            loaded.rejects,
        )

    def _fingerprint(self, file: ExportFile, content: Content, match: Match) -> str:
        """Changes with anything that changes the rows of a file under its contract."""
        rule = (
            match.rule.model_dump(mode="json", exclude={"match", "exported_at"})
            if match.rule
            else None
        )
        return _digest(
            [
                VERSION,
                content.digest,
                match.contract.name,
                match.contract.digest,
                rule,
                _name_parts(file, match.contract),
                self._workspace.config.timezone,
                self._key_mark if _has_keys(match.contract) else "",
            ]
        )

    def _exported(self, file: ExportFile, match: Match) -> Exported:
        stated = match.rule.exported_at if match.rule else None
        zone = self._workspace.config.timezone
        return exported(file, stated, zone, definition=match.contract.source == DEFINITIONS)

    def _result(
        self, file: ExportFile, source: str, table: str, fingerprint: str, status: str, message: str
    ) -> LoadResult:
        """What became of a file that was not loaded."""
        when = exported(file, None, self._workspace.config.timezone)
        return LoadResult(
            source,
            table,
            file.name,
            fingerprint,
            when.at,
            when.known_from,
            0,
            0,
            0,
            status,
            message,
            0.0,
        )

    def _chosen(self, contract: str) -> bool:
        source = contract.partition(".")[0]
        return self._only is None or source == DEFINITIONS or bool({contract, source} & self._only)

    def _is_there(self, result: LoadResult) -> bool:
        path = self._workspace.raw / result.source / result.table / result.fingerprint
        return result.status != "unchanged" or (
            path.with_name(f"{path.name}.parquet").is_file()
            and (not result.rejected or path.with_name(f"{path.name}.rejects.parquet").is_file())
        )

    @cached_property
    def _state(self) -> str:
        """Changes with anything but the files that decides what becomes of a file."""
        config = self._workspace.config
        rules = [rule.model_dump(mode="json") for rule in config.files]
        digests = [contract.digest for contract in self._contracts.values()]
        return _digest([VERSION, config.timezone, rules, digests, self._key_mark])

    @cached_property
    def _key_mark(self) -> str:
        """Stands for the key without giving it away; empty where there is none."""
        try:
            key = self._workspace.identity_key()
        except WorkspaceError:
            return ""
        return hashlib.blake2b(key, digest_size=8, person=b"plumbline").hexdigest()

    def finish(self, results: list[LoadResult], as_of: date | None) -> None:
        """Write down which files count, and what the models need to know of the workspace."""
        raw, config = self._workspace.raw, self._workspace.config
        counting = active(self._history.sightings.values(), self._current, raw, as_of)
        tables = Tables(self._workspace, self._seen, self._connection)
        for contract in self._contracts.values():
            tables.schema(contract)
        tables.table(
            "_files.parquet",
            FILES,
            [
                {
                    **asdict(sighting),
                    "source_name": sighting.source,
                    "table_name": sighting.table,
                    "path": sighting.path(raw).relative_to(raw).as_posix(),
                    "rejects_path": sighting.rejects_path(raw).relative_to(raw).as_posix()
                    if sighting.rejected
                    else None,
                }
                for sighting in counting
            ],
        )
        days = [s.exported_on for s in counting if s.source != DEFINITIONS]
        today = as_of or config.as_of or (max(days) if days else datetime.now(UTC).date())
        settings = {
            "company": config.company,
            "as_of": str(today),
            "reporting_currency": config.reporting_currency,
            "reporting_timezone": config.timezone,
            "fiscal_year_start_month": config.fiscal_year_start_month,
        }
        tables.table("_settings.parquet", SETTINGS, [settings])
        left = [result for result in results if result.status in ("refused", "unmatched")]
        tables.table(
            "_refused.parquet",
            REFUSED,
            [
                {
                    "file_name": result.file_name,
                    "source_name": result.source or None,
                    "table_name": result.table or None,
                    "message": result.message,
                }
                for result in left
            ],
        )


def _digest(parts: list[Any]) -> str:
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _name_parts(file: ExportFile, contract: Contract) -> dict[str, str | None]:
    """What the rows of a file take from its name."""
    taken = {column.name: from_file_name(column, file.name) for column in contract.columns}
    return {column: value for column, value in taken.items() if value is not None}


def _has_keys(contract: Contract) -> bool:
    return any(column.rules.identity == "email" for column in contract.columns)


def _to_json(result: LoadResult) -> dict[str, Any]:
    status = "unchanged" if result.status == "loaded" else result.status
    return asdict(result) | {"exported_at": result.exported_at.isoformat(), "status": status}


def _from_json(result: dict[str, Any]) -> LoadResult:
    when = datetime.fromisoformat(result["exported_at"])
    return LoadResult(**result | {"exported_at": when, "seconds": 0.0})
