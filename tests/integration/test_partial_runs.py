"""A run of a part, as Dagster's pages and its sensor ask for it: what it leaves is what a run of
everything leaves, and nothing is published that was not checked as it is."""

from __future__ import annotations

import importlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from expectations import nothing_in
from orchestration import automation, diff, pending, pipeline, transform
from orchestration.contracts import read_contracts
from orchestration.definitions import build_defs
from orchestration.pipeline import Monitor
from orchestration.publish import PublishError
from orchestration.quality import CheckError
from orchestration.workspace import Workspace, init_workspace, open_workspace

pytestmark = pytest.mark.slow

LEADS = "lead_id,created_at\nl1,2026-03-01 09:00:00\nl2,2026-03-02 10:00:00\n"
MORE = "lead_id,created_at\nl2,2026-03-05 10:00:00\nl3,2026-04-01 09:00:00\n"
EVENTS = "record_id,stage,changed_at\nl1,Demo booked,2026-03-03 09:00:00\n"
MORE_EVENTS = "record_id,stage,changed_at\nl3,Demo booked,2026-04-03 09:00:00\n"
# What the other version would count is another number once there is another event.
STAGES = """source_system,source_stage,stage,version,valid_from,valid_to,\
owner_sales,owner_marketing,reason
generic,Demo booked,mql,1,1900-01-01,2026-05-01,VP Sales,VP Marketing,A demo is a hand-raise
generic,Demo booked,none,2,2026-05-01,9999-12-31,VP Sales,VP Marketing,Anyone gets a demo
"""


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A company with two leads, published once, and then given one more and a corrected one."""
    root = tmp_path_factory.mktemp("partial") / "given"
    init_workspace(root)
    exports = root / "exports" / "generic"
    exports.mkdir()
    (exports / "leads-2026-03-31.csv").write_text(LEADS)
    (exports / "stage_events-2026-03-31.csv").write_text(EVENTS)
    (root / "definitions" / "stage_map.csv").write_text(STAGES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLUMBLINE_IDENTITY_KEY", "5e" * 32)
        pipeline.run(open_workspace(root), Monitor())
        (exports / "leads-2026-04-30.csv").write_text(MORE)
        (exports / "stage_events-2026-04-30.csv").write_text(MORE_EVENTS)
        yield root


@pytest.fixture
def workspace(given: Path, tmp_path: Path) -> Workspace:
    return open_workspace(shutil.copytree(given, tmp_path / "small"))


def materialize(workspace: Workspace, *selection: str | dg.AssetSelection) -> str:
    """Run some assets with their checks; what ended it early, empty if nothing did."""
    definitions = build_defs(workspace.root, automate=False)
    graph = definitions.get_repository_def().asset_graph
    chosen = dg.AssetSelection.assets()
    for one in selection:
        chosen |= dg.AssetSelection.assets(one) if isinstance(one, str) else one
    with dg.DagsterInstance.ephemeral() as instance:
        outcome = definitions.resolve_job_def("refresh").execute_in_process(
            instance=instance,
            asset_selection=sorted(chosen.resolve(graph)),
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        failed = [event for event in outcome.all_events if event.is_step_failure]
    assert outcome.success != bool(failed)
    if not failed:
        return ""
    metadata = failed[0].step_failure_data.user_failure_data
    return str(metadata.description if metadata else failed[0].step_failure_data.error)


def test_a_run_of_what_a_new_file_affects_publishes_what_a_run_of_everything_does(
    given: Path, workspace: Workspace, tmp_path: Path
) -> None:
    whole = open_workspace(shutil.copytree(given, tmp_path / "whole"))
    before = shutil.copy(workspace.published, tmp_path / "before.duckdb")
    found = pending.find(workspace, read_contracts(), time.time() + 60)
    graph = build_defs(workspace.root).get_repository_def().asset_graph
    affected = automation.selection(found, graph)
    assert affected
    assert len(affected) < len(graph.get_all_asset_keys())

    assert materialize(workspace, dg.AssetSelection.assets(*affected)) == ""
    pipeline.run(whole, Monitor())

    keys = diff.mart_keys()
    assert diff.compare(workspace.published, whole.published, keys).exit_code == 0
    moved = {
        mart.name for mart in diff.compare(Path(before), workspace.published, keys).changed_marts
    }
    assert {"fct_funnel_stages", "rpt_scorecard", "rpt_definitions"} <= moved
    assert not pending.find(workspace, read_contracts(), time.time() + 60)


def test_marts_are_not_published_while_some_are_of_older_files(workspace: Workspace) -> None:
    before = workspace.published.read_bytes()

    assert materialize(workspace, "generic/leads") == ""
    said = materialize(workspace, "published")
    assert "build all that is made of generic.leads" in said
    assert "BI keeps build" in said

    part = dg.AssetSelection.assets("marts/dim_person").upstream()
    assert materialize(workspace, part) == ""
    assert "build all that is made of generic.leads" in materialize(workspace, "published")
    assert workspace.published.read_bytes() == before


def test_what_was_not_checked_in_this_warehouse_is_checked_before_it_is_published(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = workspace.published.read_bytes()
    contracts = read_contracts()
    workspace.warehouse.touch()

    with monkeypatch.context() as patch:
        mart = importlib.import_module("expectations.dim_channel")
        patch.setattr(mart, "EXPECTATIONS", [nothing_in("select 1", "one row is too many")])
        with pytest.raises(CheckError, match="one row is too many: 1 row"):
            pipeline.gate(workspace, contracts, Monitor())
        with pytest.raises(CheckError, match="one row is too many: 1 row"):  # and not forgotten
            pipeline.gate(workspace, contracts, Monitor())
    assert workspace.published.read_bytes() == before

    monitor = Monitor()
    pipeline.gate(workspace, contracts, monitor)
    assert {check.table for check in monitor.checks} == {"marts.dim_channel"}

    monitor = Monitor()
    pipeline.gate(workspace, contracts, monitor)
    assert not monitor.checks


def test_a_data_test_that_failed_keeps_the_marts_from_being_published_alone(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = workspace.published.read_bytes()
    contracts = read_contracts()
    pipeline.load(workspace, contracts, Monitor())
    select = [node["name"] for node in _models(workspace)]
    failing = transform.Node("test.plumbline.unique_key_dim_person", "fail", 0.0)

    def fail(*_: object) -> None:
        raise transform.BuildError("unique_key_dim_person: Got 1 result", [failing])

    with monkeypatch.context() as patch:
        patch.setattr(transform, "_build", fail)
        with pytest.raises(transform.BuildError):
            pipeline.build(workspace, Monitor(), select)
    with pytest.raises(PublishError, match="not every mart is built, with all its tests passed"):
        pipeline.gate(workspace, contracts, Monitor())
    assert workspace.published.read_bytes() == before


def _models(workspace: Workspace) -> list[dict[str, str]]:
    nodes = transform.read_manifest(workspace.root)["nodes"].values()
    return [node for node in nodes if node["resource_type"] == "model"]
