from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.diff import Difference, Movement, compare
from orchestration.review import git, rows, text, trees, upstream, verdict
from orchestration.review.command import Review, Tried, _together
from orchestration.review.git import ReviewError
from tests.unit.test_diff import KEYS, SETUP

HEADER = "source_system,source_stage,stage,version,valid_from,valid_to,owner_sales,reason\n"
KEY = ("source_system", "source_stage", "version")
MAP = HEADER + (
    "crm,new,none,1,1900-01-01,9999-12-31,VP Sales,Default\n"
    'crm,"hot, ""very""",mql,1,1900-01-01,9999-12-31,VP Sales,"Two\nlines"\n'
    "crm,won,sql,1,1900-01-01,9999-12-31,VP Sales,Default\n"
)
KNOWN = {("mqls", "period"), ("revenue", "period"), ("win_rate", "period"), ("cac", "paid")}


def changed(after: str, before: str = MAP) -> rows.File:
    return rows.compare("stage_map", before, after, KEY)


# Rows --------------------------------------------------------------------------------------------


def test_a_changed_row_is_found_by_its_key_whatever_lines_it_has() -> None:
    file = changed(MAP.replace('""",mql', '""",sal'))

    [change] = file.changes
    [(before, after)] = change.changed
    assert (before.number, after.number, change.thing) == (2, 2, ("crm", 'hot, "very"'))
    assert rows.differing(before.record, after.record) == ["stage"]
    assert rows.with_changes(file, file.changes) == file.after


def test_another_order_ends_of_lines_and_quotes_change_nothing() -> None:
    lines = MAP.splitlines(keepends=True)
    moved = "".join([lines[0], lines[-1], *lines[1:-1]]).replace("crm,new", '"crm",new')

    assert changed(moved).changes == ()
    assert changed("\ufeff" + MAP.replace("Default\n", "Default\r\n")).changes == ()


def test_a_new_version_and_the_row_that_it_closes_are_one_change() -> None:
    closed = MAP.replace("crm,won,sql,1,1900-01-01,9999", "crm,won,sql,1,1900-01-01,2026")
    file = changed(closed + "crm,won,mql,2,2026-12-31,9999-12-31,VP Sales,Later\n")

    [change] = file.changes
    assert [(b.number, a.number) for b, a in change.changed] == [(3, 3)]
    assert [row.number for row in change.added] == [4]
    assert change.newest["reason"] == "Later"
    assert rows.with_changes(file, [change]) == file.after


def test_each_change_can_be_made_alone() -> None:
    after = MAP.replace("crm,new,none", "crm,new,sal").replace("crm,won,sql", "crm,closed,sql")
    file = changed(after)

    assert [(c.thing[1], len(c.changed), len(c.added), len(c.gone)) for c in file.changes] == [
        ("new", 1, 0, 0),
        ("won", 0, 0, 1),
        ("closed", 0, 1, 0),
    ]
    alone = {c.thing[1]: rows.with_changes(file, [c]) for c in file.changes}
    assert alone["won"] == "".join(MAP.splitlines(keepends=True)[:-1])
    assert alone["new"] == MAP.replace("crm,new,none", "crm,new,sal")
    assert alone["closed"] == MAP + "crm,closed,sql,1,1900-01-01,9999-12-31,VP Sales,Default\n"


def test_of_rows_that_are_alike_one_may_be_gone() -> None:
    twice = MAP + MAP.splitlines()[1] + "\n"

    [change] = changed(MAP, before=twice).changes
    assert [row.number for row in change.gone] == [4]


def test_only_a_reason_or_an_owner_decides_nothing() -> None:
    assert changed(MAP.replace("Default", "As agreed")).changes[0].only_words
    assert not changed(MAP.replace("sql,1", "sql,2")).changes[0].only_words


