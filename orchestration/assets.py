"""Each step as Dagster assets: fetch the workspace, call the step, say what happened.

No work is done here, and no annotations are postponed: Dagster reads those of its functions.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration import freshness, pipeline, record, status, transform
from orchestration.automation import tried, what_failed
from orchestration.contracts import DEFINITIONS, Contract
from orchestration.freshness import Newest
from orchestration.graph import LOADER, Graph, asset_key, claim
from orchestration.ingest import LoadResult
from orchestration.pipeline import Monitor
from orchestration.publish import PublishError
from orchestration.quality import CheckError, CheckResult, mart_names, require_passed
from orchestration.transform import IN_A_RUN, BuildError, Node
from orchestration.warehouse import hold
from orchestration.workspace import Workspace, open_workspace

POOL = "warehouse"  # DuckDB takes one writer at a time
EXPECTED = "expectations"  # the check of a table that holds it against all of its

Results = Iterator[dg.MaterializeResult | dg.AssetCheckResult]
Manifest = Mapping[str, Any]
Contracts = Mapping[str, Contract]


class WorkspaceResource(dg.ConfigurableResource):
    """The folder with one company's things, closed to other runs while a run lasts."""

    root: str
    patience: float = 0
    """For how many seconds to wait for a run that was started elsewhere."""
    tries: int = 0
    """How often a step is tried again for which there was no disk, memory or server."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["WorkspaceResource"]:
        """Keep other runs out until this one has ended; make the demo where it is missing."""
        root = Path(self.root)

        def problem() -> str:
            assert context.instance and context.run_id
            failures = context.instance.all_logs(
                context.run_id, of_type=dg.DagsterEventType.STEP_FAILURE
            )
            return "\n".join(what_failed(x.dagster_event for x in failures if x.dagster_event))

        with hold(root, self.patience, context.log.info if context.log else None):
            pipeline.ensure_demo(root, Monitor())
            # A run from a terminal keeps by itself how it ended.
            with record.run(root / "runs", problem) if self.tries else nullcontext():
                yield self

    def open(self) -> Workspace:
        """The workspace, with its settings."""
        return open_workspace(Path(self.root))


def exports(graph: Graph, contracts: Contracts) -> dg.AssetsDefinition:
    """Every raw table, keyed like the dbt source that it is, loaded together."""

    @dg.multi_asset(
        name="exports",
        specs=[
            spec.replace_attributes(
                freshness_policy=_loaded_within(contracts.get(".".join(spec.key.path)))
            )
            for spec in graph.raw_tables()
        ],
        can_subset=True,
        pool=POOL,
    )
    @tried
    def _exports(
        context: dg.AssetExecutionContext,
        workspace: WorkspaceResource,
        monitor: dg.ResourceParam[Monitor],
    ) -> Iterator[dg.MaterializeResult]:
        selected = {".".join(key.path) for key in context.selected_asset_keys}
        only = selected & set(contracts) if context.is_subset else None
        place = workspace.open()
        result = pipeline.load(place, contracts, monitor, only)

        files: dict[str, list[LoadResult]] = defaultdict(list)
        for file in result.files:
            files[f"{file.source}.{file.table}"].append(file)
        is_kept = not context.instance.is_ephemeral  # else nobody reads what is said of it
        days = status.days_by_table(place, contracts) if is_kept else {}
        for asset in sorted(context.selected_asset_keys):
            name = ".".join(asset.path)
            metadata = {} if asset.path[0] == LOADER else _load_metadata(files[name])
            if name in days:
                first, last = days[name]
                metadata |= {"first_day": f"{first}", "last_day": f"{last}"}
            known = contracts.get(name) if is_kept else None
            if known and (replaced := status.days_replaced(place, known, files[name])):
                metadata["replaced_days"] = _table("file first_day last_day", replaced)
            yield dg.MaterializeResult(asset_key=asset, metadata=metadata)

    return _exports


def _loaded_within(contract: Contract | None) -> dg.FreshnessPolicy | None:
    """How long ago a table may have been loaded: as long as its newest export may be old."""
    stated = contract.freshness if contract else None
    if not stated:
        return None
    warn = timedelta(days=stated.days)
    fail = timedelta(days=stated.error_after.count) if stated.error_after else 2 * warn
    return dg.FreshnessPolicy.time_window(fail_window=fail, warn_window=warn)


def _load_metadata(files: list[LoadResult]) -> dict[str, Any]:
    rejects: Counter[str] = Counter()
    for file in files:
        rejects.update(file.rejects)
    newest = max((file.exported_at for file in files if file.exported_at), default=None)
    return {
        "dagster/row_count": sum(file.rows for file in files),
        "rejected": sum(file.rejected for file in files),
        **({"newest_export": f"{newest}"} if newest else {}),
        **({"rejects": _table("reason rows", sorted(rejects.items()))} if rejects else {}),
        "files": _table(
            "file exported_at rows rejected outcome",
            [
                (f.file_name, f"{f.exported_at}", f.rows, f.rejected, f.message or f.status)
                for f in sorted(files, key=lambda file: file.file_name)
            ],
        ),
    }


def _table(columns: str, rows: Iterable[tuple[str | int | bool, ...]]) -> dg.TableMetadataValue:
    """Rows under some columns (names apart by blanks), as Dagster's pages show them."""
    names = columns.split()
    kinds: dict[type, str] = {bool: "bool", int: "int", str: "string"}
    listed = list(rows)
    first = listed[0] if listed else ("",) * len(names)
    return dg.MetadataValue.table(
        [dg.TableRecord(dict(zip(names, row, strict=True))) for row in listed],
        dg.TableSchema(
            [dg.TableColumn(name, kinds[type(v)]) for name, v in zip(names, first, strict=True)]
        ),
    )


