from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.workspace import PROJECT_ROOT

WORKFLOWS = sorted((PROJECT_ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted((PROJECT_ROOT / ".github" / "actions").glob("*/action.yml"))
MAKEFILE = (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.M))


def read(path: Path) -> dict[Any, Any]:
    document: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in WORKFLOWS:
        for name, job in read(path)["jobs"].items():
            yield f"{path.name}: {name}", job


def steps() -> Iterator[dict[str, Any]]:
    for _, job in jobs():
        yield from job["steps"]
    for path in ACTIONS:
        yield from read(path)["runs"]["steps"]


def test_every_step_is_a_target_of_the_makefile_or_a_script_that_runs_anywhere() -> None:
    commands = [step["run"] for step in steps() if "run" in step]

    assert {"make pr", "make lint", "make unit", "make contracts", "make pipeline"} <= set(commands)
    for command in commands:
        words = command.split()
        if words[0] == "make":
            assert set(words[1:]) <= TARGETS, command
        else:
            assert len(words) == 1, command
            assert (PROJECT_ROOT / words[0]).stat().st_mode & 0o100, command


def test_no_text_of_a_user_is_read_as_a_command() -> None:
    """`${{ }}` is put into the text of a script before it runs."""
    for step in steps():
        assert "${{" not in step.get("run", "")
        assert "${{" not in step.get("with", {}).get("script", "")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_only_read_and_needs_no_secret(path: Path) -> None:
    workflow = read(path)
    may = [job["permissions"] for job in workflow["jobs"].values() if "permissions" in job]

    assert workflow["permissions"] == {"contents": "read"}
    assert may in ([], [{"pull-requests": "write"}])
    assert not re.search(r"\bsecrets[.\[]\S", path.read_text(encoding="utf-8"))
    assert "pull_request_target" not in workflow[True]  # YAML reads `on` as true


def test_every_job_ends() -> None:
    assert all(job["timeout-minutes"] <= 30 for _, job in jobs())


def test_who_may_write_runs_nothing_of_the_branch() -> None:
    [writing] = [job for _, job in jobs() if "permissions" in job]

    used = [step["uses"].split("@")[0] for step in writing["steps"]]
    assert used == ["actions/download-artifact", "actions/github-script"]


def test_every_target_is_described_and_lists_as_one_command() -> None:
    done = subprocess.run(
        ["make", "-C", str(PROJECT_ROOT), "help"], capture_output=True, text=True, check=True
    )

    for target in ("lint", "unit", "contracts", "pipeline", "pr", "check", "test"):
        assert re.search(rf"^  make {target} +\S", done.stdout, re.M), target


def test_the_tests_of_a_target_are_there() -> None:
    listed = re.findall(r"tests/\w+/test_\w+\.py", MAKEFILE)
    [names] = re.findall(r"^PIPELINE := \$\(addprefix (\S+),(.*)\)$", MAKEFILE, re.M)

    paths = [*listed, *(names[0] + name for name in names[1].split())]
    assert len(paths) > 4
    assert [path for path in paths if not (PROJECT_ROOT / path).is_file()] == []
