"""The section on e-mail, web and social networks."""

from __future__ import annotations

from orchestration.report import charts
from orchestration.report.marts import Marts
from orchestration.report.parts import Chart, Column, Section, Table, sentence
from orchestration.report.trends import (
    MONTH,
    trend,
)


def audience(marts: Marts) -> Section:
    """Who opened, clicked, visited and mentioned."""
    parts: list[Chart | Table] = []
    by_people = [("email_open_rate_human", "cohort"), ("email_click_rate", "cohort")]
    parts += trend(marts, "E-mail: opened and clicked by people", charts.SHARE_AXIS, *by_people)
    visits = [("sessions", "period"), ("visitors", "period")]
    parts += trend(marts, "Web: sessions and visitors", charts.COUNT_AXIS, *visits)
    parts.append(
        Table(
            "E-mail campaigns, the newest",
            [
                Column("Campaign", "campaign_name", "text"),
                Column("Sent", "sent_date", "date"),
                Column("Delivered", "delivered"),
                Column("Delivery", "delivery_rate", "ratio"),
                Column("Opened, by people", "open_rate_human", "ratio"),
                Column("Opened, all", "open_rate_raw", "ratio"),
                Column("Clicked", "click_rate", "ratio", shade="bar"),
                Column("Unsubscribed", "unsubscribe_rate", "ratio"),
                Column("Complaints", "complaint_rate", "ratio"),
            ],
            marts.rows(
                "select * from marts.rpt_email_campaigns where sent_date is not null "
                "order by sent_date desc, campaign_id limit 24"
            ),
            note="The last 24. A report of totals does not tell people from machines: – there.",
            shown=8,
        )
    )
    month = marts.rows(
        "select max(month) as month from marts.rpt_audience_monthly "
        "where channel = 'all' and coalesce(sessions, visitors, page_views) is not null"
    )
    newest = month[0]["month"] if month else None
    if newest:
        rows = marts.rows(
            "select * from marts.rpt_audience_monthly where month = $month and channel != 'all' "
            "and coalesce(visitors, sessions, impressions, engagements, mentions) is not null "
            "order by sessions desc nulls last, impressions desc nulls last, channel",
            month=newest,
        )
        parts.append(
            Table(
                f"Where the audience came from, {newest:%B %Y}",
                [
                    Column("Channel", "channel", "name"),
                    Column("Visitors", "visitors"),
                    Column("Sessions", "sessions", shade="bar"),
                    Column("Page views", "page_views"),
                    Column("Impressions", "impressions"),
                    Column("Engagements", "engagements"),
                    Column("Mentions", "mentions"),
                    Column("Known companies", "identified_accounts"),
                ],
                rows,
                note="Visitors of channels do not add up: one may come by several.",
            )
        )
    parts.append(
        Table(
            "Audience by month",
            [
                MONTH,
                Column("Visitors", "visitors"),
                Column("Sessions", "sessions"),
                Column("Impressions", "impressions"),
                Column("Engagement rate", "engagement_rate", "ratio"),
                Column("Mentions", "mentions"),
                Column("Share of voice", "share_of_voice", "ratio"),
                Column("Net sentiment", "net_sentiment", "ratio"),
                Column("Market share", "market_share", "ratio"),
            ],
            marts.rows(
                "select * from marts.rpt_audience_monthly "
                "where channel = 'all' and month = any($months) order by month desc"
            ),
            shown=6,
        )
    )
    found = []
    visitors = marts.settled("visitors", "period")
    if visitors:
        found.append(
            f"the site had {marts.say(visitors.cell.value, 'count')} visitors in "
            f"{visitors.month:%B %Y}"
        )
    clicked = marts.settled("email_click_rate", "cohort")
    if clicked:
        found.append(
            f"{marts.say(clicked.cell.value, 'ratio')} of the e-mails delivered in "
            f"{clicked.month:%B %Y} were clicked by a person"
        )
    return Section(
        "audience",
        "E-mail, web and social",
        "Audience",
        parts,
        finding=f"{sentence('; '.join(found))}." if found else "",
        note="Opens and clicks by machines are left out where events tell them apart.",
        missing="It takes exports of e-mail, web analytics or social networks.",
    )
