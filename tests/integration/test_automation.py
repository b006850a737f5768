"""Dagster's own server and daemon, on the demo company: what starts, waits, is ended, and is told.

One server for all; what it runs is short (the report page, or a load that refuses a definition).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from orchestration import pending
from orchestration.pipeline import dagster_home
from orchestration.warehouse import hold

pytestmark = pytest.mark.slow

SECRET = "/services/s3cr3t"
PATIENCE = 90.0  # seconds for anything to happen
OVER = {"SUCCESS", "FAILURE", "CANCELED"}


def until(found: Callable[[], Any], what: str) -> Any:
    """The first thing found that is something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if seen := found():
            return seen
        time.sleep(0.3)
    pytest.fail(f"not seen in {PATIENCE:.0f} seconds: {what}")


class Dagster:
    """A server that is asked as its pages ask it."""

    def __init__(self, root: Path, hook: int) -> None:
        self.root = root
        home = dagster_home(root)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{free.getsockname()[1]}"
        command = ["dagster", "dev", "--module-name", "orchestration.definitions"]
        with (root / "runs" / "dagster.log").open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *command, "--port", self.url.rpartition(":")[2]],
                cwd=home,
                env={
                    **os.environ,
                    "DAGSTER_HOME": str(home),
                    "PLUMBLINE_WORKSPACE": str(root),
                    "PLUMBLINE_WEBHOOK": f"http://127.0.0.1:{hook}{SECRET}",
                    "PLUMBLINE_DAGSTER_URL": self.url,
                },
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def is_served(self) -> bool:
        assert self.process.poll() is None, self.log
        try:
            return bool(self.ask("{version}"))
        except (URLError, OSError):
            return False

    @property
    def log(self) -> str:
        return (self.root / "runs" / "dagster.log").read_text(encoding="utf-8")

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})
        with urlopen(request, timeout=60) as answer:
            told = json.load(answer)
        assert not told.get("errors"), told
        data: dict[str, Any] = told["data"]
        return data

    def launch(self, **tags: str) -> str:
        """Start a run of the report page alone; its id."""
        told = self.ask(
            """mutation ($params: ExecutionParams!) {
                launchRun(executionParams: $params) {
                    ... on LaunchRunSuccess { run { id } } ... on PythonError { message } } }""",
            params={
                "selector": {
                    "repositoryName": "__repository__",
                    "repositoryLocationName": "orchestration.definitions",
                    "jobName": "refresh",
                    "assetSelection": [{"path": ["report"]}],
                },
                "executionMetadata": {
                    "tags": [{"key": f"dagster/{k}", "value": v} for k, v in tags.items()]
                },
            },
        )
        return str(told["launchRun"]["run"]["id"])

    def runs(self) -> list[dict[str, Any]]:
        """All runs, the newest first."""
        told = self.ask(
            """{ runsOrError { ... on Runs { results {
                id status startTime endTime assetSelection { path } tags { key value } } } } }"""
        )
        found: list[dict[str, Any]] = told["runsOrError"]["results"]
        return [each | {"tags": {t["key"]: t["value"] for t in each["tags"]}} for each in found]

    def run(self, run_id: str) -> dict[str, Any]:
        return next(each for each in self.runs() if each["id"] == run_id)

    def reached(self, run_id: str, *status: str) -> dict[str, Any]:
        def is_there() -> dict[str, Any] | None:
            found = self.run(run_id)
            return found if found["status"] in status else None

        found: dict[str, Any] = until(is_there, f"{status} of a run")
        return found

    def said(self, run_id: str) -> str:
        """What the log of a run says."""
        told = self.ask(
            """query ($id: ID!) { logsForRun(runId: $id) { ... on EventConnection { events {
                ... on MessageEvent { message }
                ... on ExecutionStepFailureEvent { failureMetadata { description } } } } } }""",
            id=run_id,
        )
        events = told["logsForRun"]["events"]
        failures = [(e.get("failureMetadata") or {}).get("description") or "" for e in events]
        return "\n".join([e.get("message") or "" for e in events] + failures)

    def skipped(self) -> str:
        """Why the sensor of new exports started nothing when it looked last."""
        told = self.ask(
            """{ sensorOrError(sensorSelector: {
                repositoryName: "__repository__",
                repositoryLocationName: "orchestration.definitions",
                sensorName: "new_exports"
            }) { ... on Sensor { sensorState { ticks(limit: 1) { skipReason } } } } }"""
        )
        ticks = told["sensorOrError"]["sensorState"]["ticks"]
        return str(ticks[0]["skipReason"] or "") if ticks else ""


