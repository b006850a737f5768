"""A load that leaves nothing behind: the same code as a run's, into a folder that is removed.

What is tried, and what is said about it, is decided in examine.py and proposals.py.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

from orchestration.contracts import Contract, TableRules
from orchestration.ingest import columns, quarantine
from orchestration.ingest import load as loading
from orchestration.ingest.dialect import Layout
from orchestration.ingest.files import ExportFile
from orchestration.warehouse import is_alive
from orchestration.workspace import Workspace, WorkspaceError

if TYPE_CHECKING:
    import duckdb

# Without a dot, as what has one is swept away by a run that begins meanwhile.
PREFIX = "doctor-"
ANYTHING = Contract("", "", "", (), TableRules(), "")


class Trial:
    """A place to load files into, to be used as a context."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.zone = workspace.config.timezone
        self.key_problem = ""
        try:
            self.key = workspace.identity_key()
        except WorkspaceError as problem:
            # Made for this moment, so that all else about the addresses can be looked at.
            self.key, self.key_problem = secrets.token_bytes(32), str(problem)
        self._connected: duckdb.DuckDBPyConnection | None = None
        self._made: list[Path] = []

    def __enter__(self) -> Self:
        temporary = self._workspace.runs / "tmp"
        for folder in (temporary.parent, temporary):
            if not folder.exists():
                folder.mkdir()
                self._made.append(folder)
        for left_over in temporary.glob(f"{PREFIX}*"):
            if not is_alive(int(left_over.name.removeprefix(PREFIX).partition("-")[0])):
                shutil.rmtree(left_over, ignore_errors=True)
        self.folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=temporary))
        return self

    def __exit__(self, *_: object) -> None:
        if self._connected:
            self._connected.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        for folder in reversed(self._made):
            if not any(folder.iterdir()):
                folder.rmdir()

    def connection(self) -> duckdb.DuckDBPyConnection:
        """A database in memory, which spills into the folder."""
        if self._connected is None:
            self._connected = loading.connect(self.folder)
        return self._connected

    def clear(self) -> None:
        """Let go of what is left of a file."""
        for table in ("sample", "texts", "some_texts"):
            self.connection().execute(f"drop table if exists {table}")
        quarantine.forget(self.connection())
        for left_over in self.folder.glob("*.*"):
            left_over.unlink()

    def load(
        self,
        file: ExportFile,
        contract: Contract,
        layout: Layout,
        *,
        name: str = "rows",
        fingerprint: str = "",
        has_nul: bool = False,
        strict: bool = False,
    ) -> tuple[loading.Loaded, Path]:
        """Load a file as a run would; what became of its records, and the rows, until the next."""
        target = self.folder / f"{name}.parquet"
        for left_over in (target, loading.rejects_path(target)):
            left_over.unlink(missing_ok=True)
        quarantine.forget(self.connection())
        job = loading.Job(
            file,
            columns.as_typed(contract, layout, file.typed),
            layout,
            self.zone,
            fingerprint or name,
            target,
            self.folder,
            self.key if contract.has_keys else None,
            has_nul,
            strict,
        )
        return loading.load(self.connection(), job), target

    def cells(
        self, file: ExportFile, layout: Layout, *, has_nul: bool = False, with_lines: bool = False
    ) -> str:
        """The cells of the well-formed records of a file, as SQL: c0, c1, ..., until the next.

        With lines there is a `_line`, too, at the price of a slow look at every record.
        """
        job = loading.Job(
            file, ANYTHING, layout, self.zone, "cells", Path(), self.folder, None, has_nul
        )
        for left_over in self.folder.glob("cells.*"):
            left_over.unlink()
        text, has_nul = loading.as_utf8(job)
        if layout.newline is not None and not has_nul and not with_lines:
            source = columns.cells(text, layout)
            if self._is_plain(source, len(layout.headers)):
                return source
        clean = self.folder / "cells.csv"
        quarantine.separate(job, text, clean)
        return columns.numbered_cells(clean, layout, 4 * quarantine.LONGEST_RECORD)

    def _is_plain(self, source: str, width: int) -> bool:
        """Whether DuckDB can read all of its records without help."""
        import duckdb

        counts = ", ".join(f"count(c{place})" for place in range(width))
        try:
            self.connection().execute(f"select {counts} from {source}")
        except (duckdb.InvalidInputException, duckdb.ConversionException):
            return False
        return True
