"""How to open the warehouse and the published file, and the lock that lets one run in at a time.

Loading, building and publishing do their own SQL elsewhere; here are only the doors.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

from orchestration.workspace import WorkspaceError

if TYPE_CHECKING:
    import duckdb

# Kinds of error that quote names, and no value of a row.
TELLING = {"Binder", "Catalog", "Compilation", "Database", "IO", "Parser", "Parsing", "Runtime"}

# How DuckDB says that a file is not what it wrote.
DAMAGED = ("not a valid DuckDB database file", "Could not read enough bytes", "Corrupt database")

LOOK_AGAIN = 1.0  # seconds between two looks at a lock that somebody else has

# Locks that this process holds, so that a step inside a run may ask for the lock again.
_held: set[Path] = set()


def connect(path: Path, *, read_only: bool = True) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file of the workspace, with days that do not depend on the machine."""
    import duckdb

    connection = duckdb.connect(str(path), read_only=read_only)
    connection.execute("set TimeZone = 'UTC'")
    return connection


def connect_published(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the published file as BI should: nothing but its marts can be read, nothing written.

    `read_only` alone lets a statement read any file of the machine, write one, or attach another
    database. Without external access it may still do so with the file that is open: a `copy` to it
    would put an end to it. So file systems are closed as well, once the file is open, and the
    settings are locked. What does not fit into memory fails: nothing is put on disk.
    """
    import duckdb

    connection = duckdb.connect(str(path), read_only=True)
    # Connections of one process to one file share their settings.
    locked = connection.execute("select current_setting('lock_configuration')").fetchone()
    if locked != (True,):
        connection.execute(
            """
            set temp_directory = '';
            set enable_external_access = false;
            set disabled_filesystems = 'LocalFileSystem';
            set global TimeZone = 'UTC';
            set lock_configuration = true;
            """
        )
    return connection


def is_whole(path: Path, *, read_only: bool = True) -> bool:
    """Whether there is such a DuckDB file, as it was written: a power cut or a disk may leave one
    that cannot be opened. Raises what else keeps it from being opened."""
    import duckdb

    if not path.is_file():
        return False
    try:
        duckdb.connect(str(path), read_only=read_only).close()
    except duckdb.IOException as error:
        if not any(words in str(error) for words in DAMAGED):
            raise
        return False
    return True


def discard_damaged(path: Path, *, read_only: bool = False) -> None:
    """Take away a DuckDB file that a run makes anew in any case, where it is not whole."""
    if not is_whole(path, read_only=read_only):
        path.unlink(missing_ok=True)
        path.with_name(f"{path.name}.wal").unlink(missing_ok=True)


def identifier(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL writes it, where a statement takes no parameter."""
    return "'" + text.replace("'", "''") + "'"


def without_values(message: str) -> str:
    """An error message of the engine or of dbt, fit for logs.

    Errors about names, syntax and settings are told in full. Any other may quote a value of a row,
    and what it quotes is left out.
    """
    kinds = re.findall(r"\b(\w+) Error\b", message)
    if not set(kinds) <= TELLING:
        message = re.sub(r"'[^'\n]*'|\"[^\"\n]*\"", "'…'", message)
    return message.strip()


def is_alive(pid: int) -> bool:
    """Whether there is such a process on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it is somebody else's
    return True


@contextmanager
def hold(
    root: Path, patience: float = 0, on_wait: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Keep every other run out of the workspace at `root`; say who is in when somebody is.

    `patience` is for how many seconds to wait until they have ended; `on_wait` hears once who it
    is. Raises WorkspaceError when they are still in then.
    """
    path = root.resolve() / "runs" / "lock"
    if path in _held:
        yield
        return

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        until = time.monotonic() + patience
        while not _locked(file):
            told = f"the workspace {root} is in use by {_holder(file)}"
            if time.monotonic() >= until:
                raise WorkspaceError(f"{told}: wait until it has ended, then run again")
            if on_wait:
                on_wait(f"{told}: waiting until it has ended, {patience / 60:.0f} minutes at most")
                on_wait = None
            time.sleep(LOOK_AGAIN)
        _held.add(path)
        try:
            _sign(file, {"pid": os.getpid(), "since": f"{datetime.now():%Y-%m-%d %H:%M:%S}"})
            yield
        finally:
            # Closing the file gives the lock back; a killed process gives it back by dying.
            _sign(file, {})
            _held.discard(path)


def _locked(file: IO[str]) -> bool:
    """Whether the lock is ours now."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def holder(root: Path) -> str:
    """Who is in the workspace at `root`; empty if nobody is. Never in the way of a run that begins,
    as the lock itself is not asked for."""
    try:
        with (root / "runs" / "lock").open(encoding="utf-8") as file:
            return _holder(file) if is_alive(json.loads(file.read())["pid"]) else ""
    except (OSError, ValueError, KeyError):
        return ""


def _sign(file: IO[str], holder: dict[str, object]) -> None:
    file.seek(0)
    file.truncate()
    file.write(json.dumps(holder))
    file.flush()


def _holder(file: IO[str]) -> str:
    file.seek(0)
    try:
        holder = json.loads(file.read())
        return f"process {holder['pid']} since {holder['since']}"
    except (ValueError, KeyError):
        return "another process, which started this moment"
