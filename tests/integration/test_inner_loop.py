"""Editing one model: `plumbline build` and `plumbline test`, in a project of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration import pipeline
from orchestration.contracts import read_contracts
from orchestration.publish import PublishError
from orchestration.warehouse import connect
from orchestration.workspace import open_workspace
from tests import guides
from tests.integration.conftest import KEY

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-c", "from orchestration.cli import main; main()"]
MODEL, RULE = "dim_person", "d4_dedup_one_email_or_a_merge_makes_one_person"
BEFORE, AFTER = (
    "    persons.source_systems,",
    "    'our ' || persons.source_systems as source_systems,",
)
SYSTEMS = f"select source_systems, count(*) from marts.{MODEL} group by all"


def test_an_edited_model_and_a_broken_rule_are_told_and_nothing_is_published(
    two_leads: Path, tmp_path: Path
) -> None:
    workspace = open_workspace(shutil.copytree(two_leads, tmp_path / "company"))
    project = guides.copy_project(tmp_path / "plumbline")
    [model] = project.rglob(f"models/**/{MODEL}.sql")
    assert BEFORE in model.read_text()
    model.write_text(model.read_text().replace(BEFORE, AFTER))
    [rules] = project.rglob("models/**/int_person_records.yml")
    text = rules.read_text()
    assert text.count("        L6,L2,false\n") == 1
    rules.write_text(text.replace("        L6,L2,false\n", "        L6,L9,false\n"))
    before = workspace.published.read_bytes()

    def plumbline(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments, "--workspace", workspace.root],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(project), "PLUMBLINE_IDENTITY_KEY": KEY},
            cwd=tmp_path,
            check=False,
        )

    with connect(workspace.warehouse) as connection:
        assert connection.execute(SYSTEMS).fetchall() == [("generic", 2)]

    built = plumbline("build", MODEL)

    assert built.returncode == 0, built.stdout + built.stderr
    rows = {line.split()[0]: line.split()[1:] for line in built.stdout.splitlines()}
    assert rows[MODEL][0] == "2"
    assert {"int_checks_people", "rpt_reconciliation"} < set(rows)  # what is made of it
    assert "int_persons" not in rows  # what it is made of
    with connect(workspace.warehouse) as connection:
        assert connection.execute(SYSTEMS).fetchall() == [("our generic", 2)]

    told = plumbline("test", RULE)

    assert told.returncode == 1
    assert told.stderr.startswith(f"✗ {RULE}: actual differs from expected:")
    assert "L9→L2" in told.stderr
    assert "Traceback" not in told.stderr

    with pytest.raises(PublishError, match="the models changed, and only some were built since"):
        pipeline.gate(workspace, read_contracts(), pipeline.Monitor())
    assert workspace.published.read_bytes() == before
