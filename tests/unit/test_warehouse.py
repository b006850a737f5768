from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.warehouse import connect, hold, without_values
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
