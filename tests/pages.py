"""Dagster's pages of a workspace: served for tests and screenshots, and asked by GraphQL."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

LOCATION = {
    "repositoryName": "__repository__",
    "repositoryLocationName": "orchestration.definitions",
}
ENDED = ("SUCCESS", "FAILURE", "CANCELED")
NODES = "{ assetNodes { assetKey { path } dependencyKeys { path } } }"
SENSORS = """
query ($at: RepositorySelector!) {
  sensorsOrError(repositorySelector: $at) { ... on Sensors { results { sensorState { id } } } }
}
"""
STOP = "mutation ($id: String!) { stopSensor(id: $id) { __typename } }"
LAUNCH = """
mutation ($given: ExecutionParams!) {
  launchPipelineExecution(executionParams: $given) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}
"""
GOING = """
{
  runsOrError(filter: {statuses: [NOT_STARTED, QUEUED, STARTING, STARTED, CANCELING]}) {
    ... on Runs { results { runId } }
  }
}
"""
RUN = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
MATERIALIZED = """
query ($key: AssetKeyInput!) {
  assetNodeOrError(assetKey: $key) {
    ... on AssetNode { assetMaterializations(limit: 1) {
      runId
      metadataEntries {
        label ... on IntMetadataEntry { intValue } ... on TextMetadataEntry { text }
      }
    } }
  }
}
"""


class Pages:
    """What is served at `url`. An asset is named by its path, with slashes."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, query: str, **variables: Any) -> Any:
        """The answer of GraphQL; fails with its errors."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(
            f"{self.url}/graphql", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.loads(response.read())
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def stop_sensors(self) -> None:
        """Let nothing run but what is asked for."""
        for sensor in self.ask(SENSORS, at=LOCATION)["sensorsOrError"]["results"]:
            self.ask(STOP, id=sensor["sensorState"]["id"])

    def rest(self, seconds: float = 600) -> None:
        """Wait until nothing runs any more: a sensor may have been quicker than the tests."""
        until = time.monotonic() + seconds
        while self.ask(GOING)["runsOrError"]["results"]:
            assert time.monotonic() < until, f"something still runs after {seconds} seconds"
            time.sleep(1)

    def with_upstream(self, asset: str) -> list[str]:
        """An asset and all that it is made of."""
        parents = {
            "/".join(node["assetKey"]["path"]): [
                "/".join(key["path"]) for key in node["dependencyKeys"]
            ]
            for node in self.ask(NODES)["assetNodes"]
        }
        found, ahead = {asset}, [asset]
        while ahead:
            new = set(parents[ahead.pop()]) - found
            found |= new
            ahead += new
        return sorted(found)

    def materialize(
        self, assets: Collection[str] | None = None, seconds: float = 180
    ) -> tuple[str, str]:
        """Run some assets with their checks, or all, to the end; the run's id and how it ended."""
        chosen = None if assets is None else [{"path": name.split("/")} for name in assets]
        selector = {**LOCATION, "jobName": "refresh", "assetSelection": chosen}
        launched = self.ask(LAUNCH, given={"selector": selector, "mode": "default"})
        launched = launched["launchPipelineExecution"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        run_id: str = launched["run"]["runId"]
        until = time.monotonic() + seconds
        while (status := self.ask(RUN, id=run_id)["runOrError"]["status"]) not in ENDED:
            assert time.monotonic() < until, f"run {run_id} is {status} after {seconds} seconds"
            time.sleep(0.3)
        return run_id, status

    def metadata(self, asset: str) -> dict[str, Any]:
        """What the last materialization of an asset says of itself, numbers and texts."""
        node = self.ask(MATERIALIZED, key={"path": asset.split("/")})["assetNodeOrError"]
        [last] = node["assetMaterializations"]
        return {e["label"]: e.get("intValue", e.get("text")) for e in last["metadataEntries"]}


@contextmanager
def serve(root: Path) -> Iterator[Pages]:
    """`plumbline dev` on a workspace and a free port, until it is left; `log` is beside it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    pages = Pages(f"http://127.0.0.1:{port}")
    plumbline = Path(sys.executable).with_name("plumbline")
    log = root / "runs" / "dev.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as out:
        process = subprocess.Popen(
            [plumbline, "dev", "--workspace", root, "--port", str(port)],
            stdout=out,
            stderr=subprocess.STDOUT,
            env=os.environ,
            start_new_session=True,
        )
        try:
            while True:
                assert process.poll() is None, log.read_text()
                try:
                    if pages.ask(NODES)["assetNodes"]:
                        break
                except OSError:
                    time.sleep(0.1)
            yield pages
        finally:
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
