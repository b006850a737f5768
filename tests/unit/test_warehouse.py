from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration import warehouse as warehouse_module
from orchestration.warehouse import connect, discard_damaged, hold, is_whole, without_values
from orchestration.workspace import WorkspaceError

HOLDER = """
import sys, time
from pathlib import Path
from orchestration.warehouse import hold
with hold(Path(sys.argv[1])):
    print("in", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that is in the workspace."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "in\n"
        yield process
        process.kill()


@pytest.mark.hazard("two runs at once")
def test_a_second_run_is_told_who_is_in(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    message = rf"process {holder.pid} since 20\d\d-"

    with pytest.raises(WorkspaceError, match=message), hold(tmp_path):
        pytest.fail("two runs are in the workspace")


@pytest.mark.hazard("two runs at once", "crashes")
def test_a_killed_run_leaves_the_workspace_open(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    holder.kill()
    holder.wait()

    with hold(tmp_path):
        pass


@pytest.mark.hazard("two runs at once")
def test_a_run_may_wait_until_the_other_has_ended_and_is_told_once_for_whom(
    tmp_path: Path, holder: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warehouse_module, "LOOK_AGAIN", 0.02)
    told: list[str] = []

    with (
        pytest.raises(WorkspaceError, match="wait until it has ended"),
        hold(tmp_path, patience=0.1, on_wait=told.append),
    ):
        pytest.fail("two runs are in the workspace")
    assert warehouse_module.holder(tmp_path).startswith(f"process {holder.pid} since")
    threading.Timer(0.2, holder.kill).start()
    with hold(tmp_path, patience=1800, on_wait=told.append):
        pass

    assert len(told) == 2
    assert f"in use by process {holder.pid} since" in told[1]
    assert told[1].endswith("waiting until it has ended, 30 minutes at most")
    assert warehouse_module.holder(tmp_path) == ""


def test_a_step_of_a_run_may_ask_again(tmp_path: Path) -> None:
    with hold(tmp_path), hold(tmp_path):
        pass

    with hold(tmp_path):
        pass


@pytest.mark.hazard("zones of machines")
def test_days_do_not_depend_on_the_machine(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Pacific/Auckland")

    with connect(warehouse) as connection:
        shown = connection.execute(
            "select cast(timestamptz '2026-03-31 23:30:00+00' as date)::varchar"
        ).fetchone()

    assert shown == ("2026-03-31",)


@pytest.mark.hazard("personal data")
def test_an_error_about_a_value_is_told_without_it() -> None:
    message = without_values(
        "Conversion Error: Could not convert string 'ada@example.com' to INT32"
    )

    assert "ada@example.com" not in message
    assert message.startswith("Conversion Error")


def test_an_error_about_a_name_is_told_in_full() -> None:
    message = 'Binder Error: Referenced column "amuont" not found in FROM clause!'

    assert without_values(message) == message


@pytest.mark.hazard("crashes")
@pytest.mark.parametrize("size", [0, 100, 20_000])
def test_a_damaged_warehouse_is_taken_away_and_a_whole_one_is_left(
    warehouse: Path, size: int
) -> None:
    discard_damaged(warehouse)
    assert is_whole(warehouse)

    os.truncate(warehouse, size)
    assert not is_whole(warehouse)
    discard_damaged(warehouse)
    assert not warehouse.exists()
    assert not is_whole(warehouse)


@pytest.mark.hazard("crashes", "two runs at once")
def test_a_warehouse_that_another_process_writes_to_is_not_damaged(warehouse: Path) -> None:
    writer = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", writer, warehouse], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout and process.stdout.readline()
        with pytest.raises(duckdb.IOException, match="lock"):
            discard_damaged(warehouse)
        process.kill()
    assert is_whole(warehouse)
