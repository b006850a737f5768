"""The sections on what it costs to win customers: channels, CAC in its variants, campaigns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from orchestration.report import charts
from orchestration.report.marts import Marts, Settled
from orchestration.report.parts import Chart, Column, Section, Table, days, sentence, words
from orchestration.report.trends import (
    MONTH,
    amount_of,
    course,
    listed,
    trend,
)

VARIANTS = ("fully_loaded", "blended", "paid")


def channels(marts: Marts) -> Section:
    """What channels bring, and what a new customer costs."""
    parts: list[Chart | Table] = []
    money = marts.rows(
        "select month, spend, won_amount from marts.rpt_channel_performance "
        "where channel = 'all' and month = any($months) order by month"
    )
    drawn = {
        name: [{"month": f"{row['month']:%Y-%m}", "value": amount_of(row[key])} for row in money]
        for name, key in (("Won amount", "won_amount"), ("Ad spend", "spend"))
        if any(row[key] for row in money)
    }
    if drawn:
        parts.append(
            Chart(
                f"{sentence(' and '.join(drawn).lower())} by month, {marts.card.currency}, each "
                "by its own date",
                listed((name, course(marts, rows, "currency")) for name, rows in drawn.items()),
                charts.panels(drawn, axis=marts.money_axis),
                Table(
                    "Won amount and ad spend",
                    [
                        MONTH,
                        Column("Won amount", "won_amount", "currency"),
                        Column("Ad spend", "spend", "currency"),
                    ],
                    money,
                ),
            )
        )
    title = "CAC in its variants, by the month of the wins"
    parts += trend(marts, title, marts.money_axis, *(("cac", name) for name in VARIANTS))

    rows = marts.rows(
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
        """
    )
    if not any(row["spend"] for row in rows):  # without ads, the 0 of the mart is not known
        for row in [*money, *rows]:
            row["spend"] = None
    parts.append(
        Table(
            f"Channels, {marts.period}",
            [
                Column("Channel", "channel", "name"),
                Column("Ad spend", "spend", "currency"),
                Column("CTR", "ctr", "ratio"),
                Column("Leads", "leads"),
                Column("MQLs", "mqls"),
                Column("SQLs", "sqls"),
                Column("Opportunities", "opportunities"),
                Column("Pipeline", "pipeline_created", "currency"),
                Column("Won", "won"),
                Column("Won amount", "won_amount", "currency", shade="bar"),
            ],
            rows,
            note="Each number by its own date, so that a row is not one group of people. Unknown "
            "sources have rows of their own.",
            shown=30,
            has_total=bool(rows) and rows[-1]["channel"] == "all",
        )
    )
    cac = marts.settled("cac", "fully_loaded")
    if cac:
        parts += _cac_tables(marts, cac.month)
    return Section(
        "channels",
        "Channels and CAC",
        "Channels",
        parts,
        finding=_cac_finding(marts, cac) or _channel_finding(rows),
        note="Paid: media and agencies of paid channels per customer from paid channels. Blended: "
        "the same cost per new customer of any channel. Fully loaded: all cost of sales and "
        "marketing per new customer.",
        missing="It takes exports of ad platforms, costs or a CRM.",
    )


def _cac_finding(marts: Marts, cac: Settled | None) -> str:
    if not cac:
        return ""
    of_target = (
        f" ({cac.cell.attainment:.0%} of the target)" if cac.cell.attainment is not None else ""
    )
    found = (
        f"A new customer cost {marts.say(cac.cell.value, 'currency_mean')} fully loaded in "
        f"{cac.month:%B %Y}{of_target}"
    )
    blended = marts.settled("cac", "blended")
    if blended and blended.month == cac.month:
        found += f", {marts.say(blended.cell.value, 'currency_mean')} in media and agencies alone"
    payback = marts.settled("cac_payback_months", "fully_loaded")
    if payback and payback.month == cac.month:
        found += (
            f"; it takes {marts.say(payback.cell.value, 'months')} months of margin to pay back"
        )
    return f"{found}."


def _channel_finding(rows: Sequence[Mapping[str, Any]]) -> str:
    """Which channel won most, where no cost is known."""
    total = next((row["won"] for row in rows if row["channel"] == "all"), None)
    if not total:
        return ""
    most = max((row for row in rows if row["channel"] != "all"), key=lambda row: row["won"] or 0)
    return (
        f"{sentence(words(most['channel']))} won the most deals, {most['won']:,} of {total:,}; no "
        "cost is known."
    )


def _cac_tables(marts: Marts, month: date) -> list[Chart | Table]:
    columns = [
        Column("Cost", "cost", "currency"),
        Column("New customers", "new_customers"),
        Column("CAC", "cac", "currency_mean"),
        Column("New MRR", "new_mrr", "currency"),
        Column("Payback, months", "payback_months", "months"),
    ]
    rows = marts.rows(
        "select * from marts.rpt_cac_monthly where channel = 'all' and month = $month "
        "order by array_position($variants, variant), lag_months",
        month=month,
        variants=list(VARIANTS),
    )
    by_channel = marts.rows(
        "select * from marts.rpt_cac_monthly where is_headline and month = $month "
        "order by channel = 'all', channel = 'unattributed', cost desc, channel",
        month=month,
    )
    note = "– where nobody was won, or nothing was spent."
    for row in by_channel:
        if row["channel"] == "unattributed":  # its cost did not win its customers
            row["cac"] = row["payback_months"] = None
            note += (
                " And for unattributed: its cost names no channel (people and tools, say) and did "
                "not win its customers, whose channel is unknown. Such cost is never spread over "
                "the channels: it is in the CAC of all, and in that of no channel."
            )
    return [
        Table(
            f"CAC of {month:%B %Y}, every variant",
            [
                Column("Variant", "variant", "name"),
                Column("Cost of, months before", "lag_months"),
                *columns,
            ],
            rows,
            note="Sales take time: a lag sets the cost of earlier months against the wins of this "
            "one.",
        ),
        Table(
            f"CAC of {month:%B %Y} by channel, headline variant",
            [Column("Channel", "channel", "name"), *columns],
            by_channel,
            note=note,
            shown=30,
            has_total=bool(by_channel) and by_channel[-1]["channel"] == "all",
        ),
    ]


