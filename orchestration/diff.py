"""Compare two published files: which numbers moved, in which marts, and what may have moved them.

`compare` only finds out, and knows no terminal; how a difference is told is diff_text.py. Why a
number moved within one workspace stands in `rpt_restatements`, which needs the build; here there
are only the two files, which may be of any age and of any two workspaces.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from orchestration.contracts import DEFINITIONS, PROJECT_ROOT
from orchestration.scorecard import FAMILIES, Line
from orchestration.warehouse import identifier, literal

if TYPE_CHECKING:
    import duckdb

# Floating point numbers are alike if they differ by less than this part of the larger one: sums
# come in another order each time. Decimals, and with them money in the marts, are compared exactly.
TOLERANCE = 1e-9
NOISE = 1e-12  # ... or by less than this: about zero there is no part to speak of
FLOATING = ("DOUBLE", "FLOAT")
NUMBERS = (*FLOATING, "DECIMAL", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
SCORECARD, DEFINITION = "rpt_scorecard", "dim_definition"
# What has to be the same for two values to be of one kind, as `_build` names it.
SETTINGS = {
    "company": "company",
    "reporting_currency": "currency",
    "reporting_timezone": "time zone",
    "fiscal_year_start_month": "start of the fiscal year",
}
GIVEN = ("exports", "definitions", "project")


class DiffError(Exception):
    """Two files cannot be compared; the message says which of them, and why."""


@dataclass(frozen=True)
class Build:
    """What a published file says of itself; what an old one does not say is None."""

    path: Path
    build_id: str | None
    published_at: datetime | None
    as_of: date | None
    settings: Mapping[str, Any]
    """By the names of `SETTINGS`."""
    digests: Mapping[str, str | None]
    """Of what it was made from, by the names of `GIVEN`."""


@dataclass(frozen=True)
class Movement:
    """One metric in one month that is not the same in both files."""

    metric: str
    variant: str
    unit: str
    month: date
    before: float | None
    after: float | None
    state: str
    """moved, appeared (only the new file has the month) or gone."""

    @property
    def key(self) -> tuple[str, str, date]:
        """What it is the movement of: metric, variant and month."""
        return self.metric, self.variant, self.month

    @property
    def words(self) -> str:
        """What people call the metric."""
        return Line(self.metric, self.variant, self.unit, "", ()).words

    @property
    def difference(self) -> float | None:
        """After less before."""
        if self.before is None or self.after is None:
            return None
        return self.after - self.before

    @property
    def share(self) -> float | None:
        """The difference as a part of what it was."""
        return self.difference / abs(self.before) if self.difference and self.before else None


@dataclass(frozen=True)
class MartChange:
    """A mart in both files, or in one of them."""

    name: str
    rows_before: int | None
    """None where the file has no such mart."""
    rows_after: int | None
    key: tuple[str, ...]
    """What tells its rows apart; empty where whole rows were compared."""
    added: int = 0
    gone: int = 0
    changed: int = 0
    changed_columns: Mapping[str, int] = field(default_factory=dict)
    """In how many rows each of them changed."""
    columns_added: tuple[str, ...] = ()
    columns_gone: tuple[str, ...] = ()
    columns_retyped: tuple[tuple[str, str, str], ...] = ()
    """Name, type before and after."""

    @property
    def is_changed(self) -> bool:
        """Whether anything of it is another."""
        rows = self.rows_before != self.rows_after or self.added or self.gone or self.changed
        return bool(rows or self.columns_added or self.columns_gone or self.columns_retyped)


@dataclass(frozen=True)
class DefinitionChange:
    """A version of a metric's definition that only one file has, or that says something else."""

    metric: str
    version: int
    before: Mapping[str, Any] | None
    """The columns that differ; all of them where the other file lacks the version."""
    after: Mapping[str, Any] | None


