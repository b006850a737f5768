"""Why a number is what it is: under which version, as it was published, and what has changed it.

Three things no model can know: what the models would say under other definitions, what was
published before, and why that is different now. They are found out here, between two calls of dbt,
and given to `rpt_scorecard`, `rpt_definitions` and `rpt_restatements` as relations beside the list
of files that count.

What the models would say is found by asking them: the tables that a definition decides are built
again in a copy of the warehouse (`scenario`), from the same files under the other definition.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration import transform
from orchestration.contracts import DEFINITIONS
from orchestration.ingest.load import is_whole, settle
from orchestration.warehouse import connect, identifier, literal
from orchestration.workspace import Workspace, WorkspaceError

if TYPE_CHECKING:
    import duckdb

# The relations of source `plumbline` that are written here, and their columns.
RELATIONS = {
    "published": (
        "build_id varchar, published_at timestamp, as_of date, event varchar, metric varchar, "
        "variant varchar, value_before double, value double, cause varchar, month date"
    ),
    "restated": "metric varchar, variant varchar, value double, month date",
    "impacts": (
        "definition varchar, from_version bigint, to_version bigint, metric varchar, "
        "variant varchar, unit varchar, value_from double, value_to double, value_moved double, "
        "events_moved bigint, months_affected bigint, first_month date, last_month date"
    ),
    "causes": "metric varchar, cause varchar, month date",
}
STAMP = "_provenance.json"  # of what it was found out last
# What a scenario is built for.
SCORECARD, ENTRIES = "rpt_scorecard", "fct_funnel_stages"
# The stage whose entries a metric of the scorecard counts.
COUNTED = {
    "leads": "lead",
    "mqls": "mql",
    "sals": "sal",
    "sqls": "sql",
    "opportunities": "opportunity",
    "won": "won",
}


@dataclass(frozen=True)
class Family:
    """The rows of a mart that stand behind some metrics: one per key, in the months of its days."""

    mart: str
    key: str
    days: Sequence[str]
    metrics: Sequence[str]


FAMILIES = (
    Family(
        "fct_funnel_stages",
        "person_id, opportunity_id, cycle_number, stage",
        ("entered_date",),
        (
            *("leads", "mqls", "sals", "sqls", "lead_to_mql_rate", "mql_to_sal_rate"),
            *("mql_to_sql_rate", "sql_to_opportunity_rate", "lead_to_won_rate", "cpl"),
            *("sla_response_rate", "sla_volume_attainment", "lead_rejection_rate"),
        ),
    ),
    Family(
        "fct_opportunities",
        "opportunity_id",
        ("created_date", "close_date"),
        (
            *("opportunities", "won", "pipeline_created", "win_rate", "win_rate_value"),
            *("average_deal_size", "sales_cycle_days", "opportunity_to_won_rate", "velocity"),
            *("coverage", "roas", "roi"),
        ),
    ),
    Family(
        "fct_bookings",
        "opportunity_id, event, event_date",
        ("event_date",),
        ("new_bookings", "net_bookings", "attainment"),
    ),
    Family("fct_revenue", "order_id, line_id", ("date_day",), ("revenue", "gross_margin", "clv")),
    Family(
        "fct_costs",
        "month, channel, campaign_id, cost_type",
        ("month",),
        ("ad_spend", "cpc", "cac", "cac_payback_months", "ltv_to_cac"),
    ),
    Family(
        "fct_email_messages",
        "campaign_id, person_id",
        ("sent_at",),
        ("email_click_rate", "email_open_rate_human"),
    ),
    Family(
        "fct_mrr_movements",
        "account_id, month",
        ("month",),
        ("mrr", "nrr", "grr", "logo_churn", "arpa", "mrr_growth"),
    ),
)


def prepare(workspace: Workspace) -> None:
    """Write what the closing models read, as far as it is known before anything is built."""
    workspace.lists.mkdir(parents=True, exist_ok=True)
    files = _kept(workspace)
    with _connected() as connection:
        until = "" if workspace.as_of is None else f"where as_of <= date '{workspace.as_of}'"
        rows = " union all ".join(f"select * from read_parquet({_text(path)})" for path in files)
        _write(
            connection, workspace, "published", f"select * from ({rows}) {until}" if rows else ""
        )
        for name in ("restated", "impacts", "causes"):
            if not is_whole(_list(workspace, name)):
                forget(workspace)
                _write(connection, workspace, name)


def _kept(workspace: Workspace) -> list[Path]:
    """What each publish has published, in the order of publishing."""
    files = sorted((workspace.history / "published").glob("*.parquet"))
    for path in files:
        if not is_whole(path):
            raise WorkspaceError(
                f"{path} is damaged: restore it from a backup; without one delete it, and what "
                "that build published is no longer known"
            )
    return files


def before_closing(workspace: Workspace) -> Callable[[transform.Project], None] | None:
    """What is to be found out once all but the closing models is built; None if it is known."""
    given = given_digests(workspace)
    state = _digest(given)
    stamp = workspace.lists / STAMP
    is_known = stamp.is_file() and stamp.read_text(encoding="utf-8") == json.dumps(state)
    changes = _changes(workspace, given)
    if is_known and not changes:
        forget_causes(workspace)
        return None  # one call of dbt does all

    def find_out(project: transform.Project) -> None:
        if not is_known:
            stamp.unlink(missing_ok=True)
            _under_other_versions(workspace, project)
            stamp.write_text(json.dumps(state), encoding="utf-8")
        if changes:
            _find_causes(workspace, project, changes)
        else:
            forget_causes(workspace)

    return find_out


def forget(workspace: Workspace) -> None:
    """Let it be found out again: what was asked is not of one piece."""
    (workspace.lists / STAMP).unlink(missing_ok=True)


def record(workspace: Workspace) -> None:
    """Keep what the published file has published, once: closed periods, and what was restated.

    Called after a publish, and before a run, as an earlier one may have been killed in between.
    """
    if not workspace.published.is_file():
        return
    folder = workspace.history / "published"
    with _connected() as connection:
        connection.execute(f"attach {_text(workspace.published)} as published (read_only)")
        build_id, published_at, as_of = connection.execute(
            "select build_id, published_at, as_of from published.main._build"
        ).fetchone() or ("", None, None)
        target = folder / f"{build_id}.parquet"
        columns = connection.execute(
            "select count(*) from duckdb_columns() where database_name = 'published' "
            "and table_name = 'rpt_scorecard' and column_name = 'is_closed'"
        ).fetchone()
        if target.exists() or columns == (0,):
            return
        folder.mkdir(parents=True, exist_ok=True)
        known = _kept(workspace)
        before = (
            f"select metric, variant, month from read_parquet({[str(path) for path in known]})"
            if known
            else "select '' as metric, '' as variant, date '1900-01-01' as month"
        )
        aside = target.with_name(f".{target.name}.tmp")
        new = f"""
            select 'frozen' as event, metric, variant, null as value_before,
                value_as_published as value, null as cause, month
            from published.marts.rpt_scorecard
            where is_closed and (metric, variant, month) not in ({before})
            union all
            select 'restated', metric, variant, value_before, value_after, cause, month
            from published.marts.rpt_restatements where build_id = {literal(build_id)}
        """
        if connection.execute(f"select count(*) from ({new})").fetchone() == (0,):
            return
        connection.execute(
            f"""
            copy (
                select {literal(build_id)} as build_id, timestamp '{published_at}' as published_at,
                    date '{as_of}' as as_of, event, metric, variant,
                    cast(value_before as double) as value_before, value,
                    cast(cause as varchar) as cause, month
                from ({new}) order by all
            ) to {_text(aside)} (format parquet)
            """
        )
    settle(aside, target)


# Under other versions ----------------------------------------------------------------------------


def _under_other_versions(workspace: Workspace, project: transform.Project) -> None:
    """Write `restated` and `impacts`."""
    with _connected() as connection:
        definitions = _definitions(connection, workspace)
        today = _as_of(connection, workspace)
        as_they_are = {name: path for name, path, *_ in definitions}
        dated = [name for name, _, _, is_dated in definitions if is_dated]
        current = {name: _flat(as_they_are[name], today) for name in dated}
        pairs = []
        for name, path, versions, _ in definitions:
            flat = [(version, _flat(path, day)) for version, day in versions]
            pairs += [
                (name, one, other) for place, one in enumerate(flat) for other in flat[place + 1 :]
            ]

    results: dict[str, Path] = {}
    folder = replace(workspace, aside=_scenario_name(workspace)).runs / "results"
    shutil.rmtree(folder, ignore_errors=True)

    def result(flat: Mapping[str, str]) -> Path:
        """The scorecard and entries under these definitions; alike ones are built once."""
        with _connected() as connection:
            other = {
                name: query
                for name, query in sorted(flat.items())
                if _differs(connection, as_they_are[name], query)
            }
            digest = _digest(
                [
                    [name, connection.execute(f"select * from ({query}) order by all").fetchall()]
                    for name, query in other.items()
                ]
            )
        if digest not in results:
            results[digest] = folder / digest[:16]
            with scenario(workspace, project, other) as warehouse:
                _keep(warehouse, results[digest])
        return results[digest]

    with _connected() as connection:
        if current:
            scorecard = result(current) / "scorecard.parquet"
            _write(
                connection,
                workspace,
                "restated",
                f"select metric, variant, value, month from read_parquet({_text(scorecard)})",
            )
        else:
            _write(connection, workspace, "restated")
        compared = [
            _compared(name, one[0], other[0], result({name: one[1]}), result({name: other[1]}))
            for name, one, other in pairs
        ]
        _write(connection, workspace, "impacts", " union all ".join(compared))
    shutil.rmtree(folder, ignore_errors=True)


def _definitions(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace
) -> list[tuple[str, Path, list[tuple[int, date]], bool]]:
    """The versioned definitions: name, file, the first day of each version where there are several,
    and whether any row holds for some days only."""
    rows = connection.execute(
        f"select table_name, path from read_parquet({_text(_list(workspace, 'files'))}) "
        f"where source_name = {literal(DEFINITIONS)} order by table_name"
    ).fetchall()
    found = []
    for name, relative in rows:
        path = workspace.raw / relative
        contents = f"read_parquet({_text(path)})"
        described = connection.execute(f"describe from {contents}").fetchall()
        columns = {column for column, *_ in described}
        if not {"version", "valid_from", "valid_to"} <= columns:
            continue
        versions = connection.execute(
            f"select version, min(valid_from) from {contents} group by 1 order by 1"
        ).fetchall()
        is_dated = connection.execute(
            f"select count(*) from {contents} "
            "where valid_from > date '1900-01-01' or valid_to < date '9999-12-31'"
        ).fetchone() != (0,)
        found.append((name, path, versions if len(versions) > 1 else [], is_dated))
    return found


def _flat(path: Path, day: date) -> str:
    """The rows of a definition that hold on a day, as if they had always held."""
    return (
        "select * replace (date '1900-01-01' as valid_from, date '9999-12-31' as valid_to) "
        f"from read_parquet({_text(path)}) "
        f"where valid_from <= date '{day}' and valid_to > date '{day}'"
    )


def _differs(connection: duckdb.DuckDBPyConnection, path: Path, query: str) -> bool:
    return connection.execute(
        f"select count(*) from ((from read_parquet({_text(path)}) except all ({query})) "
        f"union all (({query}) except all from read_parquet({_text(path)})))"
    ).fetchone() != (0,)


def _compared(definition: str, one: int, other: int, before: Path, after: Path) -> str:
    """The rows of `impacts` of two versions: the metrics that move."""
    counted = ", ".join(
        f"({literal(metric)}, {literal(stage)})" for metric, stage in COUNTED.items()
    )
    first, second = (
        f"(select distinct * from read_parquet({_text(path / 'entries.parquet')}))"
        for path in (before, after)
    )
    # Of what adds up, a month without a row has nothing.
    moves = (
        "case when unit in ('count', 'currency') "
        "then coalesce(a.value, 0) != coalesce(b.value, 0) "
        "else a.value is distinct from b.value end"
    )
    return f"""
        select
            {literal(definition)} as definition,
            {one} as from_version,
            {other} as to_version,
            metric,
            variant,
            any_value(unit) as unit,
            {_total("a")} as value_from,
            {_total("b")} as value_to,
            case when any_value(unit) in ('count', 'currency')
                then sum(abs(coalesce(b.value, 0) - coalesce(a.value, 0))) end as value_moved,
            cast(coalesce(
                any_value(moved.units),
                case when count(a.ci_low) + count(b.ci_low) > 0 then sum(
                    abs(coalesce(b.numerator, 0) - coalesce(a.numerator, 0))
                    + abs(coalesce(b.denominator, 0) - coalesce(a.denominator, 0))
                ) end,
                case when any_value(unit) = 'count'
                    then sum(abs(coalesce(b.value, 0) - coalesce(a.value, 0))) end
            ) as bigint) as events_moved,
            count(*) filter (where {moves}) as months_affected,
            min(month) filter (where {moves}) as first_month,
            max(month) filter (where {moves}) as last_month
        from read_parquet({_text(before / "scorecard.parquet")}) as a
        full outer join read_parquet({_text(after / "scorecard.parquet")}) as b
            using (metric, variant, unit, month)
        left join (
            select metric, count(*) as units
            from (
                (from {first} except from {second}) union all (from {second} except from {first})
            )
            inner join (values {counted}) as counted (metric, stage) using (stage)
            group by metric
        ) as moved using (metric)
        group by metric, variant
        having months_affected > 0
    """


def _total(side: str) -> str:
    """The value of all months together: a sum, or a ratio of sums; null for a median."""
    return (
        f"case when any_value(unit) in ('count', 'currency') then coalesce(sum({side}.value), 0) "
        f"when count({side}.numerator) > 0 "
        f"then sum({side}.numerator) / nullif(sum({side}.denominator), 0) end"
    )


@contextmanager
def scenario(
    workspace: Workspace,
    project: transform.Project,
    flat: Mapping[str, str],
    fingerprints: Sequence[str] | None = None,
    targets: Sequence[str] = (SCORECARD, ENTRIES),
    *,
    as_published: bool = False,
) -> Iterator[Path]:
    """A copy of the warehouse in which some tables (`targets`) are built under other definitions
    (queries by name), or from other files (of these fingerprints, definitions apart); its path.

    It knows of nothing that was published before, unless it is to (`as_published`).
    """
    other = replace(workspace, aside=_scenario_name(workspace))
    shutil.rmtree(other.lists, ignore_errors=True)
    other.lists.mkdir(parents=True)
    shutil.copyfile(workspace.warehouse, other.warehouse)
    for name in ("settings", "refused"):
        shutil.copyfile(_list(workspace, name), _list(other, name))
    with _connected() as connection:
        for name in RELATIONS:
            if as_published:
                shutil.copyfile(_list(workspace, name), _list(other, name))
            else:
                _write(connection, other, name)
        new_paths = []
        for name, query in flat.items():
            path = other.lists / f"{name}.parquet"
            connection.execute(f"copy ({query}) to {_text(path)} (format parquet)")
            new_paths.append((name, path))
        listed = ", ".join(
            f"({literal(name)}, {literal(_from_raw(workspace, path))})" for name, path in new_paths
        )
        counting = "true"
        if fingerprints is not None:
            those = ", ".join(map(literal, fingerprints)) or "''"
            counting = f"(source_name = {literal(DEFINITIONS)} or fingerprint in ({those}))"
        connection.execute(
            f"""
            copy (
                select files.* replace (coalesce(flat.path, files.path) as path)
                from read_parquet({_text(_list(workspace, "files"))}) as files
                left join (values {listed or "('', '')"}) as flat (table_name, path)
                    on files.table_name = flat.table_name
                    and files.source_name = {literal(DEFINITIONS)}
                where {counting}
            ) to {_text(_list(other, "files"))} (format parquet)
            """
        )
    changed = None if fingerprints is not None else [f"definitions.{name}" for name in flat]
    tables = transform.tables_between(project.manifest, changed, targets)
    transform.build_tables(other, project, tables)
    try:
        yield other.warehouse
    finally:
        other.warehouse.unlink(missing_ok=True)


def _scenario_name(workspace: Workspace) -> str:
    return f"{workspace.aside}/scenario".lstrip("/")


def _keep(warehouse: Path, folder: Path) -> None:
    """Keep of a scenario what is compared."""
    folder.mkdir(parents=True)
    with connect(warehouse) as connection:
        connection.execute(
            f"""
            copy (
                select metric, variant, unit, numerator, denominator, value, ci_low, month
                from marts.{SCORECARD}
            ) to {_text(folder / "scorecard.parquet")} (format parquet)
            """
        )
        connection.execute(
            f"""
            copy (
                select coalesce(opportunity_id, person_id) as unit_id, stage, entered_date
                from marts.{ENTRIES} where not is_imputed and not via_account
            ) to {_text(folder / "entries.parquet")} (format parquet)
            """
        )


# What changed since the last publish -------------------------------------------------------------


def _changes(workspace: Workspace, now: Mapping[str, str]) -> set[str]:
    """What of `exports`, `definitions` and `project` is not as it was for the published file.

    None of a past day: it is compared with nothing.
    """
    if workspace.as_of is not None or not workspace.published.is_file():
        return set()
    with connect(workspace.published) as connection:
        columns = {column for column, *_ in connection.execute("describe main._build").fetchall()}
        if not {f"{name}_digest" for name in now} <= columns:
            return {"exports", "project"}  # published before this was noted
        row = connection.execute(
            "select " + ", ".join(f"{name}_digest" for name in now) + " from main._build"
        ).fetchone()
    before = dict(zip(now, row or (), strict=False))
    return {name for name, digest in now.items() if before.get(name) != digest}


def given_digests(workspace: Workspace) -> dict[str, str]:
    """Digests of what the build is made from: the exports that count with the settings, the
    definitions, and the project."""
    with _connected() as connection:
        files = connection.execute(
            f"select source_name = {literal(DEFINITIONS)}, fingerprint, exported_at, mode "
            f"from read_parquet({_text(_list(workspace, 'files'))}) order by all"
        ).fetchall()
        settings = connection.execute(
            f"from read_parquet({_text(_list(workspace, 'settings'))})"
        ).fetchall()
    exports = [row for row in files if not row[0]]
    definitions = [row[1] for row in files if row[0]]
    return {
        "exports": _digest([exports, settings]),
        "definitions": _digest(definitions),
        "project": transform.project_state(),
    }


def forget_causes(workspace: Workspace) -> None:
    """Nothing was given since: should a number have changed, it was put right by hand. Where the
    published file is gone there is nothing to compare with, and exports are what comes most."""
    cause = "correction" if workspace.published.is_file() else "late data"
    with _connected() as connection:
        _write(connection, workspace, "causes", _for_all_metrics(cause))


def _for_all_metrics(cause: str) -> str:
    metrics = {metric for family in FAMILIES for metric in family.metrics}
    values = ", ".join(f"({literal(metric)})" for metric in sorted(metrics))
    return (
        f"select metric, {literal(cause)} as cause, cast(null as date) as month "
        f"from (values {values}, ('*')) as metrics (metric)"
    )


def _find_causes(workspace: Workspace, project: transform.Project, changes: set[str]) -> None:
    """Write `causes`: of each metric and month why its number would have changed."""
    only_definitions = changes == {"definitions"}
    cause = (
        "definition change"
        if only_definitions
        else ("late data" if "exports" in changes else "correction")
    )
    causes = [_for_all_metrics(cause)]
    if not only_definitions:
        with connect(workspace.warehouse) as connection:
            connection.execute(f"attach {_text(workspace.published)} as published (read_only)")
            rows = [row for family in FAMILIES for row in _of_family(connection, family)]
        if rows:
            values = ", ".join(
                f"({literal(metric)}, {literal(found)}, date '{month}')"
                for metric, found, month in rows
            )
            causes.append(f"select * from (values {values}) as found (metric, cause, month)")
    if "definitions" in changes and not only_definitions:
        causes.append(_by_definitions(workspace, project))
    with _connected() as connection:
        _write(
            connection,
            workspace,
            "causes",
            # Of several the definition: under the new one the old files have another number, too.
            "select * from (" + " union all ".join(causes) + ") "
            "qualify row_number() over (partition by metric, month "
            "order by cause = 'definition change' desc, cause asc) = 1",
        )


def _of_family(
    connection: duckdb.DuckDBPyConnection, family: Family
) -> Iterator[tuple[str, str, date]]:
    """The causes of the months in which rows of a family came, went or changed."""
    columns = {
        database: [
            column
            for (column,) in connection.execute(
                "select column_name from duckdb_columns() where database_name = ? "
                "and schema_name = 'marts' and table_name = ?",
                [database, family.mart],
            ).fetchall()
        ]
        for database in ("warehouse", "published")
    }
    shared = [column for column in columns["warehouse"] if column in columns["published"]]
    keys = family.key.split(", ")
    if not {*keys, *family.days} <= set(shared):
        return  # there was no such mart, or one of another shape
    key_names = [f"k{place}" for place in range(len(keys))]
    named = ", ".join(
        f"coalesce(cast({key} as varchar), '') as {name}"
        for key, name in zip(keys, key_names, strict=True)
    )
    months = ", ".join(f"cast(date_trunc('month', {day}) as date)" for day in family.days)
    sides = [
        f"""(
            select {named},
                hash(({", ".join(identifier(column) for column in shared)})) as content,
                unnest([{months}]) as month
            from {database}.marts.{family.mart}
        )"""
        for database in ("warehouse", "published")
    ]
    names = ", ".join(key_names)
    merged = "false"
    if "person_id" in keys:
        merged = f"""k{keys.index("person_id")} in (
            select record_id from warehouse.intermediate.int_person_records
            where record_id != person_id
        )"""
    rows = connection.execute(
        f"""
        select month,
            count(*) filter (where after.content is null and {merged}) as merged,
            count(*) filter (where before.content is null) as added,
            count(*) filter (where before.content is not null) as touched
        from {sides[0]} as after
        full outer join {sides[1]} as before using ({names}, month)
        where after.content is distinct from before.content and month is not null
        group by month order by month
        """
    ).fetchall()
    for month, gone_into_others, added, touched in rows:
        cause = "merge" if gone_into_others else "correction" if touched >= added else "late data"
        yield from ((metric, cause, month) for metric in family.metrics)


def _by_definitions(workspace: Workspace, project: transform.Project) -> str:
    """Where the definitions of today give other numbers for the files of the last publish."""
    with connect(workspace.published) as connection:
        fingerprints = [
            row for (row,) in connection.execute("select fingerprint from main._files").fetchall()
        ]
    folder = workspace.runs / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    found = folder / "by_definitions.parquet"
    last_files = scenario(workspace, project, {}, fingerprints)
    with last_files as warehouse, connect(warehouse) as connection:
        connection.execute(f"attach {_text(workspace.published)} as published (read_only)")
        connection.execute(
            f"""
            copy (
                select distinct metric, 'definition change' as cause, month
                from published.marts.{SCORECARD} as before
                left join marts.{SCORECARD} as after using (metric, variant, month)
                where after.value is distinct from before.value
            ) to {_text(found)} (format parquet)
            """
        )
    return f"select metric, cause, month from read_parquet({_text(found)})"


# Files -------------------------------------------------------------------------------------------


def _list(workspace: Workspace, name: str) -> Path:
    return workspace.lists / f"_{name}.parquet"


def _write(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, name: str, query: str = ""
) -> None:
    """Write one of `RELATIONS`, without rows where there is no query; never seen half."""
    connection.execute(f"create or replace temp table listed ({RELATIONS[name]})")
    if query:
        connection.execute(f"insert into listed by name {query}")
    target = _list(workspace, name)
    aside = target.with_name(f".{target.name}.tmp")
    connection.execute(f"copy (from listed order by all) to {_text(aside)} (format parquet)")
    aside.replace(target)


def _as_of(connection: duckdb.DuckDBPyConnection, workspace: Workspace) -> date:
    [(today,)] = connection.execute(
        f"select as_of from read_parquet({_text(_list(workspace, 'settings'))})"
    ).fetchall()
    return date.fromisoformat(str(today))


def _from_raw(workspace: Workspace, path: Path) -> str:
    """A path as `_files.parquet` has it: from the folder of the raw files."""
    return os.path.relpath(path.resolve(), workspace.raw.resolve())


@contextmanager
def _connected() -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


def _text(path: Path) -> str:
    return literal(str(path))


def _digest(parts: Any) -> str:
    return hashlib.blake2b(json.dumps(parts, default=str).encode(), digest_size=16).hexdigest()
