"""The section on the funnel: entries, conversion, and which cohorts have had their time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from orchestration import scorecard
from orchestration.report import charts
from orchestration.report.marts import Marts, Settled
from orchestration.report.parts import Chart, Column, Open, Section, Table, days
from orchestration.report.trends import (
    MONTH,
    by_month,
    course,
    listed,
    points,
)

STAGES = {
    "lead": "Leads",
    "mql": "MQLs",
    "sal": "SALs",
    "sql": "SQLs",
    "opportunity": "Opportunities",
    "won": "Won",
}


def funnel(marts: Marts) -> Section:
    """Entries into the stages, and conversion from one to the next."""
    parts: list[Chart | Table] = []
    entries = marts.rows(
        "select stage, month, cast(sum(entries) as bigint) as entries "
        "from marts.rpt_funnel_monthly where month = any($months) and stage = any($stages) "
        "group by stage, month",
        stages=list(STAGES),
    )
    if entries:
        of_stage: dict[str, int] = defaultdict(int)
        of_month: dict[date, dict[str, Any]] = {month: {"month": month} for month in marts.months}
        for row in entries:
            of_stage[row["stage"]] += row["entries"] or 0
            of_month[row["month"]][row["stage"]] = row["entries"]
        drawn = [
            {"name": name, "value": of_stage[stage], "text": f"{of_stage[stage]:,}"}
            for stage, name in STAGES.items()
            if stage in of_stage
        ]
        parts.append(
            Chart(
                f"Entries into each stage, {marts.period}, each by its own date",
                listed((str(row["name"]), str(row["text"])) for row in drawn),
                charts.bars(drawn),
                Table(
                    "Entries by month",
                    [MONTH, *(Column(STAGES[stage], stage) for stage in STAGES)],
                    [dict.fromkeys(STAGES) | row for row in of_month.values()],
                ),
            )
        )

    lines = [line for line in marts.card.lines if line.family == "Conversion"]
    panels = {
        name: rows
        for line in lines
        if (rows := points(marts, line, name := line.words.removesuffix(" rate")))
    }
    if panels:
        parts.append(
            Chart(
                "Conversion by the month of entry, with its 95 % interval; hollow is still open",
                listed((name, course(marts, rows, "ratio")) for name, rows in panels.items()),
                charts.small_lines(
                    [row for rows in panels.values() for row in rows],
                    series=list(panels),
                    axis=charts.SHARE_AXIS,
                ),
                by_month(marts, "Conversion by the month of entry", lines),
            )
        )
    parts.append(_newest_cohorts(marts, lines))

    rate = marts.settled("mql_to_sql_rate", "cohort")
    if rate:
        rows = marts.rows(
            "select channel, entered, converted, conversion_rate, [ci_low, ci_high] as interval "
            "from marts.rpt_funnel_conversion "
            "where from_stage = 'mql' and to_stage = 'sql' and cohort_month = $month "
            "order by entered desc, channel",
            month=rate.month,
        )
        parts.append(
            Table(
                f"MQL to SQL by channel, MQLs of {rate.month:%B %Y}",
                [
                    Column("Channel", "channel", "name"),
                    Column("MQLs", "entered", shade="bar"),
                    Column("SQLs in time", "converted"),
                    Column("Rate", "conversion_rate", "ratio"),
                    Column("95 % interval", "interval", "interval"),
                ],
                rows,
                note="Few cases make a wide interval: compare channels by their intervals.",
            )
        )
    return Section(
        "funnel",
        "Funnel and conversion",
        "Funnel",
        parts,
        finding=_conversion_finding(marts, rate),
        note="A cohort is all who entered a stage in a month. Its rate is final when the last of "
        "them has had the whole window; until then it is marked ~ and can only rise.",
        missing="It takes leads or deals from a CRM.",
    )


def _conversion_finding(marts: Marts, rate: Settled | None) -> str:
    if not rate:
        return ""
    low, high = rate.cell.ci_low, rate.cell.ci_high
    between = f" ({low:.0%} to {high:.0%})" if low is not None and high is not None else ""
    before = rate.before.value if rate.before else None
    after = f", after {before:.1%} the month before" if before is not None else ""
    return (
        f"Of the MQLs of {rate.month:%B %Y}, {marts.say(rate.cell.value, 'ratio')}{between} "
        f"became SQLs within {days(rate.line.window_days)}{after}."
    )


def _newest_cohorts(marts: Marts, lines: Iterable[scorecard.Line]) -> Table:
    rows = []
    for line in lines:
        done = line.cells[line.settled] if line.settled is not None else None
        still = line.cells[line.unsettled] if line.unsettled is not None else None
        rows.append(
            {
                "name": line.words.removesuffix(" rate"),
                "window": line.window_days,
                "month": marts.card.months[line.settled] if line.settled is not None else None,
                "entered": done.denominator if done else None,
                "converted": done.numerator if done else None,
                "rate": done.value if done else None,
                "interval": (done.ci_low, done.ci_high) if done else None,
                "open": Open(still.value) if still else None,
            }
        )
    return Table(
        "The newest cohort that has had its time",
        [
            Column("From, to", "name", "text"),
            Column("Within, days", "window"),
            Column("Entered in", "month", "month"),
            Column("Entered", "entered"),
            Column("Converted", "converted"),
            Column("Rate", "rate", "ratio"),
            Column("95 % interval", "interval", "interval"),
            Column("Newest so far", "open", "ratio"),
        ],
        rows,
    )
