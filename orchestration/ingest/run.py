"""One run of the loader: which file is looked at when, and what need not be done again.

What is done with a file stands in the modules beside this one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from orchestration.contracts import DEFINITIONS, PROJECT_ROOT, Contract
from orchestration.ingest import batch, metrics, suppress, unpack
from orchestration.ingest import load as loading
from orchestration.ingest.columns import as_typed
from orchestration.ingest.dialect import Head, Layout, Refused, from_file_name
from orchestration.ingest.files import Content, ExportFile, discover, exported, read_content
from orchestration.ingest.matching import (
    Match,
    Unmatched,
    Unneeded,
    check_freshness,
    check_rules,
    matches,
    no_definition,
)
from orchestration.ingest.records import (
    History,
    LoadResult,
    Seen,
    Sighting,
    Tables,
    active,
    shrunken,
)
from orchestration.workspace import Workspace, WorkspaceError

if TYPE_CHECKING:
    import duckdb

SEEDS = PROJECT_ROOT / "seeds" / "definitions"
METRICS = "metric_definitions"
# Raise it when the same file under the same contract would give other rows than before.
VERSION = 3
# A file may change again within the tick of its clock; what was read just then is not remembered.
SETTLED = 2_000_000_000


class IngestError(Exception):
    """The run cannot go on; the message names file, line and column, and says what to do."""


@dataclass
class _Opened:
    """A file, or a part of one, with the contracts that it follows or why it has none."""

    file: ExportFile
    head: Head
    matches: list[Match] | list[LoadResult]
    _content: Content | None = None

    @property
    def is_matched(self) -> bool:
        """Whether it is read at all."""
        return any(isinstance(match, Match) for match in self.matches)

    @property
    def content(self) -> Content:
        """What identifies its content, found out when it is first asked for."""
        if self._content is None:
            self._content = read_content(self.file.path)
        return self._content


@dataclass
class Outlook:
    """What the next load would find."""

    given: list[list[Any]] = field(default_factory=list)
    """Name, size and time of every settled file."""
    fresh: dict[str, set[str]] = field(default_factory=dict)
    """Files that were not loaded as they are now, with the contracts that they follow."""
    left: dict[str, str] = field(default_factory=dict)
    """Files that are not loaded, with the reason."""
    unsettled: list[str] = field(default_factory=list)
    """Files that are still being written."""
    counting: list[Sighting] = field(default_factory=list)
    """Of what was loaded that which counts, as the files are now."""
    is_read_anew: bool = False
    """Whether contracts, mappings, zone or key are others than at the last load."""


# What files were found to be, by path, size, time and all that decides it: a look is taken often.
_looked: dict[tuple[str, int, int, str], list[LoadResult]] = {}


class Run:
    """One run over one workspace, to be used once, as a context."""

    def __init__(
        self, workspace: Workspace, contracts: Mapping[str, Contract], only: set[str] | None
    ) -> None:
        check_rules(workspace, contracts)
        check_freshness(workspace, contracts)
        self._workspace = workspace
        self._contracts = contracts
        self._only = only
        self._temporary = workspace.runs / "tmp"
        self._current: set[str] = set()
        self._connected: duckdb.DuckDBPyConnection | None = None
        self._opened: dict[str, _Opened] = {}
        """Files of this portion that were looked at ahead, until they are loaded."""
        self._ahead: dict[str, loading.Loaded] = {}
        self._not_asked_for: list[LoadResult] = []
        """What an earlier run said of files that this one leaves as they are."""

    def __enter__(self) -> Run:
        for folder in (self._workspace.raw, self._temporary):
            folder.mkdir(parents=True, exist_ok=True)
        for pattern in (
            "raw/.*.tmp",
            "raw/*/*/.*.tmp",
            "history/*/.*.tmp",
            "runs/tmp/*.*",
            "runs/*/tmp/*.*",
        ):
            for left_over in self._workspace.root.glob(pattern):
                if left_over.is_dir():
                    shutil.rmtree(left_over)
                else:
                    left_over.unlink()
        self._history = History(self._workspace)
        self._seen = Seen(self._workspace)
        if self._history.damaged:
            self._seen.files.clear()  # the files that are there are recorded again
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._workspace.raw / batch.SCRATCH, ignore_errors=True)
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
        for file, contract in self.definitions():
            for result in self._load(file, contract):
                yield result
                if result.status == "refused":
                    columns = contract.columns if contract else ()
                    headers = ", ".join(column.headers[0] for column in columns if column.headers)
                    expected = f"\n  its headers are: {headers}" if headers else ""
                    wrong.append(f"{file.path}: {result.message}{expected}")
                elif result.table == METRICS and file.path.is_relative_to(
                    self._workspace.definitions
                ):
                    lacks = metrics.lacking(self._metrics(result), SEEDS / f"{METRICS}.csv")
                    wrong += [f"{file.path}: {message}" for message in lacks]
        if wrong:
            raise IngestError("\n".join(wrong))
        for files in batch.portions(discover(self._workspace.exports)):
            self._load_ahead(files)
            for file in files:
                yield from self._load(file)

    def _metrics(self, result: LoadResult) -> list[metrics.Metric]:
        """The rows of a workspace's own definitions of metrics."""
        rows = self._connection().read_parquet(str(result.path(self._workspace.raw)))
        found = rows.project("metric, version, parameters").fetchall()
        return [metrics.Metric(*row) for row in found]

    def definitions(self) -> Iterator[tuple[ExportFile, Contract | None]]:
        """Of each definition the workspace's own file, else the default."""
        own = {file.name: file for file in discover(self._workspace.definitions)}
        for contract in self._contracts.values():
            if contract.source == DEFINITIONS:
                name = f"{contract.table}.csv"
                if name in own:
                    yield replace(own.pop(name), name=f"{DEFINITIONS}/{name}"), contract
                elif (SEEDS / name).is_file():
                    yield ExportFile.at(SEEDS / name, f"seeds/definitions/{name}"), contract
        for file in own.values():
            yield replace(file, name=f"{DEFINITIONS}/{file.name}"), None

    def _known(self, file: ExportFile) -> dict[str, Any]:
        """What an earlier run found out about the very same file; empty if nothing."""
        known = self._seen.files.get(str(file.path), {})
        return known if known.get("stat") == [file.size, file.modified] else {}

    def _load_ahead(self, files: list[ExportFile]) -> None:
        """Load those of some files that are small and alike, together; `_load` does the rest."""
        groups: dict[Hashable, dict[str, loading.Job]] = defaultdict(dict)
        for file in files:
            known = self._known(file)
            if (
                file.size > batch.SMALL
                or known.get("state") == self._state
                or unpack.is_packed(file)
            ):
                continue
            opened = self._opened[file.name] = self._open(file, file, None)
            for match in opened.matches:
                if not isinstance(match, Match):
                    continue
                sighting = self.sighting(file, opened.content, match)
                found = self._history.of(sighting.fingerprint)
                if not self._chosen(sighting) or (found and found.is_whole(self._workspace.raw)):
                    continue
                with contextlib.suppress(Refused):
                    job = self._job(file, opened, match, sighting, match.layout(opened.head))
                    if batch.may_join(job):
                        alike = (job.contract.name, id(match.rule), match.nth, repr(job.layout))
                        groups[alike][sighting.fingerprint] = job
        for jobs in groups.values():
            if len(jobs) > 1:
                results = batch.load(self._connection(), self._workspace.raw, list(jobs.values()))
                self._ahead |= {name: r for name, r in zip(jobs, results, strict=True) if r}

    def _load(self, file: ExportFile, definition: Contract | None = None) -> Iterator[LoadResult]:
        """Load one file under all its contracts, unless it is known what became of it."""
        known = self._known(file)
        if known.get("state") == self._state:
            results = [LoadResult.from_json(result) for result in known["results"]]
            raw = self._workspace.raw
            if all(r.status != "unchanged" or r.is_whole(raw) for r in results):
                self._current |= {result.fingerprint for result in results}
                yield from filter(self._chosen, results)
                self._not_asked_for += [r for r in results if not self._chosen(r)]
                return

        results, complete, content = [], True, None
        try:
            with unpack.unpacked(file, self._temporary, self._connection) as parts:
                for part in parts:
                    opened = self._opened.pop(part.name, None)
                    opened = opened or self._open(file, part, definition)
                    content = opened.content if part is file and opened.is_matched else None
                    for match in opened.matches:
                        if isinstance(match, Match):
                            result = self._load_match(part, opened, match, again=not known)
                        else:
                            result = match
                        if result is None:
                            complete = False
                            continue
                        results.append(result)
                        if self._chosen(result):
                            yield result
        except Refused as problem:
            results = [self._unread(file, problem)]
            yield results[0]
        if complete and time.time_ns() - file.modified > SETTLED:
            self._seen.files[str(file.path)] = {
                "stat": [file.size, file.modified],
                "state": self._state,
                "content": asdict(content) if content else None,
                "results": [result.to_json() | _as_later(result) for result in results],
            }

    def look(self, is_settled: Callable[[ExportFile], bool]) -> Outlook:
        """What the next load would find, without loading anything: to be called instead of entering
        the run. A file that is not settled is left for later."""
        self._history, self._seen = History(self._workspace), Seen(self._workspace)
        self._temporary = self._workspace.runs / "look"
        outlook = Outlook()
        files = [(file, None) for file in discover(self._workspace.exports)]
        try:
            for file, contract in [*self.definitions(), *files]:
                try:
                    if self._known(file) or is_settled(file):
                        self._look_at(file, contract, outlook)
                        continue
                except FileNotFoundError:
                    pass  # taken away this moment
                outlook.unsettled.append(file.name)
        finally:
            shutil.rmtree(self._temporary, ignore_errors=True)
            if self._connected:
                self._connected.close()
        raw = self._workspace.raw
        counting = active(self._history.sightings.values(), self._current, raw, None)
        problems = shrunken(counting)
        outlook.counting = [s for s in counting if s.fingerprint not in problems]
        return outlook

    def _look_at(self, file: ExportFile, definition: Contract | None, outlook: Outlook) -> None:
        outlook.given.append([file.name, file.size, file.modified])
        known = self._known(file)
        if known and known["state"] != self._state:
            outlook.is_read_anew = True
        if known.get("state") == self._state:
            found = [LoadResult.from_json(result) for result in known["results"]]
        else:
            found = self._looked_at(file, definition)
        for sighting in found:
            if not sighting.fingerprint or sighting.status == "refused":
                if sighting.status != "ignored":
                    outlook.left[sighting.file_name] = sighting.message
            elif sighting.id in self._history.sightings and sighting.is_whole(self._workspace.raw):
                self._current.add(sighting.fingerprint)
            else:
                outlook.fresh.setdefault(file.name, set()).add(sighting.contract)

    def _looked_at(self, file: ExportFile, definition: Contract | None) -> list[LoadResult]:
        """What a file is, by its head and its hash; kept while neither it nor the rules change."""
        key = (str(file.path), file.size, file.modified, self._state)
        if key in _looked:
            return _looked[key]
        found: list[LoadResult] = []
        try:
            self._temporary.mkdir(parents=True, exist_ok=True)
            with unpack.unpacked(file, self._temporary, self._connection) as parts:
                for part in parts:
                    opened = self._open(file, part, definition)
                    for match in opened.matches:
                        if isinstance(match, Match):
                            found.append(self._foreseen(part, opened, match))
                        else:
                            found.append(match)
        except Refused as problem:
            found = [self._unread(file, problem)]
        _looked[key] = found
        return found

    def _foreseen(self, file: ExportFile, opened: _Opened, match: Match) -> LoadResult:
        """What a file would be under a contract, as far as its rows are not needed for that."""
        sighting = self.sighting(file, opened.content, match)
        try:
            layout = match.layout(opened.head)
            sighting = self.dated(sighting, file, match.contract, layout)
        except Refused as problem:
            return _result(sighting, "refused", message=str(problem))
        return _result(sighting, "unchanged")

    def _open(self, file: ExportFile, part: ExportFile, definition: Contract | None) -> _Opened:
        """A file, or a part of one, with the contracts that it follows."""
        head = Head(part.path, part.name)
        known = self._known(file).get("content") if part is file else None
        content = Content(**known) if known else None
        return _Opened(part, head, self._matches(part, head, definition), content)

    def _load_match(
        self, file: ExportFile, opened: _Opened, match: Match, *, again: bool
    ) -> LoadResult | None:
        """Load a file under a contract; None where neither it nor its source was asked for."""
        sighting = self.sighting(file, opened.content, match)
        if not self._chosen(sighting):
            self._current.add(sighting.fingerprint)
            return None
        return self._load_as(file, opened, match, sighting, again=again)

    def _unread(self, file: ExportFile, problem: Exception) -> LoadResult:
        """Why a file was not read under any contract."""
        folder = file.folder
        source = folder if any(c.source == folder for c in self._contracts.values()) else ""
        when = exported(file, None, self._zone)
        nothing = Sighting(source, "", 0, "", file.name, "", when.at, when.on, when.known_from)
        status = {Unmatched: "unmatched", Unneeded: "ignored"}.get(type(problem), "refused")
        message = f"cannot be read: {problem}" if isinstance(problem, OSError) else str(problem)
        return _result(nothing, status, message=message)

    def _matches(
        self, file: ExportFile, head: Head, definition: Contract | None
    ) -> list[Match] | list[LoadResult]:
        """The contracts of a file, or why it has none."""
        if definition is not None:
            return [Match(definition)]
        known = {n: c for n, c in self._contracts.items() if c.source != DEFINITIONS}
        try:
            if file.path.is_relative_to(self._workspace.definitions):
                raise Unmatched(no_definition(file.path.stem, self._contracts.values()))
            return matches(file, head, self._workspace, known)
        except (Unmatched, Unneeded, Refused, OSError) as problem:
            return [self._unread(file, problem)]

    def sighting(self, file: ExportFile, content: Content, match: Match) -> Sighting:
        """What this file is under this contract. The fingerprint covers all that makes its rows."""
        contract, rule, zone = match.contract, match.rule, self._zone
        definition = contract.source == DEFINITIONS
        when = exported(file, rule.exported_at if rule else None, zone, definition=definition)
        taken = {column.name: from_file_name(column, file.name) for column in contract.columns}
        parts: list[Any] = [content.digest, {k: value for k, value in taken.items() if value}]
        apart = {"match", "exported_at", "mode"}
        mapping = rule.model_dump(mode="json", exclude=apart) if rule else None
        key = self._key_mark if contract.has_keys else ""
        return Sighting(
            contract.source,
            contract.table,
            match.nth,
            _digest(parts[:1] if contract.mode == "window" else parts),
            file.name,
            _digest([VERSION, *parts, contract.name, contract.digest, mapping, zone, key]),
            when.at,
            when.on,
            when.known_from,
            (rule.mode if rule else None) or contract.mode_of(file.name),
            contract.rules.max_shrink,
            told_by_name=len(parts[1]),
        )

    def dated(
        self, sighting: Sighting, file: ExportFile, contract: Contract, layout: Layout
    ) -> Sighting:
        """The sighting with the time of the export that the file itself states, if it does."""
        if not layout.exported_at or sighting.exported_at_from == "workspace.yml":
            return sighting
        zone = contract.rules.timezone.replace("workspace", self._zone)
        when = exported(file, layout.exported_at, zone, stated_in="content")
        return replace(
            sighting,
            exported_at=when.at,
            exported_on=when.on,
            exported_at_from=when.known_from,
        )

    def _job(
        self,
        file: ExportFile,
        opened: _Opened,
        match: Match,
        sighting: Sighting,
        layout: Layout,
    ) -> loading.Job:
        contract = match.contract
        return loading.Job(
            file,
            as_typed(contract, layout, file.typed),
            layout,
            self._zone,
            sighting.fingerprint,
            sighting.path(self._workspace.raw),
            self._temporary,
            self._key(file, contract, layout) if contract.has_keys else None,
            opened.content.has_nul,
            strict=contract.source == DEFINITIONS,
        )

    def _load_as(
        self, file: ExportFile, opened: _Opened, match: Match, sighting: Sighting, *, again: bool
    ) -> LoadResult:
        """Load a file under one contract, unless its rows are there already."""
        started = time.perf_counter()
        contract, raw = match.contract, self._workspace.raw
        status, message = "unchanged", ""
        loaded = loading.Loaded(0)
        found = self._history.of(sighting.fingerprint)
        is_there = found is not None and found.is_whole(raw)
        try:
            layout = None
            if not is_there or contract.rules.preamble.exported_at:
                layout = match.layout(opened.head)
                sighting = self.dated(sighting, file, contract, layout)
            if found is not None and is_there:
                loaded = loading.Loaded(found.rows, found.rejected, found.skipped, found.rejects)
                headers, notes = found.headers, found.notes
            elif layout is not None:
                status, headers = "loaded", layout.headers
                notes = notes_on(opened.content, layout)
                ahead = self._ahead.get(sighting.fingerprint)
                loaded = ahead or loading.load(
                    self._connection(), self._job(file, opened, match, sighting, layout)
                )
                taken = suppress.take_out(
                    self._connection(), sighting.path(raw), contract, self._left_out
                )
                loaded = replace(loaded, rows=loaded.rows - taken, skipped=loaded.skipped + taken)
                if new := self._history.new_headers(contract.name, headers):
                    more = f" and {len(new) - 5:,} more" if len(new) > 5 else ""
                    listed = ", ".join(new[:5]) + more
                    message = f"has columns that no file before it had: {listed}"
        except Refused as problem:
            status, message, headers, notes = "refused", str(problem), (), ()
        seconds = time.perf_counter() - started
        sighting = replace(
            sighting,
            **asdict(loaded),
            headers=headers,
            notes=notes,
            seen_at=datetime.now(UTC).isoformat(),
        )
        if status != "refused":
            self._current.add(sighting.fingerprint)
            before = self._history.sightings.get(sighting.id)
            if again or before is None or before.mode != sighting.mode:
                self._history.record(sighting)
        return _result(sighting, status, message=message, seconds=seconds)

    def _key(self, file: ExportFile, contract: Contract, layout: Layout) -> bytes:
        """The identity key; where there is none, say which column of which file needs it."""
        try:
            return self._workspace.identity_key()
        except WorkspaceError as problem:
            keys = [column for column in contract.columns if column.is_key]
            bound = [layout.headers[p] for c in keys for p in layout.positions.get(c.name, ())]
            needed = ", ".join(f"'{name}'" for name in bound or [column.name for column in keys])
            raise WorkspaceError(
                f"{file.name}: its e-mail addresses ({needed}) need the identity key, but {problem}"
                " (`openssl rand -hex 32` makes one, too)"
            ) from None

    def _chosen(self, found: Sighting) -> bool:
        names = {found.source, found.contract}
        return self._only is None or found.source == DEFINITIONS or bool(names & self._only)

    @cached_property
    def _left_out(self) -> frozenset[str]:
        return suppress.keys(self._workspace)

    @property
    def _zone(self) -> str:
        return self._workspace.config.timezone

    @cached_property
    def _state(self) -> str:
        """Changes with anything but the files that decides what becomes of a file."""
        config = self._workspace.config
        rules = [rule.model_dump(mode="json") for rule in config.files]
        digests = [contract.digest for contract in self._contracts.values()]
        shape = [column.name for column in fields(LoadResult)]
        return _digest([VERSION, shape, self._zone, rules, digests, self._key_mark])

    @cached_property
    def _key_mark(self) -> str:
        """Stands for the key without giving it away; empty where there is none."""
        try:
            key = self._workspace.identity_key()
        except WorkspaceError:
            return ""
        return hashlib.blake2b(key, digest_size=8, person=b"plumbline").hexdigest()

    def finish(self, results: list[LoadResult]) -> list[LoadResult]:
        """Write down which files count, and what the models need to know of the workspace.

        Returns the results again, with the files that only now turn out not to be believable.
        """
        raw, config, as_of = self._workspace.raw, self._workspace.config, self._workspace.as_of
        counting = active(self._history.sightings.values(), self._current, raw, as_of)
        self._require_whole(counting)
        problems = shrunken(counting)
        results = [
            replace(result, status="refused", message=problem)
            if (problem := problems.get(result.fingerprint))
            else result
            for result in results
        ]
        counting = [sighting for sighting in counting if sighting.fingerprint not in problems]
        days = [sighting.exported_on for sighting in counting if sighting.source != DEFINITIONS]
        today = as_of or config.as_of or max(days, default=datetime.now(UTC).date())
        tables = Tables(self._workspace, self._seen, self._connection)
        for contract in self._contracts.values():
            tables.schema(contract)
        tables.files(counting)
        tables.settings(today)
        told = [*results, *self._not_asked_for]
        tables.refused([r for r in told if r.status in ("refused", "unmatched")])
        return results

    def _require_whole(self, counting: list[Sighting]) -> None:
        """Go on only with all that was ever loaded, as a number without a part of it is wrong."""
        history, raw = self._workspace.history / "loads", self._workspace.raw
        lost = [f"{history / name}.json: what it tells of" for name in self._history.damaged]
        lost += [
            f"{seen.path(raw)}: {seen.file_name}" for seen in counting if not seen.is_whole(raw)
        ]
        if lost and self._only is None:
            raise IngestError(
                "damaged, and not to be made again from what is in exports/: put its export back "
                "there, or restore it from a backup; to go on without it, delete it:\n"
                + "\n".join(f"  {line}" for line in sorted(lost))
            )


def notes_on(content: Content, layout: Layout) -> list[str]:
    """What does not keep a file from being loaded, and the user should know."""
    notes = []
    if content.is_garbled:
        notes.append(
            "some of its letters look like UTF-8 that was read as something else (as in "
            "`MÃ¼ller`): if names look so in its system, too, mend them there; else export "
            "it again as UTF-8"
        )
    if layout.is_incomplete:
        notes.append("says of itself that its last numbers may still change: export it again")
    if not content.is_ended and layout.reads_last_column:
        notes.append(
            "has no line end after its last line: many systems write files so, but if it was cut "
            f"there, its last value ('{layout.headers[-1]}') is too short: look at it, or export "
            "it again"
        )
    return notes


def _as_later(result: LoadResult) -> dict[str, Any]:
    """How a result is told when nothing has changed since."""
    if result.status == "loaded":
        return {"status": "unchanged", "message": "", "seconds": 0.0}
    return {"seconds": 0.0}


def _result(sighting: Sighting, status: str, **more: Any) -> LoadResult:
    return LoadResult(**vars(sighting), status=status, **more)


def _digest(parts: list[Any]) -> str:
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
