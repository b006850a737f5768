"""A review of a branch, the whole way: two trees, one demo company, and what moved which number."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest

from orchestration.diff import movements
from orchestration.review.rows import write_variant
from orchestration.review.side import PROBLEM, RESULT
from orchestration.review.trees import Tree
from orchestration.warehouse import connect_published
from orchestration.workspace import PROJECT_ROOT

pytestmark = pytest.mark.slow

DEFINITIONS = PROJECT_ROOT / "seeds" / "definitions"
STAGE = "hubspot,marketingqualifiedlead,"
PAID = "hubspot,Paid Search,paid_search"
GIT = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com"]


def test_a_row_alone_gives_what_a_build_with_that_row_gives(demo: Path, tmp_path: Path) -> None:
    text = (DEFINITIONS / "stage_map.csv").read_text()
    assert text.count(f"{STAGE}mql") == 1
    changed = text.replace(f"{STAGE}mql", f"{STAGE}none")
    workspace = tmp_path / "demo"
    shutil.copytree(demo, workspace, ignore=shutil.ignore_patterns("dagster"))
    before = demo / "published" / "plumbline.duckdb"
    variants = [
        write_variant(tmp_path / "row", {"stage_map": changed}),
        write_variant(tmp_path / "wrong", {"stage_map": text.replace("1900-01-01", "soon", 1)}),
    ]
    tree = Tree(PROJECT_ROOT, Path(sys.executable))

    tree.under(workspace, variants, 600)
    (workspace / "definitions" / "stage_map.csv").write_text(changed)
    tree.build(workspace)

    alone = movements(before, variants[0] / RESULT)
    by_hand = movements(before, workspace / "published" / "plumbline.duckdb")
    assert [(x.key, x.before, x.after) for x in alone] == [
        (x.key, x.before, x.after) for x in by_hand
    ]
    assert {"mqls", "mql_to_sql_rate"} <= {movement.metric for movement in alone}
    problem = (variants[1] / PROBLEM).read_text()
    assert problem.startswith("stage_map.csv: 1 of 25 rows")
    assert "valid_from" in problem


# The command, on a clone -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A repository whose only commit, on main, is the project as it lies here."""
    root = tmp_path_factory.mktemp("review") / "project"
    listed = ["git", "-C", str(PROJECT_ROOT), "ls-files", "-z", "--cached", "--others"]
    done = subprocess.run([*listed, "--exclude-standard"], capture_output=True, check=True)
    for name in done.stdout.decode().split("\0"):
        if name and (PROJECT_ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT_ROOT / name, root / name)
    if (read := PROJECT_ROOT / ".cache" / "dbt").is_dir():
        shutil.copytree(read, root / ".cache" / "dbt")
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "All of it"]):
        subprocess.run([*GIT, *command], cwd=root, check=True)
    yield root
    shutil.rmtree(root / ".cache")


@pytest.fixture
def branch(clone: Path) -> Iterator[Path]:
    """The clone, to be changed; put right again afterwards."""
    yield clone
    subprocess.run([*GIT, "checkout", "-q", "--", "."], cwd=clone, check=True)


def review(root: Path, said: str = "") -> tuple[int, str]:
    """The exit code, and the comment in plain text."""
    comment = root.parent / "comment.md"
    comment.unlink(missing_ok=True)
    command = ["-c", "from orchestration.cli import main; main()"]
    done = subprocess.run(
        [sys.executable, *command, "review", "--comment", str(comment)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "PLUMBLINE_PR_BODY": said},
        capture_output=True,
        text=True,
        check=False,
    )
    assert comment.exists(), done.stdout + done.stderr
    return done.returncode, comment.read_text().replace("\\", "")


def replace(root: Path, path: str, *pairs: tuple[str, str]) -> None:
    text = (root / path).read_text()
    for one, other in pairs:
        assert one in text
        text = text.replace(one, other)
    (root / path).write_text(text)


def mqls(root: Path) -> Mapping[date, float]:
    """The MQLs by month of what the branch has built."""
    published = root / ".cache" / "review" / "branch" / "published" / "plumbline.duckdb"
    with connect_published(published) as connection:
        found = connection.execute(
            "select month, value from marts.rpt_scorecard where metric = 'mqls'"
        ).fetchall()
    return dict(found)


@pytest.mark.long
def test_changed_rows_are_named_with_what_each_of_them_moves(branch: Path) -> None:
    folder = "seeds/definitions"
    replace(branch, f"{folder}/stage_map.csv", (f"{STAGE}mql", f"{STAGE}none"))
    replace(branch, f"{folder}/channel_map.csv", (PAID, PAID.replace("paid_s", "organic_s")))

    code, told = review(branch)

    assert code == 0
    assert "Rows of the definitions explain all of it." in told
    assert "row 3 (hubspot, marketingqualifiedlead): stage mql → none" in told
    assert "(hubspot, Paid Search): channel paid_search → organic_search" in told
    august = mqls(branch)[date(2026, 8, 1)]
    assert re.search(
        rf"^\| MQLs \| Aug 2026 \| .*\| {august:,.0f} \| .*\| stage_map row 3 \|$", told, re.M
    )


@pytest.mark.long
def test_a_changed_rule_is_tried_although_the_demo_has_rules_of_its_own(branch: Path) -> None:
    rules = "seeds/definitions/mql_rules.csv"
    replace(branch, rules, ("lead score,*,score,50", "lead score,*,score,90"))

    code, told = review(branch)

    assert code == 0
    assert "has its own mql_rules.csv" in told
    assert "row 1 (lead score, *): threshold 50 → 90" in told
    assert "| mql_rules row 1 |" in told


@pytest.mark.long
def test_a_refactoring_that_changes_nothing_passes(branch: Path) -> None:
    model = "models/intermediate/funnel/int_conversions.sql"
    replace(branch, model, ("first_leads", "leads_of_the_first_time"))

    code, told = review(branch)

    assert code == 0, told
    assert "The branch changes no number and no row." in told


@pytest.mark.long
def test_a_model_that_moves_a_number_fails_unless_it_is_meant(branch: Path) -> None:
    model = "models/intermediate/funnel/int_mqls.sql"
    mapped = "{{ ref('int_stage_changes_mapped') }}"
    replace(branch, model, (mapped, f"{mapped} limit 0"))

    code, told = review(branch)

    assert code == 1, told
    assert "model int_mqls" in told
    [line] = [line for line in told.splitlines() if line.startswith("Moves: ")]
    assert "mqls" in line

    code, told = review(branch, said=line.replace("- why", "- only scores count"))

    assert code == 0
    assert "only scores count" in told


@pytest.mark.long
def test_a_branch_that_does_not_build_says_why(branch: Path) -> None:
    replace(branch, "models/marts/funnel/fct_funnel_stages.sql", ("select", "selct"))

    code, told = review(branch)

    assert code == 2
    assert "✗ The branch does not build" in told
    assert "fct_funnel_stages" in told