def test_other_columns_are_said_and_no_row_is_tried() -> None:
    file = changed(MAP.replace("version,", "number,"))

    assert file.has_other_columns
    assert changed(MAP.replace(HEADER, HEADER)).has_other_columns is False


# What is meant -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "names", "why"),
    [
        ("Moves: mqls - they count once", ("mqls",), "they count once"),
        ("moves: mqls, win_rate — a - b", ("mqls", "win_rate"), "a - b"),
        ("- **Moves:** `mqls` `cac` - why\r", ("mqls", "cac"), "why"),
        ("Moves: all - new demo", ("all",), "new demo"),
    ],
)
def test_a_line_says_what_is_meant_to_move_and_why(
    line: str, names: tuple[str, ...], why: str
) -> None:
    found, without = verdict.meant_by(f"Some text\n{line}\nmore: text")

    assert found == [verdict.Meant(names, why)]
    assert without == []


def test_a_line_without_a_reason_or_in_a_comment_of_a_template_counts_for_nothing() -> None:
    said = "<!-- Moves: all - why -->\nMoves: mqls\nIt removes: nothing - really\n"

    assert verdict.meant_by(said) == ([], ["mqls"])


# The verdict -------------------------------------------------------------------------------------

Change = Callable[[str], Difference]


@pytest.fixture
def after(tmp_path: Path) -> Change:
    """What differs once a statement was run on a copy of a published file."""
    with duckdb.connect(str(tmp_path / "old.duckdb")) as connection:
        connection.execute(SETUP)

    def change(statement: str) -> Difference:
        shutil.copy(tmp_path / "old.duckdb", tmp_path / "new.duckdb")
        with duckdb.connect(str(tmp_path / "new.duckdb")) as connection:
            connection.execute(statement)
        return compare(tmp_path / "old.duckdb", tmp_path / "new.duckdb", KEYS)

    return change


LESS = "update marts.rpt_scorecard set value = value - 14 where value = 412;"


def test_a_number_that_moves_without_an_explanation_fails_unless_it_is_meant(after: Change) -> None:
    found = after(LESS)

    silent = verdict.judge(found, found, KNOWN, "")
    other = verdict.judge(found, found, KNOWN, "Moves: revenue - why")
    said = verdict.judge(found, found, KNOWN, "Moves: mqls - they count once")
    everything = verdict.judge(found, found, KNOWN, "Moves: all - a new demo")

    assert (silent.metrics, silent.unmeant, silent.passes) == (("mqls",), ("mqls",), False)
    assert (other.unmeant, other.unmoved, other.passes) == (("mqls",), ("revenue",), False)
    assert said.passes
    assert everything.passes
    assert said.unmoved == everything.unmoved == ()


def test_what_rows_explain_passes_and_may_be_named(after: Change) -> None:
    judged = verdict.judge(after(LESS), None, KNOWN, "Moves: mqls - agreed")

    assert judged.passes
    assert judged.unmoved == ()


def test_rows_that_move_without_any_metric_are_named_by_their_mart(after: Change) -> None:
    found = after("update marts.fct_deals set stage = 'x' where deal_id = 'd1'")

    assert verdict.judge(found, found, KNOWN, "").unmeant == ("fct_deals",)
    assert verdict.judge(found, found, KNOWN, "Moves: fct_deals - renamed").passes


@pytest.mark.parametrize(
    "statement",
    [
        "create table marts.fct_new as select 1 as id",
        "alter table marts.fct_deals add column owner varchar default 'x'",
        "insert into marts.rpt_scorecard values ('churn', 'period', 'ratio', '2026-01-01', 0.1)",
        "insert into marts.rpt_scorecard values ('cac', 'blended', 'count', '2026-01-01', 5)",
    ],
)
def test_what_is_new_moves_nothing(after: Change, statement: str) -> None:
    found = after(statement)

    assert found.exit_code == 1
    assert verdict.judge(found, found, KNOWN, "").passes


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("drop table marts.fct_deals", "fct_deals"),
        ("alter table marts.fct_deals drop column stage", "fct_deals"),
        ("alter table marts.fct_deals alter amount type double", "fct_deals"),
        ("insert into marts.rpt_scorecard values ('mqls', 'period', 'n', '2026-05-01', 1)", "mqls"),
        ("delete from marts.rpt_scorecard where metric = 'win_rate'", "win_rate"),
    ],
)
def test_what_is_gone_or_has_more_months_has_moved(
    after: Change, statement: str, name: str
) -> None:
    found = after(statement)

    assert verdict.judge(found, found, KNOWN, "").unmeant == (name,)


