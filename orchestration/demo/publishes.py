"""What the company had published before: the months that it closed, and what it restated since.

Each month's leads and MQLs were published on the 5th of the next. Some leads of trade shows are
typed in late, and some MQLs turn out to be one person: the publish a month later had other numbers,
those that the exports of today give.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from orchestration.demo.write import Folder

MONTHS = ("2026-05", "2026-06", "2026-07", "2026-08", "2026-09")
STAGES = {"leads": "lead", "mqls": "mql"}
COLUMNS = {
    "build_id": "varchar",
    "published_at": "timestamp",
    "as_of": "date",
    "event": "varchar",
    "metric": "varchar",
    "variant": "varchar",
    "value_before": "double",
    "value": "double",
    "cause": "varchar",
    "month": "date",
}


def write_publishes(
    folder: Folder, funnel: Mapping[str, Mapping[str, Mapping[str, list[int]]]]
) -> None:
    """Write history/published/ from what is true today: month, channel, stage, counts."""
    restated: list[list[object]] = []
    for month in MONTHS:
        year, number = map(int, month.split("-"))
        on = date(year + number // 12, number % 12 + 1, 5)
        build_id = f"{on:%Y%m%d}T050000-demo"
        head = [build_id, datetime(on.year, on.month, on.day, 5), on]
        rows = [[*head, *row] for row in restated]
        restated = []
        for metric, stage in STAGES.items():
            channels = funnel.get(month, {}).values()
            today = sum(stages.get(stage, [0])[0] for stages in channels)
            # Two of a hundred leads come late; in June three of a hundred MQLs were double.
            off = -(today // 50) if metric == "leads" else today * 3 // 100 * (number == 6)
            first_day = date(year, number, 1)
            rows.append(
                [*head, "frozen", metric, "period", None, float(today + off), None, first_day]
            )
            if off:
                cause = "late data" if off < 0 else "merge"
                values = [float(today + off), float(today)]
                restated.append(["restated", metric, "period", *values, cause, first_day])
        folder.parquet(f"history/published/{build_id}.parquet", COLUMNS, rows)
    # September's own late leads are restated by whoever runs the demo.