def models(graph: Graph, manifest: Manifest) -> dg.AssetsDefinition:
    """The dbt models, built together in this process, with their data tests as checks."""

    @dg.multi_asset(
        name="models",
        specs=graph.tables(),
        check_specs=graph.checks(),
        can_subset=True,
        allow_arbitrary_check_specs=True,  # a test of definitions is a check of a raw table
        pool=POOL,
    )
    @tried
    def _models(
        context: dg.AssetExecutionContext,
        workspace: WorkspaceResource,
        monitor: dg.ResourceParam[Monitor],
    ) -> Results:
        select: Sequence[str] = IN_A_RUN
        checks = context.selected_asset_check_keys
        if context.is_subset:
            chosen = context.selected_asset_keys
            select = [
                *sorted(node["name"] for node in graph.models if asset_key(node) in chosen),
                # Those of what is built go with it by themselves.
                *sorted(check.name for check in checks if check.asset_key not in chosen),
            ]
        place = workspace.open()
        try:
            built = pipeline.build(place, monitor, select)
        except BuildError as error:
            yield from _built(graph, manifest, error.nodes, checks, place)
            message = f"{error}\n{pipeline.still_published(place)}"
            raise BuildError(message, error.nodes) from None
        yield from _built(graph, manifest, built, checks, place)

    return _models


def _built(
    graph: Graph,
    manifest: Manifest,
    nodes: Sequence[Node],
    checks: Container[dg.AssetCheckKey],
    place: Workspace,
) -> Results:
    """What became of the models and tests, in the order in which they were built; of the tests
    those that were asked for."""
    for node in nodes:
        about = manifest["nodes"][node.unique_id]
        metadata: dict[str, Any] = {"seconds": round(node.seconds, 3)}
        if node.status == "skipped":
            continue
        if node.is_model:
            if not node.failed:
                if node.rows is not None:
                    metadata["dagster/row_count"] = node.rows
                if lineage := graph.columns(node.name):
                    metadata["dagster/column_lineage"] = lineage
                yield dg.MaterializeResult(asset_key=asset_key(about), metadata=metadata)
        elif (check := graph.check_key(node.unique_id)) in checks:
            if node.failed:
                query = transform.compiled_test(place, about)
                metadata["query"] = dg.MetadataValue.path(str(query))
            yield dg.AssetCheckResult(
                asset_key=check.asset_key,
                check_name=check.name,
                passed=not node.failed,
                description=_test_outcome(about, node),
                metadata=metadata,
            )


def _test_outcome(test: Mapping[str, Any], node: Node) -> str:
    if not node.failed:
        return claim(test)
    found = re.match(r"Got (\d+) result", node.message)
    said = f"{int(found[1]):,} times not so" if found else f"Not so: {node.message}"
    return (
        f"{claim(test)} {said}. Nothing is published while this fails; the query below, asked of "
        "the warehouse, shows where."
    )