# What changed before a mart ----------------------------------------------------------------------


def manifest(**models: Any) -> dict[str, Any]:
    """Models by name: their SQL, what they read, and the macros that they use."""
    sources = {
        "source.plumbline.crm.deals": {
            "config": {"meta": {"match": ["deals.csv"]}},
            "columns": {"id": {"name": "id", "data_type": "varchar", "config": {"meta": {}}}},
        }
    }
    macros = {
        f"macro.plumbline.{name}": {
            "macro_sql": name,
            "package_name": "plumbline",
            "depends_on": {"macros": below},
        }
        for name, below in (("outer", ["macro.plumbline.inner"]), ("inner", []))
    }
    nodes = {
        f"model.plumbline.{name}": {
            "resource_type": "model",
            "raw_code": sql,
            "config": {"materialized": "table"},
            "columns": {},
            "description": "",
            "depends_on": {"macros": [f"macro.plumbline.{macro}" for macro in used]},
        }
        for name, (sql, _, used) in models.items()
    }
    parents = {
        f"model.plumbline.{name}": [
            f"source.plumbline.{parent}" if "." in parent else f"model.plumbline.{parent}"
            for parent in read
        ]
        for name, (_, read, _) in models.items()
    }
    return {"nodes": nodes, "sources": sources, "macros": macros, "parent_map": parents}


MODELS = {
    "rpt_top": ("select 1", ["fct_mid", "fct_other"], []),
    "fct_mid": ("select 2", ["int_low"], []),
    "fct_other": ("select 3", ["int_other"], []),
    "int_other": ("select 4", [], []),
    "int_low": ("select 5", ["crm.deals"], ["outer"]),
}


def parts(found: Sequence[upstream.Part]) -> list[tuple[str, str, int]]:
    return [(part.kind, part.name, part.distance) for part in found]


def test_changed_models_are_told_the_nearest_first() -> None:
    now = {**MODELS, "fct_mid": ("select 20", ["int_low"], [])}
    now |= {"int_low": ("select 50", ["crm.deals"], ["outer"])}
    project = upstream.compare(manifest(**MODELS), manifest(**now))

    assert parts(project.before_mart("rpt_top")) == [
        ("model", "fct_mid", 1),
        ("model", "int_low", 2),
    ]
    assert parts(project.before_mart("fct_mid")) == [
        ("model", "fct_mid", 0),
        ("model", "int_low", 1),
    ]
    assert project.before_mart("fct_other") == []


def test_nothing_comes_through_a_mart_that_is_the_same() -> None:
    now = {**MODELS, "int_low": ("select 50", ["crm.deals"], ["outer"])}
    now |= {"int_other": ("select 40", [], [])}
    project = upstream.compare(manifest(**MODELS), manifest(**now))

    assert parts(project.before_mart("rpt_top", {"fct_mid"})) == [("model", "int_other", 2)]


def test_a_macro_counts_where_it_is_used_through_others_and_a_contract_where_it_is_read() -> None:
    before, now = manifest(**MODELS), manifest(**MODELS)
    now["macros"]["macro.plumbline.inner"]["macro_sql"] = "other"
    now["sources"]["source.plumbline.crm.deals"]["columns"]["id"]["config"]["meta"] = {"min": 1}
    project = upstream.compare(before, now)

    assert parts(project.before_mart("rpt_top")) == [
        ("macro", "inner", 2),
        ("contract", "crm.deals", 3),
    ]
    assert project.before_mart("rpt_top")[0].through == "int_low"


