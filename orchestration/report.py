"""The report page: one self-contained HTML file for people who have no BI tool yet.

It reads the published file, and what the last run recorded of loads and checks; nothing is asked of
the network, now or when it is opened. Numbers are picked and written here, never made: a share is
only taken of two numbers of one table.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration import record, scorecard
from orchestration.warehouse import connect_published
from orchestration.workspace import Workspace, WorkspaceError

if TYPE_CHECKING:
    import duckdb

MONTHS_IN_TABLE = 6
MONTHS_IN_CHARTS = 12
TILES = ("mqls", "sqls", "won", "new_bookings", "ad_spend", "cac")
STAGES = {
    "lead": "Leads",
    "mql": "MQLs",
    "sal": "SALs",
    "sql": "SQLs",
    "opportunity": "Opportunities",
    "won": "Won",
}
# Placeholders of the charts, and the variables of the page's style that stand in for them.
INKS = {
    "#010101": "ink",
    "#020202": "faint",
    "#030303": "line",
    "#040404": "accent",
    "#050505": "warm",
}


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

    card = scorecard.read(published, MONTHS_IN_TABLE)
    with connect_published(published) as connection:
        build = _rows(connection, "select * from main._build")[0]
        months = _months(connection)
        content = {
            "build": build,
            "card": card,
            "tiles": _tiles(card),
            "period": _period(months),
            "funnel": _funnel(connection, months),
            "conversions": _conversions(connection),
            "spend": _spend(connection, months),
            "channels": _channels(connection, months),
            "reconciliation": _rows(
                connection,
                "select * from marts.rpt_reconciliation order by is_blocking desc, check_name",
            ),
        }
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["money"] = lambda value: (
        scorecard.UNKNOWN if value is None else scorecard.money(float(value), card.currency)
    )
    environment.filters["count"] = lambda value: (
        scorecard.UNKNOWN if value is None else f"{value:,.0f}"
    )
    environment.filters["share"] = lambda value: (
        scorecard.UNKNOWN if value is None else f"{value:.1%}"
    )
    environment.filters["written"] = lambda value, unit: scorecard.written(
        value, unit, card.currency
    )
    return environment.get_template("report.html").render(**content, **_health(runs))


def _rows(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: Any = None
) -> list[dict[str, Any]]:
    result = connection.execute(query, parameters)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _months(connection: duckdb.DuckDBPyConnection) -> list[date]:
    rows = connection.execute(
        "select distinct month from marts.rpt_scorecard order by month desc limit ?",
        [MONTHS_IN_CHARTS],
    ).fetchall()
    return sorted(month for (month,) in rows)


def _period(months: list[date]) -> str:
    return f"{months[0]:%b %Y} to {months[-1]:%b %Y}" if months else "no month yet"


def _tiles(card: scorecard.Scorecard) -> list[dict[str, Any]]:
    """The last month's headline numbers, each with its change and its target."""
    tiles = []
    for line in card.lines:
        if line.metric not in TILES or not line.cells or line.cells[-1] is None:
            continue
        cell = line.cells[-1]
        before = line.cells[-2].value if len(line.cells) > 1 and line.cells[-2] else None
        change = None if not before or cell.value is None else cell.value / before - 1
        # More ad spend is neither good nor bad by itself.
        better = None
        if change is not None and line.metric != "ad_spend":
            better = (change < 0) == (line.metric in scorecard.LESS_IS_BETTER)
        tiles.append({"line": line, "cell": cell, "change": change, "is_better": better})
    return tiles


def _funnel(connection: duckdb.DuckDBPyConnection, months: list[date]) -> dict[str, Any]:
    """How many entered each stage in the period; everything by its own date."""
    counts = dict(
        connection.execute(
            "select stage, cast(sum(entries) as bigint) from marts.rpt_funnel_monthly "
            "where month = any($months) group by stage",
            {"months": months},
        ).fetchall()
    )
    rows = [{"stage": words, "entries": counts.get(stage, 0)} for stage, words in STAGES.items()]
    return {"rows": rows, "wide": _funnel_chart(rows, 350), "narrow": _funnel_chart(rows, 170)}


