"""What was given and is not published yet: which files, and which raw tables they change.

Told by what lies in the workspace, never by what happened: so it is right after a crash, a failed
run, or one from a terminal. Here is also noted of which files the tables of the warehouse are made
(`building`), as a run of a part leaves the others as they were. Starting runs is automation.py.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from orchestration import transform
from orchestration.contracts import DEFINITIONS, Contract
from orchestration.ingest import look
from orchestration.ingest.files import ExportFile
from orchestration.warehouse import connect, connect_published, is_whole, literal
from orchestration.workspace import Workspace

# A file that nobody has written to for so many seconds is whole.
QUIET = 10
# The loader's own tables that depend on any file.
OWN = ("files", "refused", "settings")
NOTED = "built_of"
NO_FILES = "none"


@dataclass(frozen=True)
class Pending:
    """What a run would have to do."""

    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Files that are new or changed, with the tables that they belong to."""
    tables: frozenset[str] = frozenset()
    """Raw tables (`source.table`) that are not, or not as they will be, in the published marts."""
    everything: str = ""
    """Why all is to be built, whichever tables changed; empty if not."""
    left: Mapping[str, str] = field(default_factory=dict)
    """Files that are not loaded, with the reason."""
    unsettled: tuple[str, ...] = ()
    """Files that are still being written."""
    was_run: bool = True
    """Whether anything was ever loaded."""
    state: str = ""
    """The same as long as everything given is the same."""

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return self.was_run and bool(self.files or self.tables or self.everything)


def find(
    workspace: Workspace, contracts: Mapping[str, Contract], now: float | None = None
) -> Pending:
    """What is not published yet of what is given. `now` is the time in seconds since 1970.

    Raises WorkspaceError for settings that cannot be used.
    """
    if not (workspace.raw / "_files.parquet").is_file():
        return Pending(was_run=False)
    now = time.time() if now is None else now

    def is_settled(file: ExportFile) -> bool:
        # When the content, or the name, was last changed; no copying tool can set it back.
        return not now - QUIET < file.path.stat().st_ctime <= now

    outlook = look(workspace, contracts, is_settled)
    if any(name.startswith(DEFINITIONS) for name in outlook.unsettled):
        return Pending(unsettled=tuple(outlook.unsettled))  # all depends on them
    project = transform.project_state()
    fresh = {name: tuple(sorted(tables)) for name, tables in sorted(outlook.fresh.items())}
    tables = {table for found in fresh.values() for table in found}
    files = [
        (s.contract, s.file_name, s.fingerprint, s.exported_at, s.mode) for s in outlook.counting
    ]
    noted, published = _noted(workspace), _published(workspace)
    everything = ""
    if published is None:
        everything = "nothing is published yet"
    elif outlook.is_read_anew:
        everything = "workspace.yml, a contract or the identity key changed"
    elif not _settings(workspace) <= published.settings:
        everything = "the settings in workspace.yml changed"
    else:
        tables |= _unlike(_by_table(file[:-1] for file in files), published.files)
        if noted:
            tables |= _unlike(_by_table(files) | _own(workspace), noted)
        if tables and published.project != project:
            everything = "the models changed, too"
        elif tables and not noted:
            everything = "it is not known what the warehouse is made of"
        elif tables and transform.built_from(workspace) != project:
            everything = "the warehouse holds models that were edited"
    settings = (workspace.root / "workspace.yml").read_text(encoding="utf-8")
    return Pending(
        fresh,
        frozenset(tables),
        everything,
        outlook.left,
        tuple(outlook.unsettled),
        state=_digest([outlook.given, settings, project]),
    )


@contextmanager
def building(
    workspace: Workspace, select: Sequence[str], *, is_for_a_run: bool = True
) -> Iterator[None]:
    """Note in the warehouse of which files its tables are made, for what is built inside.

    A raw table is noted when all that reads it was built. While only a part of that is built, or
    the build has not ended well, the others are of older files: the note is empty. So it stays
    after a build that is not `is_for_a_run`, as it leaves out what only a run finds out.
    """
    if workspace.aside:
        yield
        return
    given = _given(workspace)
    touched, whole = _read_by(transform.read_manifest(workspace.root), select, given)
    before = _noted(workspace)
    _note(workspace, before | {name: "" for name in touched if before.get(name) != given[name]})
    yield
    if is_for_a_run:
        _note(workspace, _noted(workspace) | {name: given[name] for name in whole})


def unbuilt(workspace: Workspace) -> list[str]:
    """The raw tables whose files are not those that the warehouse was built of, all that reads
    them."""
    noted = _noted(workspace)
    return sorted(name for name, digest in _given(workspace).items() if noted.get(name) != digest)


