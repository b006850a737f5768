"""The truth of lists, website, search and social posts, found once more in the files alone.

Like test_demo_recount.py: it shares no code with the generator, the loader or the models.
"""

from __future__ import annotations

import csv
import json
import zipfile
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from orchestration.demo import generate

CHANNELS = {
    "Direct": "direct",
    "(none)": "direct",
    "Organic Search": "organic_search",
    "organic": "organic_search",
    "Paid Search": "paid_search",
    "cpc": "paid_search",
    "Organic Social": "organic_social",
    "social": "organic_social",
    "Email": "email",
    "email": "email",
    "Referral": "referral",
    "referral": "referral",
}
Row = dict[str, str]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    generate(folder, 0.05, seed=5)
    return folder


@pytest.fixture(scope="module")
def truth(demo: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((demo / "truth.json").read_text(encoding="utf-8"))
    return found


def rows_of(text: str) -> list[Row]:
    return list(csv.DictReader(text.splitlines()))


def read(demo: Path, pattern: str) -> list[Row]:
    (path,) = (demo / "exports").glob(pattern)
    return rows_of(path.read_text(encoding="utf-8"))


def packed(demo: Path, pattern: str) -> dict[str, list[Row]]:
    (path,) = (demo / "exports").glob(pattern)
    with zipfile.ZipFile(path) as archive:
        return {name: rows_of(archive.read(name).decode()) for name in archive.namelist()}


def tables(demo: Path, pattern: str) -> list[tuple[date, list[Row]]]:
    """The tables of a GA4 download, each with the start of its period."""
    (path,) = (demo / "exports").glob(pattern)
    found, start, block = [], date.min, list[str]()
    for line in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        if line.startswith("# Start date: "):
            start = datetime.strptime(line[-8:], "%Y%m%d").date()
        if line and not line.startswith("#"):
            block.append(line)
        elif block:
            found.append((start, rows_of("\n".join(block))))
            block = []
    return found


def test_campaigns_of_klaviyo_and_bare_lists(demo: Path, truth: dict[str, Any]) -> None:
    found = {
        row["Campaign ID"]: {
            "source": "report",
            "sent_date": row["Send Time"][:10],
            "sent": int(float(row["Total Recipients"])),
            "delivered": int(float(row["Successful Deliveries"])),
            "opens_raw": int(float(row["Unique Opens"])),
            "clicks_raw": int(float(row["Unique Clicks"])),
            "unsubscribes": int(float(row["Unsubscribes"])),
            "complaints": int(float(row["Spam Complaints"])),
        }
        for row in read(demo, "klaviyo/campaigns-*.csv")
        if row["Campaign Channel"] == "Email"
    }
    reported = {row["Unique Id"] for row in read(demo, "mailchimp/campaigns-report-*.csv")}
    listed = packed(demo, "mailchimp/account_export_*.zip")["campaigns.csv"]
    tests = {
        row["Unique Id"]: int(row["Total Recipients"])
        for row in listed
        if row["Unique Id"] not in reported
    }

    assert len(found) == 9
    assert {campaign: truth["email"][campaign] for campaign in found} == found
    assert {campaign: truth["email"][campaign]["sent"] for campaign in tests} == tests
    assert reported <= {row["Unique Id"] for row in listed}


def test_the_campaign_of_the_connector(demo: Path, truth: dict[str, Any]) -> None:
    tables = "fivetran/mailchimp/*/"
    [campaign] = read(demo, f"{tables}campaign.csv")
    sent = datetime.fromisoformat(campaign["send_time"])
    acted: dict[str, set[str]] = defaultdict(set)
    for row in read(demo, f"{tables}campaign_recipient_activity.csv"):
        assert sent < datetime.fromisoformat(row["timestamp"]) <= sent + timedelta(days=7)
        acted[row["action"]].add(row["member_id"])
    recipients = {row["member_id"] for row in read(demo, f"{tables}campaign_recipient.csv")}

    counted = truth["email"][campaign["id"]]
    assert (counted["sent"], counted["delivered"]) == (len(recipients), len(recipients))
    assert counted["opens_human"] == len(acted["open"] | acted["click"])
    assert counted["clicks_human"] == len(acted["click"])


def test_lists_hold_only_people_whom_marketing_knew_before(demo: Path) -> None:
    known = {
        row["Email"].strip().lower(): row["Create Date"]
        for row in read(demo, "hubspot/hubspot-crm-exports-all-contacts-*.csv")
        if row["Email"]
    }
    signed_up = {
        row["Email Address"].lower(): row["CONFIRM_TIME"]
        for rows in packed(demo, "mailchimp/audience_export_*.zip").values()
        for row in rows
    }
    signed_up |= {
        row["Email"].lower(): row["Profile Created On"]
        for row in read(demo, "klaviyo/members-*.csv")
    }

    assert len(signed_up) > 50
    assert {address for address, when in signed_up.items() if when <= known[address]} == set()


def test_web_traffic(demo: Path, truth: dict[str, Any]) -> None:
    found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    [(start, by_source)] = tables(demo, "ga4/traffic-acquisition-2026-07*.csv")
    [(_, by_channel)] = tables(demo, "ga4/traffic-acquisition-by-day*.csv")
    days = [
        (
            start + timedelta(days=int(row["Nth day"])),
            row["Session source / medium"].partition(" / ")[2],
            row,
        )
        for row in by_source
    ]
    group = "Session primary channel group (Default Channel Group)"
    days += [
        (datetime.strptime(row["Date"], "%Y%m%d").date(), row[group], row) for row in by_channel
    ]
    for day, words, row in days:
        sums = found[f"{day:%Y-%m}", CHANNELS[words]]
        sums["sessions"] += int(row["Sessions"])
        sums["engaged_sessions"] += int(row["Engaged sessions"])
        sums["page_views"] += int(row["Views"])

    assert {key: [sums[c] for c in truth["web"]["columns"]] for key, sums in found.items()} == {
        (month, channel): sums
        for month, channels in truth["web"]["months"].items()
        for channel, sums in channels.items()
    }


def test_the_overview_of_october(demo: Path, truth: dict[str, Any]) -> None:
    users, by_channel, events = tables(demo, "ga4/reports-snapshot*.csv")

    assert {
        str(users[0] + timedelta(days=int(row["Nth day"]))): int(row["Active users"])
        for row in users[1]
    } == truth["web"]["visitors"]
    assert sum(int(row["Sessions"]) for row in by_channel[1]) == sum(
        sums[0] for sums in truth["web"]["months"]["2026-10"].values()
    )
    assert {row["Event name"] for row in events[1]} >= {"page_view", "session_start"}


def test_searches(demo: Path, truth: dict[str, Any]) -> None:
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    archive = packed(demo, "search_console/*.zip")
    for row in archive["Chart.csv"]:
        sums = found[row["Date"][:7]]
        sums[0] += int(row["Impressions"])
        sums[1] += int(row["Clicks"])

    assert found == truth["web"]["searches"]
    # The other tables are only a part, as they really are.
    devices = sum(int(row["Clicks"]) for row in archive["Devices.csv"])
    assert 0 < devices < sum(clicks for _, clicks in found.values())


def test_social_posts(demo: Path, truth: dict[str, Any]) -> None:
    found: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])

    def add(day: date, network: str, shown: int, engaged: int) -> None:
        found[f"{day:%Y-%m}", network][0] += shown
        found[f"{day:%Y-%m}", network][1] += engaged

    def total(row: Row, *headers: str) -> int:
        return sum(int(row[header]) for header in headers)

    for row in read(demo, "linkedin_page/*.csv"):
        parts = [f"{word} (total)" for word in ("Clicks", "Reactions", "Comments", "Reposts")]
        day = datetime.strptime(row["Date"], "%m/%d/%Y").date()
        add(day, "linkedin", total(row, "Impressions (total)"), total(row, *parts))
    for row in read(demo, "social/account_analytics_content_*.csv"):
        parts = ["Likes", "Replies", "Reposts", "Bookmarks", "URL Clicks"]
        day = datetime.strptime(row["Date"], "%a, %b %d, %Y").date()
        add(day, "x", total(row, "Impressions"), total(row, *parts))
    for network, parts in {
        "facebook": ["Reactions", "Comments", "Shares", "Total clicks"],
        "instagram": ["Likes", "Comments", "Shares", "Saves"],
    }.items():
        before: dict[str, tuple[int, int]] = {}
        for exported in (date(2026, 9, 30), date(2026, 10, 31)):
            for row in read(demo, f"meta_business/{network}-content_{exported}.csv"):
                day = datetime.strptime(row["Publish time"], "%m/%d/%Y %H:%M").date()
                now = (total(row, "Views"), total(row, *parts))
                shown, engaged = before.get(row["Post ID"], (0, 0))
                on = exported if row["Post ID"] in before else day
                add(on, network, now[0] - shown, now[1] - engaged)
                before[row["Post ID"]] = now

    assert found == {
        (month, network): sums
        for month, networks in truth["social"]["months"].items()
        for network, sums in networks.items()
    }