def test_models_that_came_and_went_are_told() -> None:
    now = {name: model for name, model in MODELS.items() if name != "int_low"}
    now |= {"fct_mid": ("select 2", ["int_new"], []), "int_new": ("select 6", [], [])}
    project = upstream.compare(manifest(**MODELS), manifest(**now))

    found = {part.name: part.state for part in project.before_mart("fct_mid")}
    assert found == {"int_low": "gone", "int_new": "new"}


def test_a_description_is_no_change() -> None:
    now = manifest(**MODELS)
    now["nodes"]["model.plumbline.fct_mid"]["description"] = "Other words"

    assert upstream.compare(manifest(**MODELS), now).models == {}


# The text ----------------------------------------------------------------------------------------


def reviewed(found: Difference, **more: Any) -> Review:
    changes = git.Changes("1234567890", "origin/main", (), 2, "")
    return Review(changes, difference=found, **more)


def one_row(found: Difference, file: rows.File) -> Tried:
    return Tried(file, file.changes, found.metrics)


def test_the_comment_says_which_row_moved_which_number_in_which_month(after: Change) -> None:
    found = after(LESS)
    file = changed(MAP.replace("crm,won,sql,1", "crm,won,mql,1"))
    review = reviewed(found, tried=(one_row(found, file),))

    told = text.markdown(review)
    assert told.startswith(f"{text.MARK}\n### ✓ 1 metric moved")
    assert "| MQLs | Jan 2026 | 412 | 398 | -3.4 % | stage\\_map row 3 |" in told
    assert "- row 3 \\(crm, won\\): stage sql → mql" in told
    assert "- VP Sales: Default" in told
    assert "Rows of the definitions explain all of it." in told
    shown = "\n".join(text.lines(review))
    assert "MQLs  Jan 2026  412 → 398  (-3.4 %): stage_map row 3" in shown
    assert "2 files not committed yet, and counted" in shown


def test_the_comment_says_what_to_write_when_a_number_is_meant_to_move(after: Change) -> None:
    found = after(LESS)
    judged = verdict.judge(found, found, KNOWN, "Moves: revenue - why")
    now = {**MODELS, "fct_mid": ("select 20", ["int_low"], [])}
    renamed = {k.replace("rpt_top", "rpt_scorecard"): v for k, v in now.items()}
    before = {k.replace("rpt_top", "rpt_scorecard"): v for k, v in MODELS.items()}
    project = upstream.compare(manifest(**before), manifest(**renamed))
    review = reviewed(found, unexplained=found, verdict=judged, project=project)

    assert review.exit_code == 1
    for told in (text.markdown(review), "\n".join(text.lines(review))):
        assert "Moves: mqls - why" in told
        assert "Said to move, and did not: revenue." in told
        assert "(1 step before)" in told.replace("\\", "")
        assert re.search(r"398.*model fct_mid", told.replace("\\", ""))


def test_no_text_of_a_row_or_a_pull_request_marks_up_the_comment(after: Change) -> None:
    nasty = "<img src=x> [x](http://x) @team `a` | ```".replace('"', "")
    file = changed(MAP.replace("Default", nasty).replace("crm,won,sql", f"crm,won,{nasty}"))
    found = after(LESS)
    judged = verdict.judge(found, found, KNOWN, f"Moves: mqls - {nasty}")
    review = reviewed(found, unexplained=found, verdict=judged, tried=(one_row(found, file),))

    told = text.markdown(review)
    assert "<img" not in told
    assert "@team" not in told
    assert not re.search(r"(?<!\\)[\[`]", told)


