"""Build the models with dbt, in this process, inside a workspace.

What the models say is in models/; here is only how dbt is called: where it writes (nowhere but the
workspace), what a run builds (models, and the data tests marked for it), and what came of it.
"""

from __future__ import annotations

import difflib
import fcntl
import gc
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from graphlib import TopologicalSorter
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from orchestration.limits import interruptible
from orchestration.publish import Mart
from orchestration.warehouse import connect, literal, without_values
from orchestration.workspace import PROJECT_ROOT, Workspace

# What a run builds. It leaves to `make test` what cannot change with the data: unit tests, the keys
# of staging (one row per key by construction), and the tests of the tests.
IN_A_RUN = ("resource_type:model", "resource_type:test")
# The same without views, which only change with the project: most of the nodes, and of the time.
TABLES = ("resource_type:model,config.materialized:table", "resource_type:test")
UNTESTED = ("models/staging", "tests/data/guards")
NOT_IN_A_RUN = tuple(f"resource_type:test,path:{folder}" for folder in UNTESTED)
FINDINGS = 20  # how many of those of a test are told
PARSED = "partial_parse.msgpack"  # dbt's own file of what it read
SEAL = "seal"
PROJECT_FILES = ("dbt_project.yml", "profiles.yml", "macros", "models", "tests/data")


class BuildError(Exception):
    """dbt could not build the models; the message says which, and why."""

    def __init__(self, message: str, nodes: Sequence[Node] = ()) -> None:
        super().__init__(message)
        self.nodes = nodes


@dataclass(frozen=True)
class Node:
    """What became of one model, data test or unit test."""

    unique_id: str
    status: str
    seconds: float
    rows: int | None = None
    message: str = ""

    @property
    def name(self) -> str:
        """The name as written in the project."""
        kind, _, *names = self.unique_id.split(".")
        return names[-1] if kind == "unit_test" else names[0]

    @property
    def is_model(self) -> bool:
        """Whether it is a model; else it is a data test."""
        return self.unique_id.startswith("model.")

    @property
    def failed(self) -> bool:
        """Whether it keeps the marts from being published."""
        return self.status in ("error", "fail", "runtime error")


OnNode = Callable[[Node, int], None]


class ForeignKey(NamedTuple):
    """A column of a mart that holds the key of another one."""

    table: str
    column: str
    to_table: str
    to_column: str


@dataclass(frozen=True)
class Keys:
    """What tells the rows of a mart apart, by its name, and what leads from mart to mart."""

    primary: Mapping[str, tuple[str, ...]]
    foreign: Sequence[ForeignKey]


@dataclass(frozen=True)
class Project:
    """The models as dbt read them at one moment."""

    state: str
    manifest: dict[str, Any]
    """What dbt tells others of it (`manifest.json`)."""
    packed: bytes
    """What dbt keeps of it for itself."""

    @cached_property
    def parsed(self) -> Any:
        """The same as dbt's own object, which spares its calls reading all again."""
        from dbt.contracts.graph.manifest import Manifest

        with _no_garbage_collected():
            parsed = Manifest.from_msgpack(self.packed)
        parsed.build_flat_graph()
        return parsed


_last: dict[Path, Project] = {}


def read_project(root: Path) -> Project:
    """The project as it is now, parsed anew when a file of it changed since.

    It is the same for every workspace and kept beside the models, or where these may not be written
    to in the workspace at `root`, which need not have been made yet.
    """
    cache = _cache(root)
    state = project_state()
    if cache not in _last or _last[cache].state != state:
        folder = cache / state[:32]
        if not _is_whole(folder):
            with _alone(cache):
                if not _is_whole(folder):
                    _parse(folder)
        with _no_garbage_collected():
            manifest = json.loads((folder / "manifest.json").read_bytes())
        _last[cache] = Project(state, manifest, (folder / PARSED).read_bytes())
    return _last[cache]


