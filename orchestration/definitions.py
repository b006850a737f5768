"""Wiring only: which assets there are, which job runs them, and when.

`dagster dev` reads `defs`; a test or `plumbline run` builds its own with its own resources.
"""

from pathlib import Path
from typing import Any

import dagster as dg

from orchestration import assets, postgres
from orchestration.contracts import read_contracts
from orchestration.pipeline import Monitor
from orchestration.transform import read_manifest
from orchestration.workspace import find_root


def build_defs(root: Path | None = None, **resources: Any) -> dg.Definitions:
    """The whole location for the workspace at `root`; resources may be replaced by name."""
    root = find_root(root)
    manifest = read_manifest(root)
    contracts = read_contracts()
    refresh = dg.define_asset_job(
        "refresh",
        selection=dg.AssetSelection.all(),
        description="Load the exports, build and check the marts, publish them.",
        tags={"dagster/max_runtime": 3600},
    )
    return dg.Definitions(
        assets=[
            assets.exports(manifest, contracts),
            assets.models(manifest),
            assets.published(manifest),
            assets.report,
            *([assets.postgres(manifest)] if postgres.is_wanted() else ()),
        ],
        asset_checks=[assets.export_checks(manifest, contracts), assets.mart_checks(manifest)],
        jobs=[refresh],
        schedules=[dg.ScheduleDefinition(job=refresh, cron_schedule="0 5 * * *")],
        executor=dg.in_process_executor,  # DuckDB takes one writer at a time
        resources={
            "workspace": assets.WorkspaceResource(root=str(root)),
            "monitor": Monitor(),
            **resources,
        },
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What `dagster dev` shows: the workspace of PLUMBLINE_WORKSPACE, or the demo company."""
    return build_defs()