def _conversions(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The conversion rates of the newest cohort that has had its time, pair by pair."""
    return _rows(
        connection,
        """
        select
            from_stage,
            to_stage,
            cohort_month,
            window_days,
            sum(entered) as entered,
            sum(converted) as converted,
            sum(converted) / nullif(sum(entered), 0) as conversion_rate
        from marts.rpt_funnel_conversion
        where is_mature
        group by from_stage, to_stage, cohort_month, window_days
        qualify row_number() over (partition by from_stage, to_stage order by cohort_month desc) = 1
        order by
            array_position(['lead', 'mql', 'sal', 'sql', 'opportunity', 'won'], from_stage),
            array_position(['lead', 'mql', 'sal', 'sql', 'opportunity', 'won'], to_stage)
        """,
    )


def _spend(connection: duckdb.DuckDBPyConnection, months: list[date]) -> dict[str, Any]:
    """Ad spend and won amount by month, each by its own date."""
    rows = _rows(
        connection,
        "select month, spend, won_amount from marts.rpt_channel_performance "
        "where channel = 'all' and month = any($months) order by month",
        {"months": months},
    )
    return {
        "rows": rows,
        "wide": _spend_chart(rows, 450),
        "narrow": _spend_chart(rows, 260, letters=1),
    }


def _channels(connection: duckdb.DuckDBPyConnection, months: list[date]) -> list[dict[str, Any]]:
    """What each channel did in the period; the total comes last."""
    rows = _rows(
        connection,
        """
        select
            channel,
            sum(spend) as spend,
            sum(clicks) / nullif(sum(impressions), 0) as ctr,
            sum(leads) as leads,
            sum(mqls) as mqls,
            sum(sqls) as sqls,
            sum(opportunities) as opportunities,
            sum(pipeline_created) as pipeline_created,
            sum(won) as won,
            sum(won_amount) as won_amount
        from marts.rpt_channel_performance
        where month = any($months)
        group by channel
        order by channel = 'all', won_amount desc nulls last, leads desc, channel
        """,
        {"months": months},
    )
    largest = max((row["won_amount"] or 0 for row in rows if row["channel"] != "all"), default=0)
    for row in rows:
        row["words"] = row["channel"].replace("_", " ")
        row["bar"] = float(row["won_amount"] or 0) / float(largest) if largest else 0.0
    return rows


def _health(runs: Path) -> dict[str, Any]:
    """What the last run recorded of its loads and checks."""
    files = record.read(runs, "load", {"files": []})["files"]
    sources: dict[str, dict[str, Any]] = defaultdict(
        lambda: {"files": 0, "rows": 0, "rejected": 0, "reasons": defaultdict(int)}
    )
    for file in files:
        if file["status"] in ("loaded", "unchanged"):
            source = sources[file["source"]]
            source["files"] += 1
            source["rows"] += file["rows"]
            source["rejected"] += file["rejected"]
            for reason, count in file["rejects"].items():
                source["reasons"][reason] += count
    unread = [file for file in files if file["status"] in ("refused", "unmatched")]
    rejected = sum(source["rejected"] for source in sources.values())
    checks = record.read(runs, "check_exports", []) + record.read(runs, "check_marts", [])
    return {
        "sources": dict(sorted(sources.items())),
        "unread": unread,
        "left_out": _left_out(len(unread), rejected),
        "checks": checks,
        "unmet": [check for check in checks if not check["success"]],
        "tests": [
            n for n in record.read(runs, "build", []) if not n["unique_id"].startswith("model.")
        ],
    }


def _left_out(files: int, rows: int) -> str:
    """What the page does not know of, in a line; empty if it knows all."""
    parts = []
    if files:
        parts.append(f"{files:,} {'file was' if files == 1 else 'files were'} not read")
    if rows:
        parts.append(f"{rows:,} {'row was' if rows == 1 else 'rows were'} set aside")
    return ", ".join(parts)


def _funnel_chart(rows: list[dict[str, Any]], width: int) -> str:
    import altair as alt

    base = alt.Chart(alt.Data(values=rows)).encode(
        # Fonts differ between here and the reader: room for a wider one.
        y=alt.Y("stage:N", sort=None, title=None, axis=alt.Axis(labelPadding=8, minExtent=105)),
        x=alt.X("entries:Q", title=None, axis=None),
    )
    bars = base.mark_bar(color="#040404", cornerRadius=2, height={"band": 0.72})
    labels = base.mark_text(align="left", dx=6, color="#010101", fontWeight=600).encode(
        text=alt.Text("entries:Q", format=",")
    )
    padding = {"left": 4, "top": 4, "bottom": 4, "right": 40}
    return _svg((bars + labels).properties(width=width, height=280, padding=padding))


def _spend_chart(rows: list[dict[str, Any]], width: int, letters: int = 3) -> str:
    import altair as alt

    values = [
        {
            "month": f"{row['month']:%Y-%m-%d}",
            "spend": float(row["spend"] or 0),
            "won": float(row["won_amount"] or 0),
        }
        for row in rows
    ]
    x = alt.X(
        "yearmonth(month):O",
        title=None,
        axis=alt.Axis(
            labelExpr=f"slice(timeFormat(datum.value, '%b'), 0, {letters})",
            labelAngle=0,
            labelOverlap=True,
        ),
    )

    def panel(field: str, title: str, ink: str, height: int) -> alt.Chart:
        y = alt.Y(f"{field}:Q", title=None, axis=alt.Axis(format="~s", tickCount=4, grid=True))
        return (
            alt.Chart(alt.Data(values=values), title=alt.Title(title, anchor="start", fontSize=12))
            .mark_bar(color=ink, cornerRadius=2, width={"band": 0.66})
            .encode(x=x, y=y)
            .properties(width=width, height=height)
        )

    return _svg(
        alt.vconcat(
            panel("won", "Won amount", "#040404", 130), panel("spend", "Ad spend", "#050505", 80)
        )
    )


def _svg(chart: Any) -> str:
    """The chart as SVG in the page's own colours and type, which follow light and dark."""
    import vl_convert

    styled = chart.configure(
        background="transparent",
        font="system-ui, sans-serif",
        view={"stroke": None},
        axis={
            "labelColor": "#020202",
            "labelFontSize": 12,
            "domain": False,
            "ticks": False,
            "gridColor": "#030303",
        },
        title={"color": "#010101", "fontWeight": 600},
    )
    svg = vl_convert.vegalite_to_svg(styled.to_dict())
    for placeholder, name in INKS.items():
        svg = svg.replace(f'"{placeholder}"', f'"var(--{name})"')
    return svg
