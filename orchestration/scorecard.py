"""The one page both teams sign, as read from the published file and as the terminal shows it.

How a number comes about is in models/, above all `rpt_scorecard`; here it is only chosen, ordered
and written for people. The report page uses the same rows and the same words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.warehouse import connect_published

if TYPE_CHECKING:
    from rich.table import Table

# The metrics shown first, in the order of the funnel, with the variant that is shown.
HEADLINES = (
    ("leads", "period"),
    ("mqls", "period"),
    ("sqls", "period"),
    ("opportunities", "period"),
    ("won", "period"),
    ("pipeline_created", "period"),
    ("new_bookings", "period"),
    ("revenue", "period"),
    ("win_rate", "period"),
    ("sales_cycle_days", "period"),
    ("mql_to_sql_rate", "cohort"),
    ("ad_spend", "period"),
    ("cpl", "cohort"),
    ("cac", "fully_loaded"),
    ("mrr", "period"),
    ("nrr", "12m"),
    ("ltv_to_cac", "formula_fully_loaded"),
    ("sla_response_rate", "cohort"),
    ("lead_rejection_rate", "cohort"),
)
WORDS = {
    "leads": "Leads",
    "mqls": "MQLs",
    "sals": "SALs",
    "sqls": "SQLs",
    "cpl": "Cost per lead",
    "cpc": "Cost per click",
    "ctr": "Click-through rate",
    "cac": "CAC",
    "sales_cycle_days": "Sales cycle, days",
    "mql_to_sql_rate": "MQL to SQL rate",
    "mrr": "MRR",
    "nrr": "NRR",
    "ltv_to_cac": "LTV to CAC",
    "sla_response_rate": "Answered in time",
}
# More of these is not better, so that an attainment above 100 % is no success.
LESS_IS_BETTER = frozenset(
    {
        *("ad_spend", "cpc", "cpl", "cac", "sales_cycle_days"),
        *("cac_payback_months", "lead_rejection_rate", "logo_churn"),
    }
)
# Without any ad source these are not known, which a 0 would hide.
OF_ADS = frozenset({"ad_spend", "cpc", "cpl", "cac", "ctr"})
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}
UNKNOWN = "–"


@dataclass(frozen=True)
class Cell:
    """One metric in one month."""

    value: float | None
    target: float | None
    attainment: float | None
    is_mature: bool


@dataclass(frozen=True)
class Line:
    """One metric over the months."""

    metric: str
    variant: str
    unit: str
    owner: str
    cells: tuple[Cell | None, ...]

    @property
    def words(self) -> str:
        """What people call it."""
        name = WORDS.get(self.metric, self.metric.replace("_", " ").capitalize())
        if self.variant in ("period", "cohort"):
            return name
        return f"{name}, {self.variant.replace('_', ' ')}"

    def is_good(self, cell: Cell) -> bool | None:
        """Whether the target was reached; None where there is none, or it is nearly so."""
        if cell.attainment is None:
            return None
        reached = 2 - cell.attainment if self.metric in LESS_IS_BETTER else cell.attainment
        return None if 0.9 <= reached < 1 else reached >= 1


@dataclass(frozen=True)
class Scorecard:
    """The headline metrics of the last months, as published."""

    company: str
    currency: str
    as_of: date
    build_id: str
    months: tuple[date, ...]
    lines: tuple[Line, ...]


def read(published: Path, months: int) -> Scorecard:
    """The headline metrics of the last `months` months up to the as-of day."""
    with connect_published(published) as connection:
        build = connection.execute(
            "select company, reporting_currency, as_of, build_id from main._build"
        ).fetchone()
        shown = connection.execute(
            "select distinct month from marts.rpt_scorecard order by month desc limit ?", [months]
        ).fetchall()
        [[has_ads]] = connection.execute(
            "select count(*) > 0 from marts.rpt_scorecard where metric = 'ad_spend' and value != 0"
        ).fetchall()
        rows = connection.execute(
            "select metric, variant, coalesce(unit, 'count'), coalesce(owner, ''), month, "
            "value, target, attainment, is_mature "
            "from marts.rpt_scorecard where month >= ?",
            [min(shown)[0] if shown else date.max],
        ).fetchall()

    assert build is not None, "a published file has one build"
    columns = tuple(sorted(month for (month,) in shown))
    about = {(row[0], row[1]): (row[2], row[3]) for row in rows}
    cells = {(row[0], row[1], row[4]): Cell(*row[5:]) for row in rows}
    if not has_ads:
        cells = {
            key: replace(cell, value=None, attainment=None)
            if key[0] in OF_ADS and not cell.value
            else cell
            for key, cell in cells.items()
        }
    company, currency, as_of, build_id = build
    return Scorecard(
        company=company,
        currency=currency,
        as_of=as_of,
        build_id=build_id,
        months=columns,
        lines=tuple(
            Line(*key, *about[key], cells=tuple(cells.get((*key, month)) for month in columns))
            for key in HEADLINES
            if key in about
        ),
    )


def written(value: float | None, unit: str, currency: str) -> str:
    """A number as people read it: whole counts, short money, percent."""
    if value is None:
        return UNKNOWN
    if unit == "ratio":
        return f"{value:.1%}"
    if unit == "factor":
        return f"{value:,.1f}×"
    if unit in ("days", "months"):
        return f"{value:,.0f}"
    if unit.startswith("currency"):
        return money(value, currency)
    return f"{value:,.0f}"


def money(value: float, currency: str) -> str:
    """An amount to three digits, with its currency."""
    symbol = SYMBOLS.get(currency, f"{currency} ")
    sign, size = ("-" if value < 0 else ""), abs(value)
    for limit, divisor, unit in ((999.5e6, 1e9, "bn"), (999.5e3, 1e6, "M"), (1e4, 1e3, "k")):
        if size >= limit:
            short = size / divisor
            return f"{sign}{symbol}{short:,.{0 if short >= 100 else 1}f}{unit}"
    return f"{sign}{symbol}{size:,.{0 if size >= 100 else 2}f}"


def table(scorecard: Scorecard, *, with_targets: bool) -> Table:
    """The scorecard for a terminal: a value, and below it the attainment of its target."""
    from rich.table import Table
    from rich.text import Text

    grid = Table(header_style="bold")
    grid.add_column("")
    for month in scorecard.months:
        grid.add_column(f"{month:%b %Y}", justify="right", no_wrap=True)
    for line in scorecard.lines:
        cells = []
        for cell in line.cells:
            if cell is None:
                cells.append(Text(UNKNOWN, style="dim"))
                continue
            text = Text(written(cell.value, line.unit, scorecard.currency))
            if not cell.is_mature and cell.value is not None:
                text = Text("~") + text
                text.stylize("dim")
            if cell.attainment is not None:
                style = {True: "green", False: "red", None: "yellow"}[line.is_good(cell)]
                goal = f" of {written(cell.target, line.unit, scorecard.currency)}"
                text.append(f"\n{cell.attainment:.0%}{goal if with_targets else ''}", style=style)
            cells.append(text)
        grid.add_row(line.words, *cells)
    return grid
