"""The report page: one self-contained HTML file for people who have no BI tool yet.

It reads the published file, and what the last run recorded of loads and checks; nothing is asked of
the network, now or when it is opened. Each section has a module of its own; how things are drawn is
in `charts`, how they are written in `page.html`.

Numbers are picked and written here, never made: sums of what adds up, and a share of two numbers of
one table at most. What a number means is in models/.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

from orchestration import scorecard
from orchestration.report import charts, health, meanings, parts
from orchestration.report.acquisition import campaigns, channels
from orchestration.report.audience import audience
from orchestration.report.funnel import funnel
from orchestration.report.marts import Marts
from orchestration.report.revenue import customers, recurring
from orchestration.report.sales import pipeline
from orchestration.report.service import service
from orchestration.warehouse import connect_published
from orchestration.workspace import Workspace, WorkspaceError

MONTHS = 12
# A rate with a window of a year is final a year later: more is read than is shown.
MONTHS_READ = 25
TILES = (
    *(("mqls", "period"), ("sqls", "period"), ("pipeline_created", "period"), ("won", "period")),
    *(("new_bookings", "period"), ("ad_spend", "period"), ("cac", "fully_loaded")),
    ("mrr", "period"),
)
SECTIONS = (funnel, channels, campaigns, pipeline, recurring, customers, service, audience)


def write(workspace: Workspace) -> None:
    """Write the page of what is published now; the old page stays until the new one is whole."""
    if not workspace.published.exists():
        raise WorkspaceError(
            f"nothing is published in {workspace.root} yet: run `plumbline run` first"
        )
    fresh = workspace.report.with_name(f".{workspace.report.name}")
    fresh.write_text(page(workspace.published, workspace.runs), encoding="utf-8")
    fresh.replace(workspace.report)


def page(published: Path, runs: Path) -> str:
    """The page as HTML."""
    import jinja2

    card = scorecard.read(published, MONTHS_READ)
    months = card.months[-MONTHS:]
    with connect_published(published) as connection:
        build = connection.execute(
            "select build_id, published_at, company, as_of, reporting_currency, "
            "reporting_timezone from main._build"
        ).fetchone()
        marts = Marts(connection, card, months)
        body = [*(section(marts) for section in SECTIONS), health.section(marts, runs)]
        means = meanings.read(marts)
    assert build is not None, "a published file has one build"
    known = [line for line in card.lines if line.settled is not None or line.unsettled is not None]

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["written"] = lambda value, unit: scorecard.written(
        value, unit, card.currency
    )
    environment.filters["day"] = parts.day
    script = (Path(__file__).parent / "page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return environment.get_template("page.html").render(
        company=build[2],
        build_id=build[0],
        published_at=build[1],
        timezone=build[5],
        card=card,
        months=months,
        tiles=_tiles(card),
        families=[
            (family, list(lines)) for family, lines in groupby(known, lambda line: line.family)
        ],
        without=[line.words for line in card.lines if line not in known],
        finding=_finding(card),
        means=means,
        sections=body,
        left_out=health.left_out(runs),
        cell=lambda column, row: parts.cell(column, row, card.currency),
        is_chart=lambda part: isinstance(part, parts.Chart),
        spark=lambda line, width, height: _spark(card, line, width, height),
        course=lambda line: _course(card, line),
        script=script,
        script_digest=digest,
    )


def _tiles(card: scorecard.Scorecard) -> list[dict[str, Any]]:
    """The headline numbers that have had their time, each with its change and its target."""
    tiles = []
    for metric, variant in TILES:
        line = card.line(metric, variant)
        if line is None or line.settled is None:
            continue
        cell = line.cells[line.settled]
        before = line.cells[line.settled - 1] if line.settled else None
        assert cell is not None, "a settled month has a value"
        assert cell.value is not None, "a settled month has a value"
        change = cell.value / before.value - 1 if before and before.value else None
        # More ad spend is neither good nor bad by itself.
        better = None
        if change and metric != "ad_spend":
            better = (change < 0) == (metric in scorecard.LESS_IS_BETTER)
        tiles.append(
            {
                "line": line,
                "cell": cell,
                "month": card.months[line.settled],
                "month_before": card.months[line.settled - 1],
                "change": change,
                "is_better": better,
            }
        )
    return tiles


def _finding(card: scorecard.Scorecard) -> str:
    """How many targets were reached, and which was missed by most."""
    held = []
    for line in card.lines:
        cell = line.cells[line.settled] if line.settled is not None else None
        if cell and cell.attainment is not None and line.settled is not None:
            held.append((line, cell, card.months[line.settled]))
    if not held:
        return "No target was agreed for these months."
    reached = sum(line.is_good(cell) is True for line, cell, _ in held)
    near = sum(line.is_good(cell) is None for line, cell, _ in held)
    line, cell, month = min(held, key=lambda item: item[0].reached(item[1]) or 0)
    found = f"{reached} of {len(held)} targets reached, {near} nearly"
    if line.is_good(cell) is False:
        target = scorecard.written(cell.target, line.unit, card.currency)
        found += f"; furthest off: {line.words}, {cell.attainment:.0%} of {target} in {month:%B %Y}"
    return f"{found}."


def _shown(
    card: scorecard.Scorecard, line: scorecard.Line
) -> list[tuple[date, scorecard.Cell | None]]:
    return list(zip(card.months, line.cells, strict=True))[-MONTHS:]


def _spark(card: scorecard.Scorecard, line: scorecard.Line, width: int, height: int) -> str:
    """The trend of a metric, as SVG."""
    cells = [cell for _, cell in _shown(card, line)]
    values: Sequence[float | None] = [cell.value if cell else None for cell in cells]
    return charts.spark(values, [bool(cell and cell.is_mature) for cell in cells], width, height)


def _course(card: scorecard.Scorecard, line: scorecard.Line) -> str:
    """The trend of a metric, in words."""
    known = [(month, cell) for month, cell in _shown(card, line) if cell and cell.value is not None]
    if not known:
        return f"{line.words}: no value in the last {MONTHS} months"
    return f"{line.words}: " + (
        " to ".join(
            f"{scorecard.written(cell.value, line.unit, card.currency)} in {month:%b %Y}"
            for month, cell in dict.fromkeys((known[0], known[-1]))
        )
    )
