"""Metrics over the months: as a chart, as the table behind it, and in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from orchestration import scorecard
from orchestration.report import charts
from orchestration.report.marts import Marts
from orchestration.report.parts import Chart, Column, Open, Table

MONTH = Column("Month", "month", "month")


def trend(marts: Marts, title: str, axis: str, *metrics: tuple[str, str]) -> list[Chart | Table]:
    """A chart of metrics (and variants) of the scorecard; nothing where none has a value."""
    lines = [line for metric in metrics if (line := marts.card.line(*metric))]
    known = {line.words: rows for line in lines if (rows := points(marts, line, line.words))}
    if not known:
        return []
    drawn = [row for rows in known.values() for row in rows]
    if len(known) > 1:  # bands that overlap hide each other
        drawn = [row | {"low": None, "high": None} for row in drawn]
    units = {line.words: line.unit for line in lines}
    return [
        Chart(
            title,
            listed((name, course(marts, rows, units[name])) for name, rows in known.items()),
            charts.lines(drawn, series=list(known), axis=axis),
            by_month(marts, title, [line for line in lines if line.words in known]),
        )
    ]


def points(marts: Marts, line: scorecard.Line, name: str) -> list[dict[str, Any]]:
    """A metric in the months that the page shows, from its first value on; an unknown is a gap."""
    points: list[dict[str, Any]] = []
    for month, cell in zip(marts.card.months, line.cells, strict=True):
        value = cell.value if cell else None
        if month in marts.months and (points or value is not None):
            points.append(
                {
                    "month": f"{month:%Y-%m}",
                    "series": name,
                    "value": value,
                    "low": cell.ci_low if cell else None,
                    "high": cell.ci_high if cell else None,
                    "is_mature": bool(cell and cell.is_mature),
                }
            )
    return points


def by_month(marts: Marts, title: str, lines: Sequence[scorecard.Line]) -> Table:
    """Metrics of the scorecard as a table: a row for each month."""
    rows = []
    for place, month in enumerate(marts.card.months):
        if month not in marts.months:
            continue
        row: dict[str, Any] = {"month": month}
        for line in lines:
            cell = line.cells[place]
            value = cell.value if cell else None
            row[line.words] = Open(value) if cell and not cell.is_mature else value
        rows.append(row)
    return Table(title, [MONTH, *(Column(x.words, x.words, x.unit) for x in lines)], rows)


def pivot(
    title: str, points: Sequence[Mapping[str, Any]], names: Sequence[str], unit: str
) -> Table:
    """Points of several series as a table: a row for each month."""
    rows: dict[str, dict[str, Any]] = {}
    for point in points:
        row = rows.setdefault(
            point["month"],
            {"month": date.fromisoformat(f"{point['month']}-01")} | dict.fromkeys(names),
        )
        value = point["value"]
        row[point["series"]] = value if point["is_mature"] else Open(value)
    return Table(
        title,
        [MONTH, *(Column(name, name, unit) for name in names)],
        [rows[month] for month in sorted(rows)],
    )


def course(marts: Marts, points: Sequence[Mapping[str, Any]], unit: str) -> str:
    """The first and the last value of a line, in words."""
    known = [point for point in points if point["value"] is not None]
    first, last = known[0], known[-1]

    def when(point: Mapping[str, Any]) -> str:
        if "age" in point:
            return f"at {point['age']} months"
        return f"in {date.fromisoformat(point['month'] + '-01'):%B %Y}"

    if first is last:
        return f"{marts.say(first['value'], unit)} {when(first)}"
    return (
        f"from {marts.say(first['value'], unit)} {when(first)} "
        f"to {marts.say(last['value'], unit)} {when(last)}"
    )


def listed(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and what they are, as a sentence."""
    return "; ".join(f"{name}: {text}" for name, text in pairs) + "."


def amount_of(value: Any) -> float:
    """For drawing alone: an unknown amount has no bar."""
    return float(value or 0)
