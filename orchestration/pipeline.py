"""The steps of a run, one after the other in this process: the same Dagster job as its pages show.

What a step does is in its own module, how the steps depend on each other in `assets`. Here each is
called, timed and recorded, and whoever watches (`Monitor`) hears of it.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration import postgres, provenance, quality, record, transform
from orchestration import publish as publishing
from orchestration.contracts import read_contracts
from orchestration.warehouse import hold
from orchestration.workspace import DEMO_ROOT, PROJECT_ROOT, Workspace

if TYPE_CHECKING:
    from orchestration.contracts import Contract
    from orchestration.ingest import IngestResult, LoadResult


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
        """Time a step, and remember what ended it early."""
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

    with monitor.step("demo"):
        generate(root, scale=scale, seed=seed)


def ensure_demo(root: Path, monitor: Monitor) -> None:
    """Make the demo company where it is meant and not there yet; no other workspace is touched."""
    if root == DEMO_ROOT and not (root / "exports").exists():
        make_demo(root, monitor)


def load(
    workspace: Workspace,
    contracts: Mapping[str, Contract],
    monitor: Monitor,
    only: Collection[str] | None = None,
) -> IngestResult:
    """Load the export files, of all contracts or of `only` some."""
    from orchestration.ingest import ingest

    with monitor.step("load"):
        result = ingest(
            workspace,
            dict(contracts),
            on_file=monitor.file,
            only=None if only is None else set(only),
        )
        record.write(workspace.runs, "load", result)
    return result


def build(
    workspace: Workspace, monitor: Monitor, select: Sequence[str] = transform.IN_A_RUN
) -> list[transform.Node]:
    """Build the models."""
    with monitor.step("build"):
        provenance.prepare(workspace)
        find_out = provenance.before_closing(workspace)
        nodes = transform.build(workspace, select, monitor.node, find_out)
        record.write(workspace.runs, "build", nodes)
    return nodes


def check_exports(
    workspace: Workspace, contracts: Mapping[str, Contract], monitor: Monitor
) -> list[quality.CheckResult]:
    """Hold what was loaded against its expectations; what failed is in the results."""
    with monitor.step("check_exports"):
        results = quality.check_exports(workspace, contracts, on_check=monitor.check)
        record.write(workspace.runs, "check_exports", results)
    return results


def check_marts(workspace: Workspace, monitor: Monitor) -> list[quality.CheckResult]:
    """Hold the marts against their expectations; what failed is in the results."""
    with monitor.step("check_marts"):
        results = quality.check_marts(workspace, on_check=monitor.check)
        record.write(workspace.runs, "check_marts", results)
    return results


def publish(
    workspace: Workspace, manifest: Mapping[str, Any], monitor: Monitor
) -> publishing.Published:
    """Swap in a new published file; every critical check has passed."""
    with monitor.step("publish"):
        published = publishing.publish(
            workspace.warehouse,
            workspace.published,
            transform.marts(manifest),
            provenance.given_digests(workspace),
        )
        if workspace.as_of is None:
            provenance.record(workspace)
        record.write(workspace.runs, "publish", published)
        monitor.published = published
    return published


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

    with monitor.step("report"):
        page.write(workspace)


def run(workspace: Workspace, monitor: Monitor) -> None:
    """Load, build, check and publish; raise what kept the marts from being published."""
    with hold(workspace.root), record.run(workspace.runs) as ended:
        provenance.record(workspace)  # of an earlier run that was killed right after publishing
        try:
            _run(workspace, monitor)
        finally:  # PostgreSQL may fail after the file was published
            ended.build_id = monitor.published.build_id if monitor.published else ""


def look_back(workspace: Workspace, monitor: Monitor) -> None:
    """Build the marts of a past day (`Workspace.at`) into a file of their own; publish nothing.

    Raises what would have kept them from being published then.
    """
    with hold(workspace.root):
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

        definitions = build_defs(workspace.root, monitor=monitor)
        job = definitions.resolve_job_def("refresh")
    # Its import takes seconds and is wanted late: it goes on while DuckDB loads and builds.
    threading.Thread(target=quality.import_great_expectations, daemon=True).start()
    try:
        with dg.DagsterInstance.ephemeral() as instance:
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


def check_and_publish(workspace: Workspace, monitor: Monitor) -> None:
    """Publish the marts as they are built, when they pass: a run without loading and building."""
    with hold(workspace.root):
        quality.require_passed(check_marts(workspace, monitor))
        publish(workspace, transform.read_manifest(workspace.root), monitor)
        report(workspace, monitor)


def dagster_home(root: Path) -> Path:
    """Where Dagster keeps the runs that are started from its pages: in the workspace."""
    home = root / "runs" / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(PROJECT_ROOT / "dagster.yaml", home / "dagster.yaml")
    return home