def test_a_long_comment_is_cut_and_says_where_the_whole_is(after: Change) -> None:
    found = after(
        "insert into marts.rpt_scorecard select 'won', 'v' || v, 'count', "
        "date '2000-01-01' + to_months(m::integer), m from range(300) as a (m), range(8) as b (v)"
    )
    review = reviewed(found)

    whole, cut = text.markdown(review), text.comment(review, "The whole is there.")
    assert len(whole) > text.LIMIT >= len(cut)
    assert "The whole is there." in cut
    assert "<details>" not in cut or cut.count("<details>") == cut.count("</details>")
    assert whole.count("| Won, ") > 2_400
    assert text.comment(reviewed(after(LESS)), "").count("not all of it") == 0


def test_movements_that_no_row_makes_alone_are_told_as_those_of_rows_together() -> None:
    def moved(to: float | None, unit: str = "count", metric: str = "mqls") -> Movement:
        return Movement(metric, "period", unit, date(2026, 1, 1), 100.0, to, "moved")

    file = changed(MAP)
    change = rows.Change("stage_map", ("a",))
    alone = [Tried(file, (change,), (moved(90),)), Tried(file, (change,), (moved(95),))]

    assert _together((moved(85),), alone) == ()  # they add up
    assert _together((moved(90),), alone) == ()  # one of them does it
    assert _together((moved(70),), alone) == (moved(70),)
    assert _together((moved(0.7, "ratio"),), [Tried(file, (change,), (moved(0.9, "ratio"),))]) == ()
    assert _together((moved(1, metric="won"),), alone) == (moved(1, metric="won"),)


def test_what_was_not_tried_for_lack_of_time_is_not_told_as_moving_nothing(after: Change) -> None:
    found = after(LESS)
    file = changed(MAP.replace("crm,won,sql,1", "crm,won,mql,1"))
    tried = replace(one_row(found, file), movements=None)
    review = reviewed(found, tried=(tried,), together=found.metrics)

    told = text.markdown(review)
    assert "not tried alone: the time was over" in told
    assert "| -3.4 % | other rows |" in told
    assert "or by those that were not tried alone" in told
    tried = replace(tried, problem="does not fit")
    assert "not tried alone: does not fit" in text.markdown(replace(review, tried=(tried,)))


def test_a_branch_that_does_not_build_is_told_with_what_it_says(after: Change) -> None:
    review = replace(reviewed(after("select 1")), difference=None, failed="rpt_x: ```no column```")

    assert review.exit_code == 2
    assert "✗ The branch does not build" in text.markdown(review)
    assert "rpt_x: '''no column'''" in text.markdown(review)
    assert "rpt_x: ```no column```" in "\n".join(text.lines(review))


# Git ---------------------------------------------------------------------------------------------