def state_folder(root: Path) -> Path:
    """Where what was read of the project as it is now is kept; there once it has been read."""
    return _cache(root) / project_state()[:32]


def _cache(root: Path) -> Path:
    near = PROJECT_ROOT if os.access(PROJECT_ROOT, os.W_OK) else root.resolve() / "runs"
    return near / ".cache" / "dbt"


def compiled_sql(root: Path) -> dict[str, str]:
    """The SQL of every model, by its name, as DuckDB would get it; no warehouse is asked."""
    project = read_project(root)
    with tempfile.TemporaryDirectory(dir=_cache(root), prefix=".compiled.") as folder:
        aside = Path(folder)
        select = ["--no-introspect", "--quiet", "--select", "resource_type:model"]
        _invoke(
            ["--no-write-json", "--no-populate-cache", "compile", *select],
            aside / "target",
            aside / "warehouse.duckdb",
            parsed=project.parsed,
        )
        compiled = aside / "target" / "compiled" / "plumbline"
        return {
            node["name"]: (compiled / node["original_file_path"]).read_text(encoding="utf-8")
            for node in project.manifest["nodes"].values()
            if node["resource_type"] == "model"
        }


def read_manifest(root: Path) -> dict[str, Any]:
    """What dbt tells of the project as it is now."""
    return read_project(root).manifest


def _parse(folder: Path) -> None:
    """Let dbt read the project into a new folder, which is there whole or not at all."""
    aside = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    earlier = sorted(folder.parent.glob(f"[!.]*/{PARSED}"), key=lambda path: path.stat().st_mtime)
    if earlier and _is_whole(earlier[-1].parent):
        shutil.copy(earlier[-1], aside)  # dbt reads only the files that changed since
    try:
        # A warehouse of that name in one place, as dbt reads all anew whenever it is another.
        with _no_garbage_collected():
            _invoke(["parse"], aside, folder.parent / "warehouse.duckdb")
        (aside / SEAL).write_text(_seal(aside), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)  # not whole
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    killed = (path for path in folder.parent.glob(".*.*") if path.suffix[1:].isdigit())
    for old in [*(path.parent for path in earlier[:-1]), *killed]:
        shutil.rmtree(old, ignore_errors=True)


def _seal(folder: Path) -> str:
    """Changes with what is kept of the project there."""
    kept = hashlib.blake2b()
    for name in ("manifest.json", PARSED):
        kept.update((folder / name).read_bytes())
    return kept.hexdigest()


def _is_whole(folder: Path) -> bool:
    """Whether what is kept of the project is as it was written: a power cut may leave less."""
    try:
        return (folder / SEAL).read_text(encoding="utf-8") == _seal(folder)
    except (OSError, ValueError):
        return False


@contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """Let one process at a time read the project, for all that ask meanwhile."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _no_garbage_collected() -> Iterator[None]:
    """What dbt reads is millions of objects that all stay: to look for garbage among them takes a
    third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def run_nodes(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The models and data tests of a run: what dbt selects by `IN_A_RUN` and `NOT_IN_A_RUN`."""
    return [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        or (
            node["resource_type"] == "test"
            and not node["original_file_path"].startswith(tuple(f"{place}/" for place in UNTESTED))
        )
    ]


def marts(manifest: Mapping[str, Any]) -> list[Mart]:
    """The tables to publish, with the descriptions from their YAML."""
    return sorted(
        (
            Mart(
                name=node["name"],
                description=node["description"].strip(),
                columns={
                    name: column["description"].strip() for name, column in node["columns"].items()
                },
            )
            for node in manifest["nodes"].values()
            if node["resource_type"] == "model" and node["schema"] == "marts"
        ),
        key=lambda mart: mart.name,
    )


def keys(manifest: Mapping[str, Any]) -> Keys:
    """What the data tests `unique_key` and `foreign_keys` hold the marts to."""
    primary: dict[str, tuple[str, ...]] = {}
    foreign: list[ForeignKey] = []
    for node in manifest["nodes"].values():
        table = manifest["nodes"].get(node.get("attached_node") or "", {})
        test = node.get("test_metadata") or {}
        if table.get("schema") != "marts" or table["resource_type"] != "model":
            continue
        if test.get("name") == "unique_key":
            primary[table["name"]] = tuple(test["kwargs"]["columns"])
        elif test.get("name") == "foreign_keys":
            for column, there in test["kwargs"]["references"].items():
                foreign.append(ForeignKey(table["name"], column, *there.split(".")))
    return Keys(dict(sorted(primary.items())), tuple(sorted(foreign)))


def build(
    workspace: Workspace,
    select: Sequence[str] = IN_A_RUN,
    on_node: OnNode | None = None,
    before_closing: Callable[[Project], None] | None = None,
    behind: Collection[str] = (),
) -> list[Node]:
    """Build the selected models and tests; `on_node` hears of each, and of how many there are.
    None is listed before one that it reads.

    Where the warehouse has the views of the same project, they are left as they are: their nodes
    are `unchanged`. A part of a run is selected by the names of its models; with
    them goes every test that reads one of them, as what is not tested is not published; but none
    that would hold them against a model which is not selected and still of older files (`behind`).
    `before_closing` is called when all is built but the models with the tag `closing`, which read
    what it writes; not where none of these is to be built.
    """
    project = read_project(workspace.root)
    views = _views(project.manifest) if built_from(workspace) == project.state else {}
    if not views:
        _set_built_from(workspace, "")
    if tuple(select) != IN_A_RUN:
        chosen = {*select, *_tests_of(workspace, project.manifest, select, behind)}
        views = {name: view for name, view in views.items() if name in chosen}
        progress = Progress(on_node, expected=len(views))
        nodes = _build_part(workspace, project, chosen - set(views), progress, before_closing)
    else:
        progress = Progress(on_node, expected=len(views))
        nodes = _build_all(workspace, project, bool(views), progress, before_closing)
        _set_built_from(workspace, project.state)
    for unique_id in views.values():
        nodes.append(Node(unique_id, "unchanged", 0.0))
        progress.tell(nodes[-1])
    sorter = TopologicalSorter(project.manifest["parent_map"])
    order = {name: place for place, name in enumerate(sorter.static_order())}
    nodes.sort(key=lambda node: order[node.unique_id])
    return _with_rows(workspace, nodes)


def _build_all(
    workspace: Workspace,
    project: Project,
    has_views: bool,
    progress: Progress,
    before_closing: Callable[[Project], None] | None,
) -> list[Node]:
    everything = TABLES if has_views else IN_A_RUN
    if before_closing is None:
        return _build(workspace, project, everything, NOT_IN_A_RUN, progress)
    closing = _closing(project.manifest)
    progress.expected += len(closing)
    nodes = _build(workspace, project, everything, [*NOT_IN_A_RUN, *closing], progress)
    before_closing(project)
    progress.expected -= len(closing)
    return nodes + _build(workspace, project, closing, NOT_IN_A_RUN, progress)


def _build_part(
    workspace: Workspace,
    project: Project,
    chosen: set[str],
    progress: Progress,
    before_closing: Callable[[Project], None] | None,
) -> list[Node]:
    closing = sorted(chosen.intersection(_closing(project.manifest)))
    if not closing or before_closing is None:
        return _build(workspace, project, sorted(chosen), NOT_IN_A_RUN, progress) if chosen else []
    progress.expected += len(closing)
    rest = sorted(chosen.difference(closing))
    nodes = _build(workspace, project, rest, NOT_IN_A_RUN, progress) if rest else []
    before_closing(project)
    progress.expected -= len(closing)
    return nodes + _build(workspace, project, closing, NOT_IN_A_RUN, progress)


def _tests_of(
    workspace: Workspace,
    manifest: Mapping[str, Any],
    select: Collection[str],
    behind: Collection[str],
) -> set[str]:
    """The names of the tests that read a selected model, and of those that read definitions, which
    any model may be built from; where all that they read is there by then, and of one time."""
    nodes = manifest["nodes"]
    built = set(select)
    if workspace.warehouse.is_file():
        with connect(workspace.warehouse) as connection:
            found = connection.execute(
                "select table_name from duckdb_tables() union select view_name from duckdb_views()"
            ).fetchall()
        built |= {name for (name,) in found}
    tests = set()
    for test in run_nodes(manifest):
        if test["resource_type"] == "test":
            reads = test["depends_on"]["nodes"]
            models = {nodes[name]["name"] for name in reads if name in nodes}
            is_touched = len(models) < len(reads) or not models.isdisjoint(select)
            is_of_one_time = (models - set(select)).isdisjoint(behind)
            if is_touched and is_of_one_time and models <= built:
                tests.add(test["name"])
    return tests


def build_tables(workspace: Workspace, project: Project, names: Sequence[str]) -> None:
    """Build some tables alone, without tests, in a warehouse that has all that they read."""
    _build(workspace, project, names, (), Progress(None))


def prove(workspace: Workspace, names: Sequence[str] = ()) -> list[Node]:
    """Hold what is built to its data tests, and the rules to their unit tests: to all, or to those
    of some models, or of these names. Raises BuildError where one fails or a name is unknown."""
    project = read_project(workspace.root)
    nodes, rules = project.manifest["nodes"].values(), project.manifest["unit_tests"].values()
    _require_known({node["name"] for node in (*nodes, *rules)}, names, "model or test")
    require_built(workspace)
    return _build(workspace, project, names, (), Progress(None), command="test")


def made_of(manifest: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    """The names of some models and of all that are made of them, directly or not.

    Raises BuildError for what is not the name of a model.
    """
    nodes = manifest["nodes"]
    models = {node["name"] for node in nodes.values() if node["resource_type"] == "model"}
    tests = {node["name"] for kind in ("nodes", "unit_tests") for node in manifest[kind].values()}
    for name in set(names) & (tests - models):
        raise BuildError(f"'{name}' is a test: `plumbline test {name}` asks it")
    _require_known(models, names, "model")
    start = [unique_id for unique_id, node in nodes.items() if node["name"] in names]
    return sorted(
        nodes[unique_id]["name"]
        for unique_id in reached(manifest["child_map"], start)
        if unique_id.startswith("model.")
    )


def _require_known(known: Collection[str], names: Sequence[str], kind: str) -> None:
    for name in names:
        if name not in known:
            near = sorted(other for other in known if name in other)
            near += difflib.get_close_matches(name, known, n=1)
            meant = f": did you mean {near[0]}?" if near else "."
            only = "" if name.replace("_", "").isalnum() else " Give names, not selectors of dbt."
            raise BuildError(f"there is no {kind} '{name}'{meant}{only}")


def require_built(workspace: Workspace) -> None:
    """Raise BuildError where no run has built anything yet."""
    if not workspace.warehouse.is_file():
        raise BuildError(
            f"nothing is built yet: `plumbline run --workspace {workspace.root}` builds all"
        )


def tables_between(
    manifest: Mapping[str, Any], sources: Sequence[str] | None, targets: Sequence[str]
) -> list[str]:
    """The names of some tables (`targets`) and of those that they are made of: of all, or of those
    that read some sources (`source.table`), directly or not."""
    nodes = manifest["nodes"]
    ids = {node["name"]: unique_id for unique_id, node in nodes.items()}
    chosen = reached(manifest["parent_map"], [ids[name] for name in targets])
    if sources is not None:
        below = [
            unique_id
            for unique_id, source in manifest["sources"].items()
            if f"{source['source_name']}.{source['name']}" in sources
        ]
        chosen &= reached(manifest["child_map"], below)
        chosen |= {ids[name] for name in targets}
    return sorted(
        nodes[unique_id]["name"]
        for unique_id in chosen
        if unique_id in nodes and nodes[unique_id]["config"]["materialized"] == "table"
    )


def reached(edges: Mapping[str, Sequence[str]], start: Sequence[str]) -> set[str]:
    """All that can be reached, the start included."""
    found, ahead = set(start), list(start)
    while ahead:
        for neighbour in edges.get(ahead.pop(), ()):
            if neighbour not in found:
                found.add(neighbour)
                ahead.append(neighbour)
    return found


class Progress:
    """Tells whoever listens of each node, and of how many there are in all."""

    def __init__(self, on_node: OnNode | None, expected: int = 0) -> None:
        self._on_node = on_node
        self.expected = expected
        """Nodes beyond those of the present call of dbt."""
        self.total = 0

    def tell(self, node: Node) -> None:
        """A node is done."""
        if self._on_node:
            self._on_node(node, self.total + self.expected)


def _build(
    workspace: Workspace,
    project: Project,
    select: Sequence[str],
    exclude: Sequence[str],
    progress: Progress,
    command: str = "build",
) -> list[Node]:
    """One call of dbt."""
    nodes: list[Node] = []
    before = progress.total

    def hear(event: Any) -> None:
        if event.info.name == "LogStartLine":
            progress.total = before + event.data.total
        elif event.info.name == "NodeFinished":
            nodes.append(
                Node(
                    unique_id=event.data.node_info.unique_id,
                    status=event.data.run_result.status,
                    seconds=event.data.run_result.execution_time,
                    message=without_values(event.data.run_result.message),
                )
            )
            progress.tell(nodes[-1])

    arguments = [
        "--no-write-json",  # run_results.json would hold the values that a failed cast quotes
        command,
        *("--indirect-selection", "eager" if command == "test" else "empty"),
        *(("--select", *select) if select else ()),
        *(("--exclude", *exclude) if exclude else ()),
    ]
    try:
        _invoke(
            arguments,
            workspace.runs.resolve() / "dbt" / "target",
            workspace.warehouse.resolve(),
            {
                "PLUMBLINE_WORKSPACE": str(workspace.root.resolve()),
                "PLUMBLINE_LISTS": str(workspace.lists.resolve()),
            },
            project.parsed,
            hear,
        )
    except BuildError:
        nodes = [_explained(workspace, node) for node in nodes]
        failed = [node for node in nodes if node.failed]
        if not failed:
            raise
        raise BuildError(
            "nothing was published, because the models do not build:\n"
            + "\n".join(f"  {node.name}: {node.message}" for node in failed),
            nodes,
        ) from None
    return nodes


def _explained(workspace: Workspace, node: Node) -> Node:
    """A failed test of the definitions tells what it found, as these hold nobody's data."""
    if node.status != "fail" or not node.name.startswith("definitions_"):
        return node
    folder = workspace.runs / "dbt" / "target" / "compiled" / "plumbline" / "tests" / "data"
    query = (folder / f"{node.name}.sql").read_text(encoding="utf-8")
    with connect(workspace.warehouse) as connection:
        found = sorted(connection.sql(query).project("finding").fetchall())
    told = "".join(f"\n    {finding}" for (finding,) in found[:FINDINGS])
    more = f"\n    and {len(found) - FINDINGS} more" if len(found) > FINDINGS else ""
    return replace(node, message=f"the definitions are to be mended:{told}{more}")


def compiled_test(workspace: Workspace, test: Mapping[str, Any]) -> Path:
    """The file with the query that finds what breaks a data test, written when it was run."""
    beside = workspace.runs.resolve() / "dbt" / "target" / "compiled" / "plumbline"
    path = beside / test["original_file_path"]
    return path if path.suffix == ".sql" else path / test["path"]


def _closing(manifest: Mapping[str, Any]) -> list[str]:
    """The names of the models with the tag `closing`, and of their data tests."""
    nodes = manifest["nodes"]
    models = {name for name, node in nodes.items() if "closing" in node["config"].get("tags", ())}
    tests = (
        name
        for name, node in nodes.items()
        if node["resource_type"] == "test" and models & set(node["depends_on"]["nodes"])
    )
    return sorted({nodes[name]["name"] for name in (*models, *tests)})


def _with_rows(workspace: Workspace, nodes: Sequence[Node]) -> list[Node]:
    counts = _row_counts(workspace)
    return [replace(node, rows=counts.get(node.name)) for node in nodes]


def _views(manifest: Mapping[str, Any]) -> dict[str, str]:
    """The ids of the models that are views, by name."""
    return {
        node["name"]: unique_id
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["config"]["materialized"] == "view"
    }


def built_from(workspace: Workspace) -> str:
    """The state of the project whose views the warehouse holds, all of them; empty if unknown."""
    if not workspace.warehouse.is_file():
        return ""
    with connect(workspace.warehouse) as connection:
        noted = connection.execute(
            "select 1 from duckdb_tables() where schema_name = 'main' and table_name = 'built_from'"
        ).fetchone()
        found = (
            connection.execute("select state from main.built_from").fetchone() if noted else None
        )
    return str(found[0]) if found else ""


def _set_built_from(workspace: Workspace, state: str) -> None:
    """Note in the warehouse itself what it was built from, so that the two cannot part."""
    if workspace.warehouse.is_file():
        with connect(workspace.warehouse, read_only=False) as connection:
            connection.execute(
                f"create or replace table main.built_from as select {literal(state)} as state"
            )


def _invoke(
    arguments: Sequence[str],
    target: Path,
    warehouse: Path,
    places: Mapping[str, str] | None = None,
    parsed: Any = None,
    on_event: Callable[[Any], None] | None = None,
) -> None:
    """Call dbt in this process, and let go of the warehouse file afterwards."""
    target.mkdir(parents=True, exist_ok=True)
    before = dict(os.environ)
    os.environ |= {
        **(places or {}),
        "PLUMBLINE_WAREHOUSE": str(warehouse),
        "DBT_PROJECT_DIR": str(PROJECT_ROOT),
        "DBT_PROFILES_DIR": str(PROJECT_ROOT),
        "DBT_TARGET": "duckdb",  # whatever the shell says, for whoever asks the published file
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target.parent),
        # Nothing is sent anywhere, and no log holds a row: what happens comes as events.
        "DO_NOT_TRACK": "1",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_LOG_LEVEL": "none",
        "DBT_LOG_LEVEL_FILE": "none",
    }
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import reset_adapters
    from dbt.cli.main import dbtRunner

    try:
        callbacks = [on_event] if on_event else []
        with interruptible():
            outcome = dbtRunner(manifest=parsed, callbacks=callbacks).invoke(list(arguments))
    finally:
        DuckDBConnectionManager.close_all_connections()
        reset_adapters()
        os.environ.clear()
        os.environ |= before
    if not outcome.success:
        problem = str(outcome.exception or "the build was stopped before everything was built")
        raise BuildError(without_values(problem))


def _row_counts(workspace: Workspace) -> dict[str, int]:
    """Rows of every table that was built, by name."""
    with connect(workspace.warehouse) as connection:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where not temporary"
        ).fetchall()
        counts = (
            f'select \'{table}\', count(*) from "{schema}"."{table}"' for schema, table in tables
        )
        return dict(connection.execute(" union all ".join(counts)).fetchall()) if tables else {}


def project_state() -> str:
    """A hash of all that dbt would read: of another checkout of the same project the same."""
    state = hashlib.blake2b(version("dbt-core").encode())
    for name in PROJECT_FILES:
        path = PROJECT_ROOT / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                contents = file.read_bytes()
                place = file.relative_to(PROJECT_ROOT).as_posix()
                state.update(f"{place}|{len(contents)}\n".encode() + contents)
    return state.hexdigest()
