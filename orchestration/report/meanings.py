"""What each metric means, as the published file says it: the words behind its name on the page.

The text is the description of the column that holds the number (from the glossary), with the
version and parameters of the definition that both teams agreed on. No definition is written here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestration import scorecard
from orchestration.report.marts import Marts
from orchestration.report.parts import day, days, formatted

if TYPE_CHECKING:
    from markupsafe import Markup

# The columns of the marts whose description says what a metric, or one variant of it, is.
DESCRIBED_BY: dict[str, tuple[str, ...]] = {
    "leads": ("rpt_channel_performance.leads",),
    "mqls": ("rpt_channel_performance.mqls",),
    "sals": ("fct_funnel_stages.stage", "rpt_funnel_monthly.entries"),
    "sqls": ("rpt_channel_performance.sqls",),
    "opportunities": ("rpt_channel_performance.opportunities",),
    "won": ("rpt_channel_performance.won",),
    **dict.fromkeys(
        scorecard.FAMILIES["Conversion"],
        ("rpt_funnel_conversion.conversion_rate", "rpt_funnel_conversion.converted"),
    ),
    "pipeline_created": ("rpt_sales_monthly.pipeline_created",),
    "coverage start": ("rpt_sales_monthly.coverage_start",),
    "coverage now": ("rpt_sales_monthly.coverage_now",),
    "velocity": ("rpt_sales_monthly.velocity_per_day",),
    "new_bookings": ("rpt_sales_monthly.new_bookings",),
    "net_bookings": ("rpt_sales_monthly.net_bookings",),
    "attainment": ("rpt_sales_monthly.attainment",),
    "win_rate": ("rpt_sales_monthly.win_rate",),
    "win_rate_value": ("rpt_sales_monthly.win_rate_value",),
    "average_deal_size": ("rpt_sales_monthly.average_deal_size",),
    "sales_cycle_days": ("rpt_sales_monthly.cycle_median_days",),
    "ad_spend": ("rpt_channel_performance.spend",),
    "ctr": ("rpt_channel_performance.ctr",),
    "cpc": ("rpt_channel_performance.cpc",),
    "cpl": ("rpt_channel_cohort.cpl",),
    "cac": ("rpt_cac_monthly.cac", "rpt_cac_monthly.variant"),
    "cac_payback_months": ("rpt_cac_monthly.payback_months", "rpt_cac_monthly.variant"),
    "roas": ("rpt_campaign_performance.roas",),
    "roi": ("rpt_campaign_performance.roi",),
    "revenue": ("fct_revenue.revenue",),
    "mrr": ("rpt_recurring_revenue_monthly.closing_mrr",),
    "mrr_growth": ("rpt_recurring_revenue_monthly.growth",),
    "nrr": ("rpt_recurring_revenue_monthly.nrr_12m",),
    "grr": ("rpt_recurring_revenue_monthly.grr_12m",),
    "logo_churn": ("rpt_recurring_revenue_monthly.logo_churn_12m",),
    "arpa": ("rpt_unit_economics_monthly.arpa",),
    "gross_margin": ("rpt_unit_economics_monthly.gross_margin",),
    "clv historical": ("rpt_customer_value.clv_historical",),
    "clv formula": ("rpt_unit_economics_monthly.clv_formula",),
    "ltv_to_cac": ("rpt_unit_economics_monthly.ltv_to_cac",),
    "sla_response_rate": ("rpt_sla_monthly.met_rate", "rpt_sla_monthly.commitment"),
    "sla_volume_attainment": ("rpt_sla_monthly.attainment", "rpt_sla_monthly.commitment"),
    "lead_rejection_rate": ("rpt_lead_feedback.rejection_rate",),
    "email_open_rate_human": ("rpt_email_campaigns.open_rate_human",),
    "email_click_rate": ("rpt_email_campaigns.click_rate",),
    "sessions": ("rpt_audience_monthly.sessions",),
    "visitors": ("rpt_audience_monthly.visitors",),
    "engagement_rate": ("rpt_audience_monthly.engagement_rate",),
    "mentions": ("rpt_audience_monthly.mentions",),
}


@dataclass(frozen=True)
class Meaning:
    """What a number means, in a few paragraphs."""

    text: Sequence[Markup]
    facts: Sequence[tuple[str, str]]
    """Name and value: owner, version, window and so on."""


def read(marts: Marts) -> dict[tuple[str, str], Meaning]:
    """The meaning of every line of the scorecard, by metric and variant."""
    comments = {
        f"{table}.{column}": comment
        for table, column, comment in marts.connection.execute(
            "select table_name, column_name, comment from duckdb_columns() "
            "where schema_name = 'marts' and comment is not null"
        ).fetchall()
    }
    agreed = {
        (row["metric"], row["version"]): row
        for row in marts.rows("select * from marts.dim_definition")
    }
    return {
        (line.metric, line.variant): Meaning(
            text=[
                formatted(comments[column])
                for column in DESCRIBED_BY.get(
                    line.metric, DESCRIBED_BY.get(f"{line.metric} {line.variant}", ())
                )
                if column in comments
            ],
            facts=list(_facts(marts, line, agreed.get((line.metric, line.version)))),
        )
        for line in marts.card.lines
    }


def _facts(
    marts: Marts, line: scorecard.Line, agreed: dict[str, Any] | None
) -> list[tuple[str, str]]:
    owner = {"both": "marketing and sales"}.get(line.owner, line.owner)
    facts = [("Answers for it", owner)] if owner else []
    if agreed:
        facts.append(
            (
                f"Version {agreed['version']}",
                f"agreed by {agreed['owner_sales']} and {agreed['owner_marketing']}"
                + (f" on {day(agreed['approved_on'])}" if agreed["approved_on"] else "")
                + (f": {agreed['reason']}" if agreed["reason"] else ""),
            )
        )
        facts += [
            (name.replace("_", " ").capitalize(), str(value))
            for name, value in json.loads(agreed["parameters"] or "{}").items()
            if name != "window_days"
        ]
    # A promise is told in its own hours; its days only say when a month is final.
    if line.window_days and line.family != "Service levels":
        facts.append(("Window", days(line.window_days)))
    if line.settled is None:
        return facts
    cell = line.cells[line.settled]
    assert cell is not None, "a settled month has a value"
    month = f"{marts.card.months[line.settled]:%b %Y}"
    if cell.ci_low is not None and cell.ci_high is not None:
        facts.append((f"95 % interval, {month}", f"{cell.ci_low:.1%} to {cell.ci_high:.1%}"))
    if cell.value_restated is not None and cell.value_restated != cell.value:
        facts.append(
            (f"Under today's definitions, {month}", marts.say(cell.value_restated, line.unit))
        )
    if cell.value_as_published is not None and cell.value_as_published != cell.value:
        facts.append((f"As published, {month}", marts.say(cell.value_as_published, line.unit)))
    return facts
