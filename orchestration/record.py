"""What the last run did, as plain data in the workspace's runs/last/.

Each step writes its own part when it ends, so that the report, the command line and Dagster's pages
tell the same story. Counts, names and messages only: no row of any table.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from orchestration.warehouse import without_values


def write(runs: Path, step: str, data: Any) -> None:
    """Keep what a step did; the file is either the old one or the new one, whole."""
    folder = runs / "last"
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f".{step}.json"
    fresh.write_text(json.dumps(data, default=_plain, indent=1), encoding="utf-8")
    fresh.replace(folder / f"{step}.json")


def read(runs: Path, step: str, default: Any = None) -> Any:
    """What the last run of a step did, or `default` when there was none."""
    try:
        return json.loads((runs / "last" / f"{step}.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return default


@dataclasses.dataclass
class Ended:
    """How a run ended, or that it has not yet."""

    started_at: datetime
    ended_at: datetime | None = None
    outcome: str = "running"
    """running, published or stopped."""
    message: str = ""
    """What stopped it."""
    build_id: str = ""


@contextmanager
def run(runs: Path) -> Iterator[Ended]:
    """Keep when a run began and how it ended; one that was killed stays `running`."""
    ended = Ended(_now())
    write(runs, "run", ended)
    try:
        yield ended
        ended.outcome = "published"
    except BaseException as error:
        ended.outcome = "stopped"
        ended.message = without_values(str(error)) or type(error).__name__
        raise
    finally:
        ended.ended_at = _now()
        with suppress(OSError):  # a full disk is told by whoever found it
            write(runs, "run", ended)


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0, tzinfo=None)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)
