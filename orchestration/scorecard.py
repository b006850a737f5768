"""The one page both teams sign, as read from the published file and as the terminal shows it.

How a number comes about is in models/, above all `rpt_scorecard`; here it is only chosen, ordered
and written for people. The report page uses the same rows and the same words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.warehouse import connect_published

if TYPE_CHECKING:
    from rich.table import Table

# The metrics that the terminal shows, in the order of the funnel, with the variant that is shown.
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
# All of them, as the report page groups them. What is not listed here comes last, under Other.
FAMILIES = {
    "Funnel": ("leads", "mqls", "sals", "sqls", "opportunities", "won"),
    "Conversion": (
        *("lead_to_mql_rate", "mql_to_sal_rate", "mql_to_sql_rate", "sql_to_opportunity_rate"),
        *("opportunity_to_won_rate", "lead_to_won_rate"),
    ),
    "Pipeline and bookings": (
        *("pipeline_created", "coverage", "velocity", "new_bookings", "net_bookings"),
        *("attainment", "win_rate", "win_rate_value", "average_deal_size", "sales_cycle_days"),
    ),
    "Service levels": ("sla_response_rate", "sla_volume_attainment", "lead_rejection_rate"),
    "Acquisition": (
        *("ad_spend", "ctr", "cpc", "cpl", "cac", "cac_payback_months", "roas", "roi"),
    ),
    "Revenue and customers": (
        *("revenue", "mrr", "mrr_growth", "nrr", "grr", "logo_churn", "arpa", "gross_margin"),
        *("clv", "ltv_to_cac"),
    ),
    "E-mail, web and social": (
        *("email_open_rate_human", "email_click_rate", "sessions", "visitors"),
        *("engagement_rate", "mentions"),
    ),
}
OTHER = "Other"
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
    "cac_payback_months": "CAC payback, months",
    "lead_to_mql_rate": "Lead to MQL rate",
    "mql_to_sal_rate": "MQL to SAL rate",
    "mql_to_sql_rate": "MQL to SQL rate",
    "sql_to_opportunity_rate": "SQL to opportunity rate",
    "win_rate_value": "Win rate by value",
    "velocity": "Pipeline velocity, a day",
    "attainment": "Quota attainment",
    "roas": "ROAS",
    "roi": "ROI",
    "mrr": "MRR",
    "mrr_growth": "MRR growth",
    "nrr": "NRR",
    "grr": "GRR",
    "arpa": "Revenue per account",
    "clv": "CLV",
    "ltv_to_cac": "LTV to CAC",
    "sla_response_rate": "Answered in time",
    "sla_volume_attainment": "Promised volume reached",
    "email_open_rate_human": "E-mail open rate, human",
    "email_click_rate": "E-mail click rate",
}
VARIANTS = {"mqls": "MQLs", "sqls": "SQLs", "12m": "12 months"}
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
    ci_low: float | None = None
    ci_high: float | None = None
    numerator: float | None = None
    denominator: float | None = None
    value_restated: float | None = None
    value_as_published: float | None = None


@dataclass(frozen=True)
class Line:
    """One metric over the months."""

    metric: str
    variant: str
    unit: str
    owner: str
    cells: tuple[Cell | None, ...]
    """One for each month of the scorecard; None where it has no row."""
    version: int | None = None
    """Of the definition, in the last month."""
    window_days: int = 0

    @property
    def words(self) -> str:
        """What people call it."""
        name = WORDS.get(self.metric, self.metric.replace("_", " ").capitalize())
        if self.variant in ("period", "cohort"):
            return name
        return f"{name}, {VARIANTS.get(self.variant, self.variant.replace('_', ' '))}"

    @property
    def family(self) -> str:
        """The group that it is shown in."""
        return next((name for name, of in FAMILIES.items() if self.metric in of), OTHER)

    @property
    def settled(self) -> int | None:
        """Place of the last month whose value has had its time; None when there is none yet."""
        return self._last(is_mature=True)

    @property
    def unsettled(self) -> int | None:
        """Place of the last month with a value that may still rise, if it is after the settled."""
        place = self._last(is_mature=False)
        return None if place is None or place < (self.settled or 0) else place

    def _last(self, *, is_mature: bool) -> int | None:
        for place in reversed(range(len(self.cells))):
            cell = self.cells[place]
            if cell and cell.value is not None and cell.is_mature == is_mature:
                return place
        return None

    def reached(self, cell: Cell) -> float | None:
        """How much of the target was reached: 1 or more is good. None where there is no target."""
        if cell.attainment is None:
            return None
        return 2 - cell.attainment if self.metric in LESS_IS_BETTER else cell.attainment

    def is_good(self, cell: Cell) -> bool | None:
        """Whether the target was reached; None where there is none, or it is nearly so."""
        reached = self.reached(cell)
        return None if reached is None or 0.9 <= reached < 1 else reached >= 1


@dataclass(frozen=True)
class Scorecard:
    """The metrics of the last months, as published."""

    company: str
    currency: str
    as_of: date
    build_id: str
    months: tuple[date, ...]
    lines: tuple[Line, ...]

    @property
    def headlines(self) -> tuple[Line, ...]:
        """The lines to show where there is little room."""
        lines = {(line.metric, line.variant): line for line in self.lines}
        return tuple(lines[key] for key in HEADLINES if key in lines)

    def line(self, metric: str, variant: str) -> Line | None:
        """The line of a metric, if it is there."""
        return next((x for x in self.lines if (x.metric, x.variant) == (metric, variant)), None)


def read(published: Path, months: int) -> Scorecard:
    """The metrics of the last `months` months up to the as-of day, family by family."""
    with connect_published(published) as connection:
        build = connection.execute(
            "select company, reporting_currency, as_of, build_id from main._build"
        ).fetchone()
        shown = connection.execute(
            f"select distinct month from marts.rpt_scorecard order by month desc limit {months:d}"
        ).fetchall()
        [[has_ads]] = connection.execute(
            "select count(*) > 0 from marts.rpt_scorecard where metric = 'ad_spend' and value != 0"
        ).fetchall()
        rows = connection.execute(
            "select metric, variant, coalesce(unit, 'count'), coalesce(owner, ''), "
            "definition_version, coalesce(window_days, 0), month, "
            "value, target, attainment, is_mature, ci_low, ci_high, numerator, denominator, "
            "value_restated, value_as_published "
            "from marts.rpt_scorecard order by month"
        ).fetchall()

    assert build is not None, "a published file has one build"
    columns = tuple(sorted(month for (month,) in shown))
    about = {(row[0], row[1]): row[2:6] for row in rows if row[6] in columns}  # the last month's
    cells = {(row[0], row[1], row[6]): Cell(*row[7:]) for row in rows if row[6] in columns}
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
            Line(
                *key,
                unit,
                owner,
                cells=tuple(cells.get((*key, month)) for month in columns),
                version=version,
                window_days=window_days,
            )
            for key, (unit, owner, version, window_days) in sorted(about.items(), key=_place)
        ),
    )


def _place(item: tuple[tuple[str, str], Sequence[object]]) -> tuple[int, str, str]:
    """Where a line stands: its metric's place in the families, then by its variant."""
    (metric, variant), _ = item
    order = [name for family in FAMILIES.values() for name in family]
    return (order.index(metric) if metric in order else len(order), metric, variant)


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
    if not size:
        return f"{symbol}0"
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
    for line in scorecard.headlines:
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
