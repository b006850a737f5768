"""The demo's marketing as rows of the generic entities: touches, page loads, website, networks,
mentions, ads, e-mail.

Instants become UTC text, amounts stay in their currency. Beside the contracts' entities there are
`campaign_responses`, which only Salesforce knows; figures of a website by GA4 name `source_medium`
where its report names no channel group.
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb

from tests.oracle.company import Company, Row, read_csv
from tests.oracle.demo_people import NO_ID, utc

NETWORK_COLUMNS = {
    "impressions": ("Impressions", "Views"),
    "likes": ("Likes", "Reactions"),
    "comments": ("Comments", "Replies"),
    "shares": ("Reposts", "Shares"),
    "saves": ("Saves", "Bookmarks"),
    "clicks": ("Total clicks", "URL Clicks"),
}


def add(company: Company) -> None:
    """Add what marketing's tools export."""
    exports, tables = company.root / "exports", company.tables
    tables["touchpoints"] = [*_touchpoints(exports, company), *_forms(exports, company)]
    tables["campaign_responses"] = list(_responses(exports, company))
    tables["email_events"] = [*_events(exports), *_welcome(exports)]
    tables["page_views"] = [
        row | {"source_system": "web"}
        for path in sorted(exports.glob("web/page-views-*.csv"))
        for row in read_csv(path)
    ]
    tables["web_traffic"] = list(_ga4(exports))
    tables["web_visitors"] = [
        {
            "source_system": "ga4",
            "month": row["month"],
            "channel": row["channel group"],
            "visitors": row["monthly visitors"],
        }
        for row in read_csv(one(exports, "web/monthly-visitors-*.csv"))
    ]
    tables["exposures"] = [
        row | {"source_system": row["platform"], "exposed_id": row["exposed account"]}
        for row in read_csv(one(exports, "abm/*.csv"))
    ]
    tables["social"] = list(_page(exports))
    tables["social_snapshots"] = [*_meta(exports, company), *_x(exports, company)]
    tables["mentions"] = [
        row | {"source_system": "generic", "mentioned_at": utc(row["date"], company.zone)}
        for row in read_csv(one(exports, "social/mentions_*.csv"))
    ]
    tables["ad_spend"] = list(_ads(exports))


def one(exports: Path, pattern: str) -> Path:
    """The one file of a name."""
    [path] = exports.glob(pattern)
    return path


def _touchpoints(exports: Path, company: Company) -> Iterator[Row]:
    for row in read_csv(one(exports, "touchpoints/touchpoints-*.csv")):
        yield row | {
            "source_system": "generic",
            "is_machine": row["is_bot"],
            "touched_at": utc(row["touched_at"], company.zone),
        }


def _forms(exports: Path, company: Company) -> Iterator[Row]:
    for row in read_csv(one(exports, "web/forms-*.csv")):
        yield row | {
            "source_system": "generic",
            "touched_at": utc(row["touched_at"], company.zone),
        }


def _responses(exports: Path, company: Company) -> Iterator[Row]:
    """A response is known by its day: it counts as the first second of it."""
    folder = exports / "salesforce/2026-10-31"
    kinds = {row["Id"]: row["Type"] for row in read_csv(folder / "Campaign.csv")}
    for row in read_csv(folder / "CampaignMember.csv"):
        if row["HasResponded"] == "1" and row["IsDeleted"] == "0":
            at = row["CreatedDate"]
            if row["FirstRespondedDate"]:
                day = row["FirstRespondedDate"][:10]
                at = utc(f"{day} 00:00", company.zone)
            yield {
                "source_system": "salesforce",
                "response_id": row["Id"],
                "record_id": row["LeadId"] if row["ContactId"] in ("", NO_ID) else row["ContactId"],
                "campaign_id": row["CampaignId"],
                "campaign_type": kinds[row["CampaignId"]],
                "responded_at": at,
            }


def _events(exports: Path) -> Iterator[Row]:
    words = {"send": "sent", "spamreport": "complaint"}
    for path in sorted(exports.glob("email/*.csv")):
        for row in read_csv(path):
            yield row | {
                "source_system": "mailchimp",
                "event": words.get(row["event"], row["event"]),
                "is_machine": row["is_bot"],
            }


def _welcome(exports: Path) -> Iterator[Row]:
    """The campaign that only Mailchimp's connector tells message by message."""
    folder = exports / "fivetran/mailchimp/2026-10-31"
    addresses = {row["id"]: row["email_address"] for row in read_csv(folder / "member.csv")}
    sent = {row["id"]: row["send_time"] for row in read_csv(folder / "campaign.csv")}
    for row in read_csv(folder / "campaign_recipient.csv"):
        yield _event(row, addresses, "sent", sent[row["campaign_id"]])
    for row in read_csv(folder / "campaign_recipient_activity.csv"):
        yield _event(row, addresses, row["action"], row["timestamp"])


def _event(row: Row, addresses: dict[str, str], event: str, at: str) -> Row:
    return {
        "source_system": "mailchimp",
        "campaign_id": row["campaign_id"],
        "email": addresses[row["member_id"]],
        "event": event,
        "occurred_at": at,
    }


def _ga4(exports: Path) -> Iterator[Row]:
    """Days are dates in one report, and counted from its first day in the other."""
    for path in sorted((exports / "ga4").glob("traffic-*.csv")):
        lines = path.read_text(encoding="utf-8").splitlines()
        [started] = [line.rpartition(" ")[2] for line in lines if "Start date" in line]
        first = datetime.strptime(started, "%Y%m%d").date()
        for row in csv.DictReader(line for line in lines if not line.startswith("#")):
            day = row.get("Date") or f"{first + timedelta(days=int(row['Nth day'])):%Y%m%d}"
            found = {
                "source_system": "ga4",
                "date": datetime.strptime(day, "%Y%m%d").date().isoformat(),
                "sessions": row["Sessions"],
                "page_views": row["Views"],
            }
            if "Session source / medium" in row:
                yield found | {"source_medium": row["Session source / medium"]}
            else:
                group = "Session primary channel group (Default Channel Group)"
                yield found | {"channel": row[group]}


