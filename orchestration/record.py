"""What the last run did, as plain data in the workspace's runs/last/.

Each step writes its own part when it ends, so that the report, the command line and Dagster's pages
tell the same story. Counts, names and messages only: no row of any table.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Collection, Iterator, Sequence
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
    """What the last run of a step did, or `default` when there was none, or it cannot be read."""
    try:
        return json.loads((runs / "last" / f"{step}.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return default


def update(runs: Path, step: str, data: Sequence[Any], by: str, done: Collection[str]) -> None:
    """Keep what a step did to those things whose names, in the field `by`, are `done`, and what was
    kept of the others."""
    others = [one for one in read(runs, step, []) if one[by] not in done]
    write(runs, step, [*others, *data])


@dataclasses.dataclass
class Ended:
    """How a run ended, or that it has not yet."""

    started_at: datetime
    ended_at: datetime | None = None
    outcome: str = "running"
    """running, published, stopped, or finished: a run of a part, which was not to publish."""
    message: str = ""
    """What stopped it."""
    build_id: str = ""


@contextmanager
def run(runs: Path, problem: Callable[[], str] | None = None) -> Iterator[Ended]:
    """Keep when a run began and how it ended; one that was killed stays `running`.

    `problem` is asked in the end where failures do not come as exceptions, and where a run need not
    publish: what stopped it, or nothing.
    """
    ended = Ended(_now())
    write(runs, "run", ended)
    try:
        yield ended
        ended.outcome = "published"
        if problem:
            ended.message = problem()
            published = read(runs, "publish", {"published_at": ""})
            is_new = published["published_at"] >= ended.started_at.isoformat()
            ended.outcome = "stopped" if ended.message else "published" if is_new else "finished"
            ended.build_id = published["build_id"] if is_new else ""
    except BaseException as error:
        ended.outcome = "stopped"
        stopped = isinstance(error, KeyboardInterrupt)
        ended.message = without_values(str(error)) or (
            "somebody stopped it" if stopped else type(error).__name__
        )
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