def export_checks(manifest: Manifest, contracts: Contracts) -> dg.AssetChecksDefinition:
    """One check per raw table; a failing critical expectation keeps the models from being built."""
    keys = {
        f"raw.{source['identifier']}": dg.AssetKey([source["source_name"], source["name"]])
        for source in manifest["sources"].values()
    }

    @dg.multi_asset_check(
        name="export_expectations",
        specs=_specs(keys, "What its contract promises, held against the files that count."),
        can_subset=True,
        pool=POOL,
    )
    @tried
    def _export_checks(
        context: dg.AssetCheckExecutionContext,
        workspace: WorkspaceResource,
        monitor: dg.ResourceParam[Monitor],
    ) -> Iterator[dg.AssetCheckResult]:
        place, chosen = workspace.open(), _chosen(context, keys)
        only = None if len(chosen) == len(keys) else set(chosen)
        results = pipeline.check_exports(place, contracts, monitor, only)
        yield from _results(chosen, results, "the contract of the table")
        _require_passed(place, results)

    return _export_checks


def mart_checks(graph: Graph) -> dg.AssetChecksDefinition:
    """One check per mart; a failing critical expectation keeps everything from being published."""
    built = {node["name"]: asset_key(node) for node in graph.models}
    keys = {f"marts.{name}": built[name] for name in mart_names() if name in built}

    @dg.multi_asset_check(
        name="mart_expectations",
        specs=_specs(keys, "What BI may take for granted: expectations/{}.py."),
        can_subset=True,
        pool=POOL,
    )
    @tried
    def _mart_checks(
        context: dg.AssetCheckExecutionContext,
        workspace: WorkspaceResource,
        monitor: dg.ResourceParam[Monitor],
    ) -> Iterator[dg.AssetCheckResult]:
        place, chosen = workspace.open(), _chosen(context, keys)
        only = None if len(chosen) == len(keys) else set(chosen)
        results = pipeline.check_marts(place, monitor, only)
        yield from _results(chosen, results, "expectations/")
        _require_passed(place, results)

    return _mart_checks


def _specs(keys: Mapping[str, dg.AssetKey], description: str) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(
            EXPECTED,
            asset=asset,
            description=description.format(asset.path[-1]),
            blocking=True,
        )
        for asset in keys.values()
    ]


def _chosen(
    context: dg.AssetCheckExecutionContext, keys: Mapping[str, dg.AssetKey]
) -> dict[str, dg.AssetKey]:
    """Of some tables those whose check is asked for."""
    asked = context.selected_asset_check_keys
    return {t: asset for t, asset in keys.items() if dg.AssetCheckKey(asset, EXPECTED) in asked}


def _results(
    keys: Mapping[str, dg.AssetKey], results: list[CheckResult], where: str
) -> Iterator[dg.AssetCheckResult]:
    by_table: dict[str, list[CheckResult]] = defaultdict(list)
    for result in results:
        by_table[result.table].append(result)
    for table, asset in keys.items():
        yield _check_result(asset, by_table[table], where)


def _check_result(
    asset: dg.AssetKey, results: list[CheckResult], where: str
) -> dg.AssetCheckResult:
    failed = [result for result in results if not result.success]
    blocks = any(result.blocks for result in failed)
    if failed:
        told = "; ".join(str(result).removeprefix(f"{result.table}: ") for result in failed)
        follows = "Nothing is published while this fails"
        if not blocks:
            follows = "It is published all the same"
        file = f"{where}{asset.path[-1]}.py" if where.endswith("/") else where
        counts = f"{len(failed)} of {len(results)} not met"
        description = f"{counts}: {told}. {follows}; {file} says what is expected."
    else:
        description = f"All {len(results)} met." if results else "Nothing is expected of it."
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=EXPECTED,
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR if blocks else dg.AssetCheckSeverity.WARN,
        description=description,
        metadata={
            "expectations": len(results),
            "failed": len(failed),
            "results": _table(
                "expectation severity passed found",
                [(r.expectation, r.severity, r.success, r.found) for r in results],
            ),
        },
    )


def _require_passed(place: Workspace, results: Sequence[CheckResult]) -> None:
    """End the run where a critical expectation failed, and say what BI goes on with."""
    try:
        require_passed(results)
    except CheckError as error:
        raise CheckError(f"{error}\n{pipeline.still_published(place)}") from None


