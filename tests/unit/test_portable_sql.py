"""The models are one set for two engines: what holds that before the second engine runs.

Every model compiles with the Spark adapter, and what it compiles to uses only functions that both
engines know and agree on. What differs belongs in `macros/`, behind a dispatch.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlglot
from sqlglot import expressions as exp

from orchestration.workspace import PROJECT_ROOT

MODELS = sorted((PROJECT_ROOT / "models").rglob("*.sql"))

# As the parser names them. Equal on both engines, or spelled so by a macro for Spark.
ALLOWED = {
    "abs", "add_months", "and", "arg_max", "arg_min", "array_sort", "array_to_string",
    "array_unique_agg", "avg", "case", "cast", "coalesce", "concat_ws", "count", "datediff",
    "dense_rank", "exists", "exp", "explode", "extract", "floor", "generate_series", "greatest",
    "if", "json_extract_scalar", "lag", "lead", "least", "left", "length", "ln", "lower", "max",
    "min", "nullif", "or",
    "quantile", "regexp_replace", "replace", "round", "row_number", "sign", "split_part", "sqrt",
    "substring", "sum", "timestamp_trunc", "trim", "try_cast", "ts_or_ds_add", "ts_or_ds_to_date",
    "upper", "weekday",
}  # fmt: skip


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The Spark SQL of every model, by name."""
    target = tmp_path_factory.mktemp("spark")
    dbt = Path(sys.executable).with_name("dbt")
    options = ["--target", "spark", "--no-introspect", "--no-populate-cache"]
    subprocess.run(
        [dbt, "--quiet", "compile", "--profiles-dir", ".", *options],
        cwd=PROJECT_ROOT,
        env={**os.environ, "DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(target)},
        check=True,
    )
    folder = target / "compiled" / "plumbline" / "models"
    models = PROJECT_ROOT / "models"
    return {path.stem: (folder / path.relative_to(models)).read_text() for path in MODELS}


def test_every_model_compiles_for_spark(compiled: dict[str, str]) -> None:
    assert [name for name, sql in compiled.items() if not sql.strip()] == []


def test_models_use_only_functions_that_both_engines_share(compiled: dict[str, str]) -> None:
    found = {
        _name(function)
        for sql in compiled.values()
        for function in sqlglot.parse_one(sql, dialect="spark").find_all(exp.Func)
    }

    assert sorted(found - ALLOWED) == []


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"(?<![*/])/(?![*/])", "divide with the macro ratio: what x / 0 gives differs"),
        (r"\bcurrent_date\b|\bnow\s*\(", "today is the workspace's as_of"),
        (r'"[a-z_ ]+"(?=\s*(,|as\b|from\b))', "a quoted identifier is a string on Spark"),
        (r"\brecursive\b|\basof\b|\bpivot\b", "Spark does not have it"),
        (r"\btarget\.type\b", "a model never branches on the engine"),
    ],
)
def test_models_hold_nothing_that_differs(pattern: str, why: str) -> None:
    found = [
        f"{path.relative_to(PROJECT_ROOT)}: {line.strip()}"
        for path in MODELS
        for line in _code(path).splitlines()
        if re.search(pattern, line)
    ]

    assert not found, why


def _name(function: exp.Func) -> str:
    known = not isinstance(function, exp.Anonymous)
    return (function.sql_name() if known else function.name).lower()


def _code(path: Path) -> str:
    """The SQL of a model without comments and Jinja, in which the macros do what differs."""
    text = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "", path.read_text(), flags=re.DOTALL)
    return re.sub(r"--.*", "", text)
