"""A loader that is killed at any moment, and run again, has loaded what an undisturbed one has."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from orchestration.contracts import PROJECT_ROOT

from .conftest import Lab

ROUNDS = 6
SCRIPT = """
import sys
from pathlib import Path
from orchestration.ingest import ingest, run
from orchestration.contracts import read_contracts
from orchestration.workspace import open_workspace
root = Path(sys.argv[1])
run.SEEDS = root / "seeds"
workspace, contracts = open_workspace(root), read_contracts(root / "models")
print("ready", flush=True)
ingest(workspace, contracts)
"""


def fill(lab: Lab) -> None:
    lab.contract(
        "crm.rows",
        {
            "id": ("varchar", {"required": True, "not_null": True}),
            "n": "bigint",
            "email": ("varchar", {"identity": "email"}),
        },
        key=["id"],
    )
    for number in range(12):
        rows = [f"k{number}-{row},{row},p{row}@x.example" for row in range(2_000)]
        if number % 3 == 0:
            rows[7] = "bad,oops,x"
        encoding = "utf-16" if number % 4 == 0 else "utf-8"
        text = "id,n,email\n" + "\n".join(rows) + "\n"
        lab.export(f"crm/rows-2026-01-{number + 1:02d}.csv", text.encode(encoding))
    assert lab.workspace


def outcome(lab: Lab) -> list[Any]:
    rejects = "select * from read_parquet('{raw}/crm/rows/*.rejects.parquet')"
    return [
        lab.rows(),
        lab.query("select * from '{raw}/_files.parquet'"),
        lab.query(f"{rejects} order by all"),
        sorted(path.name for path in (lab.root / "raw/crm/rows").iterdir()),
        sorted(path.name for path in (lab.root / "history/loads").iterdir()),
    ]


def start(lab: Lab) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(lab.root)], cwd=PROJECT_ROOT, stdout=subprocess.PIPE
    )


@pytest.mark.hazard("crashes")
def test_a_killed_loader_goes_on_where_it_was(lab: Lab, tmp_path: Path) -> None:
    undisturbed = Lab(tmp_path / "undisturbed")
    undisturbed.root.mkdir()
    fill(undisturbed)
    undisturbed.ingest()
    chance = random.Random(7)
    fill(lab)

    for _ in range(ROUNDS):
        with start(lab) as process:
            assert process.stdout
            process.stdout.readline()
            time.sleep(chance.uniform(0, 0.5))
            process.send_signal(signal.SIGKILL)
    with start(lab) as process:
        assert process.wait() == 0

    assert outcome(lab) == outcome(undisturbed)
    assert not [path for path in (lab.root / "runs/tmp").iterdir() if path.is_file()]
