"""What dbt proves by itself: the rules by name, and every key of the demo's warehouse."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from orchestration.workspace import PROJECT_ROOT


def test_rules_and_keys(demo: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("dbt"), "test", "--profiles-dir", "."],
        cwd=PROJECT_ROOT,
        env={
            **os.environ,
            "PLUMBLINE_WORKSPACE": str(demo),
            "DBT_TARGET_PATH": str(demo / "runs" / "dbt" / "target"),
            "DBT_LOG_PATH": str(demo / "runs" / "dbt"),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
