"""What would become of each export file, found out by loading it into a folder that is removed.

Which contract a file follows, how it is read and what is wrong with it say the loader's own modules
(orchestration/ingest). Here their answers are put together, held against the definitions and
against what was loaded before, and turned into findings. Nothing is printed here, and no finding
holds a value of a file but the words that definitions are about.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestration import gaps
from orchestration.contracts import DEFINITIONS, Contract, nearest, pattern
from orchestration.doctor import proposals
from orchestration.doctor.overlaps import Overlap, Overlaps
from orchestration.doctor.proposals import Proposal
from orchestration.doctor.sheet import Sheet, sniff
from orchestration.doctor.trial import Trial
from orchestration.doctor.words import Open, Shape, Words
from orchestration.ingest import columns as sql
from orchestration.ingest import unpack
from orchestration.ingest.dialect import Head, Layout, Names, Refused
from orchestration.ingest.files import Content, ExportFile, discover, read_content
from orchestration.ingest.matching import (
    Match,
    Unmatched,
    Unneeded,
    idle_rules,
    matches,
    no_definition,
)
from orchestration.ingest.quarantine import first_rejects
from orchestration.ingest.records import History, Sighting, active, shrunken
from orchestration.ingest.run import Run, notes_on
from orchestration.workspace import Workspace

# Lines that are named of each reason, and shapes of the values there.
LINES, SHAPES = 5, 3
FEWEST_STAGES = 2
FORMATS = ("bad_date", "bad_number", "bad_value")
MEANT = {
    "missing_key": "is empty, and must not be",
    "bad_number": "is not a number as it is declared",
    "bad_date": "is not a date as it is declared",
    "bad_value": "is a word that is not known",
    "out_of_window": "is a day out of bounds",
    "ragged": "has another number of cells than the header",
    "nul": "holds a NUL character",
    "too_long": "is too long to be a record",
    "duplicate_key": "has a key that a later line has with other values",
}


@dataclass(frozen=True)
class Bound:
    """A column of a contract, and what in the file gives it."""

    column: str
    header: str
    """Empty where the value is not in the cells."""
    origin: str = "header"


@dataclass(frozen=True)
class Missing:
    """A column of a contract that the file does not give."""

    column: str
    looked_for: tuple[str, ...]
    nearest: str = ""
    is_required: bool = False


@dataclass(frozen=True)
class Unfit:
    """Values of one column that cannot be loaded."""

    reason: str
    column: str
    header: str
    count: int
    lines: tuple[int, ...]
    shapes: tuple[str, ...] = ()
    """What the values look like: digits as 9, letters as a."""

    @property
    def meaning(self) -> str:
        """The reason in words."""
        return MEANT.get(self.reason, self.reason)


@dataclass(frozen=True)
class Finding:
    """One file under one contract, or why it has none."""

    file: str
    status: str
    """ok, rejects, refused, unmatched or ignored."""
    contract: str = ""
    because: str = ""
    message: str = ""
    size: int = 0
    encoding: str = ""
    delimiter: str = ""
    header_line: int = 0
    exported_at: datetime | None = None
    exported_at_from: str = ""
    rows: int = 0
    rejected: int = 0
    skipped: int = 0
    columns: tuple[Bound, ...] = ()
    missing: tuple[Missing, ...] = ()
    unknown: tuple[str, ...] = ()
    """Headers that the contract does not use."""
    unfit: tuple[Unfit, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    notes: tuple[str, ...] = ()
    was_loaded: bool = False
    """Whether these very rows were loaded before."""
    proposals: tuple[Proposal, ...] = ()
    seconds: float = 0.0

    @property
    def is_definition(self) -> bool:
        """Whether it is one of the workspace's definitions."""
        return self.file.startswith(f"{DEFINITIONS}/")


