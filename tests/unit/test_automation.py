"""What Dagster does by itself, without a server: what it would run, and what it tries again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import duckdb
import pytest
import yaml

from orchestration import automation, errors, pending
from orchestration.assets import POOL
from orchestration.contracts import PROJECT_ROOT
from orchestration.definitions import build_defs
from orchestration.ingest import IngestError
from orchestration.pending import Pending
from orchestration.postgres import PostgresAway, PostgresError
from orchestration.quality import CheckError
from orchestration.transform import BuildError, Node
from orchestration.workspace import WorkspaceError, init_workspace

FULL = "IO Error: Could not write file: No space left on device"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("automation") / "acme"
    init_workspace(root)
    return root


@pytest.fixture(scope="module")
def repository(root: Path) -> dg.RepositoryDefinition:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLUMBLINE_WEBHOOK", "https://chat.example/hook")
        return build_defs(root).get_repository_def()


def look(
    repository: dg.RepositoryDefinition, instance: dg.DagsterInstance
) -> dg.RunRequest | dg.SkipReason:
    sensor = repository.get_sensor_def("new_exports")
    found = sensor(dg.build_sensor_context(instance=instance, repository_def=repository))
    assert isinstance(found, dg.RunRequest | dg.SkipReason)
    return found


def skipped(found: object) -> str:
    assert isinstance(found, dg.SkipReason)
    return found.skip_message or ""


def test_sensors_and_the_schedule_run_from_the_start(repository: dg.RepositoryDefinition) -> None:
    [daily] = repository.schedule_defs
    sensors = {sensor.name: sensor for sensor in repository.sensor_defs}

    assert (daily.cron_schedule, daily.execution_timezone) == ("0 5 * * *", "America/New_York")
    assert daily.default_status == dg.DefaultScheduleStatus.RUNNING
    assert sensors.keys() == {"new_exports", "tell_success", "tell_failure", "tell_canceled"}
    assert {sensor.default_status for sensor in sensors.values()} == {
        dg.DefaultSensorStatus.RUNNING
    }
    assert sensors["new_exports"].minimum_interval_seconds == 30


def test_a_run_from_a_terminal_has_none_of_it(root: Path) -> None:
    definitions = build_defs(root, automate=False)

    assert (definitions.sensors, definitions.schedules) == ([], [])
    resource = (definitions.resources or {})["workspace"]
    assert (resource.patience, resource.tries) == (0, 0)


def test_every_step_that_opens_the_warehouse_is_in_the_pool(
    repository: dg.RepositoryDefinition,
) -> None:
    steps = repository.get_job("refresh").nodes

    assert len(steps) >= 7
    assert {step.definition.pool for step in steps} == {POOL}


@pytest.mark.parametrize("path", ["dagster.yaml", "deploy/dagster.yaml"])
def test_one_run_at_a_time_none_for_ever_and_a_killed_one_again(path: str) -> None:
    settings = yaml.safe_load((PROJECT_ROOT / path).read_text(encoding="utf-8"))

    assert settings["concurrency"]["pools"] == {"default_limit": 1, "granularity": "run"}
    assert settings["run_launcher"] == {"module": "orchestration.launcher", "class": "Launcher"}
    assert settings["run_monitoring"]["enabled"]
    assert settings["run_monitoring"]["max_runtime_seconds"] >= 3600
    assert settings["run_retries"] == {
        "enabled": True,
        "max_retries": 1,
        "retry_on_asset_or_op_failure": False,
    }
    assert settings["freshness"] == {"enabled": True}


def test_a_file_starts_a_run_of_what_it_changes_once(
    repository: dg.RepositoryDefinition, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = "google_ads.campaigns_daily"
    found = Pending({"ads/x.csv": (table,)}, frozenset({table}), state="s1")
    monkeypatch.setattr(pending, "find", lambda *_: found)

    with dg.DagsterInstance.ephemeral() as instance:
        asked = look(repository, instance)
        assert isinstance(asked, dg.RunRequest)
        keys = {key.to_user_string() for key in asked.asset_selection or ()}
        assert asked.run_key == "s1"
        assert asked.tags["plumbline/because"] == "new or changed: ads/x.csv"
        assert keys >= {
            "google_ads/campaigns_daily",
            "staging/stg_google_ads__campaigns_daily",
            "marts/fct_ad_performance_daily",
            *("plumbline/settings", "plumbline/files", "plumbline/refused"),
            *("plumbline/impacts", "marts/rpt_definitions"),  # what provenance finds out anew
            *("marts/rpt_reconciliation", "published", "report"),
        }
        assert not keys & {
            "hubspot/contacts",
            "google_ads/account_daily",
            "staging/stg_ga4__traffic",
        }
        assert not any(key.startswith("definitions/") for key in keys)

        job = repository.get_job("refresh")
        run = instance.create_run_for_job(job, tags={"dagster/run_key": "s1"})
        assert "is not over yet" in skipped(look(repository, instance))
        instance.report_run_failed(run)
        assert "ended failure" in skipped(look(repository, instance))
        other = replace(found, state="s2")
        monkeypatch.setattr(pending, "find", lambda *_: other)
        assert isinstance(look(repository, instance), dg.RunRequest)


def test_all_is_run_where_all_may_have_changed(
    repository: dg.RepositoryDefinition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending, "find", lambda *_: Pending(everything="the settings changed"))

    with dg.DagsterInstance.ephemeral() as instance:
        asked = look(repository, instance)

    assert isinstance(asked, dg.RunRequest)
    assert asked.asset_selection is None
    assert asked.tags["plumbline/because"] == "the settings changed"


def test_a_look_that_starts_nothing_says_why(
    repository: dg.RepositoryDefinition, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(found: Pending) -> str:
        monkeypatch.setattr(pending, "find", lambda *_: found)
        with dg.DagsterInstance.ephemeral() as instance:
            return skipped(look(repository, instance))

    left = {f"f{n}.csv": "fits nothing: do this" for n in range(7)}

    assert "start the first run" in told(Pending(was_run=False))
    assert told(Pending()) == "Everything that was given is published."
    assert "Still being written: a.csv." in told(Pending(unsettled=("a.csv",)))
    assert "Not loaded: f0.csv: fits nothing: do this." in told(Pending(left=left))
    assert "And 2 more: `plumbline doctor`" in told(Pending(left=left))

    def refuse(*_: object) -> Pending:
        raise WorkspaceError("workspace.yml, line 2: company: is missing")

    monkeypatch.setattr(pending, "find", refuse)
    with dg.DagsterInstance.ephemeral() as instance:
        assert "line 2" in skipped(look(repository, instance))
        monkeypatch.setattr(automation, "holder", lambda _: "process 7 since 10:00")
        assert skipped(look(repository, instance)) == (
            "The workspace is in use by process 7 since 10:00."
        )


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (OSError(28, "No space left on device"), True),
        (duckdb.IOException("Conflicting lock is held"), True),
        (duckdb.OutOfMemoryException("failed to allocate"), True),
        (PostgresAway("connection refused"), True),
        (BuildError("x", [Node("model.p.a", "error", 0, message=FULL)]), True),
        (PostgresError("the role may not create schemas"), False),
        (BuildError("x", [Node("model.p.a", "error", 0, message="Conversion Error")]), False),
        (
            BuildError(
                "x",
                [
                    Node("model.p.a", "error", 0, message=FULL),
                    Node("test.p.b", "fail", 0, message="Got 3 results"),
                ],
            ),
            False,
        ),
        (BuildError("the project does not parse"), False),
        (CheckError("the gate is closed"), False),
        (IngestError("stage_map.csv: no header"), False),
        (WorkspaceError("no such key"), False),
        (FileNotFoundError("x"), False),
        (PermissionError("x"), False),
    ],
)
def test_what_may_pass_is_told_from_what_stays(error: Exception, passes: bool) -> None:
    assert errors.may_pass(error) == passes


def run_step(step: Callable[..., Any], tries: int) -> dg.ExecuteInProcessResult:
    """A run of one step that has a workspace."""
    place = SimpleNamespace(tries=tries)

    @dg.asset(required_resource_keys=set())
    @automation.tried
    def numbers(workspace: dg.ResourceParam[Any]) -> None:
        step(workspace)

    return dg.materialize([numbers], resources={"workspace": place}, raise_on_error=False)


def test_a_step_is_tried_again_while_its_trouble_may_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(automation, "PAUSE", 0.01)
    calls: list[int] = []

    def step(_: object) -> None:
        calls.append(1)
        if len(calls) < 3:
            raise OSError(28, "No space left on device")

    assert run_step(step, tries=3).success
    assert len(calls) == 3


@pytest.mark.parametrize(
    ("error", "tries", "times"),
    [
        (OSError(28, "No space left on device"), 2, 3),
        (OSError(28, "No space left on device"), 0, 1),
        (CheckError("the gate is closed: 3 rows"), 3, 1),
    ],
)
def test_a_step_that_fails_for_good_says_so_in_the_users_words(
    monkeypatch: pytest.MonkeyPatch, error: Exception, tries: int, times: int
) -> None:
    monkeypatch.setattr(automation, "PAUSE", 0.01)
    calls: list[int] = []

    def step(_: object) -> None:
        calls.append(1)
        raise error

    result = run_step(step, tries)

    assert not result.success
    assert len(calls) == times
    [failure] = [event for event in result.all_events if event.is_step_failure]
    data = failure.step_failure_data.user_failure_data
    assert data
    assert data.description == str(error)


def test_a_fault_of_ours_keeps_its_traceback() -> None:
    def step(_: object) -> None:
        raise KeyError("column")

    result = run_step(step, tries=3)

    [failure] = [event for event in result.all_events if event.is_step_failure]
    assert failure.step_failure_data.user_failure_data is None
    assert failure.step_failure_data.error
    assert "KeyError" in failure.step_failure_data.error.to_string()