def published(graph: Graph, manifest: Manifest, contracts: Contracts) -> dg.AssetsDefinition:
    """The file that BI reads."""
    marts = [node for node in graph.models if node["schema"] == "marts"]

    @dg.asset(
        name="published",
        deps=[asset_key(node) for node in marts],
        group_name="published",
        description="The marts that passed: one whole file, swapped in at once, that BI reads.",
        kinds={"duckdb"},
        owners=graph.owners,
        tags={"layer": "published"},
        pool=POOL,
    )
    @tried
    def _published(
        workspace: WorkspaceResource, monitor: dg.ResourceParam[Monitor]
    ) -> dg.MaterializeResult:
        place = workspace.open()
        try:
            pipeline.gate(place, contracts, monitor)
        except (CheckError, PublishError) as error:
            raise type(error)(f"{error}\n{pipeline.still_published(place)}") from None
        outcome = pipeline.publish(place, manifest, monitor)
        return dg.MaterializeResult(
            metadata={
                "path": dg.MetadataValue.path(str(outcome.path)),
                "build_id": outcome.build_id,
                "tables": len(outcome.rows),
                "rows": _table("mart rows", sorted(outcome.rows.items())),
                "dagster/row_count": sum(outcome.rows.values()),
            }
        )

    return _published


def postgres(graph: Graph, manifest: Manifest) -> dg.AssetsDefinition:
    """The marts on the server that BI reads, where there is one."""

    @dg.asset(
        name="postgres",
        deps=["published", "report"],  # the last: a server that is away keeps nothing back
        group_name="published",
        description="The published marts in PostgreSQL: loaded beside the old ones, then swapped.",
        kinds={"postgres"},
        owners=graph.owners,
        tags={"layer": "published"},
        pool=POOL,
    )
    @tried
    def _postgres(
        workspace: WorkspaceResource, monitor: dg.ResourceParam[Monitor]
    ) -> dg.MaterializeResult:
        outcome = pipeline.publish_postgres(workspace.open(), monitor, manifest)
        return dg.MaterializeResult(
            metadata={
                "server": outcome.where,
                "build_id": outcome.build_id,
                "tables": len(outcome.rows),
                "dagster/row_count": sum(outcome.rows.values()),
            }
        )

    return _postgres


def report(graph: Graph) -> dg.AssetsDefinition:
    """The page for people without a BI tool."""

    @dg.asset(
        name="report",
        deps=["published"],
        group_name="published",
        description="One page of the published marts, for people without a BI tool.",
        kinds={"html"},
        owners=graph.owners,
        tags={"layer": "published"},
        pool=POOL,
    )
    @tried
    def _report(
        workspace: WorkspaceResource, monitor: dg.ResourceParam[Monitor]
    ) -> dg.MaterializeResult:
        place = workspace.open()
        pipeline.report(place, monitor)
        return dg.MaterializeResult(metadata={"path": dg.MetadataValue.path(str(place.report))})

    return _report


def freshness_checks(manifest: Manifest, contracts: Contracts) -> dg.AssetChecksDefinition:
    """Tells of each raw table whether its newest export is older than its contract expects; never
    in the way of a run, as the numbers up to it are right.
    """
    keys = {
        f"{source['source_name']}.{source['name']}": dg.AssetKey(
            [source["source_name"], source["name"]]
        )
        for source in manifest["sources"].values()
        if f"{source['source_name']}.{source['name']}" in contracts
        and source["source_name"] != DEFINITIONS
    }

    @dg.multi_asset_check(
        name="export_freshness",
        specs=[dg.AssetCheckSpec("freshness", asset=asset) for asset in keys.values()],
        can_subset=True,
        pool=POOL,
    )
    @tried
    def _freshness_checks(
        context: dg.AssetCheckExecutionContext, workspace: WorkspaceResource
    ) -> Iterator[dg.AssetCheckResult]:
        found = freshness.of_workspace(workspace.open(), contracts)
        for name, asset in keys.items():
            if dg.AssetCheckKey(asset, "freshness") in context.selected_asset_check_keys:
                yield _freshness_result(asset, found.get(name))

    return _freshness_checks


def _freshness_result(asset: dg.AssetKey, newest: Newest | None) -> dg.AssetCheckResult:
    metadata = {"age_days": newest.age_days, "limit_days": newest.limit_days} if newest else {}
    description = "no export of it, or none is expected at any time"
    if newest:
        description = newest.advice if newest.is_overdue else str(newest)
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name="freshness",
        passed=not (newest and newest.is_overdue),
        severity=dg.AssetCheckSeverity.WARN,
        description=description,
        metadata=metadata,
    )
