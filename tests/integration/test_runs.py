"""What a run may do to a workspace, and what a second one may change: nothing."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import duckdb
import pytest

from orchestration.workspace import PROJECT_ROOT
from tests.integration.conftest import plumbline

FIXTURE = PROJECT_ROOT / "tests" / "fixtures" / "workspace"
GIVEN = ("workspace.yml", "exports", "definitions")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small company's exports in every shape that a contract knows."""
    root = tmp_path_factory.mktemp("small") / "company"
    shutil.copytree(FIXTURE, root)
    return root


def test_a_run_leaves_what_was_given_as_it_was_and_a_second_changes_no_number(
    workspace: Path,
) -> None:
    given, project = _given(workspace), _project()

    plumbline("run", "--workspace", workspace, PLUMBLINE_IDENTITY_KEY="5e" * 32)
    first = _numbers(workspace)
    plumbline("run", "--workspace", workspace, PLUMBLINE_IDENTITY_KEY="5e" * 32)

    assert _given(workspace) == given
    assert _project() == project
    assert _numbers(workspace) == first
    assert sum(len(rows) for rows in first.values()) > 100


def _given(root: Path) -> dict[str, str]:
    return _hashes([root / name for name in GIVEN])


def _project() -> dict[str, str]:
    """The project's own tree, without what tools keep for themselves."""
    names = ["models", "seeds", "macros", "expectations", "orchestration", "dbt_project.yml"]
    return {
        name: content
        for name, content in _hashes([PROJECT_ROOT / name for name in names]).items()
        if "__pycache__" not in name
    }


def _hashes(roots: list[Path]) -> dict[str, str]:
    files = [p for root in roots for p in ([root] if root.is_file() else root.rglob("*"))]
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in files if p.is_file()}


def _numbers(root: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all marts."""
    with duckdb.connect(root / "published" / "plumbline.duckdb", read_only=True) as connection:
        marts = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts'"
        ).fetchall()
        return {
            mart: connection.execute(f"select * from marts.{mart} order by all").fetchall()
            for (mart,) in marts
        }
