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

from orchestration import pipeline
from orchestration.contracts import Contract
from orchestration.ingest import LoadResult
from orchestration.pipeline import Monitor
from orchestration.quality import CheckResult, mart_names, require_passed
from orchestration.transform import IN_A_RUN
from orchestration.warehouse import hold
from orchestration.workspace import Workspace, open_workspace

POOL = "warehouse"  # DuckDB takes one writer at a time
TRANSLATOR = DagsterDbtTranslator(DagsterDbtTranslatorSettings(enable_asset_checks=False))

Manifest = Mapping[str, Any]
Contracts = Mapping[str, Contract]


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
    """The dbt models, built together in this process."""
    keys = {node["unique_id"]: TRANSLATOR.get_asset_key(node) for node in _nodes(manifest)}

    @dbt_assets(
        manifest=manifest,
        select="resource_type:model",
        name="models",
        dagster_dbt_translator=TRANSLATOR,
        pool=POOL,
    )
    def _models(
        context: dg.AssetExecutionContext,
        workspace: WorkspaceResource,
        monitor: dg.ResourceParam[Monitor],
    ) -> Iterator[dg.MaterializeResult]:
        select: Sequence[str] = IN_A_RUN
        if context.is_subset:
            chosen = context.selected_asset_keys
            select = sorted(id_.split(".")[-1] for id_, key in keys.items() if key in chosen)
        for node in pipeline.build(workspace.open(), monitor, select):
            if node.is_model:
                rows = {} if node.rows is None else {"dagster/row_count": node.rows}
                yield dg.MaterializeResult(
                    asset_key=keys[node.unique_id],
                    metadata={"seconds": round(node.seconds, 3)} | rows,
                )

    return _models


def expectations(manifest: Manifest, contracts: Contracts) -> dg.AssetChecksDefinition:
    """One check per mart and per raw table; a failing critical expectation stops publishing.

    They run when the marts are built. A check of a mart blocks in Dagster's own sense. One of a raw
    table cannot, as the models come before it: there the step itself fails.
    """
    built = {node["name"]: TRANSLATOR.get_asset_key(node) for node in _nodes(manifest)}
    marts = {f"marts.{name}": built[name] for name in mart_names() if name in built}
    raw = {
        f"raw.{source['identifier']}": dg.AssetKey([source["source_name"], source["name"]])
        for source in manifest["sources"].values()
    }

    @dg.multi_asset_check(
        name="expectations",
        specs=[
            *(
                dg.AssetCheckSpec("expectations", asset=key, blocking=True)
                for key in marts.values()
            ),
            *(
                dg.AssetCheckSpec("expectations", asset=key, additional_deps=list(marts.values()))
                for key in raw.values()
            ),
        ],
        pool=POOL,
    )
    def _expectations(
        workspace: WorkspaceResource, monitor: dg.ResourceParam[Monitor]
    ) -> Iterator[dg.AssetCheckResult]:
        results: dict[str, list[CheckResult]] = defaultdict(list)
        for result in pipeline.check(workspace.open(), contracts, monitor):
            results[result.table].append(result)
        for table, key in (marts | raw).items():
            yield _check_result(key, results[table])
        require_passed(result for table in raw for result in results[table])

    return _expectations


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
        deps=[TRANSLATOR.get_asset_key(node) for node in marts],
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
