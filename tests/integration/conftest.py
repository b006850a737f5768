"""One run of the whole pipeline on the demo company, read by many tests."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import READER_PASSWORD, Server, serve

# No test publishes into a server that somebody works with.
os.environ.pop("PLUMBLINE_POSTGRES", None)
PLUMBLINE = Path(sys.executable).with_name("plumbline")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A demo workspace as `make run` leaves it: exports, published file, report.

    Made by the first of pytest's workers that needs it, for all of them: leave its numbers alone.
    """
    base = tmp_path_factory.getbasetemp()
    root = (base if worker_id == "master" else base.parent) / "demo"
    with root.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "report.html").exists():
            shutil.rmtree(root, ignore_errors=True)
            plumbline("demo", root)
            plumbline("run", "--workspace", root)
    return root


def plumbline(*arguments: str | Path, **environment: str) -> str:
    """What the command line prints; the test fails with it when the command fails."""
    done = subprocess.run(
        [PLUMBLINE, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A PostgreSQL server: `owner()` is the URL that publishes, `reader()` that of BI."""
    with serve() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_marts(demo: Path, postgres_server: Server) -> Server:
    """The server with the demo company's marts in its database `marts`: read them as `reader()`."""
    plumbline(
        *("publish", "postgres", "--workspace", demo),
        PLUMBLINE_POSTGRES=postgres_server.owner(),
        PLUMBLINE_BI_READER_PASSWORD=READER_PASSWORD,
    )
    return postgres_server
