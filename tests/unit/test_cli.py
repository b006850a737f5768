from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def plumbline(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from orchestration.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_line_answers_at_once() -> None:
    heavy = "{'dagster', 'dbt', 'duckdb', 'great_expectations', 'pandas', 'pydantic'}"
    code = f"import sys, orchestration.cli; assert not {heavy} & set(sys.modules)"

    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_workspace_that_is_not_there_is_named_and_not_made(tmp_path: Path) -> None:
    done = plumbline("run", "--workspace", tmp_path / "nowhere")

    assert done.returncode == 1
    assert f"plumbline init {tmp_path / 'nowhere'}" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "nowhere").exists()


def test_a_wrong_setting_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "workspace.yml").write_text("company: Acme\ntimezone: Amerika/New_York\n")

    done = plumbline("run", "--workspace", tmp_path)

    assert done.returncode == 1
    assert "line 2: timezone" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_report_before_the_first_run_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "workspace.yml").write_text("company: Acme\n")

    done = plumbline("report", "--workspace", tmp_path)

    assert done.returncode == 1
    assert "run `plumbline run` first" in done.stderr


def test_init_makes_a_workspace_once(tmp_path: Path) -> None:
    first = plumbline("init", tmp_path / "acme")
    second = plumbline("init", tmp_path / "acme")

    assert first.returncode == 0
    assert (tmp_path / "acme" / "workspace.yml").exists()
    assert second.returncode == 1
    assert "exists already" in second.stderr


@pytest.mark.parametrize(
    "arguments", [["run", "--nonsense"], ["nonsense"], ["demo", "--scale", "0"]]
)
def test_a_wrong_command_is_a_usage_error(arguments: list[str]) -> None:
    assert plumbline(*arguments).returncode == 2
