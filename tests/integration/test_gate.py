"""The gate, the whole way: what is published while a critical expectation fails is what was before.

A company with two leads has every mart: enough for the gate, and built in seconds.
"""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from expectations import nothing_in
from orchestration.pipeline import Monitor, check_and_publish, run
from orchestration.quality import CheckError
from orchestration.workspace import Workspace, open_workspace
from tests.integration.conftest import KEY

pytestmark = pytest.mark.slow

COMMAND: list[str | Path] = [
    sys.executable,
    *("-c", "from orchestration.cli import main; main()"),
    *("run", "--workspace"),
]

READER = """
import sys, time
from pathlib import Path
from orchestration.warehouse import connect_published
reads, builds = 0, set()
print("reading", flush=True)
while not Path(sys.argv[2]).exists():
    with connect_published(Path(sys.argv[1])) as connection:
        one, = connection.execute("select build_id from _build").fetchone()
        assert connection.execute("select count(*) from marts.dim_date").fetchone()[0] >= 0
        two, = connection.execute("select build_id from _build").fetchone()
    assert one == two, (one, two)
    reads += 1
    builds.add(one)
    time.sleep(0.02)
print(reads, len(builds))
"""


@pytest.fixture(scope="module")
def workspace(two_leads: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A company with two leads, published once."""
    root = tmp_path_factory.mktemp("gate") / "small"
    shutil.copytree(two_leads, root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLUMBLINE_IDENTITY_KEY", KEY)
        yield open_workspace(root)


@pytest.fixture
def reader(workspace: Workspace) -> Iterator[subprocess.Popen[str]]:
    """BI, reading all the while, until there is a file `done`."""
    done = workspace.root / "done"
    done.unlink(missing_ok=True)
    command = [sys.executable, "-c", READER, str(workspace.published), str(done)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "reading\n"
        yield process
        process.kill()


@pytest.mark.hazard("publishing")
def test_a_failing_expectation_publishes_nothing_and_is_named(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, reader: subprocess.Popen[str]
) -> None:
    before = workspace.published.read_bytes()
    report = workspace.report.read_bytes()
    three_rows = nothing_in("select unnest([1, 2, 3])", "three rows are too many")
    mart = importlib.import_module("expectations.dim_channel")

    with monkeypatch.context() as patch:
        patch.setattr(mart, "EXPECTATIONS", [three_rows])
        monitor = Monitor()
        with pytest.raises(CheckError, match="three rows are too many") as error:
            run(workspace, monitor)
    assert str(error.value).splitlines() == [
        "nothing was published, because the gate is closed:",
        "  marts.dim_channel: three rows are too many: 3 rows",
    ]
    assert monitor.published is None
    assert workspace.published.read_bytes() == before
    assert workspace.report.read_bytes() == report

    monitor = Monitor()
    run(workspace, monitor)
    assert any(not check.success for check in monitor.checks)  # warnings keep nothing back
    (workspace.root / "done").touch()
    out, _ = reader.communicate(timeout=60)
    reads, builds = map(int, out.split())
    assert reader.returncode == 0
    assert reads > builds == 2
    assert workspace.published.read_bytes() != before


def test_a_warning_is_told_and_published(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = workspace.published.read_bytes()
    warning = nothing_in("select 1", "one row is worth a look", "warning")
    monkeypatch.setattr(
        importlib.import_module("expectations.dim_channel"), "EXPECTATIONS", [warning]
    )

    monitor = Monitor()
    check_and_publish(workspace, monitor)

    assert workspace.published.read_bytes() != before
    assert "one row is worth a look: 1 row" in {
        str(check).removeprefix("marts.dim_channel: ") for check in monitor.checks
    }


def test_exports_that_break_a_promise_stop_the_run_before_the_models(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = workspace.published.read_bytes()
    raw = importlib.import_module("expectations.raw")
    broken = [("raw.definitions__channels", [nothing_in("select 1", "is as promised")])]
    monkeypatch.setattr(raw, "suites", lambda contracts, loaded: broken)

    monitor = Monitor()
    with pytest.raises(CheckError, match=r"raw\.definitions__channels: is as promised: 1 row"):
        run(workspace, monitor)

    assert not monitor.nodes
    assert workspace.published.read_bytes() == before


def test_the_command_line_ends_with_an_error_and_says_why(workspace: Workspace) -> None:
    definition = workspace.definitions / "stage_map.csv"
    header = "source_system,source_stage,stage,version,valid_from,valid_to,owner_sales,"
    definition.write_text(f"{header}owner_marketing,reason\n")
    before = workspace.published.read_bytes()

    done = subprocess.run([*COMMAND, workspace.root], capture_output=True, text=True, check=False)
    definition.unlink()

    assert done.returncode == 1, done.stdout + done.stderr
    assert "raw.definitions__stage_map: has rows: 0 rows" in done.stderr
    assert "Traceback" not in done.stderr
    assert workspace.published.read_bytes() == before
