"""The section on the pipeline: how it came about, and whether it covers the quota."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestration.report import charts
from orchestration.report.marts import Marts
from orchestration.report.parts import Chart, Column, Open, Section, Table, sentence, words
from orchestration.report.trends import (
    MONTH,
    amount_of,
    course,
    listed,
)


def pipeline(marts: Marts) -> Section:
    """What is open, how it came about, and whether it is enough."""
    parts: list[Chart | Table] = []
    steps = marts.rows(
        "select * from marts.rpt_pipeline_waterfall "
        "qualify dense_rank() over (order by quarter_start desc) = 1 order by movement_order"
    )
    if steps:
        drawn, level = [], 0.0
        for step in steps:
            amount = amount_of(step["amount"])
            is_level = step["movement"] in ("opening", "closing")
            if not amount and not is_level:
                continue
            start = 0.0 if is_level else level
            level = start + amount
            drawn.append(
                {
                    "name": sentence(words(step["movement"])),
                    "from": start,
                    "to": level,
                    "right": max(start, level),
                    "kind": "level" if is_level else "in" if amount > 0 else "out",
                    "text": marts.say(amount, "currency"),
                }
            )
        quarter = _quarter(steps[0])
        parts.append(
            Chart(
                f"Pipeline due in {quarter}, from its first day to today",
                listed((str(row["name"]), str(row["text"])) for row in drawn),
                charts.waterfall(drawn),
                Table(
                    f"Pipeline due in {quarter}",
                    [
                        Column("Movement", "movement", "name"),
                        Column("Deals", "opportunities"),
                        Column("Amount", "amount", "currency"),
                    ],
                    steps,
                ),
            )
        )
    sales = marts.rows(
        "select month, new_bookings, quota, attainment, won, lost, win_rate, open_opportunities, "
        "open_pipeline, coverage_start, coverage_now, coverage_now_pipeline, remaining_quota "
        "from marts.rpt_sales_monthly "
        "where sales_rep_id = 'all' and month = any($months) order by month"
    )
    if any(row["new_bookings"] for row in sales):
        drawn = [
            {
                "month": f"{row['month']:%Y-%m}",
                "value": amount_of(row["new_bookings"]),
                "goal": None if row["quota"] is None else amount_of(row["quota"]),
            }
            for row in sales
        ]
        parts.append(
            Chart(
                "New bookings by month; the mark is the quota",
                listed([("New bookings", course(marts, drawn, "currency"))]),
                charts.columns(drawn, axis=marts.money_axis),
                Table(
                    "New bookings against quota",
                    [
                        MONTH,
                        Column("New bookings", "new_bookings", "currency"),
                        Column("Quota", "quota", "currency"),
                        Column("Attainment", "attainment", "ratio"),
                        Column("Won", "won"),
                        Column("Lost", "lost"),
                        Column("Win rate", "win_rate", "ratio"),
                        Column("Open deals", "open_opportunities"),
                        Column("Open pipeline", "open_pipeline", "currency"),
                    ],
                    sales,
                ),
            )
        )
    parts.append(
        Table(
            "Coverage and forecast by fiscal quarter",
            [
                Column("Quarter", "quarter", "text"),
                Column("Pipeline on its first day", "coverage_start_pipeline", "currency"),
                Column("Quota", "period_quota", "currency"),
                Column("Coverage on its first day", "coverage_start", "factor"),
                Column("Forecast on its first day", "forecast_day_1", "currency"),
                Column("Forecast in the middle", "forecast_mid_period", "currency"),
                Column("Booked", "actual", "currency"),
                Column("Forecast accuracy", "accuracy", "ratio"),
                Column("Quota reached", "period_attainment", "ratio"),
            ],
            _quarters(marts),
            note="The forecast is that of the headline category. Of the running quarter, what is "
            "booked so far is marked ~.",
            shown=8,
        )
    )
    today = marts.rows(
        """
        select
            coalesce(forecast_category, 'in no category') as forecast_category,
            count(*) as deals,
            sum(amount) as amount,
            sum(weighted_amount) as weighted_amount
        from marts.fct_pipeline_daily
        where date_day = (select max(date_day) from marts.fct_pipeline_daily)
        group by forecast_category
        order by amount desc nulls last
        """
    )
    parts.append(
        Table(
            "Open today, by forecast category",
            [
                Column("Category", "forecast_category", "name"),
                Column("Deals", "deals"),
                Column("Amount", "amount", "currency", shade="bar"),
                Column("Weighted by probability", "weighted_amount", "currency"),
            ],
            today,
            note="Deals of every kind, renewals included, whenever they are due.",
        )
    )
    finding = ""
    if sales and sales[-1]["coverage_now"] is not None:
        row = sales[-1]
        finding = (
            f"The quota of this quarter lacks {marts.say(row['remaining_quota'], 'currency')}; the "
            f"{marts.say(row['coverage_now_pipeline'], 'currency')} of deals due in it cover that "
            f"{marts.say(row['coverage_now'], 'factor')}"
        )
        if row["coverage_start"] is not None:
            finding += (
                f", after {marts.say(row['coverage_start'], 'factor')} of the whole quota on its "
                "first day"
            )
        finding += "."
    elif sales and sales[-1]["open_pipeline"] is not None:
        row = sales[-1]
        finding = (
            f"{marts.say(row['open_pipeline'], 'currency')} in "
            f"{marts.say(row['open_opportunities'], 'count')} deals were open at the end of "
            f"{row['month']:%B %Y}."
        )
    return Section(
        "pipeline",
        "Pipeline and coverage",
        "Pipeline",
        parts,
        finding=finding,
        note="Annual contract value of open deals, as the snapshot of each day has it.",
        missing="It takes deals from a CRM; coverage also takes quotas.",
    )


def _quarter(row: Mapping[str, Any]) -> str:
    """The name of a fiscal quarter; a year is named by the calendar year it ends in."""
    return f"Q{row['fiscal_quarter']} FY{row['fiscal_year']}"


def _quarters(marts: Marts) -> list[dict[str, Any]]:
    """One row for each fiscal quarter, the newest first."""
    rows = marts.rows(
        """
        with quarters as (
            select
                dim_date.fiscal_quarter_start as quarter_start,
                any_value(dim_date.fiscal_year) as fiscal_year,
                any_value(dim_date.fiscal_quarter) as fiscal_quarter,
                arg_max(coverage_start_pipeline, sales.month) as coverage_start_pipeline,
                arg_max(period_quota, sales.month) as period_quota,
                arg_max(coverage_start, sales.month) as coverage_start,
                arg_max(period_attainment, sales.month) as period_attainment
            from marts.rpt_sales_monthly as sales
            inner join marts.dim_date
                on sales.month = dim_date.date_day
            where sales.sales_rep_id = 'all'
            group by dim_date.fiscal_quarter_start
        )

        select
            quarters.*,
            forecast.forecast_day_1,
            forecast.forecast_mid_period,
            forecast.actual,
            forecast.accuracy,
            forecast.is_complete
        from quarters
        inner join marts.rpt_forecast as forecast
            on quarters.quarter_start = forecast.period_start
            and forecast.sales_rep_id = 'all'
            and forecast.is_headline
        order by quarter_start desc
        """
    )
    for row in rows:
        row["quarter"] = _quarter(row)
        if not row["is_complete"]:
            row["actual"] = Open(row["actual"])
            row["period_attainment"] = Open(row["period_attainment"])
    return rows