@dataclass(frozen=True)
class FileChange:
    """An export, or a file of definitions, that only one of the two was made from."""

    source: str
    table: str
    name_before: str | None
    name_after: str | None
    """Both are given where a file of one name has another content."""

    @property
    def is_definition(self) -> bool:
        """Whether it is a file of definitions; else it is an export."""
        return self.source == DEFINITIONS


@dataclass(frozen=True)
class Difference:
    """All that differs between two published files."""

    old: Build
    new: Build
    tolerance: float
    metrics: tuple[Movement, ...]
    """In the order of the funnel, then by month."""
    marts: tuple[MartChange, ...]
    """All of them, also those that are the same."""
    definitions: tuple[DefinitionChange, ...]
    files: tuple[FileChange, ...] | None
    """None where a file is from before it was noted what it was made from."""

    @property
    def settings(self) -> tuple[tuple[str, Any, Any], ...]:
        """What keeps the values from being comparable: its name, before and after."""
        pairs = [
            (name, self.old.settings.get(key), self.new.settings.get(key))
            for key, name in SETTINGS.items()
        ]
        return tuple(pair for pair in pairs if pair[1] != pair[2])

    @property
    def given(self) -> dict[str, bool | None]:
        """Whether exports, definitions and project changed; None where a file does not say."""
        pairs = {name: (self.old.digests.get(name), self.new.digests.get(name)) for name in GIVEN}
        return {
            name: None if None in (before, after) else before != after
            for name, (before, after) in pairs.items()
        }

    @cached_property
    def changed_marts(self) -> tuple[MartChange, ...]:
        """The marts of which anything is another."""
        return tuple(mart for mart in self.marts if mart.is_changed)

    @property
    def exit_code(self) -> int:
        """0 when nothing moved: no metric, no row and no column of a mart; else 1."""
        return 1 if self.metrics or self.changed_marts else 0

    def to_json(self) -> dict[str, Any]:
        """All of it, as plain data."""
        values = asdict(self)
        for movement, plain in zip(self.metrics, values["metrics"], strict=True):
            plain |= {"difference": movement.difference, "share": movement.share}
        for mart, plain in zip(self.marts, values["marts"], strict=True):
            plain["is_changed"] = mart.is_changed
        differing = [
            {"name": name, "before": before, "after": after}
            for name, before, after in self.settings
        ]
        return values | {
            "differing_settings": differing,
            "given": self.given,
            "exit_code": self.exit_code,
        }


def mart_keys(models: Path = PROJECT_ROOT / "models" / "marts") -> dict[str, tuple[str, ...]]:
    """The columns that tell the rows of each mart apart, as its data test `unique_key` has them.

    Read from the YAML itself: to have dbt parse the project takes longer than all the rest.
    """
    keys: dict[str, tuple[str, ...]] = {}
    for path in models.rglob("*.yml"):
        document = yaml.load(path.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        for model in document.get("models", ()):
            for test in model.get("data_tests", ()):
                if isinstance(test, dict) and "unique_key" in test:
                    keys[model["name"]] = tuple(test["unique_key"]["arguments"]["columns"])
    return keys


def compare(
    old: Path,
    new: Path,
    keys: Mapping[str, Sequence[str]] | None = None,
    tolerance: float = TOLERANCE,
) -> Difference:
    """What differs between two published files.

    `keys` are the columns that tell the rows of a mart apart, by its name (`mart_keys`); rows of
    any other mart are compared as a whole. Raises `DiffError` where one is no published file.
    """
    with _opened(old, new) as (connection, before, after):
        both = (before, after)
        tables = _columns(connection, both)
        names = sorted({mart for side in both for mart in tables[side]})
        return Difference(
            old=_build(connection, old, before),
            new=_build(connection, new, after),
            tolerance=tolerance,
            metrics=_metrics(connection, both, tables, tolerance),
            marts=tuple(
                _mart(connection, both, name, tables, (keys or {}).get(name, ()), tolerance)
                for name in names
            ),
            definitions=_definitions(connection, both, tables),
            files=_files(connection, both),
        )


def movements(old: Path, new: Path, tolerance: float = TOLERANCE) -> tuple[Movement, ...]:
    """Which metrics differ between two published files; all else of them is left alone."""
    with _opened(old, new) as (connection, *both):
        return _metrics(connection, (both[0], both[1]), _columns(connection, both), tolerance)


@contextmanager
def _opened(old: Path, new: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, str, str]]:
    """Both files in one connection, and the names of the databases; a file may be compared with
    itself."""
    import duckdb

    for path in (old, new):
        if not path.is_file():
            raise DiffError(f"{path} does not exist")
    names = ("old", "new") if not old.samefile(new) else ("new", "new")
    with tempfile.TemporaryDirectory() as spill, duckdb.connect() as connection:
        connection.execute(f"set temp_directory = {literal(spill)}")
        for name, path in dict(zip(names, (old, new), strict=True)).items():
            try:
                connection.execute(f"attach {literal(str(path))} as {name} (read_only)")
            except duckdb.Error as problem:
                raise DiffError(f"{path} cannot be opened: {problem}") from None
            if not _has_build(connection, name):
                raise DiffError(
                    f"{path} is not a published file: it has no table main._build. Name a "
                    "workspace, or the plumbline.duckdb below its folder published"
                )
        connection.execute("set TimeZone = 'UTC'")
        yield connection, *names