@dataclass(frozen=True)
class Diagnosis:
    """All findings of one visit."""

    workspace: Path
    findings: tuple[Finding, ...]
    open: tuple[Open, ...] = ()
    idle: tuple[str, ...] = ()
    """Entries of `files:` that no file fits."""
    key_problem: str = ""
    """Why there is no identity key, where a file needs it."""
    seconds: float = 0.0
    is_partial: bool = False
    """Whether only some files were asked for."""
    has_entries: bool = True
    """Whether anything stands under `files:` in workspace.yml."""

    def of(self, *statuses: str) -> tuple[Finding, ...]:
        """The findings of these statuses."""
        return tuple(finding for finding in self.findings if finding.status in statuses)

    @property
    def has_exports(self) -> bool:
        """Whether there is any file at all."""
        return any(not finding.is_definition for finding in self.findings)

    @property
    def exit_code(self) -> int:
        """0: nothing to do. 1: the rest loads. 2: something cannot be loaded."""
        if self.of("refused") or self.key_problem:
            return 2
        attention = self.of("rejects", "unmatched") or self.idle or not self.has_exports
        attention = attention or any(finding.proposals for finding in self.findings)
        return 1 if attention or any(part.matters for part in self.open) else 0

    def to_json(self) -> dict[str, Any]:
        """All of it, as plain data."""
        opened = [
            {
                "definition": part.definition,
                "file": part.file,
                "is_there": part.is_there,
                "header": part.header,
                "rows": part.rows,
                "matters": part.matters,
                "words": [
                    {
                        "system": gap.system,
                        "word": gap.shown,
                        "count": gap.count,
                        "files": gap.files,
                        "first_day": gap.first_day,
                        "last_day": gap.last_day,
                    }
                    for gap in part.gaps
                ],
            }
            for part in self.open
        ]
        return {
            "workspace": self.workspace,
            "exit_code": self.exit_code,
            "seconds": self.seconds,
            "key_problem": self.key_problem,
            "idle": self.idle,
            "files": [asdict(finding) for finding in self.findings],
            "open": opened,
        }


Watch = Callable[[str, int, int], None]
"""Hears the name of the file that is looked at, and how many bytes of how many are done."""


def examine(
    workspace: Workspace,
    contracts: Mapping[str, Contract],
    paths: Sequence[Path] = (),
    *,
    watch: Watch | None = None,
) -> Diagnosis:
    """Look at all exports of a workspace, or at some files wherever they lie."""
    started = time.perf_counter()
    with Trial(workspace) as trial:
        visit = _Visit(workspace, contracts, trial, is_partial=bool(paths))
        visit.definitions()
        files = _asked_for(workspace, paths) if paths else list(discover(workspace.exports))
        total, done = sum(file.size for file in files), 0
        for file in files:
            if watch:
                watch(file.name, done, total)
            visit.file(file)
            done += file.size
        if watch:
            watch("", total, total)
        return replace(visit.diagnosis(), seconds=round(time.perf_counter() - started, 3))


def _asked_for(workspace: Workspace, paths: Sequence[Path]) -> list[ExportFile]:
    """The files as if they lay below exports/, where they do not."""
    found = []
    for path in paths:
        inside = workspace.exports / path
        place = (inside if inside.exists() and not path.is_file() else path).resolve()
        exports = workspace.exports.resolve()
        if place.is_dir():
            for file in discover(place):
                name = (place / file.name).relative_to(exports) if exports in place.parents else ""
                found.append(replace(file, name=str(name) if name else file.name))
            continue
        name = place.relative_to(exports) if place.is_relative_to(exports) else place.name
        found.append(ExportFile.at(place, str(name)))
    return found


