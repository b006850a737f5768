"""`plumbline doctor` as it is called."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration.cli import app

from .conftest import Patient
from .test_examine import leads, orders


def doctor(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["doctor", *map(str, arguments)], terminal_width=80)
    return done.exit_code, done.output


@pytest.fixture
def place(patient: Patient) -> Path:
    assert patient.workspace
    return patient.root


def test_nothing_to_do_is_0(patient: Patient, place: Path) -> None:
    patient.export("orders.csv", orders(3))

    code, output = doctor("--workspace", place)

    assert code == 0
    assert "Nothing to do:" in output


def test_what_needs_attention_is_1(patient: Patient, place: Path) -> None:
    patient.export("leads.csv", leads({"Podcast": 3}))

    code, output = doctor("--workspace", place)

    assert code == 1
    assert "generic,Podcast,content,1,1900-01-01,9999-12-31,Sales,Marketing,Added by hand" in output


def test_what_cannot_be_loaded_is_2(patient: Patient, place: Path) -> None:
    patient.export("orders.csv", orders(3))
    patient.export("empty.csv", "")

    code, output = doctor("--workspace", place)

    assert code == 2
    assert "1. empty.csv: is empty" in output


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("company: Acme\ntimezone: Amerika/Berlin\n", "line 2: timezone"),
        ("company: Acme\nfiles:\n  - match: a.csv\n    contract: generic.lead\n", "generic.leads"),
        ("company: [\n", "not valid YAML"),
    ],
)
def test_a_wrong_workspace_is_2(tmp_path: Path, settings: str, told: str) -> None:
    (tmp_path / "exports").mkdir()
    (tmp_path / "workspace.yml").write_text(settings, encoding="utf-8")

    code, output = doctor("--workspace", tmp_path)

    assert code == 2
    assert told in output
    assert "Traceback" not in output


def test_programs_get_json(patient: Patient, place: Path) -> None:
    patient.export("orders.csv", orders(3))
    patient.export("leads.csv", leads({"Podcast": 3}))

    code, output = doctor("--workspace", place, "--json")

    told = json.loads(output)
    assert told["exit_code"] == code == 1
    by_name = {file["file"]: file for file in told["files"]}
    assert by_name["orders.csv"]["rows"] == 3
    assert by_name["orders.csv"]["columns"][0] == {
        "column": "order_id",
        "header": "order_id",
        "origin": "header",
    }
    [part] = told["open"]
    assert part["words"][0]["word"] == "Podcast"
    assert part["header"][:3] == ["source_system", "source_value", "channel"]


def test_an_error_is_json_too(tmp_path: Path) -> None:
    code, output = doctor("--workspace", tmp_path, "--json")

    assert code == 2
    assert "plumbline init" in json.loads(output)["error"]


def test_the_help_says_what_the_exit_codes_mean() -> None:
    code, output = doctor("--help")

    assert code == 0
    assert all(f"{number}:" in output for number in (0, 1, 2))
