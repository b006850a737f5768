"""One run of the whole pipeline on the demo company, read by many tests."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.postgres import READER_PASSWORD, Server, serve

# No test publishes into a server that somebody works with.
os.environ.pop("PLUMBLINE_POSTGRES", None)
PLUMBLINE = Path(sys.executable).with_name("plumbline")


KEY = "5e" * 32
LEADS = """lead_id,created_at
l1,2026-03-01 09:00:00
l2,2026-03-02 10:00:00
"""


def once(
    name: str, paths: pytest.TempPathFactory, worker: str, make: Callable[[Path], None]
) -> Path:
    """A folder made by the first of pytest's workers that needs it, for all of them."""
    base = paths.getbasetemp()
    root = (base if worker == "master" else base.parent) / name
    with root.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "report.html").exists():
            shutil.rmtree(root, ignore_errors=True)
            make(root)
    return root


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A demo workspace as `make run` leaves it: exports, published file, report.

    Leave its numbers alone: it is for all tests.
    """

    def make(root: Path) -> None:
        plumbline("demo", root)
        plumbline("run", "--workspace", root)

    return once("demo", tmp_path_factory, worker_id, make)


@pytest.fixture(scope="session")
def two_leads(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The workspace of a company with two leads, published once under `KEY`: every mart is there,
    and a run takes seconds. It is for all tests: take a copy.
    """

    def make(root: Path) -> None:
        plumbline("init", root)
        (root / "exports" / "generic").mkdir()
        (root / "exports" / "generic" / "leads-2026-05-31.csv").write_text(LEADS)
        plumbline("run", "--workspace", root, PLUMBLINE_IDENTITY_KEY=KEY)

    return once("two_leads", tmp_path_factory, worker_id, make)


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