class _Visit:
    """One look at a workspace."""

    def __init__(
        self,
        workspace: Workspace,
        contracts: Mapping[str, Contract],
        trial: Trial,
        *,
        is_partial: bool,
    ) -> None:
        self._workspace = workspace
        self._contracts = contracts
        self._exports = {n: c for n, c in contracts.items() if c.source != DEFINITIONS}
        self._trial = trial
        self._run = Run(workspace, contracts, None)
        self._history = History(workspace)
        self._is_partial = is_partial
        self._findings: list[Finding] = []
        self._names: list[str] = []
        self._needs_key = False
        self._rows: dict[str, list[dict[str, object]]] = {}
        self._shapes: dict[str, Shape] = {}
        self._places: dict[str, int] = {}
        self._overlaps = Overlaps(trial)
        self._words = Words(trial)

    def definitions(self) -> None:
        """Look at the definitions, and remember what they know."""
        for file, contract in self._run.definitions():
            own = file.name.startswith(f"{DEFINITIONS}/")
            started = time.perf_counter()
            if contract is None:
                message = no_definition(file.path.stem, self._contracts.values())
                self._findings.append(Finding(file.name, "unmatched", message=message))
                continue
            head = Head(file.path, file.name)
            try:
                content = read_content(file.path)
                match = Match(contract, because="its name is that of the definition")
                layout = match.layout(head)
                loaded, rows = self._trial.load(
                    file, contract, layout, has_nul=content.has_nul, strict=True
                )
            except (Refused, OSError) as problem:
                finding = Finding(file.name, "refused", contract.name, message=_told(problem))
                self._findings.append(replace(finding, size=file.size))
                continue
            self._shapes[contract.table] = Shape(own, layout.headers, layout.delimiter)
            self._rows[contract.table] = self._all_rows(rows, contract)
            if own:
                source = f"read_parquet({sql.literal(str(rows))})"
                self._words.keep(contract, source, file.name)
                finding = self._finding(file, head, match, layout)
                taken = time.perf_counter() - started
                finding = replace(finding, rows=loaded.rows, seconds=round(taken, 3))
                self._findings.append(finding)

    def _all_rows(self, path: Path, contract: Contract) -> list[dict[str, object]]:
        found = self._trial.connection().execute(
            f"select {sql.names(contract)} from read_parquet({sql.literal(str(path))})"
        )
        names = [column.name for column in contract.columns]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def file(self, file: ExportFile) -> None:
        """Look at one file, or at all that is in it."""
        try:
            with unpack.unpacked(file, self._trial.folder, self._trial.connection) as parts:
                for part in parts:
                    self._part(part, file.size if part is file else part.size)
        except (Refused, OSError) as problem:
            self._names.append(file.name)
            self._findings.append(
                Finding(file.name, "refused", message=_told(problem), size=file.size)
            )
        self._trial.clear()

    def _part(self, file: ExportFile, size: int) -> None:
        started = time.perf_counter()
        self._names.append(file.name)
        head = Head(file.path, file.name)
        try:
            found = matches(file, head, self._workspace, self._exports)
        except Unneeded as reason:
            self._findings.append(Finding(file.name, "ignored", message=str(reason), size=size))
            return
        except Unmatched as problem:
            finding = Finding(file.name, "unmatched", message=_told(problem), size=size)
            self._findings.append(self._with_proposal(finding, file, head, started))
            return
        except (Refused, OSError) as problem:
            finding = Finding(file.name, "refused", message=_told(problem), size=size)
            if isinstance(problem, Refused) and file.size:
                finding = self._with_proposal(finding, file, head, started)
            self._findings.append(finding)
            return
        content = read_content(file.path)
        for match in found:
            begun = time.perf_counter()
            finding = self._match(file, head, content, match)
            taken = time.perf_counter() - begun
            self._findings[-1] = replace(finding, size=size, seconds=round(taken, 3))

    def _match(self, file: ExportFile, head: Head, content: Content, match: Match) -> Finding:
        """Look at a file under one contract; its finding is the last one afterwards."""
        place = len(self._findings)
        because = self._because(match)
        contract = match.contract
        self._findings.append(Finding(file.name, "refused", contract.name, because))
        try:
            layout = match.layout(head)
        except Refused as problem:
            finding = replace(self._findings[place], message=_told(problem))
            sheet = self._sheet(file, head, content.has_nul)
            if sheet is None:
                return finding
            layout = sheet.layout
            finding = replace(finding, **self._layout(layout), **_compared(contract, layout))
            return replace(finding, proposals=self._for(sheet, contract, match))
        finding = self._finding(file, head, match, layout)
        sighting = self._run.sighting(file, content, match)
        sighting = self._run.dated(sighting, file, contract, layout)
        self._needs_key |= contract.has_keys and any(
            column.is_key and column.name in layout.positions for column in contract.columns
        )
        known = self._history.of(sighting.fingerprint)
        finding = replace(
            finding,
            exported_at=sighting.exported_at,
            exported_at_from=sighting.exported_at_from,
            notes=tuple(notes_on(content, layout)),
            was_loaded=known is not None and known.is_whole(self._workspace.raw),
        )
        if finding.was_loaded and known is not None and not known.rejected:
            rows = known.path(self._workspace.raw)
            finding = replace(finding, rows=known.rows, skipped=known.skipped)
        else:
            try:
                fingerprint, has_nul = sighting.fingerprint, content.has_nul
                loaded, rows = self._trial.load(
                    file, contract, layout, fingerprint=fingerprint, has_nul=has_nul
                )
            except Refused as problem:
                finding = replace(finding, status="refused", message=_told(problem))
                return self._refused(finding, file, head, content, match, layout)
            finding = replace(
                finding,
                status="rejects" if loaded.rejected else "ok",
                rows=loaded.rows,
                rejected=loaded.rejected,
                skipped=loaded.skipped,
            )
            if loaded.rejected:
                finding = replace(finding, unfit=self._unfit(file, contract, layout, content))
        if match.rule is None:
            finding = self._with_stage_dates(finding, file, head, content, contract)
        sighting = replace(sighting, rows=finding.rows, rejected=finding.rejected)
        self._remember(place, sighting, contract, rows)
        return finding

    def _finding(self, file: ExportFile, head: Head, match: Match, layout: Layout) -> Finding:
        return Finding(
            file.name,
            "ok",
            match.contract.name,
            self._because(match),
            size=file.size,
            **self._layout(layout),
            **_compared(match.contract, layout),
        )

    def _layout(self, layout: Layout) -> dict[str, Any]:
        return {
            "encoding": layout.encoding.replace("utf-8-sig", "utf-8 with byte order mark"),
            "delimiter": layout.delimiter,
            "header_line": layout.skip,
        }

    def _because(self, match: Match) -> str:
        """Why a file follows a contract, with the line of workspace.yml where that says so."""
        if match.rule is None:
            return match.because
        place = self._place_of(match)
        return f"{match.because}, line {self._workspace.line('files', place)}"

    def _place_of(self, match: Match) -> int:
        return next(n for n, rule in enumerate(self._workspace.config.files) if rule is match.rule)

    def _sheet(self, file: ExportFile, head: Head, has_nul: bool) -> Sheet | None:
        try:
            return sniff(self._trial, file, head, has_nul=has_nul)
        except (Refused, UnicodeError, OSError):
            return None

    def _with_proposal(
        self, finding: Finding, file: ExportFile, head: Head, started: float
    ) -> Finding:
        """The finding with a mapping that would load the file, if one is near."""
        try:
            sheet = self._sheet(file, head, read_content(file.path).has_nul)
            if sheet is None:
                told = f"{finding.message}. It does not look like a table"
                finding = replace(finding, message=told)
            else:
                finding = replace(finding, **self._layout(sheet.layout))
                proposed, nearest_is = proposals.propose(sheet, self._exports)
                told = f"{finding.message}; {nearest_is}" if nearest_is else finding.message
                finding = replace(finding, message=told, proposals=tuple(proposed))
        except (Refused, OSError) as problem:
            finding = replace(finding, message=f"{finding.message}; besides, {_told(problem)}")
        return replace(finding, seconds=round(time.perf_counter() - started, 3))

    def _with_stage_dates(
        self, finding: Finding, file: ExportFile, head: Head, content: Content, contract: Contract
    ) -> Finding:
        """The finding with a mapping that would use dates of stages, too, where there are some."""
        if contract.source != "generic" or len(finding.unknown) < FEWEST_STAGES:
            return finding
        sheet = self._sheet(file, head, content.has_nul)
        base = self._contracts[contract.name]
        found = proposals.with_stage_dates(sheet, self._exports, base) if sheet else []
        if not found:
            return finding
        note = "has dates of stages in columns that nothing uses: the proposal makes events of them"
        return replace(finding, proposals=tuple(found), notes=(*finding.notes, note))

    def _for(self, sheet: Sheet, contract: Contract, match: Match) -> tuple[Proposal, ...]:
        """A mapping onto the contract that a file should follow, else onto any."""
        proposal = proposals.onto(sheet, self._contracts[contract.name])
        if proposal is not None:
            replaces = self._place_of(match) if match.rule is not None else None
            return (replace(proposal, replaces=replaces),)
        if match.rule is not None:
            return ()
        return tuple(proposals.propose(sheet, self._exports)[0])

    def _refused(
        self,
        finding: Finding,
        file: ExportFile,
        head: Head,
        content: Content,
        match: Match,
        layout: Layout,
    ) -> Finding:
        """Why a file was refused whose header fits: its formats, its encoding, or something that no
        mapping mends.
        """
        contract, rule = match.contract, match.rule
        rejects = self._unfit(file, contract, layout, content)
        unfit = rejects and self._each(rejects, file, contract, layout, content)
        finding = replace(finding, unfit=unfit, rejected=sum(part.count for part in rejects))
        replaces = self._place_of(match) if rule is not None else None
        sheet = self._sheet(file, head, content.has_nul)
        if sheet is None:
            return finding
        if sheet.settings.get("encoding") and not unfit:
            proposal = proposals.with_encoding(sheet, contract, rule)
        else:
            sheet = replace(sheet, layout=layout)
            bad = dict.fromkeys(part.column for part in unfit if part.reason in FORMATS)
            entry = proposals.mended(sheet, self._contracts[contract.name], layout, bad, rule)
            proposal = proposals.tried(sheet, entry) if entry else None
        if proposal is not None:
            return replace(finding, proposals=(replace(proposal, replaces=replaces),))
        if rule is None and file.folder != contract.source:
            # Known by its header alone, it may be something else after all.
            plain = sniff(self._trial, file, head, has_nul=content.has_nul)
            generic = {n: c for n, c in self._exports.items() if c.source == "generic"}
            proposed = proposals.propose(plain, generic)[0] if plain else []
            return replace(finding, proposals=tuple(proposed))
        return finding

    def _unfit(
        self, file: ExportFile, contract: Contract, layout: Layout, content: Content
    ) -> tuple[Unfit, ...]:
        """What did not fit in the file that was just loaded, with the shapes of its values."""
        found = first_rejects(self._trial.connection(), LINES)
        if not found:
            return ()
        width = len(layout.headers)
        parts = []
        source = ""
        by_name = {column.name: column for column in contract.columns}
        for reason, (count, lines) in found.items():
            kind, _, name = reason.partition("/")
            places = [p for p in layout.positions.get(name, ()) if p < width]
            header = layout.headers[places[0]] if places else ""
            shapes: tuple[str, ...] = ()
            if kind in FORMATS and places and by_name[name].rules.identity is None:
                source = source or self._trial.cells(
                    file, layout, has_nul=content.has_nul, with_lines=True
                )
                shapes = self._value_shapes(source, reason, places[0])
            parts.append(Unfit(kind, name, header, count, tuple(lines), shapes))
        return tuple(parts)

    def _each(
        self,
        rejects: tuple[Unfit, ...],
        file: ExportFile,
        contract: Contract,
        layout: Layout,
        content: Content,
    ) -> tuple[Unfit, ...]:
        """What does not fit, column by column: a row is rejected for the first of them only."""
        source = self._trial.cells(file, layout, has_nul=content.has_nul, with_lines=True)
        nothing = contract.rules.null_values
        found = []
        for column in contract.columns:
            places = [p for p in layout.positions.get(column.name, ()) if p < len(layout.headers)]
            if not places or column.is_text or column.data_type == "boolean":
                continue
            if column.rules.identity or column.rules.day_of_period:
                continue
            nulls = sql.literals(column.rules.null_values or nothing)
            text = f"nullif(trim(c{places[0]}, '{sql.BLANKS}'), '')"
            text = f"case when {text} not in ({nulls}) then {text} end" if nulls else text
            where = f"{text} is not null and ({sql.reads(column, text)}) is null"
            [[count, lines]] = (
                self._trial.connection()
                .execute(
                    "select count(*), list(line order by line)[:$1] from "
                    f"(select cast(_line as bigint) as line from {source} where {where})",
                    [LINES],
                )
                .fetchall()
            )
            if count:
                reason = "bad_date" if column.data_type in ("date", "timestamp") else "bad_number"
                shapes = self._shapes_of(source, places[0], where)
                header = layout.headers[places[0]]
                part = Unfit(reason, column.name, header, count, tuple(lines), shapes)
                found.append(part)
        told = {(part.reason, part.column) for part in found}
        others = [part for part in rejects if (part.reason, part.column) not in told]
        return tuple(sorted([*found, *others], key=lambda part: -part.count))

    def _value_shapes(self, source: str, reason: str, place: int) -> tuple[str, ...]:
        problem = sql.literal(reason.replace("/", ":", 1))
        lines = f"select line from rejects where problem = {problem}"
        return self._shapes_of(source, place, f"cast(_line as bigint) in ({lines})")

    def _shapes_of(self, source: str, place: int, where: str) -> tuple[str, ...]:
        """What values look like: digits as 9, letters as a."""
        text = f"trim(c{place}, '{sql.BLANKS}')"
        letters = rf"regexp_replace(regexp_replace({text}, '[0-9]', '9', 'g'), '\pL', 'a', 'g')"
        rows = self._trial.connection().execute(
            f"select left({letters}, 40) as shape from {source} where {where} "
            f"group by shape order by count(*) desc, shape limit {SHAPES}"
        )
        return tuple(gaps.shown(shape.replace("@", "(at)")) for (shape,) in rows.fetchall())

    def _remember(self, place: int, sighting: Sighting, contract: Contract, rows: Path) -> None:
        """Keep what the rows of a file share with others, and the words that have to be known."""
        self._places[sighting.id] = place
        source = f"read_parquet({sql.literal(str(rows))})"
        self._overlaps.keep(sighting, contract, source)
        self._words.keep(contract, source, sighting.file_name)

    def diagnosis(self) -> Diagnosis:
        """All findings, now that each file was looked at."""
        before = self._loaded_before()
        self._compare(before)
        for sighting in before:
            contract = self._exports.get(sighting.contract)
            if contract is not None and any(column.rules.lists for column in contract.columns):
                path = sql.literal(str(sighting.path(self._workspace.raw)))
                self._words.keep_lists(contract, f"read_parquet({path})")
        currency = self._workspace.config.reporting_currency
        return Diagnosis(
            self._workspace.root,
            tuple(self._findings),
            tuple(self._words.open(gaps.Known(self._rows, currency), self._shapes)),
            () if self._is_partial else tuple(self._idle()),
            self._trial.key_problem if self._needs_key else "",
            is_partial=self._is_partial,
            has_entries=bool(self._workspace.config.files),
        )

    def _loaded_before(self) -> list[Sighting]:
        """Files that counted when the last run ended, and were not looked at now."""
        looked_at = self._overlaps.sightings
        current = {sighting.fingerprint for sighting in looked_at}
        names = {(sighting.contract, sighting.file_name) for sighting in looked_at}
        counting = active(
            self._history.sightings.values(), current, self._workspace.raw, as_of=None
        )
        return [
            sighting
            for sighting in counting
            if sighting.source != DEFINITIONS
            and sighting.fingerprint not in current
            and (sighting.contract, sighting.file_name) not in names
        ]

    def _compare(self, before: list[Sighting]) -> None:
        """Hold the files of each contract against each other, and against those of before."""
        gone = [s for s in self._history.sightings.values() if s.file_name not in self._names]
        raw = self._workspace.raw
        has_key = not self._trial.key_problem
        for seen, found in self._overlaps.found(before, gone, raw, has_key=has_key).items():
            place = self._places[seen]
            self._findings[place] = replace(self._findings[place], overlaps=tuple(found))
        problems = shrunken([*before, *self._overlaps.sightings])
        for sighting in self._overlaps.sightings:
            if problem := problems.get(sighting.fingerprint):
                place = self._places[sighting.id]
                finding = self._findings[place]
                self._findings[place] = replace(finding, status="refused", message=problem)

    def _idle(self) -> Iterator[str]:
        for place, hint in idle_rules(self._workspace, self._names):
            yield f"workspace.yml, line {self._workspace.line('files', place)}: {hint}"