def _page(exports: Path) -> Iterator[Row]:
    """LinkedIn's page as a whole, day by day."""
    for row in read_csv(one(exports, "linkedin_page/*.csv")):
        yield {
            "platform": "linkedin",
            "date": datetime.strptime(row["Date"], "%m/%d/%Y").date().isoformat(),
            "impressions": row["Impressions (total)"],
            "reach": row["Unique impressions (organic)"],
            "likes": row["Reactions (total)"],
            "comments": row["Comments (total)"],
            "shares": row["Reposts (total)"],
            "clicks": row["Clicks (total)"],
        }


def _figures(row: Row) -> Row:
    found = {}
    for name, columns in NETWORK_COLUMNS.items():
        known = [row[column] for column in columns if row.get(column)]
        if known:
            found[name] = known[0]
    return found


def _meta(exports: Path, company: Company) -> Iterator[Row]:
    for path in sorted((exports / "meta_business").glob("*.csv")):
        network, _, day = path.stem.partition("-content_")
        for row in read_csv(path):
            yield {
                "platform": network,
                "post_id": row["Post ID"],
                "published_at": utc(row["Publish time"], company.zone, "%m/%d/%Y %H:%M"),
                "exported_at": _day(day, company),
                **_figures(row),
            }


def _x(exports: Path, company: Company) -> Iterator[Row]:
    path = one(exports, "social/account_analytics_content_*.csv")
    for row in read_csv(path):
        published = datetime.strptime(row["Date"], "%a, %b %d, %Y")
        yield {
            "platform": "x",
            "post_id": row["Post id"],
            "published_at": _day(published.date().isoformat(), company),
            "exported_at": _day(path.stem[-10:], company),
            **_figures(row),
        }


def _day(text: str, company: Company) -> str:
    start = datetime.combine(date.fromisoformat(text), time(0))
    return utc(f"{start:%Y-%m-%d %H:%M}", company.zone)


def _ads(exports: Path) -> Iterator[Row]:
    """Of each platform the reports that tell every cent once: of one period the later export."""
    yield from _google(exports)
    for path in sorted(exports.glob("meta_ads/Larkmoor-Ads-*.csv")):
        for row in read_csv(path):
            if row["Campaign name"]:
                yield _ad(
                    "meta_ads", row["Day"], row["Campaign name"], row["Amount spent (EUR)"],
                    row["Impressions"], row["Link clicks"], "EUR",
                )  # fmt: skip
    lines = one(exports, "linkedin_ads/*_campaign_performance_report.csv").read_text("utf-16")
    for row in csv.DictReader(lines.splitlines()[5:], delimiter="\t"):
        if row["Campaign ID"]:
            day = _american(row["Start Date (in UTC)"])
            figures = (row["Total Spent"], row["Impressions"], row["Clicks"])
            yield _ad("linkedin_ads", day, row["Campaign ID"], *figures, "EUR")
    with zipfile.ZipFile(one(exports, "microsoft_ads/*.zip")) as archive:
        [member] = archive.namelist()
        content = archive.read(member).decode().splitlines()
    for row in csv.DictReader(content[10:-2]):
        figures = (row["Spend"], row["Impressions"], row["Clicks"])
        yield _ad("microsoft_ads", _american(row["TimePeriod"]), row["CampaignName"], *figures)
    for row in read_csv(exports / "tiktok_ads/2026-10-31/TIKTOK_CAMPAIGN_REPORT_HOURLY.csv"):
        figures = (row["SPEND"].replace("-", "0"), row["IMPRESSIONS"], row["CLICKS"])
        yield _ad("tiktok_ads", row["STAT_TIME_HOUR"][:10], row["CAMPAIGN_ID"], *figures)


def _google(exports: Path) -> Iterator[Row]:
    reports = {}
    for path in sorted(exports.glob("google_ads/campaign-report-*-to-*.csv")):
        reports[path.name.split("_exported")[0]] = path
    for path in reports.values():
        is_wide = path.read_bytes().startswith(b"\xff\xfe")
        lines = path.read_text("utf-16" if is_wide else "utf-8").splitlines()[2:]
        for row in csv.DictReader(lines, delimiter="\t" if is_wide else ","):
            if not row["Campaign status"].startswith("Total"):
                figures = (row["Cost"], row["Impr."], row["Clicks"])
                yield _ad("google_ads", row["Day"], row["Campaign"], *figures)
    stats = one(exports, "fivetran_google_ads/*/campaign_stats.parquet")
    query = f"select id, date, cost_micros, impressions, clicks from read_parquet('{stats}')"
    for campaign, day, micros, shown, clicks in duckdb.sql(query).fetchall():
        spend = str(Decimal(micros) / 1_000_000)
        figures = (spend, str(shown), str(clicks))
        yield _ad("google_ads", day.isoformat(), str(campaign), *figures, "EUR")


def _american(text: str) -> str:
    month, day, year = map(int, text.split("/"))
    return date(year, month, day).isoformat()


def _ad(
    platform: str, day: str, campaign: str, spend: str, shown: str, clicks: str, currency: str = ""
) -> Row:
    def plain(text: str) -> str:
        return text.replace(",", "") or "0"

    return {
        "platform": platform,
        "date": day,
        "campaign": campaign,
        "spend": plain(spend),
        "impressions": plain(shown),
        "clicks": plain(clicks),
        "currency": currency,
    }
