"""How a run looks on the terminal: its steps while they last, and what came of them.

Nothing is decided here, and nothing is read but what the run reported and what it published.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.padding import Padding
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from orchestration import scorecard
from orchestration.pipeline import Monitor

if TYPE_CHECKING:
    from orchestration.ingest import LoadResult
    from orchestration.quality import CheckResult
    from orchestration.transform import Node
    from orchestration.workspace import Workspace

STEPS = {
    "demo": "Make the demo company",
    "prepare": "Prepare",
    "load": "Load exports",
    "check_exports": "Check exports",
    "build": "Build models",
    "check_marts": "Check marts",
    "publish": "Publish",
    "report": "Write report",
}
MONTHS = 6
# Columns of the terminal for the names, and for a month with and without its target.
NAMES, MONTH, SHORT_MONTH = 23, 16, 11


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
        line = Text("✓ ", "green") + f"{STEPS[name]:<22}"
        line.append(f" {self.seconds[name]:5.1f} s  ", "dim")
        self._console.print(line + self._outcome(name))

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

    def _show(self, detail: str, done: int | None = None, total: int | None = None) -> None:
        if self._task is not None:
            self._progress.update(self._task, detail=detail, completed=done, total=total)

    def _outcome(self, name: str) -> str:
        """What a step did, in a few words."""
        if name == "load":
            rows = sum(file.rows for file in self.files)
            rejected = sum(file.rejected for file in self.files)
            new = sum(file.status == "loaded" for file in self.files)
            return f"{len(self.files)} files ({new} new), {rows:,} rows, {rejected:,} rejected"
        if name == "build":
            models = sum(node.is_model for node in self.nodes)
            return f"{models} models, {len(self.nodes) - models} data tests passed"
        if name in ("check_exports", "check_marts"):
            checks = self.checks[self._checked :]
            self._checked = len(self.checks)
            return f"{sum(check.success for check in checks)} of {len(checks)} expectations met"
        if name == "publish" and self.published:
            return f"{len(self.published.rows)} marts, build {self.published.build_id}"
        return ""


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
    console.print()
    console.print(_loads(monitor.files))
    console.print(_problems(monitor.files))
    console.print(_checks(monitor))
    console.print()
    console.print(Text("Published  ", "bold") + str(workspace.published), soft_wrap=True)
    console.print(Text("Report     ", "bold") + str(workspace.report), soft_wrap=True)


def show_timings(console: Console, monitor: Monitor, total: float) -> None:
    """Seconds per step; the rest is imports (Great Expectations above all) and Dagster itself."""
    grid = Table("Step", "Seconds", box=None, header_style="bold")
    for name, seconds in monitor.seconds.items():
        grid.add_row(STEPS[name], f"{seconds:.1f}")
    grid.add_row("Imports and Dagster", f"{total - sum(monitor.seconds.values()):.1f}")
    grid.add_row("Total", f"{total:.1f}", style="bold")
    console.print()
    console.print(grid)


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
            f"{len(loaded):,}",
            f"{sum(file.rows for file in loaded):,}",
            Text(f"{rejected:,}", "yellow" if rejected else "dim"),
        )
    return grid


def _problems(files: list[LoadResult]) -> Group:
    """Files that were not read, and where rows were rejected for what."""
    lines = []
    for file in files:
        if file.status == "refused":
            lines.append(Text("✗ refused   ", "red") + f"{file.file_name}: {file.message}")
        elif file.status == "unmatched":
            lines.append(Text("? unmatched ", "yellow") + f"{file.file_name}: {file.message}")
        elif file.rejects:
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in file.rejects.items())
            lines.append(Text("! rejected  ", "yellow") + f"{file.file_name}: {reasons}")
    return Group(Padding(Group(*lines), (1, 0, 0, 0))) if lines else Group()


def _checks(monitor: Monitor) -> Group:
    """Which expectations are met, by source and mart, and each that is not."""
    layers: dict[str, dict[str, list[CheckResult]]] = {"exports": {}, "marts": {}}
    for check in monitor.checks:
        schema, table = check.table.split(".")
        layer = layers["exports" if schema == "raw" else "marts"]
        layer.setdefault(table.split("__")[0], []).append(check)

    lines = [Text()]
    for name, parts in layers.items():
        results = [check for checks in parts.values() for check in checks]
        met = sum(check.success for check in results)
        line = Text("✓ ", "green") + f"{name}: {met} of {len(results)} expectations met: "
        each = (
            f"{part} {sum(check.success for check in checks)}/{len(checks)}"
            for part, checks in parts.items()
        )
        lines.append(line.append(", ".join(each), "dim"))
    tests = sum(not node.is_model for node in monitor.nodes)
    lines.append(Text("✓ ", "green") + f"models: {tests} data tests passed")
    lines += [Text("! ", "yellow") + str(check) for check in monitor.checks if not check.success]
    return Group(*lines)
