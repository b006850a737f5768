"""How long one waits for what is done all day, beside the least that the tools themselves can do.

One intermediate model of the demo company is edited (a comment, or a column's rule) and built again
with the seven models that are made of it; one unit test is asked; `doctor` looks at one file and at
all; and the two commands that are called most, `--help` and `status`. Beside each stands its floor:
dbt building or testing one trivial model in a project of its own, DuckDB running the same SQL in
one session, Python importing the library that the command cannot do without.

Each call is a process of its own, the cases take turns, and the project is a copy: nothing here is
edited. Run it by `python benchmarks/inner_loop.py`.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPEATS = 5
PROJECT = Path(__file__).resolve().parents[1]
COPIED = (
    *("orchestration", "expectations", "models", "macros", "seeds", "tests/data"),
    *("dbt_project.yml", "profiles.yml", "dagster.yaml", "pyproject.toml"),
)
MODEL = "int_renewals"
RULE = "not renewals.is_deleted"
UNIT_TEST = "d4_dedup_one_email_or_a_merge_makes_one_person"
CASES = {
    "a comment, and 8 models": ("dbt, one model", "DuckDB, the SQL"),
    "a change, and 8 models": ("dbt, one model", "DuckDB, the SQL"),
    "one unit test": ("dbt, one test",),
    "doctor, one file": ("import duckdb",),
    "doctor, all files": ("import duckdb",),
    "status": ("import duckdb",),
    "--help": ("import typer",),
}
FLOOR = {
    "dbt_project.yml": "name: floor\nprofile: floor\nmodel-paths: [models]\n"
    "flags: {send_anonymous_usage_stats: false}\n",
    "profiles.yml": "floor:\n  target: duckdb\n  outputs:\n    duckdb: "
    "{type: duckdb, path: floor.duckdb, threads: 2}\n",
    "models/one.sql": "select 1 as id",
    "models/one.yml": "models: [{name: one, columns: [{name: id, data_tests: [not_null]}]}]\n",
}
SAME_SQL = """
import sys, duckdb
from pathlib import Path
with duckdb.connect(sys.argv[1]) as connection:
    connection.execute("set TimeZone = 'UTC'")
    for name in sys.argv[2:]:
        connection.execute(f"create or replace temp table built as {Path(name).read_text()}")
"""


def main() -> None:
    """Make the company, run all by turns, and print what it took."""
    with tempfile.TemporaryDirectory() as folder:
        project, company, floor = (Path(folder) / name for name in ("project", "demo", "floor"))
        for name in COPIED:
            copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copyfile
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            copy(PROJECT / name, project / name)
        for name, text in FLOOR.items():
            (floor / name).parent.mkdir(parents=True, exist_ok=True)
            (floor / name).write_text(text)
        os.environ |= {"PYTHONPATH": str(project), "DO_NOT_TRACK": "1"}
        plumbline("demo", company)
        plumbline("run", "--workspace", company)
        took: dict[str, list[float]] = {}
        for number in range(REPEATS + 1):  # the first is not counted: it fills caches
            for case, seconds in turn(project, company, floor, number).items():
                took.setdefault(case, []).extend([seconds] if number else [])

    for case, seconds in took.items():
        print(f"{case:26} {spread(seconds)} s")
    for case, floors in CASES.items():
        for name in floors:
            ratios = [ours / its for ours, its in zip(took[case], took[name], strict=True)]
            print(f"{case} / {name}: {spread(ratios)}")


def turn(project: Path, company: Path, floor: Path, number: int) -> dict[str, float]:
    """Each case once: its name, and the seconds that it took."""
    there = ("--workspace", company)
    export = max((company / "exports").rglob("*.csv"), key=lambda path: path.stat().st_size)
    took = {}
    edit(project, "\n", f"\n-- {number}\n")
    took["a comment, and 8 models"] = plumbline("build", MODEL, *there)
    edit(project, RULE, f"{RULE} and renewals.acv > {number}")
    began = time.time()
    took["a change, and 8 models"] = plumbline("build", MODEL, *there)
    took["DuckDB, the SQL"] = same_sql(company, began)
    took["one unit test"] = plumbline("test", UNIT_TEST, *there)
    took["doctor, one file"] = plumbline("doctor", export, *there)
    took["doctor, all files"] = plumbline("doctor", *there)
    took["status"] = plumbline("status", *there)
    took["--help"] = plumbline("--help")
    dbt = [Path(sys.executable).with_name("dbt"), "--quiet"]
    took["dbt, one model"] = seconds_of([*dbt, "run"], floor)
    took["dbt, one test"] = seconds_of([*dbt, "test"], floor)
    for library in ("duckdb", "typer"):
        took[f"import {library}"] = seconds_of([sys.executable, "-c", f"import {library}"], floor)
    return took


def edit(project: Path, old: str, new: str) -> None:
    """Change the model, as it is in the project of today."""
    [path] = (project / "models").rglob(f"{MODEL}.sql")
    [original] = (PROJECT / "models").rglob(f"{MODEL}.sql")
    text = original.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def same_sql(company: Path, since: float) -> float:
    """The queries of the tables that dbt has built since then, in one session."""
    target = company / "runs" / "dbt" / "target"
    written = [path for path in (target / "run").rglob("models/**/*.sql") if path.is_file()]
    tables = [
        target / "compiled" / path.relative_to(target / "run")
        for path in written
        if path.stat().st_mtime > since and "__dbt_tmp" in path.read_text(encoding="utf-8")
    ]
    assert tables
    command = [sys.executable, "-c", SAME_SQL, company / "warehouse.duckdb", *tables]
    return seconds_of(command, company)


def plumbline(*arguments: str | Path) -> float:
    """The seconds that a command took; `doctor` and `status` may say that there is something."""
    code = "from orchestration.cli import main; main()"
    return seconds_of([sys.executable, "-c", code, *arguments], PROJECT.parent, told=(0, 1))


def seconds_of(command: list[str | Path], folder: Path, told: tuple[int, ...] = (0,)) -> float:
    """How long a process takes, to its end."""
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    took = time.perf_counter() - started
    if done.returncode not in told:
        sys.exit(f"{command}\n{done.stdout}{done.stderr}")
    return took


def spread(values: list[float]) -> str:
    """Median, minimum and maximum."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    main()
