"""The sections on customers who stay: recurring revenue, its movements, and customer value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from orchestration.report import charts
from orchestration.report.marts import Marts
from orchestration.report.parts import Chart, Column, Open, Section, Table, sentence
from orchestration.report.trends import (
    MONTH,
    amount_of,
    course,
    listed,
    trend,
)

MOVEMENTS = {
    "new_mrr": "New",
    "expansion_mrr": "Expansion",
    "reactivation_mrr": "Reactivation",
    "contraction_mrr": "Contraction",
    "churn_mrr": "Churn",
    "fx_mrr": "Exchange rates",
}
AGES = (0, 3, 6, 9, 12, 18, 24)


def recurring(marts: Marts) -> Section:
    """Recurring revenue, what moves it and how much of it stays."""
    parts: list[Chart | Table] = []
    rows = marts.rows(
        "select * from marts.rpt_recurring_revenue_monthly "
        "where month = any($months) order by month"
    )
    is_known = any(row["closing_mrr"] for row in rows)
    if is_known:
        shown = {
            key: name for key, name in MOVEMENTS.items() if any(amount_of(row[key]) for row in rows)
        }
        drawn = [
            {
                "month": f"{row['month']:%Y-%m}",
                "series": name,
                "value": amount_of(row[key]),
                "place": place,
            }
            for row in rows
            for place, (key, name) in enumerate(shown.items())
        ]
        last = rows[-1]
        parts.append(
            Chart(
                "What moved monthly recurring revenue",
                f"In {last['month']:%B %Y}: "
                + listed((name, marts.say(last[key], "currency")) for key, name in shown.items()),
                charts.stacked(drawn, series=list(shown.values()), axis=marts.money_axis),
                Table(
                    "Movements of MRR",
                    [
                        MONTH,
                        Column("Opening", "opening_mrr", "currency"),
                        *(Column(name, key, "currency") for key, name in MOVEMENTS.items()),
                        Column("Closing", "closing_mrr", "currency"),
                        Column("Customers", "customers_end"),
                    ],
                    rows,
                ),
            )
        )
        title = "What remains after 12 months: NRR and GRR"
        parts += trend(marts, title, charts.SHARE_AXIS, ("nrr", "12m"), ("grr", "12m"))
        parts.append(
            Table(
                "Recurring revenue by month",
                [
                    MONTH,
                    Column("MRR", "closing_mrr", "currency", shade="bar"),
                    Column("ARR", "arr", "currency"),
                    Column("Customers", "customers_end"),
                    Column("Lost", "customers_lost"),
                    Column("NRR, 12 months", "nrr_12m", "ratio"),
                    Column("GRR, 12 months", "grr_12m", "ratio"),
                    Column("Logo churn, 12 months", "logo_churn_12m", "ratio"),
                    Column("Growth in the quarter", "growth", "ratio"),
                    Column("Target", "growth_target", "ratio"),
                ],
                list(reversed(rows)),
                shown=12,
            )
        )
    return Section(
        "recurring",
        "Recurring revenue",
        "Recurring revenue",
        parts,
        finding=_recurring_finding(marts),
        note="NRR: what the customers of a year ago pay now, per what they paid then. GRR: the "
        "same without what any of them gained.",
        missing="It takes subscriptions from billing.",
    )


def _recurring_finding(marts: Marts) -> str:
    rows = marts.rows(
        "select recurring.month, recurring.closing_mrr, nrr_12m, grr_12m, gained_mrr, lost_mrr "
        "from marts.rpt_recurring_revenue_monthly as recurring "
        "inner join marts.rpt_unit_economics_monthly using (month) "
        "where month = any($months) and recurring.closing_mrr > 0 order by month desc limit 1"
    )
    if not rows:
        return ""
    row = rows[0]
    found = (
        f"MRR was {marts.say(row['closing_mrr'], 'currency')} at the end of {row['month']:%B %Y}, "
        f"{marts.say(row['gained_mrr'], 'currency')} gained and "
        f"{marts.say(row['lost_mrr'], 'currency')} lost in the month"
    )
    if row["nrr_12m"] is not None:
        found += (
            f"; customers of a year ago pay {marts.say(row['nrr_12m'], 'ratio')} of what they "
            f"paid, {marts.say(row['grr_12m'], 'ratio')} without expansion"
        )
    return f"{found}."


def customers(marts: Marts) -> Section:
    """What a customer brings, by age and by formula."""
    parts: list[Chart | Table] = []
    curve = marts.rows(
        "select age_months, customers, clv from marts.rpt_clv_cohort "
        "where cohort = 'all' and channel = 'all' and clv is not null order by age_months"
    )
    if curve:
        drawn = [
            {
                "age": row["age_months"],
                "series": "CLV",
                "value": row["clv"],
                "is_mature": True,
            }
            for row in curve
        ]
        parts.append(
            Chart(
                "Margin that a customer has brought, by age",
                listed([("Margin per customer", course(marts, drawn, "currency_mean"))]),
                charts.lines(drawn, series=["CLV"], axis=marts.money_axis, by_age=True),
                Table(
                    "Margin by age",
                    [
                        Column("Age, months", "age_months"),
                        Column("Customers", "customers"),
                        Column("CLV", "clv", "currency_mean"),
                    ],
                    curve,
                    note="Of those who have lived through the age: an older age has fewer of them.",
                ),
            )
        )
    title = "LTV to CAC, formula and fully loaded"
    parts += trend(marts, title, charts.FACTOR_AXIS, ("ltv_to_cac", "formula_fully_loaded"))
    parts.append(_cohorts(marts))
    parts.append(
        Table(
            "Unit economics by month",
            [
                MONTH,
                Column("Revenue per account", "arpa", "currency_mean"),
                Column("Gross margin", "gross_margin", "ratio"),
                Column("Monthly churn", "monthly_churn", "ratio"),
                Column("CLV, formula", "clv_formula", "currency_mean"),
                Column("CAC, 12 months", "cac_fully_loaded", "currency_mean"),
                Column("LTV to CAC", "ltv_to_cac", "factor"),
                Column("Payback, months", "payback_months", "months"),
                Column("Magic number", "magic_number", "factor"),
                Column("Quick ratio", "quick_ratio", "factor"),
            ],
            marts.rows(
                "select * from marts.rpt_unit_economics_monthly "
                "where month = any($months) and coalesce(closing_mrr, 0) > 0 order by month desc"
            ),
            shown=6,
        )
    )
    parts.append(
        Table(
            "Customers by value",
            [
                Column("Segment", "segment", "name"),
                Column("Customers", "customers"),
                Column("Revenue", "revenue", "currency"),
                Column("Margin so far", "clv_historical", "currency", shade="bar"),
            ],
            marts.rows(
                "select segment, count(*) as customers, sum(revenue) as revenue, "
                "sum(clv_historical) as clv_historical from marts.rpt_customer_value "
                "group by segment order by clv_historical desc nulls last"
            ),
            note="Segments by the share of all margin; none where no cost of goods is known.",
        )
    )
    return Section(
        "customers",
        "Customer value",
        "Customers",
        parts,
        finding=_customer_finding(marts, curve),
        note="Historical: the margin so far. Formula: what a customer will be worth if churn stays "
        "as it is.",
        missing="It takes invoices, orders or subscriptions from billing.",
    )


def _customer_finding(marts: Marts, curve: Sequence[Mapping[str, Any]]) -> str:
    found = []
    value = marts.settled("clv", "formula")
    if value:
        found.append(
            f"a customer is worth {marts.say(value.cell.value, 'currency_mean')} by formula"
        )
        ratio = marts.settled("ltv_to_cac", "formula_fully_loaded")
        if ratio and ratio.month == value.month:
            found[0] += f", {marts.say(ratio.cell.value, 'factor')} what one costs to win"
    year = next((row for row in curve if row["age_months"] == 12), None)
    if year:
        found.append(
            f"the {year['customers']:,} who have been one for 12 months had brought "
            f"{marts.say(year['clv'], 'currency_mean')} of margin each by then"
        )
    return f"{sentence('; '.join(found))}." if found else ""


def _cohorts(marts: Marts) -> Table:
    """Cumulative margin per customer, by the month of acquisition and by age."""
    rows: dict[date, dict[str, Any]] = {}
    for row in marts.rows(
        "select cohort_month, age_months, customers, clv, is_mature from marts.rpt_clv_cohort "
        "where channel = 'all' and cohort_month is not null and age_months = any($ages) "
        "order by cohort_month desc, age_months",
        ages=list(AGES),
    ):
        cohort = rows.setdefault(
            row["cohort_month"],
            {"month": row["cohort_month"], "customers": row["customers"]}
            | dict.fromkeys(map(str, AGES)),
        )
        cohort[str(row["age_months"])] = row["clv"] if row["is_mature"] else Open(row["clv"])
    reached = [age for age in AGES if any(row[str(age)] is not None for row in rows.values())]
    return Table(
        "Margin per customer by the month they were won, and their age in months",
        [
            Column("Won in", "month", "month"),
            Column("Customers", "customers"),
            *(Column(f"{age}", f"{age}", "currency_mean", shade="heat") for age in reached),
        ],
        list(rows.values()),
        shown=12,
    )