def test_mentions(demo: Path, truth: dict[str, Any]) -> None:
    found: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in read(demo, "social/mentions_*.csv"):
        if "yes" not in (row["is_own"], row["is_duplicate"]):
            counts = found[row["date"][:7], row["brand"]]
            counts[0] += 1
            counts[1] += row["sentiment"] == "positive"
            counts[2] += row["sentiment"] == "negative"

    assert found == {
        (month, brand): counts
        for month, brands in truth["social"]["mentions"].items()
        for brand, counts in brands.items()
    }


def test_touches(demo: Path, truth: dict[str, Any]) -> None:
    known = {
        row["Email"].strip().lower()
        for row in read(demo, "hubspot/hubspot-crm-exports-all-contacts-*.csv")
    }
    words = {"Webinar": "webinar", "Event Scan": "unmapped"}
    rows = read(demo, "touchpoints/*.csv")
    found = Counter(
        words.get(row["channel"], row["channel"]) for row in rows if row["email"].lower() in known
    )
    assert len(rows) == sum(found.values()) + 3

    forms = read(demo, "web/forms-*.csv")
    before: dict[tuple[str, str], datetime] = {}
    again = 0
    for row in sorted(forms, key=lambda row: row["touched_at"]):
        assert row["email"].lower() in known
        who, channel = row["email"].lower(), channel_of(row)
        sent = datetime.fromisoformat(row["touched_at"])
        last = before.get((who, channel), datetime.min)
        before[who, channel] = sent
        if sent - last <= timedelta(minutes=30):
            again += 1  # the same form, sent twice
        else:
            found[channel] += 1

    assert 0 < again < len(forms) / 2
    assert found == truth["touchpoints"]


def channel_of(form: Row) -> str:
    """By the click id of an ad, else what the link carries, else the page before."""
    carried = dict(parse_qsl(urlsplit(form["landing_page"]).query))
    source, medium = carried.get("utm_source", ""), carried.get("utm_medium", "")
    if carried.keys() & {"gclid", "msclkid"}:
        return "paid_search"
    if source or medium:
        if source == "chatgpt.com":
            return "ai_assistant"
        known = {("linkedin", "cpc"): "paid_social", ("newsletter", "email"): "email"}
        return known.get((source, medium), "unmapped")
    host = urlsplit(form["referrer"]).hostname or ""
    if host in ("", "www.larkmoor.example"):
        return "unattributed"
    hosts = {"www.perplexity.ai": "ai_assistant", "www.google.de": "organic_search"}
    return hosts.get(host, "referral")
