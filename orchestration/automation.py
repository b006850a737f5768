"""What Dagster does by itself: a run for new exports, one a day, steps tried again, messages sent.

Which files wait for a run is pending.py, what a message says webhook.py; here is only when.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb

from orchestration import errors, launcher, pending, transform, webhook
from orchestration.contracts import Contract, ContractError, read_contracts
from orchestration.graph import LOADER
from orchestration.warehouse import holder, without_values
from orchestration.workspace import WorkspaceError, open_workspace

EVERY_SECONDS = 30  # between two looks at the exports
TELL_SECONDS = 10  # between two looks for runs that have ended
KILLED = "Its process is gone: killed, out of memory, or the machine was switched off."
OUTCOMES = {
    dg.DagsterRunStatus.SUCCESS: "published",
    dg.DagsterRunStatus.FAILURE: "failed",
    dg.DagsterRunStatus.CANCELED: "canceled",
}
MOST_NAMED = 5  # files in a message
PAUSE = 30.0  # seconds before a step is tried again, and then twice as many each time
# For half an hour a run waits for one that was started from a terminal.
PATIENT: dict[str, Any] = {"patience": 1800, "tries": 3}
NOT_OVER = [
    *(dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING),
    *(dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING),
]


def sensors(job: Any, root: Path) -> list[dg.SensorDefinition]:
    """All that Dagster looks after."""
    return [new_exports(job, root), *(messages(root) if webhook.is_wanted() else ())]


def new_exports(job: Any, root: Path) -> dg.SensorDefinition:
    """Starts a run of what new, changed or removed files change, once they are whole."""

    @dg.sensor(
        name="new_exports",
        job=job,
        minimum_interval_seconds=EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Runs what a new or changed file in exports/ or definitions/ changes, and what "
        "a failed run left unpublished.",
    )
    def _new_exports(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        going = context.instance.get_runs(dg.RunsFilter(statuses=NOT_OVER), limit=1)
        if going:
            return dg.SkipReason(f"Run {going[0].run_id[:8]} is not over yet.")
        if who := holder(root):
            return dg.SkipReason(f"The workspace is in use by {who}.")
        try:
            found = pending.find(open_workspace(root), _contracts(transform.project_state()))
        except (WorkspaceError, ContractError, OSError, duckdb.IOException) as problem:
            return dg.SkipReason(str(problem))
        if not found:
            return dg.SkipReason(_nothing(found))
        before = context.instance.get_runs(
            dg.RunsFilter(tags={"dagster/run_key": found.state}), limit=1
        )
        if before:
            return dg.SkipReason(
                f"Run {before[0].run_id[:8]} was made of these very files and ended "
                f"{before[0].status.value.lower()}: there is another one when a file, a definition "
                "or workspace.yml changes, or when you start it (Materialize all)."
            )
        assert context.repository_def
        return dg.RunRequest(
            run_key=found.state,
            asset_selection=selection(found, context.repository_def.asset_graph),
            tags={"plumbline/because": because(found)},
        )

    return _new_exports


def selection(found: pending.Pending, graph: Any) -> list[dg.AssetKey] | None:
    """The assets that something pending changes: raw tables, what the loader says of itself, and
    all that is made of them; None for all."""
    if found.everything:
        return None
    everything = graph.get_all_asset_keys()
    changed = {dg.AssetKey(name.split(".")) for name in found.tables} & everything
    # What the loader and the provenance of a build say, which is another after every load.
    changed |= {key for key in everything if key.path[0] == LOADER}
    return sorted(dg.AssetSelection.assets(*changed).downstream().resolve(graph))


def because(found: pending.Pending) -> str:
    """Why there is a run, in a line."""
    parts = [found.everything] if found.everything else []
    if found.files:
        parts.append(f"new or changed: {_named(list(found.files))}")
    elif not parts:
        parts.append(f"not published yet: {_named(sorted(found.tables))}")
    return "; ".join(parts)


def _nothing(found: pending.Pending) -> str:
    """Why there is no run, and what the user may do about it."""
    if not found.was_run:
        return "Nothing was loaded yet: start the first run (Materialize all, or `plumbline run`)."
    parts = ["Everything that was given is published."]
    if found.unsettled:
        parts.append(f"Still being written: {_named(found.unsettled)}.")
    parts += [f"Not loaded: {name}: {why}." for name, why in list(found.left.items())[:MOST_NAMED]]
    if len(found.left) > MOST_NAMED:
        parts.append(f"And {len(found.left) - MOST_NAMED} more: `plumbline doctor` tells of each.")
    return " ".join(parts)


def _named(names: Any) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


@lru_cache(maxsize=1)
def _contracts(project: str) -> Mapping[str, Contract]:
    """The contracts as they are now, whenever this server was started."""
    return read_contracts()


def daily(job: Any, root: Path) -> dg.ScheduleDefinition:
    """A run of everything, early in the company's day."""
    try:
        zone = open_workspace(root).config.timezone
    except WorkspaceError:  # told by whatever opens it to work in it
        zone = "UTC"
    return dg.ScheduleDefinition(
        name="daily",
        job=job,
        cron_schedule="0 5 * * *",
        execution_timezone=zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Everything, once a day: also what no file tells of, such as a new day.",
        tags={"plumbline/because": "the daily schedule"},
    )


