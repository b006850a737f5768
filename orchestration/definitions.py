"""Wiring only: which assets there are, which job runs them, and when.

`dagster dev` reads `defs`; a test or `plumbline run` builds its own with its own resources.
"""

from pathlib import Path
from typing import Any

import dagster as dg

from orchestration import assets, automation, lineage, postgres
from orchestration.contracts import read_contracts
from orchestration.graph import Graph
from orchestration.pipeline import Monitor
from orchestration.transform import read_manifest
from orchestration.workspace import find_root


def build_defs(
    root: Path | None = None, *, automate: bool = True, **resources: Any
) -> dg.Definitions:
    """The whole location for the workspace at `root`; resources may be replaced by name.

    `automate` adds what Dagster does by itself: a run from a terminal ends at once.
    """
    root = find_root(root)
    manifest = read_manifest(root)
    contracts = read_contracts()
    graph = Graph(manifest, lineage.known(root) if automate else None)
    refresh = dg.define_asset_job(
        "refresh",
        selection=dg.AssetSelection.all(),
        description="Load the exports, build and check the marts, publish them.",
        tags={"dagster/max_runtime": 3600},
    )
    return dg.Definitions(
        assets=[
            assets.exports(graph, contracts),
            assets.models(graph, manifest),
            assets.published(graph, manifest, contracts),
            assets.report(graph),
            *([assets.postgres(graph, manifest)] if postgres.is_wanted() else ()),
        ],
        asset_checks=[
            assets.export_checks(manifest, contracts),
            assets.mart_checks(graph),
            *([assets.freshness_checks(manifest, contracts)] if automate else ()),
        ],
        jobs=[refresh],
        schedules=[automation.daily(refresh, root)] if automate else [],
        sensors=automation.sensors(refresh, root) if automate else [],
        executor=dg.in_process_executor,  # DuckDB takes one writer at a time
        resources={
            "workspace": assets.WorkspaceResource(
                root=str(root), **(automation.PATIENT if automate else {})
            ),
            "monitor": Monitor(),
            **resources,
        },
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What `dagster dev` shows: the workspace of PLUMBLINE_WORKSPACE, or the demo company."""
    return build_defs()
