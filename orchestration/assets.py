"""Each step as Dagster assets: fetch the workspace, call the step, say what happened.

No work is done here, and no annotations are postponed: Dagster reads those of its functions.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets
from dagster_dbt.asset_utils import get_asset_check_key_for_test

from orchestration import pipeline
from orchestration.contracts import Contract
from orchestration.ingest import LoadResult
from orchestration.pipeline import Monitor
from orchestration.quality import CheckResult, mart_names
from orchestration.transform import IN_A_RUN, NOT_IN_A_RUN, BuildError, Node
from orchestration.warehouse import hold
from orchestration.workspace import Workspace, open_workspace

POOL = "warehouse"  # DuckDB takes one writer at a time

Results = Iterator[dg.MaterializeResult | dg.AssetCheckResult]
Manifest = Mapping[str, Any]
Contracts = Mapping[str, Contract]


class ByLayer(DagsterDbtTranslator):
    """Models are shown in groups by layer; keys stay as dagster-dbt makes them."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The schema: staging, intermediate or marts."""
        return str(dbt_resource_props["schema"])


TRANSLATOR = ByLayer(DagsterDbtTranslatorSettings(enable_asset_checks=True))


class WorkspaceResource(dg.ConfigurableResource):
    """The folder with one company's things, closed to other runs while a run lasts."""

    root: str

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["WorkspaceResource"]:
        """Keep other runs out until this one has ended; make the demo where it is missing."""
        with hold(Path(self.root)):
            pipeline.ensure_demo(Path(self.root), Monitor())
            yield self

    def open(self) -> Workspace:
        """The workspace, with its settings."""
        return open_workspace(Path(self.root))


def exports(manifest: Manifest, contracts: Contracts) -> dg.AssetsDefinition:
    """Every raw table, keyed like the dbt source that it is, loaded together."""

    @dg.multi_asset(
        name="exports",
        specs=[
            dg.AssetSpec(
                key=[source["source_name"], source["name"]],
                group_name=source["source_name"],
                description=source["description"],
                kinds={"csv", "parquet"},
                skippable=True,
            )
            for source in manifest["sources"].values()
        ],
        can_subset=True,
        pool=POOL,
    )
    def _exports(
        context: dg.AssetExecutionContext,
        workspace: WorkspaceResource,
        monitor: dg.ResourceParam[Monitor],
    ) -> Iterator[dg.MaterializeResult]:
        selected = {".".join(key.path) for key in context.selected_asset_keys}
        only = selected & set(contracts) if context.is_subset else None
        result = pipeline.load(workspace.open(), contracts, monitor, only)

        files: dict[str, list[LoadResult]] = defaultdict(list)
        for file in result.files:
            files[f"{file.source}.{file.table}"].append(file)
        for key in sorted(context.selected_asset_keys):
            yield dg.MaterializeResult(
                asset_key=key, metadata=_load_metadata(files[".".join(key.path)])
            )

    return _exports


def _load_metadata(files: list[LoadResult]) -> dict[str, Any]:
    rejects: Counter[str] = Counter()
    for file in files:
        rejects.update(file.rejects)
    return {
        "dagster/row_count": sum(file.rows for file in files),
        "rejected": sum(file.rejected for file in files),
        "rejects": dict(rejects),
        "files": {file.file_name: file.message or file.status for file in files},
    }


def models(manifest: Manifest) -> dg.AssetsDefinition:
    """The dbt models, built together in this process, with their data tests as checks."""

    @dbt_assets(
        manifest=manifest,
        select=" ".join(IN_A_RUN),
        exclude=" ".join(NOT_IN_A_RUN),
        name="models",
        dagster_dbt_translator=TRANSLATOR,
        pool=POOL,
    )
    def _models(
        context: dg.AssetExecutionContext,
        workspace: WorkspaceResource,
        monitor: dg.ResourceParam[Monitor],
    ) -> Results:
        select: Sequence[str] = IN_A_RUN
        if context.is_subset:
            keys = context.selected_asset_keys
            select = [
                *sorted(node["name"] for node in _nodes(manifest) if _key(node) in keys),
                *sorted(check.name for check in context.selected_asset_check_keys),
            ]
        try:
            built = pipeline.build(workspace.open(), monitor, select)
        except BuildError as error:
            yield from _built(manifest, error.nodes)
            raise
        yield from _built(manifest, built)

    return _models


def _built(manifest: Manifest, nodes: Sequence[Node]) -> Results:
    """What became of the models and tests, in the order in which they were built.

    A test of definitions alone is a check of no model: it ends the run, and stands in no page.
    """
    keys = {_key(node) for node in _nodes(manifest)}
    for node in nodes:
        seconds = {"seconds": round(node.seconds, 3)}
        if node.is_model and not node.failed and node.status != "skipped":
            rows = {} if node.rows is None else {"dagster/row_count": node.rows}
            key = _key(manifest["nodes"][node.unique_id])
            yield dg.MaterializeResult(asset_key=key, metadata=seconds | rows)
        elif not node.is_model:
            check = get_asset_check_key_for_test(manifest, TRANSLATOR, node.unique_id, None)
            if check and check.asset_key in keys and node.status != "skipped":
                yield dg.AssetCheckResult(
                    asset_key=check.asset_key,
                    check_name=check.name,
                    passed=not node.failed,
                    description=node.message or None,
                    metadata=seconds,
                )


