"""One run of the whole pipeline on the demo company, read by many tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PLUMBLINE = Path(sys.executable).with_name("plumbline")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo workspace as `make run` leaves it: exports, published file, report."""
    root = tmp_path_factory.mktemp("workspaces") / "demo"
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
