"""Load the exports of a workspace: every file once, under its contract, into raw/.

Here is what the other parts of the project call. In which order things happen is run.py; finding
files is files.py, telling what they are matching.py and dialect.py, typing them columns.py, writing
them load.py and quarantine.py, and what is known about them records.py. Renaming, joining and
business rules begin in models/staging.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestration.contracts import Contract
from orchestration.ingest import load, unpack
from orchestration.ingest.files import ExportFile, discover
from orchestration.ingest.matching import idle_rules
from orchestration.ingest.records import LoadResult
from orchestration.ingest.run import IngestError, Outlook, Run
from orchestration.warehouse import hold
from orchestration.workspace import Workspace

__all__ = [
    "IngestError",
    "IngestResult",
    "LoadResult",
    "Outlook",
    "idle_entries",
    "ingest",
    "look",
    "reject_lines",
]


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
) -> IngestResult:
    """Load what is new, and say which files count. `on_file` hears of each file, and again of one
    that turns out, beside the others, not to be believable.

    A file that cannot be loaded is refused and the others go on; a definition that cannot be
    loaded stops the run, before anything else is loaded. `only` names sources or contracts. Of a
    workspace at an `as_of` nothing counts that was exported later.
    """
    tell = on_file or (lambda _: None)
    results = []
    with hold(workspace.root), Run(workspace, contracts, only) as run:
        for result in run.load_all():
            results.append(result)
            tell(result)
        finished = run.finish(results)
    for before, result in zip(results, finished, strict=True):
        if result != before:
            tell(result)
    return IngestResult(finished)


def look(
    workspace: Workspace,
    contracts: Mapping[str, Contract],
    is_settled: Callable[[ExportFile], bool] = lambda _: True,
) -> Outlook:
    """What the next load would find; nothing is loaded, and what the last one knew is not read
    again. Files that are not settled are left for later."""
    return Run(workspace, contracts, None).look(is_settled)


def reject_lines(
    workspace: Workspace, result: LoadResult, first: int = 3
) -> tuple[Path, dict[str, list[int]]]:
    """Where the rejects of a file are listed, and the first lines of each `reason/column`."""
    path = load.rejects_path(result.path(workspace.raw))
    with load.connect(workspace.runs / "tmp") as connection:
        rows = connection.execute(
            "select concat_ws('/', reason, column_name), list(line order by line)[:$first] "
            "from read_parquet($path) group by 1",
            {"first": first, "path": str(path)},
        ).fetchall()
    return path, dict(rows)


def idle_entries(workspace: Workspace) -> list[str]:
    """A line for each entry of `files:` in workspace.yml that fits no file that is there."""
    if not workspace.config.files:
        return []  # archives need not be opened for their names
    names = [name for file in discover(workspace.exports) for name in unpack.names(file)]
    return [f"workspace.yml, files: {hint}" for _, hint in idle_rules(workspace, names)]