def campaigns(marts: Marts) -> Section:
    """What campaigns cost, and what came of it."""
    parts: list[Chart | Table] = []
    months = marts.rows(
        "select distinct month from marts.rpt_campaign_performance "
        "where is_headline and is_mature order by month desc limit 12"
    )
    rows = marts.rows(
        """
        select
            campaign_id,
            any_value(campaign_name) as campaign_name,
            any_value(channel) as channel,
            any_value(model) as model,
            sum(spend) as spend,
            sum(credited_opportunities) as credited_opportunities,
            sum(credited_won) as credited_won,
            sum(credited_amount) as credited_amount,
            case when count(credited_margin) = count(*) then sum(credited_margin) end as margin,
            case when sum(spend) > 0 then sum(credited_amount) / sum(spend) end as roas,
            case when sum(spend) > 0 then margin / sum(spend) - 1 end as roi
        from marts.rpt_campaign_performance
        where is_headline and month = any($mature)
        group by campaign_id
        order by campaign_id = 'unattributed', spend desc nulls last, credited_amount desc,
            campaign_id
        """,
        mature=[row["month"] for row in months],
    )
    period = f"{months[-1]['month']:%b %Y} to {months[0]['month']:%b %Y}" if months else ""
    for row in rows:
        if row["campaign_id"] == "unattributed":
            row["campaign_name"] = "in no campaign"
            row["roas"] = row["roi"] = None  # its cost did not lead to its deals
    paid = [row for row in rows if row["spend"] and row["spend"] > 0 and row["roi"] is not None]
    named = [row for row in paid if row["campaign_id"] != "unattributed"]
    table = Table(
        f"Campaigns, {period}",
        [
            Column("Campaign", "campaign_name", "text"),
            Column("Channel", "channel", "name"),
            Column("Spend", "spend", "currency"),
            Column("Opportunities", "credited_opportunities"),
            Column("Won", "credited_won"),
            Column("Credited amount", "credited_amount", "currency"),
            Column("Credited margin", "margin", "currency", shade="bar"),
            Column("ROAS", "roas", "factor"),
            Column("ROI", "roi", "ratio"),
        ],
        rows,
        note="ROI is margin less spend, per spend. In no campaign: cost that names none, and deals "
        "that no touch in time led to; the one did not bring the other, so without ROAS and ROI.",
        has_total=bool(rows) and rows[-1]["campaign_id"] == "unattributed",
    )
    if named:
        largest = named[:8]
        series = ("Spend", "Credited margin")
        drawn = [
            {"name": row["campaign_name"], "series": name, "value": amount_of(row[key])}
            for row in largest
            for name, key in zip(series, ("spend", "margin"), strict=True)
        ]
        parts.append(
            Chart(
                "Spend and what came of it: the largest campaigns",
                listed(
                    (
                        row["campaign_name"],
                        f"spend {marts.say(row['spend'], 'currency')}, credited margin "
                        f"{marts.say(row['margin'], 'currency')}",
                    )
                    for row in largest
                ),
                charts.pairs(drawn, series=series, axis=marts.money_axis),
                Table(
                    "The largest campaigns",
                    [column for column in table.columns if column.key != "channel"],
                    largest,
                ),
            )
        )
    title = "ROAS by the month of the spend; hollow is still open"
    parts += trend(marts, title, charts.FACTOR_AXIS, ("roas", "cohort"))
    parts.append(table)
    lifts = marts.rows(
        "select *, [ci_low, ci_high] as interval "
        "from marts.rpt_campaign_lift order by starts_on desc"
    )
    parts.append(
        Table(
            "What campaigns moved: tested against held out",
            [
                Column("Experiment", "experiment", "text"),
                Column("Until", "ends_on", "date"),
                Column("Counts", "conversion_stage", "name"),
                Column("Tested", "tested_rate", "ratio"),
                Column("Held out", "held_out_rate", "ratio"),
                Column("Lift, points", "lift", "ratio"),
                Column("95 % interval", "interval", "interval"),
                Column("Cost of one more", "cost_per_incremental_conversion", "currency_mean"),
            ],
            lifts,
            note="An interval that holds 0 proves nothing.",
        )
    )
    good = [row for row in named if row["roi"] > 0]
    best = max(named, key=lambda row: row["roi"], default=None)
    finding = "No campaign with a known cost has had its time yet."
    if best:
        finding = (
            f"{len(good)} of the {len(named)} campaigns with spend in {period} have earned more "
            f"margin than they cost; {best['campaign_name']} returned most, "
            f"{marts.say(best['roi'], 'ratio')} on {marts.say(best['spend'], 'currency')}."
        )
    window = marts.card.line("roi", "cohort")
    time = days(window.window_days) if window and window.window_days else "whole window"
    model = f", {words(rows[0]['model'])} touch" if rows else ""
    return Section(
        "campaigns",
        "Campaigns and ROI",
        "Campaigns",
        parts,
        finding=finding,
        note=f"Deals are credited to campaigns by the headline attribution model{model}. Only "
        f"months that have had their {time} are in the table.",
        missing="It takes campaigns with spend or touches, and won deals.",
    )
