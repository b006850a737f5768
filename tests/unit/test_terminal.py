"""What a user is told of a run."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from rich.console import Console

from orchestration import quality, terminal
from orchestration.ingest import LoadResult
from orchestration.quality import CheckResult
from orchestration.workspace import Config, Workspace


def file(name: str, status: str, rows: int = 0, message: str = "") -> LoadResult:
    when = datetime(2026, 1, 1)
    about = ("crm", "rows", 0, "", name, name, when, date(2026, 1, 1), "name")
    return LoadResult(*about, rows=rows, status=status, message=message)


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    (tmp_path / "exports").mkdir()
    return Workspace(tmp_path, Config(company="Acme"))


def shown(tmp_path: Path) -> tuple[Console, Path]:
    path = tmp_path / "shown.txt"
    return Console(file=path.open("w", encoding="utf-8"), width=100), path


@pytest.mark.parametrize(
    ("statuses", "rows", "said"),
    [
        ([], 0, "there is nothing below"),
        (["unmatched", "unmatched"], 0, "no export was read: these 2 files fit no contract"),
        (["unmatched"], 0, "no export was read: this 1 file fits no contract"),
        (["unmatched", "refused"], 0, "2 files, each refused or fitting no contract"),
        (["loaded"], 0, "no row of any export was read"),
        (["unmatched", "unchanged"], 1, ""),
    ],
)
def test_it_is_said_when_no_export_was_read(
    place: Workspace, statuses: list[str], rows: int, said: str
) -> None:
    files = [file(f"crm/{n}.csv", status, rows) for n, status in enumerate(statuses)]
    files.append(file("seeds/definitions/stage_map.csv", "loaded", 9))

    told = terminal.nothing_read(place, files)

    assert said in told
    assert bool(told) == bool(said)


def test_a_run_that_ends_early_shows_what_was_not_read(place: Workspace, tmp_path: Path) -> None:
    console, path = shown(tmp_path)
    monitor = terminal.Terminal(console)
    monitor.files = [file("crm/a.csv", "unmatched", message="its header fits no contract")]
    monitor.seconds = {"load": 1.0, "check_exports": 1.0}

    terminal.show_early_end(console, place, monitor)
    console.file.close()

    text = path.read_text(encoding="utf-8")
    assert "? unmatched crm/a.csv: its header fits no contract" in text
    assert "no export was read: this 1 file fits no contract" in text


def test_what_a_loaded_file_leaves_in_doubt_is_told(place: Workspace, tmp_path: Path) -> None:
    console, path = shown(tmp_path)
    files = [
        replace(file("crm/a.csv", "loaded"), notes=["has no line end after its last line"]),
        file("crm/b.csv", "loaded", message="has columns that no file before it had: New"),
        file("crm/c.csv", "loaded"),
    ]

    console.print(terminal._problems(place, files))
    console.file.close()

    assert path.read_text(encoding="utf-8").split("\n")[1:3] == [
        "! note      crm/a.csv: has no line end after its last line",
        "! note      crm/b.csv: has columns that no file before it had: New",
    ]


def test_rejects_are_told_with_their_first_lines() -> None:
    some = terminal._rejected("bad_date/order_date", 3, [12, 40, 77])
    more = terminal._rejected("ragged", 4, [1, 2, 3])

    assert some == "3 bad_date in order_date (lines 12, 40, 77)"
    assert more == "4 ragged (lines 1, 2, 3, ...)"


@pytest.mark.parametrize(("severity", "mark"), [("warning", "!"), ("critical", "✗")])
def test_failed_expectations_are_not_green(
    place: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    severity: str,
    mark: str,
) -> None:
    monkeypatch.setattr(quality, "notes", lambda *_: ["stages: 1 of 2"])
    monkeypatch.setattr(quality, "gaps", lambda *_: [])
    console, path = shown(tmp_path)
    monitor = terminal.Terminal(console)
    monitor.checks = [
        CheckResult("raw.crm__rows", "fits", "critical", True),
        CheckResult("marts.fct_a", "fits", "critical", True),
        CheckResult("marts.fct_b", "adds up", severity, False, unexpected=2),
        CheckResult("marts.rpt_reconciliation", "covered", "warning", False, unexpected=1),
    ]

    console.print(terminal._checks(monitor, place))
    console.file.close()

    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    assert "✓ exports: 1 of 1 expectations met" in lines
    assert f"{mark} marts: 1 of 3 expectations met: fct_b 0/1, rpt_reconciliation 0/1" in lines
    assert lines[-2:] == ["! marts.fct_b: adds up: 2 rows", "! stages: 1 of 2"]


def test_a_step_with_a_failed_expectation_is_not_green(tmp_path: Path) -> None:
    console, path = shown(tmp_path)
    monitor = terminal.Terminal(console)

    with monitor.step("check_marts"):
        monitor.check(CheckResult("marts.fct_a", "adds up", "warning", False, unexpected=2))
    with monitor.step("publish"):
        pass
    console.file.close()

    first, second = path.read_text(encoding="utf-8").splitlines()
    assert first.startswith("! Check marts")
    assert first.endswith("0 of 1 expectations met")
    assert second.startswith("✓ Publish")