def export_checks(manifest: Manifest, contracts: Contracts) -> dg.AssetChecksDefinition:
    """One check per raw table; a failing critical expectation keeps the models from being built."""
    keys = {
        f"raw.{source['identifier']}": dg.AssetKey([source["source_name"], source["name"]])
        for source in manifest["sources"].values()
    }

    @dg.multi_asset_check(name="export_expectations", specs=_specs(keys), pool=POOL)
    def _export_checks(
        workspace: WorkspaceResource, monitor: dg.ResourceParam[Monitor]
    ) -> Iterator[dg.AssetCheckResult]:
        yield from _results(keys, pipeline.check_exports(workspace.open(), contracts, monitor))

    return _export_checks


def mart_checks(manifest: Manifest) -> dg.AssetChecksDefinition:
    """One check per mart; a failing critical expectation keeps everything from being published."""
    built = {node["name"]: _key(node) for node in _nodes(manifest)}
    keys = {f"marts.{name}": built[name] for name in mart_names() if name in built}

    @dg.multi_asset_check(name="mart_expectations", specs=_specs(keys), pool=POOL)
    def _mart_checks(
        workspace: WorkspaceResource, monitor: dg.ResourceParam[Monitor]
    ) -> Iterator[dg.AssetCheckResult]:
        yield from _results(keys, pipeline.check_marts(workspace.open(), monitor))

    return _mart_checks


def _specs(keys: Mapping[str, dg.AssetKey]) -> list[dg.AssetCheckSpec]:
    return [dg.AssetCheckSpec("expectations", asset=key, blocking=True) for key in keys.values()]


def _results(
    keys: Mapping[str, dg.AssetKey], results: list[CheckResult]
) -> Iterator[dg.AssetCheckResult]:
    by_table: dict[str, list[CheckResult]] = defaultdict(list)
    for result in results:
        by_table[result.table].append(result)
    for table, key in keys.items():
        yield _check_result(key, by_table[table])


def _check_result(key: dg.AssetKey, results: list[CheckResult]) -> dg.AssetCheckResult:
    failed = [result for result in results if not result.success]
    blocks = any(result.blocks for result in failed)
    return dg.AssetCheckResult(
        asset_key=key,
        check_name="expectations",
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR if blocks else dg.AssetCheckSeverity.WARN,
        description="; ".join(str(result) for result in failed) or None,
        metadata={"expectations": len(results), "failed": len(failed)},
    )


def published(manifest: Manifest) -> dg.AssetsDefinition:
    """The file that BI reads."""
    marts = [node for node in _nodes(manifest) if node["schema"] == "marts"]

    @dg.asset(
        name="published",
        deps=[_key(node) for node in marts],
        group_name="published",
        description="The marts that passed: one whole file, swapped in at once, that BI reads.",
        kinds={"duckdb"},
        pool=POOL,
    )
    def _published(
        workspace: WorkspaceResource, monitor: dg.ResourceParam[Monitor]
    ) -> dg.MaterializeResult:
        outcome = pipeline.publish(workspace.open(), manifest, monitor)
        return dg.MaterializeResult(
            metadata={
                "path": dg.MetadataValue.path(str(outcome.path)),
                "build_id": outcome.build_id,
                "tables": len(outcome.rows),
                "dagster/row_count": sum(outcome.rows.values()),
            }
        )

    return _published


def postgres(manifest: Manifest) -> dg.AssetsDefinition:
    """The marts on the server that BI reads, where there is one."""

    @dg.asset(
        name="postgres",
        deps=["published", "report"],  # the last: a server that is away keeps nothing back
        group_name="published",
        description="The published marts in PostgreSQL: loaded beside the old ones, then swapped.",
        kinds={"postgres"},
    )
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


@dg.asset(deps=["published"], group_name="published", kinds={"html"})
def report(
    workspace: WorkspaceResource, monitor: dg.ResourceParam[Monitor]
) -> dg.MaterializeResult:
    """One page of the published marts, for people without a BI tool."""
    place = workspace.open()
    pipeline.report(place, monitor)
    return dg.MaterializeResult(metadata={"path": dg.MetadataValue.path(str(place.report))})


def _nodes(manifest: Manifest) -> list[Mapping[str, Any]]:
    return [n for n in manifest["nodes"].values() if n["resource_type"] == "model"]


def _key(node: Mapping[str, Any]) -> dg.AssetKey:
    return TRANSLATOR.get_asset_key(node)
