"""The steps of a run, one after the other in this process: the same Dagster job as its pages show.

What a step does is in its own module, how the steps depend on each other in `assets`. Here each is
called, timed and recorded, and whoever watches (`Monitor`) hears of it.
"""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration import (
    limits,
    pending,
    postgres,
    provenance,
    quality,
    record,
    status,
    transform,
)
from orchestration import publish as publishing
from orchestration.contracts import read_contracts
from orchestration.warehouse import discard_damaged, hold
from orchestration.workspace import DEMO_ROOT, PROJECT_ROOT, Workspace

if TYPE_CHECKING:
    from orchestration.contracts import Contract
    from orchestration.ingest import IngestResult, LoadResult


NAMED = 5  # tables in a message


class Monitor:
    """Hears what a run does. This one keeps it; the terminal's also shows it."""

    def __init__(self) -> None:
        self.files: list[LoadResult] = []
        self._places: dict[tuple[str, str, int], int] = {}
        self.nodes: list[transform.Node] = []
        self.checks: list[quality.CheckResult] = []
        self.published: publishing.Published | None = None
        self.postgres: postgres.Outcome | None = None
        self.seconds: dict[str, float] = {}
        self.error: BaseException | None = None

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step, and remember what ended it early. None begins in a run that was stopped."""
        limits.go_on()
        started = time.perf_counter()
        try:
            yield
        except BaseException as error:
            self.error = self.error or error
            raise
        finally:
            taken = time.perf_counter() - started
            self.seconds[name] = self.seconds.get(name, 0.0) + taken

    def file(self, result: LoadResult) -> None:
        """A file of the exports was dealt with; what is told last of it holds."""
        key = (result.file_name, result.contract, result.nth)
        place = self._places.setdefault(key, len(self.files))
        self.files[place : place + 1] = [result]

    def node(self, node: transform.Node, total: int) -> None:
        """A model or data test was built; there are `total`."""
        self.nodes.append(node)

    def check(self, result: quality.CheckResult) -> None:
        """An expectation was held against its table."""
        self.checks.append(result)

    def table(self, name: str, done: int, total: int) -> None:
        """A table was loaded into PostgreSQL; so many of the `total` are done."""


def make_demo(root: Path, monitor: Monitor, scale: float = 1, seed: int = 20261031) -> None:
    """Write the demo company into `root`."""
    from orchestration.demo import generate

    with monitor.step("demo"), limits.stoppable(), limits.told(root):
        generate(root, scale=scale, seed=seed)


def ensure_demo(root: Path, monitor: Monitor) -> None:
    """Make the demo company where it is meant and not there yet, or not whole, as its truth is
    written last; no other workspace is touched."""
    if root == DEMO_ROOT and not all((root / name).exists() for name in ("exports", "truth.json")):
        make_demo(root, monitor)


def load(
    workspace: Workspace,
    contracts: Mapping[str, Contract],
    monitor: Monitor,
    only: Collection[str] | None = None,
) -> IngestResult:
    """Load the export files, of all contracts or of `only` some."""
    from orchestration.ingest import ingest

    with monitor.step("load"), limits.told(workspace.root):
        result = ingest(
            workspace,
            dict(contracts),
            on_file=monitor.file,
            only=None if only is None else set(only),
        )
        if only is None:
            record.write(workspace.runs, "load", result)
        else:
            _record_part_of_load(workspace, result)
    return result


def _record_part_of_load(workspace: Workspace, result: IngestResult) -> None:
    """Keep what became of some files, and what was kept of the others."""
    done = {file.file_name for file in result.files}
    earlier = record.read(workspace.runs, "load", {"files": []})["files"]
    others = [file for file in earlier if file["file_name"] not in done]
    record.write(workspace.runs, "load", {"files": [*others, *result.files]})


def build(
    workspace: Workspace, monitor: Monitor, select: Sequence[str] = transform.IN_A_RUN
) -> list[transform.Node]:
    """Build the models."""
    with monitor.step("build"), limits.told(workspace.root):
        discard_damaged(workspace.warehouse)
        discard_damaged(workspace.published, read_only=True)
        provenance.prepare(workspace)
        find_out = provenance.before_closing(workspace)
        with pending.building(workspace, select):
            behind = set() if tuple(select) == transform.IN_A_RUN else pending.behind(workspace)
            nodes = transform.build(workspace, select, monitor.node, find_out, behind)
        if tuple(select) == transform.IN_A_RUN:
            record.write(workspace.runs, "build", nodes)
        else:
            done = {node.unique_id for node in nodes}
            record.update(workspace.runs, "build", nodes, "unique_id", done)
            if pending.unbuilt(workspace):
                provenance.forget(workspace)
    return nodes


def rebuild(workspace: Workspace, monitor: Monitor, names: Sequence[str]) -> list[transform.Node]:
    """Build models that were edited, and all that is made of them, for whoever works on them.

    Nothing that a run takes for granted changes: what is built of edited models is not published
    before a run has built everything, and that finds out anew why numbers are what they are.
    Raises BuildError.
    """
    with (
        limits.stoppable(),
        limits.told(workspace.root),
        hold(workspace.root),
        monitor.step("rebuild"),
    ):
        select = transform.made_of(transform.read_manifest(workspace.root), names)
        transform.require_built(workspace)
        provenance.prepare(workspace)
        with pending.building(workspace, select, is_for_a_run=False):
            behind = pending.behind(workspace)
            return transform.build(workspace, select, monitor.node, behind=behind)


def prove(workspace: Workspace, names: Sequence[str]) -> list[transform.Node]:
    """Hold models to their unit tests and data tests, by the names of either; those that fail are
    among them. Raises BuildError where they cannot be held."""
    with limits.stoppable(), limits.told(workspace.root), hold(workspace.root):
        try:
            return transform.prove(workspace, names)
        except transform.BuildError as error:
            if not error.nodes:
                raise
            return list(error.nodes)


def check_exports(
    workspace: Workspace,
    contracts: Mapping[str, Contract],
    monitor: Monitor,
    only: Collection[str] | None = None,
) -> list[quality.CheckResult]:
    """Hold what was loaded, or `only` some tables (`raw.source__table`), against its expectations;
    what failed is in the results."""
    with monitor.step("check_exports"), limits.told(workspace.root):
        results = quality.check_exports(workspace, contracts, monitor.check, only)
        checked = quality.raw_tables(contracts) if only is None else set(only)
        _keep(workspace, "check_exports", _loaded(workspace), results, checked)
    return results


def check_marts(
    workspace: Workspace, monitor: Monitor, only: Collection[str] | None = None
) -> list[quality.CheckResult]:
    """Hold the marts, or `only` some (`marts.name`), against their expectations; what failed is in
    the results."""
    with monitor.step("check_marts"), limits.told(workspace.root):
        results = quality.check_marts(workspace, monitor.check, only)
        checked = quality.mart_tables() if only is None else set(only)
        _keep(workspace, "check_marts", _built(workspace), results, checked)
    return results


def _keep(
    workspace: Workspace,
    step: str,
    state: str,
    results: Sequence[quality.CheckResult],
    checked: set[str],
) -> None:
    """Record results, and which tables passed in which state of what they were held against."""
    record.update(workspace.runs, step, results, "table", checked)
    failed = {result.table for result in results if result.blocks}
    passed = _passed(workspace, step, state) | checked
    record.write(
        workspace.runs, f"{step}_passed", {"state": state, "tables": sorted(passed - failed)}
    )


def _passed(workspace: Workspace, step: str, state: str) -> set[str]:
    """The tables that passed, if it was in this state."""
    known = record.read(workspace.runs, f"{step}_passed", {})
    return set(known["tables"]) if known.get("state") == state else set()


def _loaded(workspace: Workspace) -> str:
    """Changes with what is loaded, and with what is expected of it."""
    return json.dumps([provenance.given_digests(workspace), quality.digest()])


def _built(workspace: Workspace) -> str:
    """Changes with the warehouse, whoever writes to it, and with what is expected of it."""
    stat = workspace.warehouse.stat()
    return json.dumps([stat.st_size, stat.st_mtime_ns, quality.digest()])


def gate(workspace: Workspace, contracts: Mapping[str, Contract], monitor: Monitor) -> None:
    """Let nothing be published but marts that are of one piece and have passed.

    All of them are made of what is loaded now, by models of one state; what has not passed its
    expectations in this very state is held against them here, whoever left it out before.
    Raises PublishError or CheckError.
    """
    again = "run everything (in Dagster: Materialize all)"
    if not workspace.warehouse.is_file():
        raise publishing.PublishError(f"no mart was ever built: {again}")
    if not transform.built_from(workspace):
        raise publishing.PublishError(
            "nothing was published, because the models changed, and only some were built since: "
            f"{again}"
        )
    if unbuilt := pending.unbuilt(workspace):
        named = ", ".join(unbuilt[:NAMED]) + (", and others" if len(unbuilt) > NAMED else "")
        raise publishing.PublishError(
            "nothing was published, because not every mart is built, with all its tests passed, "
            f"of what is loaded now: build all that is made of {named}, or {again}"
        )
    passed = _passed(workspace, "check_exports", _loaded(workspace))
    if others := quality.raw_tables(contracts) - passed:
        quality.require_passed(check_exports(workspace, contracts, monitor, others))
    passed = _passed(workspace, "check_marts", _built(workspace))
    if others := quality.mart_tables() - passed:
        quality.require_passed(check_marts(workspace, monitor, others))


def publish(
    workspace: Workspace, manifest: Mapping[str, Any], monitor: Monitor
) -> publishing.Published:
    """Swap in a new published file; every critical check has passed."""
    with monitor.step("publish"), limits.told(workspace.root):
        published = publishing.publish(
            workspace.warehouse,
            workspace.published,
            transform.marts(manifest),
            provenance.given_digests(workspace) | {"project": transform.built_from(workspace)},
        )
        if workspace.as_of is None:
            provenance.record(workspace)
        record.write(workspace.runs, "publish", published)
        monitor.published = published
    return published


def still_published(workspace: Workspace) -> str:
    """What BI goes on with where nothing new is published."""
    last = status.last_publish(workspace)
    if not last:
        return "Nothing is published yet."
    return f"BI keeps build {last.build_id}, published {last.published_at:%Y-%m-%d %H:%M} UTC."


def publish_postgres(
    workspace: Workspace,
    monitor: Monitor,
    manifest: Mapping[str, Any] | None = None,
    *,
    again: bool = False,
) -> postgres.Outcome:
    """Bring what is published to PostgreSQL, where BI reads it; `again` also if it is there."""
    with monitor.step("postgres"):
        to = postgres.destination()
        outcome = postgres.publish(
            workspace.published,
            to,
            transform.keys(manifest or transform.read_manifest(workspace.root)),
            again=again,
            on_table=monitor.table,
        )
        record.write(workspace.runs, "postgres", outcome)
        monitor.postgres = outcome
    return outcome


def report(workspace: Workspace, monitor: Monitor) -> None:
    """Write the page for people without a BI tool."""
    from orchestration import report as page

    with monitor.step("report"), limits.told(workspace.root):
        page.write(workspace)


def run(workspace: Workspace, monitor: Monitor) -> None:
    """Load, build, check and publish; raise what kept the marts from being published."""
    with (
        limits.stoppable(),
        limits.told(workspace.root),
        hold(workspace.root),
        record.run(workspace.runs) as ended,
    ):
        discard_damaged(workspace.published, read_only=True)
        provenance.record(workspace)  # of an earlier run that was killed right after publishing
        try:
            _run(workspace, monitor)
        finally:  # PostgreSQL may fail after the file was published
            ended.build_id = monitor.published.build_id if monitor.published else ""


def look_back(workspace: Workspace, monitor: Monitor) -> None:
    """Build the marts of a past day (`Workspace.at`) into a file of their own; publish nothing.

    Raises what would have kept them from being published then.
    """
    with limits.stoppable(), limits.told(workspace.root), hold(workspace.root):
        with monitor.step("prepare"):
            contracts = read_contracts()
            manifest = transform.read_manifest(workspace.root)
        load(workspace, contracts, monitor)
        quality.require_passed(check_exports(workspace, contracts, monitor))
        build(workspace, monitor)
        quality.require_passed(check_marts(workspace, monitor))
        publish(workspace, manifest, monitor)


def _run(workspace: Workspace, monitor: Monitor) -> None:
    with monitor.step("prepare"):
        import dagster as dg

        from orchestration.definitions import build_defs

        definitions = build_defs(workspace.root, automate=False, monitor=monitor)
        job = definitions.resolve_job_def("refresh")
    # Its import takes seconds and is wanted late: it goes on while DuckDB loads and builds.
    threading.Thread(target=quality.import_great_expectations, daemon=True).start()
    try:
        with dg.DagsterInstance.ephemeral() as instance:
            # Nobody reads the events of such an instance; to keep them took a sixth of a run.
            instance.event_log_storage.store_event = lambda event: None
            job.execute_in_process(
                instance=instance,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )
    except Exception:
        # Dagster wraps what went wrong; the user wants to hear it from whoever found it.
        quality.require_passed(monitor.checks)
        if isinstance(monitor.error, postgres.PostgresError) and monitor.published:
            raise postgres.PostgresError(
                f"{monitor.error}\nThe file is published: {monitor.published.path}. "
                "`plumbline publish postgres` brings it to the server later."
            ) from None
        if monitor.error:
            raise monitor.error from None
        raise
    except BaseException:  # Dagster has an interrupt of its own
        raise KeyboardInterrupt from None


def check_and_publish(workspace: Workspace, monitor: Monitor) -> None:
    """Publish the marts as they are built, when they pass: a run without loading and building."""
    with limits.stoppable(), limits.told(workspace.root), hold(workspace.root):
        quality.require_passed(check_marts(workspace, monitor))
        gate(workspace, read_contracts(), monitor)
        publish(workspace, transform.read_manifest(workspace.root), monitor)
        report(workspace, monitor)


def dagster_home(root: Path) -> Path:
    """Where Dagster keeps the runs that are started from its pages: in the workspace."""
    home = root / "runs" / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(PROJECT_ROOT / "dagster.yaml", home / "dagster.yaml")
    return home
