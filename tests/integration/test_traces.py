"""What a run leaves behind: the same numbers, nothing in what was given, no person anywhere."""

from __future__ import annotations

import hashlib
import importlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations import no_rows
from orchestration.pipeline import Monitor, check_and_publish, run
from orchestration.quality import CheckError
from orchestration.workspace import PROJECT_ROOT, Workspace, open_workspace

pytestmark = pytest.mark.slow

CANARY = "zanzibar.canary"
LEADS = f"""lead_id,email,name,company,created_at
l1,{CANARY}@example.com,{CANARY},Acme,2026-03-01 09:00:00
l2,{CANARY.upper()}@Example.com,,Acme,not a day {CANARY}
l3,{CANARY},,Acme,2026-03-01 09:00:00
"""
NOT_OURS = {".venv", ".git", ".cache", ".hypothesis", "workspaces", "__pycache__"}


def contents(root: Path) -> dict[str, str]:
    """A hash of every file below a folder, but of those that belong to tools."""
    return {
        str(path.relative_to(root)): hashlib.blake2b(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file() and not NOT_OURS & set(path.relative_to(root).parts)
    }


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A small company's exports in every shape that a contract knows, before the first run."""
    root = tmp_path_factory.mktemp("traces") / "company"
    shutil.copytree(PROJECT_ROOT / "tests" / "fixtures" / "workspace", root)
    with (root / "workspace.yml").open("a") as settings:
        settings.write("  - {match: canary.csv, contract: generic.leads, max_reject_share: 1}\n")
    (root / "exports" / "canary.csv").write_text(LEADS)
    return open_workspace(root)


@pytest.fixture(scope="module", autouse=True)
def _key() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLUMBLINE_IDENTITY_KEY", "5e" * 32)
        yield


def test_a_run_changes_nothing_that_was_given(given: Workspace) -> None:
    project, exports = contents(PROJECT_ROOT), contents(given.root)

    run(given, Monitor())

    assert contents(PROJECT_ROOT) == project
    assert contents(given.root).items() >= exports.items()


def test_a_second_run_changes_no_number(given: Workspace) -> None:
    before = numbers(given.published)

    run(given, Monitor())

    assert numbers(given.published) == before
    assert len(before) > 20


def numbers(published: Path) -> dict[str, Any]:
    """Rows and a hash of the rows of every mart."""
    with duckdb.connect(str(published), read_only=True) as connection:
        tables = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts'"
        ).fetchall()
        return {
            name: connection.execute(
                f"select count(*), bit_xor(hash(mart)) from marts.{name} as mart"
            ).fetchone()
            for (name,) in tables
        }


@pytest.mark.hazard("personal data")
def test_nobody_is_found_outside_the_exports(
    given: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A gate that fails on the very rows tells of them, too.
    mart = importlib.import_module("expectations.dim_person")
    monkeypatch.setattr(mart, "EXPECTATIONS", [no_rows("true", "there is nobody at all")])
    with pytest.raises(CheckError, match="there is nobody at all"):
        check_and_publish(given, Monitor())

    found = [
        path.relative_to(given.root)
        for path in given.root.rglob("*")
        if path.is_file() and given.exports not in path.parents and holds_canary(path)
    ]

    assert found == []
    assert holds_canary(given.exports / "canary.csv")


def holds_canary(path: Path) -> bool:
    """Whether the person is in a file, as it is written or in a table of it."""
    if CANARY in path.read_bytes().decode("latin-1").lower():
        return True
    relations = []
    with duckdb.connect() as connection:
        if path.suffix == ".parquet":
            relations = [f"read_parquet('{path}')"]
        elif path.suffix == ".duckdb":
            connection.execute(f"attach '{path}' as file (read_only)")
            tables = connection.execute(
                "select schema_name, table_name from duckdb_tables() where database_name = 'file'"
            ).fetchall()
            relations = [f'file."{schema}"."{table}"' for schema, table in tables]
        return any(
            connection.execute(
                f"select count(*) from {relation} as t where lower(t::varchar) like '%{CANARY}%'"
            ).fetchone()
            != (0,)
            for relation in relations
        )
