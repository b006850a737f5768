"""Hold loaded exports and marts against their expectations, with Great Expectations on DuckDB.

What is expected stands in expectations/, one module per mart, and its severity decides: a failing
critical expectation blocks publishing. Nothing is repaired here, and only counts come out of it:
values could be personal, and results travel (logs, Dagster's pages, the report). `gaps` alone names
texts, those of the sources' own stages and channels, and only the terminal shows them.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import pkgutil
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import expectations
from orchestration import gaps as words
from orchestration.contracts import Contract
from orchestration.warehouse import connect, identifier, literal
from orchestration.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

OnCheck = Callable[["CheckResult"], None]

# Counts of what is unexpected, without the lists of examples.
RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}


# Which definition covers what a check of the reconciliation found open.
MENDED_IN = {
    "channels_unmapped": "channel_map.csv",
    "cost_types_in_no_cac": "cac_cost_types.csv",
    "deal_stages_unmapped": "opportunity_stages.csv",
    "fx_coverage": "exchange_rates.csv",
    "stage_changes_unmapped": "stage_map.csv",
}
# What is not mapped: the definition it belongs into, what is counted, and the most frequent.
GAPS = {
    "stage": (
        "stage_map.csv",
        "stage changes",
        f"""
        select source_system, source_stage as stage, count(*) as n
        from intermediate.int_stage_changes_unioned as events
        where lower(source_stage) not in {words.LADDER} and not exists (
            select 1 from raw.definitions__stage_map as known
            where known.source_system = events.source_system
                and lower(known.source_stage) = lower(events.source_stage)
        )
        group by source_system, stage order by n desc, source_system, stage limit 5
        """,
    ),
    "deal stage": (
        "opportunity_stages.csv",
        "deals",
        """
        select 'hubspot' as source_system, stage_name, count(*) as n
        from intermediate.int_hubspot_deals
        where not is_stage_known and not is_deleted
        group by stage_name order by n desc, stage_name limit 5
        """,
    ),
    "channel": (
        "channel_map.csv",
        "people",
        """
        select records.source_system, records.channel_source, count(distinct person_id) as n
        from intermediate.int_person_records as records
        inner join marts.dim_person as people using (person_id)
        where people.channel = 'unmapped' and not people.is_excluded
            and records.channel_source is not null
            and lower(records.channel_source) not in (
                select lower(channel) from raw.definitions__channels
            )
            and not exists (
                select 1 from raw.definitions__channel_map as known
                where known.source_system = records.source_system
                    and lower(known.source_value) = lower(records.channel_source)
            )
        group by all order by n desc, source_system, channel_source limit 5
        """,
    ),
    "currency": (
        "exchange_rates.csv",
        "amounts",
        """
        with amounts as (
            select source_system, currency_code
            from marts.fct_opportunities where amount_original is not null and amount is null
            union all
            select split_part(order_id, ':', 1), currency_code
            from marts.fct_revenue where revenue_original is not null and revenue is null
            union all
            select platform, currency_code
            from marts.fct_ad_performance_daily where spend_original is not null and spend is null
        )
        select source_system, currency_code, count(*) as n
        from amounts group by all order by n desc, source_system, currency_code limit 5
        """,
    ),
}


class CheckError(Exception):
    """A critical expectation failed, so nothing may be published; the message says which."""


@dataclass(frozen=True)
class CheckResult:
    """How one expectation about one table turned out."""

    table: str
    expectation: str
    severity: str
    success: bool
    unexpected: int | None = None
    problem: str | None = None

    @property
    def blocks(self) -> bool:
        """Whether this result keeps the marts from being published."""
        return not self.success and self.severity == "critical"

    @property
    def found(self) -> str:
        """What does not fit, in a few words; empty where all does, or nothing was counted."""
        if self.success or self.problem or self.unexpected is None:
            return self.problem or ""
        return f"{self.unexpected:,} {'row' if self.unexpected == 1 else 'rows'}"

    def __str__(self) -> str:
        """The result as a sentence for the user."""
        return ": ".join(filter(None, (self.table, self.expectation, self.found)))


@dataclass(frozen=True)
class Suite:
    """What is expected of one table; `expectations` are Great Expectations objects."""

    table: str
    expectations: Sequence[Any]


def mart_names() -> list[str]:
    """The marts that have a module in expectations/, without importing Great Expectations."""
    names = (module.name for module in pkgutil.iter_modules(expectations.__path__))
    return sorted(name for name in names if name != "raw")


def mart_tables() -> set[str]:
    """The same, as tables."""
    return {f"marts.{name}" for name in mart_names()}


def raw_tables(contracts: Mapping[str, Contract]) -> set[str]:
    """The raw tables that anything may be expected of."""
    relations = {contract.relation for contract in contracts.values()}
    return {f"raw.{name}" for name in (*relations, "plumbline__files", "plumbline__refused")}


def mart_suites() -> list[Suite]:
    """What is expected of every mart that has a module."""
    import_great_expectations()
    modules = [importlib.import_module(f"expectations.{name}") for name in mart_names()]
    return [Suite(module.TABLE, module.EXPECTATIONS) for module in modules]


def check_exports(
    workspace: Workspace,
    contracts: Mapping[str, Contract],
    on_check: OnCheck | None = None,
    only: Collection[str] | None = None,
) -> list[CheckResult]:
    """Hold the loaded files that count against what their contracts promise to the models; all, or
    `only` those of some tables (`raw.source__table`)."""
    import_great_expectations()
    from expectations import raw

    database = workspace.runs / "tmp" / "loaded.duckdb"
    database.parent.mkdir(parents=True, exist_ok=True)
    database.unlink(missing_ok=True)
    try:
        loaded = _register(database, workspace)
        suites = [Suite(*suite) for suite in raw.suites(contracts.values(), loaded)]
        return check(database, _of(suites, only), on_check)
    finally:
        database.unlink(missing_ok=True)


def check_marts(
    workspace: Workspace, on_check: OnCheck | None = None, only: Collection[str] | None = None
) -> list[CheckResult]:
    """Hold the marts (`marts.name`), or `only` some, against what BI may take for granted."""
    return check(workspace.warehouse, _of(mart_suites(), only), on_check)


def _of(suites: Sequence[Suite], only: Collection[str] | None) -> list[Suite]:
    return [suite for suite in suites if only is None or suite.table in only]


def digest() -> str:
    """Changes with what is expected."""
    state = hashlib.blake2b(digest_size=16)
    for path in sorted(Path(next(iter(expectations.__path__))).glob("*.py")):
        state.update(path.name.encode() + path.read_bytes())
    return state.hexdigest()


def _register(database: Path, workspace: Workspace) -> list[str]:
    """Views of the loaded files that count, in a file of their own; the names of their relations.

    The warehouse has such views too, but only once dbt has run, which these checks come before.
    """
    with connect(database, read_only=False) as connection:
        connection.execute("create schema raw")
        for name in ("files", "settings", "refused"):
            path = literal(str(workspace.lists / f"_{name}.parquet"))
            connection.execute(
                f"create view raw.plumbline__{name} as select * from read_parquet({path})"
            )
        loaded = connection.execute(
            "select source_name || '__' || table_name as relation, list(path order by path) "
            "from raw.plumbline__files group by relation order by relation"
        ).fetchall()
        for relation, paths in loaded:
            files = ", ".join(literal(str(workspace.raw / path)) for path in paths)
            connection.execute(
                f"create view raw.{identifier(relation)} as "
                f"select * from read_parquet([{files}], union_by_name = true)"
            )
    return [relation for relation, _ in loaded]


def check(
    database: Path, suites: Iterable[Suite], on_check: OnCheck | None = None
) -> list[CheckResult]:
    """Run the suites on a DuckDB file, which is only read; never raises for a failed one."""
    results = []
    with _datasource(database) as source:
        for suite in suites:
            for result in _check_suite(source, suite):
                results.append(result)
                if on_check:
                    on_check(result)
    return results


def require_passed(results: Iterable[CheckResult]) -> None:
    """Raise when a critical expectation failed, naming each with its rows."""
    failed = [result for result in results if result.blocks]
    if failed:
        raise CheckError(
            "nothing was published, because the gate is closed:\n"
            + "\n".join(f"  {result}" for result in failed)
        )


def notes(warehouse: Path, definitions: Path) -> list[str]:
    """A line for each difference that the reconciliation found, and the file to mend it in."""
    with connect(warehouse) as connection:
        rows = connection.execute(
            "select check_name, difference, left_value, left_name, right_value, right_name "
            "from marts.rpt_reconciliation where status in ('failed', 'noted') order by check_name"
        ).fetchall()
    lines = []
    for name, difference, left, left_name, right, right_name in rows:
        line = f"{name}: {_plain(difference)} of {_plain(left)} {left_name} are not {right_name}"
        if right_name == "expected":
            line = f"{name}: {_plain(left)} {left_name}, where {_plain(right)} is expected"
        if name in MENDED_IN:
            line += f"; see {words.place(definitions, MENDED_IN[name])}"
        lines.append(line)
    return lines


def gaps(warehouse: Path, definitions: Path) -> list[str]:
    """The most frequent stages and channels of the sources that the definitions do not cover."""
    lines = []
    with connect(warehouse) as connection:
        for kind, (name, unit, query) in GAPS.items():
            for system, text, count in connection.execute(query).fetchall():
                if shown := words.shown(text):
                    where = words.place(definitions, name)
                    lines.append(words.sentence(kind, system, shown, f"{count:,} {unit}", where))
    return lines


def _plain(value: Any) -> str:
    return f"{value:,.2f}".removesuffix(".00")


def _check_suite(source: Any, suite: Suite) -> Iterator[CheckResult]:
    import great_expectations as gx
    from great_expectations.datasource.fluent.interfaces import TestConnectionError

    schema, name = suite.table.split(".")
    try:
        asset = source.add_table_asset(suite.table, table_name=name, schema_name=schema)
    except TestConnectionError:
        yield CheckResult(suite.table, "is there", "critical", False, problem="no such table")
        return

    batch = asset.add_batch_definition_whole_table("all").get_batch()
    # Numbered, because the results come back in an order of their own.
    numbered = [
        expectation.copy(update={"meta": {"number": number}})
        for number, expectation in enumerate(suite.expectations)
    ]
    outcome = batch.validate(
        gx.ExpectationSuite(name=suite.table, expectations=numbered), result_format=RESULT_FORMAT
    )
    by_number = sorted(outcome.results, key=lambda result: result.expectation_config.meta["number"])
    for result, expectation in zip(by_number, suite.expectations, strict=True):
        yield CheckResult(
            table=suite.table,
            expectation=in_words(expectation),
            severity=str(getattr(expectation.severity, "value", expectation.severity)),
            success=bool(result.success),
            unexpected=None if result.success else _unexpected(result.result),
            problem=_problem(result.exception_info),
        )


def in_words(expectation: Any) -> str:
    """An expectation as a short sentence: its own description, else its type and arguments."""
    if expectation.description:
        return str(expectation.description)
    kind = expectation.expectation_type.removeprefix("expect_").replace("_", " ")
    ignored = {"severity", "meta", "notes", "description", "id", "windows", "rendered_content"}
    arguments = (
        f"{key.replace('_', ' ')} {value}"
        for key, value in expectation.configuration.kwargs.items()
        if key not in ignored and value is not None and key not in ("batch_id", "mostly")
    )
    return f"{kind} ({', '.join(arguments)})"


def _unexpected(outcome: dict[str, Any]) -> int | None:
    """The number of rows that do not fit; a row count that is out of range is itself the number."""
    count = outcome.get("unexpected_count", outcome.get("observed_value"))
    return count if isinstance(count, int) else None


def _problem(exception_info: dict[str, Any]) -> str | None:
    """Why an expectation could not be run at all.

    Only errors about names are told in full: another one could quote a value of a row.
    """
    infos = [exception_info] if "raised_exception" in exception_info else exception_info.values()
    messages = [
        str(info["exception_message"])
        for info in infos
        if isinstance(info, dict) and info.get("raised_exception")
    ]
    if not messages:
        return None
    for kind in ("Binder Error", "Catalog Error", "Parser Error", "Out of Memory", "The column"):
        if kind in messages[0]:
            return "could not be run: " + messages[0][messages[0].index(kind) :].splitlines()[0]
    return "could not be run"


@contextmanager
def _datasource(database: Path) -> Iterator[Any]:
    """The file as a read-only data source, which lets go of it afterwards."""
    import_great_expectations()
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
        ),
    )
    source = context.data_sources.add_sql(
        "warehouse",
        connection_string=f"duckdb:///{database}",
        create_temp_table=False,
        kwargs={"connect_args": {"read_only": True}},
    )
    try:
        yield source
    finally:
        source.get_execution_engine().engine.dispose()
        source.get_engine().dispose()


def import_great_expectations() -> None:
    """Import Great Expectations (seconds), and teach it to read results from DuckDB (once)."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations  # noqa: F401
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    if not event.contains(Engine, "after_cursor_execute", _fetch_at_once):
        event.listen(Engine, "after_cursor_execute", _fetch_at_once)


def _fetch_at_once(
    connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
) -> None:
    """Fetch all rows of a DuckDB statement when it is executed.

    Great Expectations closes the connection before it fetches, and DuckDB then has nothing left.
    """
    from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy

    if context is not None and context.dialect.name == "duckdb" and cursor.description:
        context.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(
            cursor.description, initial_buffer=cursor.fetchall()
        )
