"""What the last run did, as plain data in the workspace's runs/last/.

Each step writes its own part when it ends, so that the report, the command line and Dagster's pages
tell the same story. Counts, names and messages only: no row of any table.
"""

from __future__ import annotations

import dataclasses
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any


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


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)