def messages(root: Path) -> list[dg.SensorDefinition]:
    """Tells the webhook how each run ended."""
    return [
        _message(root, dg.DagsterRunStatus.SUCCESS),
        _message(root, dg.DagsterRunStatus.FAILURE),
        _message(root, dg.DagsterRunStatus.CANCELED),
    ]


def _message(root: Path, status: dg.DagsterRunStatus) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        name=f"tell_{status.value.lower()}",
        run_status=status,
        minimum_interval_seconds=TELL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Sends a message to the webhook of ${webhook.VARIABLE}.",
    )
    def _tell(context: dg.RunStatusSensorContext) -> dg.SkipReason | None:
        run = context.dagster_run
        if status is dg.DagsterRunStatus.CANCELED and context.instance.all_logs(
            run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE
        ):
            return dg.SkipReason("It took too long, which is told as a failure.")
        record = context.instance.get_run_record_by_id(run.run_id)
        began, ended = (record.start_time, record.end_time) if record else (None, None)
        seconds = ended - began if began and ended else 0.0
        try:
            place = open_workspace(root)
            outcome = OUTCOMES[status]
            if status is dg.DagsterRunStatus.SUCCESS and not _published(context.instance, run):
                outcome = "done"
            problem = _problem(context) if status is dg.DagsterRunStatus.FAILURE else ""
            webhook.send(webhook.about(place, outcome, seconds, problem=problem, run_id=run.run_id))
        except (webhook.WebhookError, WorkspaceError) as problem:
            return dg.SkipReason(str(problem))  # the run is as good as it was
        return None

    return _tell


def _published(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether a run published; one of a part may not have been asked to."""
    planned = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    return any(
        entry.dagster_event and entry.dagster_event.asset_key == dg.AssetKey("published")
        for entry in planned
    )


def _problem(context: dg.RunStatusSensorContext) -> str:
    """What failed, in the user's words, and whether it is tried again."""
    told = what_failed(context.for_run_failure().get_step_failure_events())
    if not told:
        said = context.dagster_event.message or ""
        is_gone = launcher.GONE in said or "outside the execution context" in said
        told.append(KILLED if is_gone or not said else said)
    run = context.instance.get_run_by_id(context.dagster_run.run_id)
    if run and run.tags.get("dagster/will_retry") == "true":
        told.append("It is tried once more.")
    return "\n".join(told)


def what_failed(events: Iterable[dg.DagsterEvent]) -> list[str]:
    """Failures of steps, in the user's words."""
    told = []
    for event in events:
        data = event.step_failure_data
        said = data.user_failure_data and data.user_failure_data.description
        if not said and data.error and data.error.cls_name == "DagsterAssetCheckFailedError":
            said = data.error.message.partition("\n")[2]  # the checks
        told.append(said or f"{event.step_key}: {data.error.cls_name if data.error else 'failed'}")
    return told


def tried(step: Callable[..., Any]) -> Callable[..., Any]:
    """The function of a step, its failures told in the user's words. Of what may pass it is tried
    again, where the workspace's resource says so (`tries`); bad data are as bad the second time.
    """
    if inspect.isgeneratorfunction(step):

        @wraps(step)
        def run_on(*args: Any, workspace: Any, **more: Any) -> Iterator[Any]:
            with _told(workspace.tries):
                yield from step(*args, workspace=workspace, **more)

        return run_on

    @wraps(step)
    def run(*args: Any, workspace: Any, **more: Any) -> Any:
        with _told(workspace.tries):
            return step(*args, workspace=workspace, **more)

    return run


@contextmanager
def _told(tries: int) -> Iterator[None]:
    from orchestration.cli import user_errors

    try:
        yield
    except user_errors() as error:
        said = without_values(str(error))
        tried_already = dg.OpExecutionContext.get().retry_number
        if tried_already < tries and errors.may_pass(error):
            wait = PAUSE * 2**tried_already
            dg.OpExecutionContext.get().log.warning(f"{said}\nTrying again in {wait:.0f} seconds.")
            raise dg.RetryRequested(max_retries=tries, seconds_to_wait=wait) from error
        raise dg.Failure(description=said, allow_retries=False) from error