@pytest.fixture(scope="module")
def told() -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """The port of a chat, and what it was told."""
    messages: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            messages.append(json.loads(body) | {"path": self.path})
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, messages
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def dagster(
    demo: Path,
    tmp_path_factory: pytest.TempPathFactory,
    told: tuple[int, list[dict[str, Any]]],
) -> Iterator[Dagster]:
    """The demo company, which since it published has a definition that nobody can read, and a file
    that fits nothing."""
    root = tmp_path_factory.mktemp("automation") / "demo"
    shutil.copytree(demo, root)
    (root / "definitions" / "stage_map.csv").write_text("source_system\nx\n")
    (root / "exports" / "weather.csv").write_text("a,b\n1,2\n")
    time.sleep(pending.QUIET)
    server = Dagster(root, told[0])
    try:
        until(server.is_served, "a served page")
        yield server
    finally:
        os.killpg(server.process.pid, signal.SIGTERM)
        try:
            server.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.process.pid, signal.SIGKILL)
            server.process.wait()


@pytest.fixture(scope="module")
def refused(dagster: Dagster) -> dict[str, Any]:
    """The run that the sensor starts at once, as there is a definition it has not seen."""
    started = until(dagster.runs, "a run for the new definition")
    return dagster.reached(started[-1]["id"], *OVER)


def test_a_new_definition_starts_a_run_of_what_it_changes(refused: dict[str, Any]) -> None:
    keys = {"/".join(key["path"]) for key in refused["assetSelection"]}

    assert refused["tags"]["plumbline/because"] == "not published yet: definitions.stage_map"
    assert {"definitions/stage_map", "plumbline/files", "marts/rpt_scorecard", "published"} <= keys
    assert not keys & {"hubspot/contacts", "definitions/channels"}


def test_bad_data_end_a_run_in_the_users_words_and_are_not_tried_again(
    dagster: Dagster, refused: dict[str, Any]
) -> None:
    assert refused["status"] == "FAILURE"
    said = dagster.said(refused["id"])
    assert "definitions/stage_map.csv: " in said
    assert "its headers are: source_system, source_stage, stage" in said
    assert "retry" not in said.lower().replace("allow_retries", "")
    reason = until(lambda: "made of these very files" in dagster.skipped(), "a second look")
    assert reason
    assert refused["id"][:8] in dagster.skipped()
    assert len(dagster.runs()) == 1


@pytest.mark.hazard("two runs at once")
def test_of_two_runs_at_once_one_waits_in_the_queue(
    dagster: Dagster, refused: dict[str, Any]
) -> None:
    one, other = (dagster.reached(id_, *OVER) for id_ in (dagster.launch(), dagster.launch()))

    assert (one["status"], other["status"]) == ("SUCCESS", "SUCCESS")
    first, second = sorted((one, other), key=lambda each: float(each["startTime"]))
    assert first["endTime"] <= second["startTime"]


@pytest.mark.hazard("two runs at once", "crashes")
def test_a_run_waits_for_one_elsewhere_and_when_it_is_killed_is_made_once_more(
    dagster: Dagster, refused: dict[str, Any]
) -> None:
    with hold(dagster.root):
        run_id = dagster.launch()
        dagster.reached(run_id, "STARTED")
        until(lambda: "is in use by process" in dagster.said(run_id), "who holds the workspace")
        said = dagster.said(run_id)
        assert f"process {os.getpid()} since" in said
        found = re.search(r"Started process for run \(pid: (\d+)\)", said)
        assert found
        os.kill(int(found[1]), signal.SIGKILL)
        dagster.reached(run_id, "FAILURE")

    def again() -> str:
        tags = dagster.run(run_id)["tags"]
        return str(tags.get("dagster/auto_retry_run_id") or "")

    assert dagster.reached(until(again, "a second run"), *OVER)["status"] == "SUCCESS"


def test_a_run_that_hangs_is_ended_and_not_made_again(
    dagster: Dagster, refused: dict[str, Any]
) -> None:
    with hold(dagster.root):
        run_id = dagster.launch(max_runtime="3")
        ended = dagster.reached(run_id, "FAILURE", "CANCELED")

    assert "Exceeded maximum runtime of 3 seconds" in dagster.said(run_id)
    assert "dagster/auto_retry_run_id" not in ended["tags"]


def test_the_chat_is_told_of_each_run_and_nobody_of_the_chat(
    dagster: Dagster, refused: dict[str, Any], told: tuple[int, list[dict[str, Any]]]
) -> None:
    messages = told[1]

    def ended() -> bool:
        return all(any(run["id"] in m["text"] for m in messages) for run in dagster.runs())

    until(ended, "a message on each run")

    [message] = [each for each in messages if refused["id"] in each["text"]]
    title, *rest = message["text"].splitlines()
    assert message["path"] == SECRET
    assert title.startswith("✗ Larkmoor: failed after ")
    assert "its headers are: source_system" in message["text"]
    assert rest[-1] == f"<{dagster.url}/runs/{refused['id']}|The run>"
    killed = [each["text"] for each in messages if "Its process is gone" in each["text"]]
    assert len(killed) == 1
    assert "It is tried once more." in killed[0]
    assert len([m for m in messages if "maximum runtime" in m["text"]]) == 1
    assert len(messages) == len(dagster.runs())
    for path in (dagster.root / "runs").rglob("*"):
        with suppress(FileNotFoundError, IsADirectoryError):  # SQLite's files come and go
            assert b"s3cr3t" not in path.read_bytes(), path