def run_git(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    done = subprocess.run(
        ["git", "-C", str(root), *identity, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A branch that left main, which went on."""
    root = tmp_path / "project"
    (root / "seeds").mkdir(parents=True)
    (root / "seeds" / "a.csv").write_text("a\n1\n")
    (root / "README.md").write_text("x\n")
    run_git(tmp_path, "init", "-q", "-b", "main", str(root))
    run_git(root, "add", "-A")
    run_git(root, "commit", "-qm", "First")
    run_git(root, "checkout", "-qb", "topic")
    (root / "seeds" / "a.csv").write_text("a\n2\n")
    run_git(root, "commit", "-qam", "Second\n\nMoves: mqls - why")
    run_git(root, "checkout", "-q", "main")
    (root / "README.md").write_text("y\n")
    run_git(root, "commit", "-qam", "Main goes on")
    run_git(root, "checkout", "-q", "topic")
    return root


def test_the_base_is_where_the_branch_left_main_and_uncommitted_files_count(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "é new.sql").write_text("select 1")
    monkeypatch.setenv("GIT_DIR", "/nowhere")  # as in a hook

    changes = git.changes(root=repository)

    assert (changes.branched_from, changes.files) == ("main", ("seeds/a.csv", "é new.sql"))
    assert changes.uncommitted == 1
    assert "Moves: mqls - why" in changes.messages
    assert "Main goes on" not in changes.messages
    assert git.contents(changes.base, "seeds/a.csv", repository) == "a\n1\n"
    assert git.contents(changes.base, "seeds/b.csv", repository) is None
    git.extract(changes.base, repository / "tree", repository)
    assert (repository / "tree" / "README.md").read_text() == "x\n"
    assert set(git.blobs(changes.base, repository)) == {"README.md", "seeds/a.csv"}


def test_what_keeps_a_branch_from_being_compared_is_said_with_what_to_do(
    repository: Path, tmp_path: Path
) -> None:
    shallow = tmp_path / "shallow"
    run_git(tmp_path, "clone", "-q", "--depth=1", f"file://{repository}", str(shallow))
    apart = tmp_path / "apart"
    run_git(tmp_path, "clone", "-q", str(repository), str(apart))
    run_git(apart, "checkout", "-q", "--orphan", "new")
    run_git(apart, "commit", "-qm", "Nothing in common")
    empty = tmp_path / "empty"
    empty.mkdir()

    for root, base, message in (
        (shallow, None, "git fetch origin main"),
        (repository, "nowhere", "knows no nowhere here: `git fetch origin`"),
        (apart, None, "git fetch --unshallow"),
        (empty, None, "is no git repository"),
    ):
        with pytest.raises(ReviewError, match=re.escape(message)):
            git.changes(base, root)


# The trees ---------------------------------------------------------------------------------------


def test_only_files_that_numbers_are_made_of_are_a_reason_to_build() -> None:
    moving = ("models/a.sql", "macros/a.sql", "seeds/definitions/a.csv", "requirements.txt")
    others = ("README.md", "docs/a.md", "tests/data/a.sql", "orchestration/report/a.py", "Makefile")

    assert all(trees.moves_numbers(path) for path in moving)
    assert trees.moves_numbers("orchestration/ingest/columns.py")
    assert not any(trees.moves_numbers(path) for path in others)


def test_every_module_that_a_build_goes_through_is_known_to_move_numbers() -> None:
    script = (
        "import sys; import orchestration.review.side, orchestration.ingest; "
        "print(*(m.__file__ for n, m in sys.modules.items() if n.startswith('orchestration')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    paths = {str(Path(path).relative_to(trees.PROJECT_ROOT)) for path in done.stdout.split()}
    after_the_marts = {"postgres.py", "quality.py", "record.py", "review/side.py"}
    watching = {"freshness.py", "gaps.py", "limits.py", "pending.py", "status.py"}
    empty = {"__init__.py", "review/__init__.py"}
    beside = {f"orchestration/{name}" for name in (*after_the_marts, *watching, *empty)}

    assert "orchestration/ingest/columns.py" in paths
    assert {path for path in paths if not trees.moves_numbers(path)} <= beside


def test_a_tree_reaches_nothing_of_the_users_own_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    side = tmp_path / "orchestration" / "review" / "side.py"
    side.parent.mkdir(parents=True)
    for folder in (side.parent, side.parent.parent):
        (folder / "__init__.py").touch()
    side.write_text(
        "import os, sys; print(sorted(os.environ), sys.argv); sys.exit('no such table')"
    )
    monkeypatch.setenv("PLUMBLINE_POSTGRES", "postgresql://secret")
    monkeypatch.setenv("DBT_TARGET", "published")

    with pytest.raises(trees.BuildFailed, match="no such table") as error:
        trees.Tree(tmp_path, Path(sys.executable)).build(tmp_path / "workspace")

    assert "PLUMBLINE" not in str(error.value)
    assert "DBT_TARGET" not in str(error.value)
    assert os.environ["PLUMBLINE_POSTGRES"]


SIDE = """
import sys
from pathlib import Path
task, root = sys.argv[1], Path(sys.argv[2])
if task == "demo":
    (root / "definitions").mkdir(parents=True)
    (root / "definitions" / "sla.csv").write_text("own")
    (root / "workspace.yml").write_text("company: Acme")
else:
    (root / "published").mkdir()
    with (root.parent.parent / "builds").open("a") as file:
        file.write(f"{sorted(path.name for path in root.iterdir())}\\n")
    if Path("broken").exists():
        sys.exit("no such table")
"""


@pytest.fixture
def project(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The repository with something to build it, and a cache of its own."""
    monkeypatch.setattr(trees, "CACHE", tmp_path / "cache")
    side = repository / trees.SIDE
    side.parent.mkdir(parents=True)
    for folder in (side.parent, side.parent.parent):
        (folder / "__init__.py").touch()
    side.write_text(SIDE)
    run_git(repository, "add", "-A")
    run_git(repository, "commit", "-qm", "Build")
    run_git(repository, "branch", "-f", "main")
    return repository


def builds(base: trees.Base) -> int:
    return len((base.folder / "builds").read_text().splitlines())


def test_a_base_is_built_once_and_anew_when_it_is_not_whole(project: Path) -> None:
    changes = git.changes(root=project)

    for _ in range(2):
        base = trees.base(changes, root=project)
        trees.build_base(base)
    assert (base.is_built, builds(base)) == (True, 1)

    (base.place / trees.COMPLETE).unlink()  # as when the build was killed
    (base.workspace / "half").touch()
    trees.build_base(trees.base(changes, root=project))
    assert builds(base) == 2
    assert not (base.workspace / "half").exists()

    (base.folder / trees.COMPLETE).unlink()  # as when the demo was half made
    (base.demo / "half").touch()
    base = trees.base(changes, root=project)
    assert not base.is_built
    assert not (base.demo / "half").exists()

    (project / "README.md").write_text("Other words\n")
    run_git(project, "commit", "-qam", "Words", "--allow-empty")
    assert trees.base(git.changes("HEAD", project), root=project).folder == base.folder
    (project / "seeds" / "a.csv").write_text("a\n3\n")
    run_git(project, "commit", "-qam", "A seed")
    assert trees.base(git.changes("HEAD", project), root=project).folder != base.folder


def test_both_sides_get_what_was_given_and_nothing_that_was_built(project: Path) -> None:
    changes = git.changes(root=project)
    base, other = (trees.base(changes, [name], project) for name in ("sla.csv", "stage_map.csv"))

    trees.build_base(base)
    branch = trees.build_branch(base, project).parents[1]

    assert (base.folder, base.without, other.without) == (
        other.folder,
        frozenset({"sla.csv"}),
        frozenset(),
    )
    assert not other.is_built
    for workspace in (base.workspace, branch):
        assert not (workspace / "definitions" / "sla.csv").exists()
    assert (base.demo / "definitions" / "sla.csv").exists()
    assert "['definitions', 'published', 'workspace.yml']" in (base.folder / "builds").read_text()
    assert sorted(path.name for path in branch.iterdir()) == sorted(
        path.name for path in base.workspace.iterdir()
    )


def test_a_base_that_does_not_build_is_not_kept(project: Path) -> None:
    (project / "broken").touch()
    run_git(project, "add", "-A")
    run_git(project, "commit", "-qm", "Broken")
    base = trees.base(git.changes("HEAD", project), root=project)

    with pytest.raises(trees.BuildFailed, match="no such table"):
        trees.build_base(base)

    assert not base.is_built


def test_only_the_bases_that_were_used_last_are_kept(project: Path) -> None:
    for number in range(trees.KEPT + 2):
        (project / "seeds" / "a.csv").write_text(f"a\n{number}\n")
        run_git(project, "commit", "-qam", "A seed", "--allow-empty")
        trees.build_base(trees.base(git.changes("HEAD", project), root=project))

    assert len(list(trees.CACHE.glob("base-*"))) == trees.KEPT