def behind(workspace: Workspace) -> set[str]:
    """The models that are made of such raw tables, directly or not: what they hold may be older."""
    manifest = transform.read_manifest(workspace.root)
    tables = set(unbuilt(workspace))
    sources = [
        name
        for name, source in manifest["sources"].items()
        if f"{source['source_name']}.{source['name']}" in tables
    ]
    below = transform.reached(manifest["child_map"], sources)
    nodes = manifest["nodes"]
    return {nodes[name]["name"] for name in below & set(nodes)}


def _read_by(
    manifest: Mapping[str, Any], select: Sequence[str], given: Iterable[str]
) -> tuple[set[str], set[str]]:
    """The raw tables that some of the selected models read, and those that no other model reads;
    directly or not."""
    names = {
        node["name"]: name
        for name, node in manifest["nodes"].items()
        if node["resource_type"] == "model"
    }
    is_all = tuple(select) == transform.IN_A_RUN
    chosen = set(names.values()) if is_all else {names[n] for n in select if n in names}
    sources = {
        f"{source['source_name']}.{source['name']}": name
        for name, source in manifest["sources"].items()
    }
    touched, whole = set(), set()
    for table in given:
        below = transform.reached(manifest["child_map"], [sources[table]]) & set(names.values())
        if below & chosen:
            touched.add(table)
        if below <= chosen:
            whole.add(table)
    return touched, whole


def _given(workspace: Workspace) -> dict[str, str]:
    """Digests of the files that each raw table is made of, as they were last loaded."""
    import duckdb

    path = literal(str(workspace.lists / "_files.parquet"))
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select source_name || '.' || table_name, file_name, fingerprint, exported_at, mode "
            f"from read_parquet({path})"
        ).fetchall()
    manifest = transform.read_manifest(workspace.root)
    tables = (f"{s['source_name']}.{s['name']}" for s in manifest["sources"].values())
    loaded = {table: NO_FILES for table in tables if not table.startswith("plumbline.")}
    return loaded | _by_table(rows) | _own(workspace)


def _own(workspace: Workspace) -> dict[str, str]:
    """Digests of the loader's own tables."""
    return {
        f"plumbline.{name}": hashlib.blake2b(
            (workspace.lists / f"_{name}.parquet").read_bytes(), digest_size=16
        ).hexdigest()
        for name in OWN
    }


def _by_table(files: Iterable[Sequence[Any]]) -> dict[str, str]:
    """A digest for each table of the files that count: (table, name, fingerprint, time, ...)."""
    rows: dict[str, list[list[str]]] = defaultdict(list)
    for table, *file in files:
        rows[table].append(list(map(str, file)))
    return {table: _digest(sorted(found)) for table, found in rows.items()}


def _unlike(now: Mapping[str, str], before: Mapping[str, str]) -> set[str]:
    """The tables that are not made of the same files."""
    return {
        table
        for table in {*now, *before}
        if now.get(table, NO_FILES) != before.get(table, NO_FILES)
    }


def _noted(workspace: Workspace) -> dict[str, str]:
    """What `building` noted last; empty where it never did."""
    if not is_whole(workspace.warehouse):
        return {}
    with connect(workspace.warehouse) as connection:
        known = connection.execute(
            "select 1 from duckdb_tables() where schema_name = 'main' and table_name = ?", [NOTED]
        ).fetchone()
        rows = connection.execute(f"from main.{NOTED}").fetchall() if known else []
    return dict(rows)


def _note(workspace: Workspace, notes: Mapping[str, str]) -> None:
    if not workspace.warehouse.is_file():
        return
    rows = ", ".join(f"({literal(name)}, {literal(note)})" for name, note in sorted(notes.items()))
    with connect(workspace.warehouse, read_only=False) as connection:
        connection.execute(
            f"create or replace table main.{NOTED} as "
            f"select * from (values {rows}) as noted (table_name, digest)"
        )


@dataclass(frozen=True)
class _Published:
    """What the published file says of itself."""

    files: Mapping[str, str]
    settings: set[tuple[str, Any]]
    project: str


def _published(workspace: Workspace) -> _Published | None:
    if not is_whole(workspace.published):
        return None
    with connect_published(workspace.published) as connection:
        files = connection.execute(
            "select source_name || '.' || table_name, file_name, fingerprint, exported_at "
            "from main._files"
        ).fetchall()
        build = connection.execute("from main._build")
        names = [column[0] for column in build.description or ()]
        said = dict(zip(names, build.fetchone() or (), strict=True))
    return _Published(_by_table(files), set(said.items()), said.get("project_digest", ""))


def _settings(workspace: Workspace) -> set[tuple[str, Any]]:
    """What workspace.yml says of all numbers, by the names of the published file."""
    config = workspace.config
    stated = {
        ("company", config.company),
        ("reporting_currency", config.reporting_currency),
        ("reporting_timezone", config.timezone),
        ("fiscal_year_start_month", config.fiscal_year_start_month),
    }
    return stated | ({("as_of", config.as_of)} if config.as_of else set())


def _digest(parts: Any) -> str:
    return hashlib.blake2b(json.dumps(parts, default=str).encode(), digest_size=16).hexdigest()