def _has_build(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    found = connection.execute(
        "select 1 from duckdb_tables() "
        "where database_name = ? and schema_name = 'main' and table_name = '_build'",
        [name],
    ).fetchone()
    return found is not None


def _build(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> Build:
    found = connection.execute(f"select * from {name}.main._build")
    row = found.fetchone()
    values = dict(zip((column for column, *_ in found.description or ()), row or (), strict=False))
    return Build(
        path=path,
        build_id=values.get("build_id"),
        published_at=values.get("published_at"),
        as_of=values.get("as_of"),
        settings={key: values.get(key) for key in SETTINGS},
        digests={given: values.get(f"{given}_digest") for given in GIVEN},
    )


Tables = Mapping[str, Mapping[str, Mapping[str, str]]]
"""By database and mart: the columns with their types, in their order."""


def _columns(connection: duckdb.DuckDBPyConnection, both: Sequence[str]) -> Tables:
    tables: dict[str, dict[str, dict[str, str]]] = {side: {} for side in both}
    for side, mart, column, kind in connection.execute(
        "select database_name, table_name, column_name, data_type from duckdb_columns() "
        "where schema_name = 'marts' and (database_oid, table_oid) in "
        "(select (database_oid, table_oid) from duckdb_tables()) "
        "order by database_name, table_name, column_index"
    ).fetchall():
        if side in tables:
            tables[side].setdefault(mart, {})[column] = kind
    return tables


# Metrics -----------------------------------------------------------------------------------------


def _metrics(
    connection: duckdb.DuckDBPyConnection, both: tuple[str, str], tables: Tables, tolerance: float
) -> tuple[Movement, ...]:
    before, after = (_scorecard(connection, side, tables) for side in both)
    moved = []
    for key in before.keys() | after.keys():
        unit, was = before.get(key, (None, None))
        unit, now = after.get(key, (unit, None))
        if key in before and key in after:
            if alike(was, now, tolerance):
                continue
            state = "moved"
        else:
            state = "appeared" if key in after else "gone"
        moved.append(Movement(*key[:2], unit or "count", key[2], was, now, state))
    order = {
        metric: place
        for place, metric in enumerate(metric for family in FAMILIES.values() for metric in family)
    }
    moved.sort(key=lambda x: (order.get(x.metric, len(order)), x.metric, x.variant, x.month))
    return tuple(moved)


def _scorecard(
    connection: duckdb.DuckDBPyConnection, side: str, tables: Tables
) -> dict[tuple[str, str, date], tuple[str | None, float | None]]:
    """Unit and value by metric, variant and month; empty for a file without a scorecard."""
    columns = tables[side].get(SCORECARD, {})
    if not {"metric", "month", "value"} <= columns.keys():
        return {}
    variant = "variant" if "variant" in columns else "'period'"
    unit = "unit" if "unit" in columns else "'count'"
    rows = connection.execute(
        f"select metric, {variant}, month, {unit}, cast(value as double) "
        f"from {side}.marts.{SCORECARD}"
    ).fetchall()
    return {(metric, variant, month): (unit, value) for metric, variant, month, unit, value in rows}


def alike(one: float | None, other: float | None, tolerance: float = TOLERANCE) -> bool:
    """Whether two values differ by no more than the noise of sums; null is only like null."""
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=tolerance, abs_tol=NOISE)


# Marts -------------------------------------------------------------------------------------------


def _mart(
    connection: duckdb.DuckDBPyConnection,
    both: tuple[str, str],
    name: str,
    tables: Tables,
    key: Sequence[str],
    tolerance: float,
) -> MartChange:
    before, after = (tables[side].get(name) for side in both)
    relations = [f"{side}.marts.{identifier(name)}" for side in both]
    rows_before = None if before is None else _count(connection, relations[0])
    rows_after = None if after is None else _count(connection, relations[1])
    if before is None or after is None:
        return MartChange(
            name, rows_before, rows_after, (), added=rows_after or 0, gone=rows_before or 0
        )

    shared = {column: (before[column], after[column]) for column in after if column in before}
    known = tuple(key) if set(key) <= shared.keys() else ()
    if known and all(_is_unique(connection, relation, known) for relation in relations):
        counts = _by_key(connection, relations, known, shared, tolerance)
    else:
        known = ()
        counts = _by_row(connection, relations, shared)
    return MartChange(
        name,
        rows_before,
        rows_after,
        known,
        *counts,
        columns_added=tuple(column for column in after if column not in before),
        columns_gone=tuple(column for column in before if column not in after),
        columns_retyped=tuple(
            (column, *kinds) for column, kinds in shared.items() if kinds[0] != kinds[1]
        ),
    )


Types = Mapping[str, tuple[str, str]]
Counts = tuple[int, int, int, dict[str, int]]
"""Rows added, gone and changed, and in how many rows each column changed."""


def _by_key(
    connection: duckdb.DuckDBPyConnection,
    relations: Sequence[str],
    key: Sequence[str],
    columns: Types,
    tolerance: float,
) -> Counts:
    """Rows of one key are one row, however their other columns changed."""
    on = " and ".join(
        f"{before} is not distinct from {after}"
        for before, after in (_comparable(column, columns[column]) for column in key)
    )
    others = [column for column in columns if column not in key]
    names = [f"differs_{place}" for place in range(len(others))]
    tests = "".join(
        f", {_differs(column, columns[column], tolerance)} as {name}"
        for column, name in zip(others, names, strict=True)
    )
    counts = "".join(f", count(*) filter (where in_both and {name})" for name in names)
    row = connection.execute(
        f"""
        with pairs as (
            select
                before.rowid is not null and after.rowid is not null as in_both,
                before.rowid is null as is_added,
                after.rowid is null as is_gone
                {tests}
            from {relations[0]} as before
            full outer join {relations[1]} as after on {on}
        )
        select
            count(*) filter (where is_added),
            count(*) filter (where is_gone),
            count(*) filter (where in_both and ({" or ".join(names) or "false"}))
            {counts}
        from pairs
        """
    ).fetchone()
    assert row is not None, "a count is one row"
    added, gone, changed, *each = row
    return added, gone, changed, {name: n for name, n in zip(others, each, strict=True) if n}


def _by_row(
    connection: duckdb.DuckDBPyConnection, relations: Sequence[str], columns: Types
) -> Counts:
    """Rows without a key are the same or not: nothing is known to have changed into another."""
    pairs = [_comparable(column, kinds) for column, kinds in columns.items()]
    sides = [
        f"select {', '.join(pair[place] for pair in pairs)} from {relation} as {name}"
        for place, (relation, name) in enumerate(zip(relations, ("before", "after"), strict=True))
    ]
    gone, added = (
        _count(connection, f"({one} except all {other})") for one, other in (sides, reversed(sides))
    )
    return added, gone, 0, {}


def _comparable(column: str, kinds: tuple[str, str]) -> tuple[str, str]:
    """A column of both files as SQL, so that it can be compared where its type is another."""
    before, after = f"before.{identifier(column)}", f"after.{identifier(column)}"
    if kinds[0] == kinds[1] or all(kind.startswith(NUMBERS) for kind in kinds):
        return before, after
    return f"cast({before} as varchar)", f"cast({after} as varchar)"


def _differs(column: str, kinds: tuple[str, str], tolerance: float) -> str:
    before, after = _comparable(column, kinds)
    differs = f"{before} is distinct from {after}"
    if any(kind in FLOATING for kind in kinds) and all(kind.startswith(NUMBERS) for kind in kinds):
        # The larger one is capped, as infinity would be like everything.
        larger = f"least(greatest(abs({before}), abs({after})), 1e300)"
        beyond = f"abs({before} - {after}) > greatest({tolerance!r} * {larger}, {NOISE!r})"
        return f"{differs} and coalesce({beyond}, true)"
    return differs


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    [[rows]] = connection.execute(f"select count(*) from {relation}").fetchall()
    return int(rows)


def _is_unique(connection: duckdb.DuckDBPyConnection, relation: str, key: Sequence[str]) -> bool:
    columns = ", ".join(identifier(column) for column in key)
    twice = f"select 1 from {relation} group by {columns} having count(*) > 1 limit 1"
    return connection.execute(twice).fetchone() is None


# Causes ------------------------------------------------------------------------------------------


def _definitions(
    connection: duckdb.DuckDBPyConnection, both: tuple[str, str], tables: Tables
) -> tuple[DefinitionChange, ...]:
    before, after = (_versions(connection, side, tables) for side in both)
    changes = []
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        if was is not None and now is not None:
            differing = [name for name in now if name in was and was[name] != now[name]]
            if not differing:
                continue
            was, now = ({name: row[name] for name in differing} for row in (was, now))
        changes.append(DefinitionChange(*key, was, now))
    return tuple(changes)


def _versions(
    connection: duckdb.DuckDBPyConnection, side: str, tables: Tables
) -> dict[tuple[str, int], dict[str, Any]]:
    if not {"metric", "version"} <= tables[side].get(DEFINITION, {}).keys():
        return {}
    found = connection.execute(f"select * from {side}.marts.{DEFINITION}")
    names = [name for name, *_ in found.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {(row.pop("metric"), row.pop("version")): row for row in rows}


def _files(
    connection: duckdb.DuckDBPyConnection, both: tuple[str, str]
) -> tuple[FileChange, ...] | None:
    """Files of which only one side has the content; those of one name are paired."""
    loaded = []
    for side in both:
        columns = ("source_name", "table_name", "file_name", "fingerprint")
        known = connection.execute(
            "select column_name from duckdb_columns() "
            "where database_name = ? and schema_name = 'main' and table_name = '_files'",
            [side],
        ).fetchall()
        if not set(columns) <= {name for (name,) in known}:
            return None
        rows = connection.execute(
            f"select {', '.join(columns)} from {side}.main._files order by all"
        ).fetchall()
        loaded.append({(row[0], row[1], row[3]): row[2] for row in rows})
    # Definitions are paired by what they define, as a workspace's own lie in another folder.
    gone, came = (
        {
            (key[0], key[1], "" if key[0] == DEFINITIONS else one[key]): one[key]
            for key in one.keys() - other.keys()
        }
        for one, other in (loaded, reversed(loaded))
    )
    return tuple(
        FileChange(source, table, gone.get(key), came.get(key))
        for key in sorted(gone.keys() | came.keys())
        for source, table, _ in [key]
    )