def _told(problem: Exception) -> str:
    """What is wrong, without an address that a headerless file may have put into it."""
    text = f"cannot be read: {problem}" if isinstance(problem, OSError) else str(problem)
    return re.sub(sql.ADDRESS, "…", text)


def _compared(contract: Contract, layout: Layout) -> dict[str, Any]:
    """The columns of a contract against the headers of a file."""
    headers = [header.strip() for header in layout.headers]
    names = Names(headers)
    bound, missing, used = [], [], set()
    made: set[str] = set()
    split = contract.rules.split
    if contract.rules.unpivot:
        unpivot = contract.rules.unpivot
        made = {unpivot.name, unpivot.value}
        used |= {*names.unpivoted(unpivot.headers)}
    for column in contract.columns:
        places = layout.positions.get(column.name) or tuple(names.find(column)[:1])
        if layout.split and split and column.name == split.column:
            places = (layout.split[0],)
        real = [place for place in places if place < len(headers)]
        if column.name in made:
            bound.append(Bound(column.name, "", "columns that become rows"))
        elif real:
            used |= {*real}
            listed = ", ".join(headers[place] for place in real)
            bound.append(Bound(column.name, _header(listed)))
        elif column.name in layout.constants or column.rules.constant is not None:
            bound.append(Bound(column.name, "", _origin(column.rules)))
    spare = [header for place, header in enumerate(headers) if place not in used and header]
    told = {part.column for part in bound}
    for column in contract.columns:
        if column.name in told or (not column.headers and not column.rules.required):
            continue
        wanted = tuple(alias for alias in column.headers if not pattern(alias))
        near = next((hint for alias in wanted if (hint := _nearest(alias, spare))), "")
        part = Missing(column.name, wanted[:4], _header(near), column.rules.required)
        missing.append(part)
    return {
        "columns": tuple(bound),
        "missing": tuple(missing),
        "unknown": tuple(_header(header) for header in spare),
    }


def _origin(rules: Any) -> str:
    for key, words in (
        ("constant", "the same in every row"),
        ("from_header", "a header"),
        ("from_file_name", "the file's name"),
        ("from_preamble", "the lines above the header"),
    ):
        if getattr(rules, key) is not None:
            return words
    return "a header"


def _header(text: str) -> str:
    """A header as it may be shown: where a file has none, a value stands in its place."""
    return gaps.shown(text) or ("(an address)" if "@" in text else "")


def _nearest(name: str, headers: Iterable[str]) -> str:
    hint = re.search(r"the nearest is '(.*)'\)$", nearest(name, list(headers)))
    return hint[1] if hint else ""
