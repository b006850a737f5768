"""Which columns each column of a model is made of: read by sqlglot from the SQL as dbt compiles it.

A column is made of those whose values enter its own: what is copied, computed with, aggregated,
ordered by within a window, or asked in a `case`. What a join, a filter or a group only matches is
not part of it. A constant and a count of rows are made of no column.

Nothing is built and no warehouse is asked: the columns of a model follow from its SQL and those of
the models before it. It takes seconds, so the answer is kept beside what dbt read of the project.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from orchestration.transform import compiled_sql, read_project, state_folder

# What the loader and macros/register_raw.sql add to the columns of each export.
LOADED = ("_fingerprint", "_line", "_exported_at", "_file_name")
ENGINE = "duckdb"


class Parent(NamedTuple):
    """A column that another one is made of."""

    table: str
    """The name of a model, or `source.table`."""
    column: str


Columns = dict[str, dict[str, list[Parent]]]
"""By model and column what it is made of directly, in order of name."""


def column_lineage(root: Path) -> Columns:
    """The direct parents of every column of every model, of the project as it is now.

    Read once for each state of the project; `root` is that of a workspace, as in `read_project`.
    """
    return _kept(_place(root)) or _read(root)


def known(root: Path) -> Columns | None:
    """The same where it has been read already; else nothing, at once."""
    return _kept(_place(root))


def unresolved(root: Path) -> list[str]:
    """Columns whose parents the SQL does not tell, as `model.column`: they are listed with none.

    Where SQL cannot be read at all, these are the columns that the model's YAML names.
    """
    column_lineage(root)
    return list(json.loads(_place(root).read_bytes())["unresolved"])


def origins(columns: Columns, table: str, column: str) -> set[Parent]:
    """The raw columns, definitions and settings that a column is made of in the end.

    Raises KeyError for a column that no model has.
    """
    found: set[Parent] = set()
    seen: set[Parent] = set()
    ahead = list(columns[table][column])
    while ahead:
        parent = ahead.pop()
        if parent in seen:
            continue
        seen.add(parent)
        if parent.table in columns:
            ahead += columns[parent.table][parent.column]
        else:
            found.add(parent)
    return found


def _place(root: Path) -> Path:
    """The file of this state of the project, read by this version of this module."""
    maker = hashlib.blake2b(Path(__file__).read_bytes() + version("sqlglot").encode())
    return state_folder(root) / f"lineage-{maker.hexdigest()[:12]}.json"


def _kept(place: Path) -> Columns | None:
    if not place.is_file():
        return None
    return {
        model: {name: [Parent(*parent) for parent in parents] for name, parents in columns.items()}
        for model, columns in json.loads(place.read_bytes())["columns"].items()
    }


def _read(root: Path) -> Columns:
    project = read_project(root)
    columns, missing = trace(project.manifest, compiled_sql(root))
    place = _place(root)
    aside = place.with_name(f".{place.name}.{os.getpid()}")
    aside.write_text(json.dumps({"columns": columns, "unresolved": missing}), encoding="utf-8")
    aside.replace(place)
    return columns


def trace(manifest: Mapping[str, Any], sql: Mapping[str, str]) -> tuple[Columns, list[str]]:
    """The parents of each column of the models in `sql` (by name), and those that stay unknown."""
    from sqlglot.errors import SqlglotError

    nodes = {name: node for name, node in manifest["nodes"].items() if node["name"] in sql}
    tables = {**manifest["sources"], **nodes}
    names = {
        _relation(table): f"{table['source_name']}.{table['name']}"
        if unique_id in manifest["sources"]
        else table["name"]
        for unique_id, table in tables.items()
    }
    heads = {
        _relation(source): [*source["columns"], *LOADED] for source in manifest["sources"].values()
    }
    found: Columns = {}
    missing: list[str] = []
    before = {name: set(node["depends_on"]["nodes"]) & set(nodes) for name, node in nodes.items()}
    for unique_id in TopologicalSorter(before).static_order():
        node = nodes[unique_id]
        parents = [_relation(tables[name]) for name in node["depends_on"]["nodes"]]
        traced: Traced
        try:
            traced = _trace(sql[node["name"]], {name: heads[name] for name in parents})
        except (SqlglotError, ValueError):
            traced = dict.fromkeys(node["columns"])
        found[node["name"]] = {
            column: sorted(Parent(names[table], name) for table, name in made_of or ())
            for column, made_of in traced.items()
        }
        missing += [f"{node['name']}.{name}" for name, made_of in traced.items() if made_of is None]
        heads[_relation(node)] = list(traced)
    return found, missing


Relation = tuple[str, ...]
Traced = dict[str, set[tuple[Relation, str]] | None]


def _relation(node: Mapping[str, Any]) -> Relation:
    """Schema and name, as they stand in compiled SQL."""
    return (node["schema"], node.get("identifier") or node["alias"])


def _trace(sql: str, heads: Mapping[Relation, Sequence[str]]) -> Traced:
    """What each column of a query is made of, None where that cannot be told.

    `heads` are the columns of what it reads. Raises SqlglotError or ValueError for SQL that cannot
    be read.
    """
    import sqlglot
    from sqlglot import expressions as exp
    from sqlglot.lineage import lineage
    from sqlglot.optimizer import build_scope
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.schema import MappingSchema

    schema: dict[str, object] = {}
    for folder in {folder for folder, _ in heads}:
        # Of what type the columns are changes nothing here.
        schema[folder] = {
            name: dict.fromkeys(columns, "varchar")
            for (other, name), columns in heads.items()
            if other == folder
        }
    query = sqlglot.parse_one(sql, dialect=ENGINE)
    for table in query.find_all(exp.Table):
        table.set("catalog", None)
    query = qualify(
        query,
        dialect=ENGINE,
        schema=MappingSchema(schema, dialect=ENGINE),
        validate_qualify_columns=False,
        quote_identifiers=False,
    )
    graph = lineage(
        None, query, {}, scope=build_scope(query), dialect=ENGINE, trim_selects=False, copy=False
    )
    traced: Traced = {}
    for column, top in graph.items():
        made_of: set[tuple[Relation, str]] = set()
        for step in top.walk():
            if step.downstream:
                continue
            if isinstance(step.expression, exp.Table):
                relation = (step.expression.db, step.expression.name)
                made_of.add((relation, exp.to_column(step.name).name))
            elif isinstance(step.expression, exp.Star) or step.expression.find(exp.Column):
                made_of.add(((), column))
        known_ones = all(name in heads.get(table, ()) for table, name in made_of)
        traced[column] = made_of if known_ones else None
    return traced
