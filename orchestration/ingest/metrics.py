"""What a workspace's own metric_definitions.csv must hold: all that the models read of it.

The default file has every metric with every parameter. A workspace that lacks one of them, as it
was begun before the metric was there, is told which rows to add: both teams have to agree to them,
so nothing is filled in for them.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class Metric(NamedTuple):
    """A row of the workspace's own file."""

    name: str
    version: int
    parameters: str | None


def lacking(own: Iterable[Metric], default: Path) -> list[str]:
    """What `own` lacks of the metrics and parameters of the default file, and what to add."""
    with default.open(encoding="utf-8", newline="") as file:
        defaults = {row["metric"]: row for row in csv.DictReader(file)}
    own = list(own)
    known = {metric.name for metric in own}
    found = []
    for metric in own:
        wanted = json.loads(defaults.get(metric.name, {}).get("parameters") or "{}")
        have = json.loads(metric.parameters or "{}")
        missing = {name: value for name, value in wanted.items() if name not in have}
        if missing:
            found.append(
                f"version {metric.version} of the metric {metric.name} lacks parameters; "
                f"its parameters may be {json.dumps({**have, **missing})}"
            )
    rows = [row for name, row in defaults.items() if name not in known]
    if rows:
        found.append("metrics are missing; add them, as agreed by both teams:" + _lines(rows))
    return found


def _lines(rows: Iterable[dict[str, str]]) -> str:
    """The rows of a CSV file, each on a line of its own."""
    text = io.StringIO()
    for row in rows:
        csv.writer(text, lineterminator="\n").writerow(row.values())
    return "".join(f"\n  {line}" for line in text.getvalue().splitlines())
