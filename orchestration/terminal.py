"""How a run looks on the terminal: its steps while they last, and what came of them.

Nothing is decided here: what is shown is what the run reported, published and left open.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from orchestration import quality, scorecard
from orchestration.pipeline import Monitor
from orchestration.warehouse import connect_published

if TYPE_CHECKING:
    from orchestration.ingest import LoadResult
    from orchestration.metabase.push import Outcome as Pushed
    from orchestration.quality import CheckResult
    from orchestration.status import Status
    from orchestration.transform import Node
    from orchestration.workspace import Workspace

STEPS = {
    "demo": "Make the demo company",
    "prepare": "Prepare",
    "load": "Load exports",
    "check_exports": "Check exports",
    "build": "Build models",
    "rebuild": "Build models",
    "check_marts": "Check marts",
    "publish": "Publish",
    "postgres": "Publish to PostgreSQL",
    "report": "Write report",
}
MONTHS = 6
# Columns of the terminal for the names, and for a month with and without its target.
NAMES, MONTH, SHORT_MONTH = 23, 16, 11
# From here on there is room for the first and the last day of a source's data.
ROOMY = 110


class Terminal(Monitor):
    """Shows each step while it lasts, and leaves one line of it behind."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("[dim]{task.fields[detail]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task: TaskID | None = None
        self._checked = 0

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Show a step while it lasts."""
        with self._progress:
            self._task = self._progress.add_task(STEPS[name], total=None, detail="")
            try:
                with super().step(name):
                    yield
            except BaseException:
                self._console.print(Text("✗ ", "red") + STEPS[name])
                raise
            finally:
                self._progress.remove_task(self._task)
                self._task = None
        checks = self.checks[self._checked :]
        self._checked = len(self.checks)
        line = _mark(checks) + f"{STEPS[name]:<22}"
        line.append(f" {self.seconds[name]:5.1f} s  ", "dim")
        self._console.print(line + self._outcome(name, checks))

    def file(self, result: LoadResult) -> None:
        """Show the file."""
        super().file(result)
        self._show(result.file_name)

    def node(self, node: Node, total: int) -> None:
        """Show the model or test."""
        super().node(node, total)
        self._show(node.name, len(self.nodes), total)

    def check(self, result: CheckResult) -> None:
        """Show the table that is held against its expectations."""
        super().check(result)
        self._show(result.table)

    def table(self, name: str, done: int, total: int) -> None:
        """Show the table."""
        self._show(name, done, total)

    def _show(self, detail: str, done: int | None = None, total: int | None = None) -> None:
        if self._task is not None:
            self._progress.update(self._task, detail=detail, completed=done, total=total)

    def _outcome(self, name: str, checks: list[CheckResult]) -> str:
        """What a step did, in a few words."""
        if name == "load":
            rows = sum(file.rows for file in self.files)
            rejected = sum(file.rejected for file in self.files)
            read = _read(self)
            new = {file.file_name for file in self.files if file.status == "loaded"}
            return f"{len(read)} files ({len(new)} new), {rows:,} rows, {rejected:,} rejected"
        if name in ("build", "rebuild"):
            models = sum(node.is_model for node in self.nodes)
            return f"{models} models, {len(self.nodes) - models} data tests passed"
        if name in ("check_exports", "check_marts"):
            return f"{sum(check.success for check in checks)} of {len(checks)} expectations met"
        if name == "publish" and self.published:
            return f"{len(self.published.rows)} marts, build {self.published.build_id}"
        if name == "postgres" and self.postgres:
            if self.postgres.already_served:
                return f"build {self.postgres.build_id} is there already"
            return f"{len(self.postgres.rows)} tables, {sum(self.postgres.rows.values()):,} rows"
        return ""


def show_models(console: Console, nodes: Sequence[Node]) -> None:
    """The rows of each model that was built, and its seconds."""
    grid = Table("Model", box=None, header_style="bold")
    for name in ("Rows", "Seconds"):
        grid.add_column(name, justify="right", no_wrap=True)
    for node in nodes:
        if node.is_model:
            rows = "" if node.rows is None else f"{node.rows:,}"
            grid.add_row(node.name, rows, f"{node.seconds:.1f}")
    console.print(grid)
    console.print(
        "A blank is a view. Nothing was published: `plumbline run` does that.", style="dim"
    )


def show_outcome(console: Console, workspace: Workspace, monitor: Terminal) -> None:
    """The scorecard, what was loaded, which checks passed, and where the results are."""
    roomy = console.width >= NAMES + MONTHS * MONTH
    months = min(MONTHS, max(1, (console.width - NAMES) // (MONTH if roomy else SHORT_MONTH)))
    card = scorecard.read(workspace.published, months)
    console.print()
    console.print(Text(f"{card.company}, as of {card.as_of:%d %B %Y}", "bold"))
    if card.lines:
        console.print(scorecard.table(card, with_targets=roomy))
        console.print("Below a number: attainment of its target. ~ is still maturing.", style="dim")
    else:
        console.print("No month has a number yet.")
    show_loads(console, workspace, monitor)
    console.print(_checks(monitor, workspace))
    console.print()
    if workspace.as_of:
        console.print(Text("Built      ", "bold") + str(workspace.published), soft_wrap=True)
        counted, loaded = _exported_by(workspace, monitor)
        console.print(
            f"As of {workspace.as_of}, from the {counted} of {loaded} files that were exported by "
            "then. Nothing was published.",
            style="dim",
            soft_wrap=True,
        )
        return
    console.print(Text("Published  ", "bold") + str(workspace.published), soft_wrap=True)
    console.print(Text("Report     ", "bold") + str(workspace.report), soft_wrap=True)


def _read(monitor: Monitor) -> set[str]:
    return {file.file_name for file in monitor.files if file.status != "ignored"}


def _exported_by(workspace: Workspace, monitor: Terminal) -> tuple[int, int]:
    """How many files count on the day, and how many there are."""
    with connect_published(workspace.published) as connection:
        found = connection.execute(
            "select count(distinct file_name) from main._files where source_name != 'definitions'"
        ).fetchone()
    return found[0] if found else 0, len(_read(monitor))


def show_early_end(console: Console, workspace: Workspace, monitor: Terminal) -> None:
    """What was loaded and what was not, before the message that says what ended the run."""
    show_loads(console, workspace, monitor)
    if "check_marts" in monitor.seconds:
        console.print(_open(workspace))
    # Only once all of the exports were looked at.
    if "check_exports" in monitor.seconds and (nothing := nothing_read(workspace, monitor.files)):
        console.print(Text("\n✗ ", "red") + nothing, soft_wrap=True)


def show_loads(console: Console, workspace: Workspace, monitor: Terminal) -> None:
    """What was read of each source, and what was not."""
    if monitor.files:
        console.print()
        console.print(_loads(monitor.files))
        console.print(_problems(workspace, monitor.files), soft_wrap=True)


def nothing_read(workspace: Workspace, files: list[LoadResult]) -> str:
    """Why there is no row of any export; empty if there is one."""
    exports = [file for file in files if not file.file_name.startswith(("definitions/", "seeds/"))]
    if not exports:
        return f"there is nothing below {workspace.exports}"
    if sum(file.rows for file in exports):
        return ""
    count = f"{len(exports)} file{'s' if len(exports) > 1 else ''}"
    kinds = {file.status for file in exports}
    if kinds == {"unmatched"}:
        fits = "fit no contract" if len(exports) > 1 else "fits no contract"
        return f"no export was read: {'these' if len(exports) > 1 else 'this'} {count} {fits}"
    if kinds <= {"unmatched", "refused"}:
        return f"no export was read: {count}, each refused or fitting no contract"
    return f"no row of any export was read: {count}, see above"


def show_timings(console: Console, monitor: Monitor, total: float) -> None:
    """Seconds per step; the rest is imports (Great Expectations above all) and Dagster itself."""
    grid = Table("Step", "Seconds", box=None, header_style="bold")
    for name, seconds in monitor.seconds.items():
        grid.add_row(STEPS[name], f"{seconds:.1f}")
    grid.add_row("Imports and Dagster", f"{total - sum(monitor.seconds.values()):.1f}")
    grid.add_row("Total", f"{total:.1f}", style="bold")
    console.print()
    console.print(grid)


def show_status(console: Console, status: Status, now: datetime) -> None:
    """The sources of a workspace, its last run, and what BI reads."""
    day = f", as of {status.as_of:%d %B %Y}" if status.as_of else ""
    console.print(Text(f"{status.company}{day}", "bold"))
    console.print()
    if status.sources:
        console.print(_sources(console, status))
    else:
        console.print("Nothing was loaded yet.")
    for source in status.sources:
        for line in source.refused:
            console.print(Text("✗ refused   ", "red") + line, soft_wrap=True)
        for line in source.overdue:
            console.print(Text("! overdue   ", "yellow") + line, soft_wrap=True)
        for note in source.notes:
            console.print(Text("! note      ", "yellow") + note, soft_wrap=True)
        if source.undated:
            files = f"{source.undated} file{'s' if source.undated > 1 else ''}"
            told = f"{source.name}: of {files} only the file's own time says when it was exported"
            console.print(Text("! undated   ", "yellow") + told, soft_wrap=True)
    for line in status.unmatched:
        console.print(Text("? unmatched ", "yellow") + line, soft_wrap=True)
    console.print()
    console.print(_last_run(status, now), soft_wrap=True)
    if status.publish:
        publish = status.publish
        console.print(
            Text("Last publish  ", "bold")
            + f"{publish.published_at:%Y-%m-%d %H:%M} UTC ({_ago(publish.published_at, now)}), "
            f"build {publish.build_id}, as of {publish.as_of}, {publish.marts} marts",
            soft_wrap=True,
        )
    else:
        console.print(Text("Last publish  ", "bold") + "never")


def show_push(console: Console, outcome: Pushed) -> None:
    """What a push to Metabase did, or would do."""
    would = "would be " if outcome.dry_run else ""
    for verb, things in (
        ("created", outcome.created),
        ("changed", outcome.changed),
        ("archived", outcome.archived),
    ):
        for thing in things:
            console.print(f"{would}{verb}: {thing}", soft_wrap=True, markup=False)
    for thing in outcome.left_alone:
        console.print(f"left alone, as others made it: {thing}", soft_wrap=True, markup=False)
    for note in outcome.notes:
        console.print(Text("! ", "yellow") + note, soft_wrap=True)
    if outcome.described:
        console.print(f"{would}described: {outcome.described} tables and columns")
    changes = f"{outcome.changes} change{'' if outcome.changes == 1 else 's'}"
    console.print(f"{changes}, nothing was written" if outcome.dry_run else f"✓ {changes}")


def _sources(console: Console, status: Status) -> Table:
    roomy = console.width >= ROOMY
    grid = Table(box=None, header_style="bold")
    grid.add_column("Source", no_wrap=True)
    for name in ("Files", "Rows", "Rejects", "Refused"):
        grid.add_column(name, justify="right", no_wrap=True)
    for name in ("Newest", "Age"):
        grid.add_column(name, justify="right", no_wrap=True)
    grid.add_column("Days of data" if roomy else "Days", justify="right", no_wrap=True)
    for source in status.sources:
        days = f"{source.days:,}"
        if roomy and source.first_day:
            days = f"{days}, {source.first_day} to {source.last_day}"
        grid.add_row(
            source.name,
            f"{source.files:,}",
            f"{source.rows:,}",
            Text(f"{source.rejected:,}", "yellow" if source.rejected else "dim"),
            Text(f"{len(source.refused):,}", "red" if source.refused else "dim"),
            f"{source.newest:%Y-%m-%d}" if source.newest else "",
            "" if source.age_days is None else f"{source.age_days} d",
            days if source.days else "",
        )
    return grid


def _last_run(status: Status, now: datetime) -> Text:
    label = Text("Last run      ", "bold")
    run = status.run
    if run is None:
        return label + f"never: plumbline run --workspace {status.workspace}"
    when = f"{run.started_at:%Y-%m-%d %H:%M} UTC ({_ago(run.started_at, now)})"
    took = f", took {run.seconds:,.0f} s" if run.seconds is not None else ""
    if run.outcome == "published":
        return label + f"{when}{took}, published"
    if run.outcome == "running":
        return label + f"{when}, is going on"
    if run.outcome == "finished":
        return label + f"{when}{took}, of a part: nothing was to be published"
    if run.outcome == "killed":
        return label + Text(f"{when}, was killed before it ended", "red")
    return label + f"{when}{took}, " + Text(f"stopped: {run.message}", "red")


def _ago(then: datetime, now: datetime) -> str:
    minutes = max(int((now - then).total_seconds() // 60), 0)
    if minutes < 120:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // 1440} days ago"


def _loads(files: list[LoadResult]) -> Table:
    grid = Table("Source", box=None, header_style="bold")
    for name in ("Files", "Rows", "Rejected"):
        grid.add_column(name, justify="right")
    by_source: dict[str, list[LoadResult]] = defaultdict(list)
    for file in files:
        if file.status in ("loaded", "unchanged"):
            by_source[file.source].append(file)
    for source, loaded in sorted(by_source.items()):
        rejected = sum(file.rejected for file in loaded)
        grid.add_row(
            source,
            f"{len({file.file_name for file in loaded}):,}",
            f"{sum(file.rows for file in loaded):,}",
            Text(f"{rejected:,}", "yellow" if rejected else "dim"),
        )
    return grid


def _problems(workspace: Workspace, files: list[LoadResult]) -> Group:
    """Files that were not read, entries without a file, and which rows were rejected for what."""
    from orchestration import ingest

    lines = []
    for file in files:
        if file.status == "refused":
            lines.append(Text("✗ refused   ", "red") + f"{file.file_name}: {file.message}")
        elif file.status == "unmatched":
            lines.append(Text("? unmatched ", "yellow") + f"{file.file_name}: {file.message}")
        elif file.rejects:
            path, first = ingest.reject_lines(workspace, file)
            reasons = "; ".join(
                _rejected(reason, count, first.get(reason, []))
                for reason, count in file.rejects.items()
            )
            lines.append(Text("! rejected  ", "yellow") + f"{file.file_name}: {reasons}")
            listed = path.relative_to(workspace.root)
            lines.append(Text(f"            all lines: {listed}", "dim"))
        told = (file.message, *file.notes) if file.status in ("loaded", "unchanged") else ()
        for note in filter(None, told):
            lines.append(Text("! note      ", "yellow") + f"{file.file_name}: {note}")
    for entry in ingest.idle_entries(workspace):
        lines.append(Text("? no file   ", "yellow") + entry)
    if any(file.status in ("refused", "unmatched") for file in files):
        hint = f"`plumbline doctor --workspace {workspace.root}` says what to do about each"
        lines.append(Text(f"            {hint}", "dim"))
    return Group(Text(), *lines) if lines else Group()


def _rejected(reason: str, count: int, lines: list[int]) -> str:
    """Rejects of one reason and column: `3 bad_date in order_date (lines 12, 40, 77)`."""
    words = f"{count:,} {reason.replace('/', ' in ', 1)}"
    if not lines:
        return words
    more = ", ..." if count > len(lines) else ""
    unit = "line" if count == 1 else "lines"
    return f"{words} ({unit} {', '.join(map(str, lines))}{more})"


def _open(workspace: Workspace) -> Group:
    """What the definitions do not cover, check by check and text by text."""
    lines = quality.notes(workspace.warehouse, workspace.definitions)
    lines += quality.gaps(workspace.warehouse, workspace.definitions)
    return Group(*(Text("! ", "yellow") + line for line in lines))


def _mark(checks: list[CheckResult]) -> Text:
    """Green only where nothing failed."""
    if any(check.blocks for check in checks):
        return Text("✗ ", "red")
    return Text("✓ ", "green") if all(check.success for check in checks) else Text("! ", "yellow")


def _checks(monitor: Monitor, workspace: Workspace) -> Group:
    """How many expectations are met, the parts where not all are, and each that is not."""
    layers: dict[str, dict[str, list[CheckResult]]] = {"exports": {}, "marts": {}}
    for check in monitor.checks:
        schema, table = check.table.split(".")
        layer = layers["exports" if schema == "raw" else "marts"]
        layer.setdefault(table.split("__")[0], []).append(check)

    lines = [Text()]
    for name, parts in layers.items():
        results = [check for checks in parts.values() for check in checks]
        met = sum(check.success for check in results)
        line = _mark(results) + f"{name}: {met} of {len(results)} expectations met"
        each = [
            f"{part} {sum(check.success for check in checks)}/{len(checks)}"
            for part, checks in parts.items()
            if not all(check.success for check in checks)
        ]
        lines.append(line.append(f": {', '.join(each)}" if each else "", "dim"))
    tests = sum(not node.is_model for node in monitor.nodes)
    lines.append(Text("✓ ", "green") + f"models: {tests} data tests passed")
    # What the reconciliation notes is told check by check.
    unmet = [check for check in monitor.checks if not check.success]
    told = [c for c in unmet if c.blocks or c.table != "marts.rpt_reconciliation"]
    lines += [Text("! ", "yellow") + str(check) for check in told]
    return Group(*lines, _open(workspace))
