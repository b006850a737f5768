"""The section on what marketing and sales promised each other, and on what became of the leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestration.report import charts
from orchestration.report.marts import Marts
from orchestration.report.parts import Chart, Column, Open, Section, Table, sentence, words
from orchestration.report.trends import (
    MONTH,
    course,
    listed,
    pivot,
    trend,
)

REASONS = (
    *("no_budget", "no_authority", "no_need", "bad_timing", "not_icp", "bad_data", "duplicate"),
    *("competitor", "unreachable", "other", "not_given"),
)


def service(marts: Marts) -> Section:
    """Commitments and how they were kept; what sales said of the leads."""
    parts: list[Chart | Table] = []
    kept = marts.rows(
        "select commitment, kind, month, met_rate as value, ci_low as low, ci_high as high, "
        "is_mature from marts.rpt_sla_monthly where kind in ('response', 'decision') "
        "and month = any($months) and met_rate is not null order by commitment, month"
    )
    if kept:
        series = sorted({row["commitment"] for row in kept})[:4]
        drawn = [
            {
                "month": f"{row['month']:%Y-%m}",
                "series": sentence(words(row["commitment"])),
                "value": row["value"],
                "is_mature": bool(row["is_mature"]),
            }
            for row in kept
            if row["commitment"] in series
        ]
        names = [sentence(words(name)) for name in series]
        parts.append(
            Chart(
                "Answered and decided in time, by the month of the MQL; hollow is still open",
                listed(
                    (name, course(marts, [row for row in drawn if row["series"] == name], "ratio"))
                    for name in names
                ),
                charts.lines(drawn, series=names, axis=charts.SHARE_AXIS),
                pivot("Kept in time, by month", drawn, names, "ratio"),
            )
        )
    feedback = marts.rows(
        "select * from marts.rpt_lead_feedback "
        "where campaign_id = 'all' and month = any($months) order by month"
    )
    title = "Leads rejected of those decided; hollow is still open"
    parts += trend(marts, title, charts.SHARE_AXIS, ("lead_rejection_rate", "cohort"))
    parts.append(_commitments(marts))
    reasons = [
        {"reason": name, "rejected": sum(row[name] or 0 for row in feedback)} for name in REASONS
    ]
    parts.append(
        Table(
            f"Why leads were rejected, {marts.period}",
            [Column("Reason", "reason", "name"), Column("Rejected", "rejected", shade="bar")],
            sorted(
                (row for row in reasons if row["rejected"]),
                key=lambda row: -row["rejected"],
            ),
        )
    )
    parts.append(
        Table(
            f"Feedback by campaign, {marts.period}",
            [
                Column("Campaign", "campaign_name", "text"),
                Column("Decided", "decided"),
                Column("Accepted", "accepted"),
                Column("Rejected", "rejected"),
                Column("Rejection rate", "rejection_rate", "ratio", shade="bar"),
                Column("Undecided", "pending"),
            ],
            marts.rows(
                "select any_value(campaign_name) as campaign_name, sum(decided) as decided, "
                "sum(accepted) as accepted, sum(rejected) as rejected, sum(pending) as pending, "
                "sum(rejected) / nullif(sum(decided), 0) as rejection_rate "
                "from marts.rpt_lead_feedback where campaign_id != 'all' and month = any($months) "
                "group by campaign_id order by decided desc, campaign_id"
            ),
            shown=8,
        )
    )
    parts.append(
        Table(
            "Feedback by month of the MQL",
            [
                MONTH,
                Column("Decided", "decided"),
                Column("Accepted", "accepted"),
                Column("Rejected", "rejected"),
                Column("Undecided", "pending"),
                Column("Rejection rate", "rejection_rate", "ratio"),
                Column("With a reason", "feedback_completeness", "ratio"),
                Column("Cost of an accepted lead", "cost_per_accepted_lead", "currency_mean"),
            ],
            list(reversed(feedback)),
            shown=6,
        )
    )
    return Section(
        "service",
        "Service levels and lead feedback",
        "Service levels",
        parts,
        finding=_service_finding(marts, feedback),
        note="What marketing and sales promised each other (sla.csv), and what sales said of the "
        "leads. Pending ones may still be kept.",
        missing="It takes MQLs with an owner, and commitments in the definitions.",
    )


def _service_finding(marts: Marts, feedback: Sequence[Mapping[str, Any]]) -> str:
    found = []
    answered = marts.settled("sla_response_rate", "cohort")
    if answered:
        found.append(
            f"sales answered {marts.say(answered.cell.value, 'ratio')} of the MQLs of "
            f"{answered.month:%B %Y} in time"
        )
    rejected = marts.settled("lead_rejection_rate", "cohort")
    if rejected:
        reason = ""
        for row in feedback:
            most = max(REASONS, key=lambda name: row[name] or 0)
            if row["month"] == rejected.month and row[most]:
                reason = f", most often as {words(most)}"
        found.append(
            f"of the MQLs of {rejected.month:%B %Y} that have been decided, "
            f"{marts.say(rejected.cell.value, 'ratio')} were rejected{reason}"
        )
    return f"{sentence('; '.join(found))}." if found else ""


def _commitments(marts: Marts) -> Table:
    """The newest settled month of every commitment, and how the running one stands."""
    rows = marts.rows(
        """
        with numbered as (
            select
                *,
                row_number() over (partition by commitment, is_mature order by month desc) as place
            from marts.rpt_sla_monthly
            where month = any($months)
        )

        select done.*, still.delivered as still_delivered, still.met_rate as still_met_rate
        from numbered as done
        left join numbered as still
            on done.commitment = still.commitment
            and still.place = 1
            and not still.is_mature
            and still.month > done.month
        where done.place = 1 and done.is_mature
        order by done.owner, done.commitment
        """
    )
    shown = []
    for row in rows:
        is_rate = row["kind"] != "volume"
        unit = "ratio" if is_rate else "count"
        still = row["still_met_rate"] if is_rate else row["still_delivered"]
        agreed = marts.say(row["agreed"], "ratio" if row["kind"] == "conversion" else "count")
        if row["kind"] in ("response", "decision"):
            hours = {"business": "business "}.get(row["calendar"] or "", "")
            agreed = f"within {agreed} {hours}{row['unit']}"
        shown.append(
            row
            | {
                "words": sentence(words(row["commitment"])),
                "promised": agreed,
                "result": row["met_rate"] if is_rate else row["delivered"],
                "unit": unit,
                "interval": (row["ci_low"], row["ci_high"]),
                "still": Open(still) if still is not None else None,
            }
        )
    return Table(
        "Commitments, in the newest month that is settled",
        [
            Column("Commitment", "words", "text"),
            Column("By", "owner", "text"),
            Column("Promised", "promised", "text"),
            MONTH,
            Column("Kept", "met"),
            Column("Missed", "breached"),
            Column("Reached", "result", "unit"),
            Column("95 % interval", "interval", "interval"),
            Column("Attainment", "attainment", "ratio"),
            Column("Half within", "median_response_minutes_km", "waited"),
            Column("Newest so far", "still", "unit"),
        ],
        shown,
    )
