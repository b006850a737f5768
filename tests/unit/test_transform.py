from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from orchestration import transform
from orchestration.transform import BuildError, Node, build, marts, read_manifest
from orchestration.workspace import PROJECT_ROOT, Config, Workspace

PROJECT = """
name: plumbline
config-version: 2
profile: plumbline
model-paths: ["models"]
seed-paths: ["nothing"]
macro-paths: ["macros"]
test-paths: ["tests/data"]
flags: {send_anonymous_usage_stats: false}
models: {plumbline: {+materialized: table, marts: {+schema: marts}}}
"""
FILES = {
    "models/marts/people.sql": "select 'ada@example.com' as email, 1 as id",
    "models/marts/people.yml": """
models:
  - name: people
    description: " People. "
    columns: [{name: id, description: Who., data_tests: [unique]}]
""",
    "tests/data/nobody_is_nobody.sql": "select * from {{ ref('people') }} where id = 0",
}
RULE = """
unit_tests:
  - name: a_name_is_an_address
    model: names
    given: [{input: ref('people'), rows: [{email: a@b.example}]}]
    expect: {rows: [{name: a@b.example}]}
"""
# Each made of the one before, but the last model, and a test.
MANIFEST = {
    "nodes": {
        f"{kind}.plumbline.{name}": {"name": name, "resource_type": kind}
        for kind, name in (
            *(("model", name) for name in ("people", "older", "oldest", "other")),
            ("test", "nobody_is_nobody"),
        )
    },
    "unit_tests": {},
    "child_map": {
        "model.plumbline.people": ["model.plumbline.older", "test.plumbline.nobody_is_nobody"],
        "model.plumbline.older": ["model.plumbline.oldest"],
    },
}
CAST = "select cast(email as integer) as number from {{ ref('people') }}"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace, and a dbt project of one mart."""
    project = tmp_path / "project"
    for name, text in FILES.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    (project / "dbt_project.yml").write_text(PROJECT)
    (project / "macros").mkdir()
    shutil.copy(PROJECT_ROOT / "profiles.yml", project)
    shutil.copy(PROJECT_ROOT / "macros" / "generate_schema_name.sql", project / "macros")
    monkeypatch.setattr(transform, "PROJECT_ROOT", project)
    root = tmp_path / "workspace"
    root.mkdir()
    return Workspace(root, Config(company="Acme"))


def test_models_and_their_data_tests_are_built(workspace: Workspace) -> None:
    heard: list[tuple[str, int]] = []

    nodes = build(workspace, on_node=lambda node, total: heard.append((node.name, total)))

    assert [(node.name, node.status, node.rows) for node in nodes if node.is_model] == [
        ("people", "success", 1)
    ]
    assert {(node.name, node.status) for node in nodes if not node.is_model} == {
        ("nobody_is_nobody", "pass"),
        ("unique_people_id", "pass"),
    }
    assert [total for _, total in heard] == [3, 3, 3]


def test_the_warehouse_is_free_after_a_build(workspace: Workspace) -> None:
    build(workspace)

    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute("drop table marts.people")


def test_a_failed_test_of_definitions_tells_what_is_wrong_and_no_other_does(
    workspace: Workspace, tmp_path: Path
) -> None:
    folder = tmp_path / "project" / "tests" / "data"
    wrong = "select 'rates.csv: EUR has two rows on 2026-01-01' as finding from {{ ref('people') }}"
    (folder / "definitions_are_right.sql").write_text(wrong)
    (folder / "nobody_is_nobody.sql").write_text("select * from {{ ref('people') }}")

    with pytest.raises(BuildError) as error:
        build(workspace)

    assert (
        "definitions_are_right: the definitions are to be mended:\n    rates.csv: EUR has"
        in str(error.value)
    )
    assert "nobody_is_nobody: Got 1 result" in str(error.value)
    assert "ada@" not in str(error.value)


@pytest.mark.hazard("personal data")
def test_a_cast_that_fails_leaves_its_value_nowhere(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "project" / "models" / "marts" / "numbers.sql").write_text(CAST)

    with pytest.raises(BuildError, match="numbers: ") as error:
        build(workspace)

    assert "ada@example.com" not in str(error.value)
    assert {node.name: node.failed for node in error.value.nodes}["numbers"]
    written = [path for path in workspace.runs.rglob("*") if path.is_file()]
    holding = [
        path.name
        for path in written
        if b"ada@example.com" in path.read_bytes()
        # Here the value stands in the model's own text.
        and path.suffix not in (".sql", ".msgpack")
        and path.name != "manifest.json"
    ]
    assert holding == []


def test_a_model_that_is_not_sql_is_named(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "project" / "models" / "marts" / "wrong.sql").write_text("select {{ nope( }}")

    with pytest.raises(BuildError, match=r"wrong"):
        build(workspace)


def test_the_project_is_read_once_for_all_workspaces_and_again_after_a_change(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parsed() -> list[str]:
        return sorted(str(path) for path in (tmp_path / "project" / ".cache" / "dbt").glob("*/*"))

    assert [mart.name for mart in marts(read_manifest(workspace.root))] == ["people"]
    made = parsed()
    monkeypatch.setattr(transform, "_last", {})  # as in another process
    read_manifest(tmp_path / "another")
    assert parsed() == made

    (tmp_path / "project" / "models" / "marts" / "more.sql").write_text("select 1 as x")
    found = marts(read_manifest(workspace.root))
    assert [mart.name for mart in found] == ["more", "people"]
    assert (found[1].description, found[1].columns) == ("People.", {"id": "Who."})
    build(workspace)
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        assert connection.execute("select x from marts.more").fetchall() == [(1,)]


def test_a_project_that_may_not_be_written_to_is_read_into_the_workspace(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root may write everywhere, so that the answer of the system is given for it.
    monkeypatch.setattr("os.access", lambda path, mode: path != transform.PROJECT_ROOT)

    assert [mart.name for mart in marts(read_manifest(workspace.root))] == ["people"]
    assert (workspace.runs / ".cache" / "dbt").is_dir()
    assert not (transform.PROJECT_ROOT / ".cache").exists()


def test_what_failed_is_what_did_not_succeed() -> None:
    statuses = ["success", "pass", "skipped", "warn", "error", "fail", "runtime error"]

    assert [Node("model.plumbline.a", status, 0.1).failed for status in statuses] == [
        *[False] * 4,
        *[True] * 3,
    ]


def test_views_are_built_again_only_where_the_project_has_changed(workspace: Workspace) -> None:
    project = transform.PROJECT_ROOT
    (project / "models" / "seen.sql").write_text("{{ config(materialized='view') }} select 1 as id")
    (project / "models" / "read.sql").write_text("select * from {{ ref('seen') }}")

    def statuses() -> dict[str, str]:
        return {node.name: node.status for node in build(workspace) if node.is_model}

    built = {"people": "success", "seen": "success", "read": "success"}
    assert statuses() == built
    assert statuses() == built | {"seen": "unchanged"}
    # What reads a view comes after it.
    assert [node.name for node in build(workspace)].index("seen") < [
        node.name for node in build(workspace)
    ].index("read")
    (project / "models" / "seen.sql").write_text("{{ config(materialized='view') }} select 2 as id")
    assert statuses() == built
    workspace.warehouse.unlink()
    assert statuses() == built
    # A build that did not end says nothing of the views that it left.
    (project / "models" / "read.sql").write_text("select 1 as id from nothing_of_the_sort")
    with pytest.raises(BuildError):
        build(workspace)
    (project / "models" / "read.sql").write_text("select * from {{ ref('seen') }}")
    assert statuses() == built


def test_what_is_made_of_a_model_is_built_with_it() -> None:
    assert transform.made_of(MANIFEST, ["people"]) == ["older", "oldest", "people"]
    assert transform.made_of(MANIFEST, ["older", "other"]) == ["older", "oldest", "other"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("peple", "there is no model 'peple': did you mean people?"),
        ("peo", "there is no model 'peo': did you mean people?"),
        ("nonsense", "there is no model 'nonsense'."),
        ("people+", "'people+': did you mean people? Give names, not selectors of dbt."),
        ("tag:people", "Give names, not selectors of dbt."),
        ("nobody_is_nobody", "is a test: `plumbline test nobody_is_nobody` asks it"),
    ],
)
def test_a_name_that_is_no_model_is_told(name: str, told: str) -> None:
    with pytest.raises(BuildError) as error:
        transform.made_of(MANIFEST, ["people", name])

    assert told in str(error.value)


def test_models_and_rules_are_held_to_their_tests_by_name(workspace: Workspace) -> None:
    folder = transform.PROJECT_ROOT / "models" / "marts"
    (folder / "names.sql").write_text("select email as name from {{ ref('people') }}")
    (folder / "rules.yml").write_text(RULE)

    with pytest.raises(BuildError, match="nothing is built yet: `plumbline run --workspace"):
        transform.prove(workspace, ["names"])
    build(workspace)
    with pytest.raises(BuildError, match="there is no model or test 'a_nam': did you mean a_name"):
        transform.prove(workspace, ["a_nam"])

    assert {(node.name, node.status) for node in transform.prove(workspace, ["people"])} == {
        ("nobody_is_nobody", "pass"),
        ("unique_people_id", "pass"),
    }
    (rule,) = transform.prove(workspace, ["a_name_is_an_address"])
    assert (rule.name, rule.status) == ("a_name_is_an_address", "pass")
    (folder / "names.sql").write_text("select 'Bob' as name from {{ ref('people') }}")
    with pytest.raises(BuildError, match=r"a_name_is_an_address: .*differs from"):
        transform.prove(workspace, ["names"])
