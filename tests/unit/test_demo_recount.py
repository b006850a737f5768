"""The truth of the demo company, found once more: by reading its exports under the agreed rules.

The generator counts what it decided; this reads only the files, as an outsider with the written
definitions would, event by event. It shares no code with the generator, the loader or the models.
"""

from __future__ import annotations

import csv
import json
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from unicodedata import normalize
from zoneinfo import ZoneInfo

import duckdb
import pytest

from orchestration.demo import generate

NEW_YORK = ZoneInfo("America/New_York")
AS_OF = date(2026, 10, 31)
CHANNELS = {
    "Organic Search": "organic_search",
    "Paid Search": "paid_search",
    "Paid Social": "paid_social",
    "Organic Social": "organic_social",
    "Email Marketing": "email",
    "Referrals": "referral",
    "Direct Traffic": "direct",
    "Offline Sources": "offline",
    "AI Referrals": "ai_assistant",
    "Web": "web",
    "Trade Show": "event",
    "Webinar": "webinar",
    "Conference": "event",
    "Email": "email",
    "Partner Referral": "partner",
    "Cold Call": "outbound",
}
STAGES = {
    "marketingqualifiedlead": "mql",
    "Working - Contacted": "sal",
    "Qualified": "sql",
    "Unqualified": "rejected",
    "Nurture": "recycled",
}
KINDS = {
    "New Business": "new",
    "Upsell": "upsell",
    "Cross-Sell": "cross_sell",
    "Renewal": "renewal",
    "Refund": "refund",
}
LADDER = ["lead", "mql", "sal", "sql", "opportunity", "won"]
ORDER = [*LADDER, "lost", "rejected", "recycled"]
WINDOWS = {
    ("lead", "mql"): 30,
    ("mql", "sal"): 14,
    ("sal", "sql"): 30,
    ("mql", "sql"): 30,
    ("sql", "opportunity"): 30,
    ("lead", "opportunity"): 90,
    ("opportunity", "won"): 180,
    ("lead", "won"): 365,
}
Node = tuple[str, str]
Counts = dict[tuple[str, str, str], list[int]]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    generate(folder, 0.03, seed=3)
    return folder


@pytest.fixture(scope="module")
def truth(demo: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((demo / "truth.json").read_text(encoding="utf-8"))
    return found


@dataclass
class Deal:
    """An opportunity as exported; `kind` inferred where it is blank."""

    row: dict[str, str]
    created: datetime
    close: date
    status: str
    kind: str = ""
    carrier: Node | None = None
    cycle: Cycle | None = None

    @property
    def opened(self) -> date:
        return min(day(self.created), self.close) if self.status == "won" else day(self.created)

    @property
    def channel(self) -> str:
        return self.cycle.channel if self.cycle else "unattributed"


@dataclass
class Cycle:
    """A cycle, as its events tell."""

    number: int
    after: datetime | None  # end of the cycle before
    own: dict[str, date] = field(default_factory=dict)
    mql: datetime | None = None
    ended: datetime | None = None
    deals: list[Deal] = field(default_factory=list)
    channel: str = ""

    def ladder(self) -> dict[str, tuple[date, bool]]:
        """Each rung's day, and whether it was observed."""
        own = {stage: on for stage, on in self.own.items() if stage in LADDER}
        won = [deal.close for deal in self.deals if deal.status == "won"]
        own |= {"won": min(won)} if won else {}
        found: dict[str, tuple[date, bool]] = {}
        later: list[date] = []
        for stage in reversed(LADDER):
            later += [own[stage]] if stage in own else []
            if later:
                found[stage] = (min(later), stage in own)
        return found


@dataclass
class Someone:
    """A person: what all their records say."""

    records: list[tuple[datetime, str]] = field(default_factory=list)  # created, source
    events: list[tuple[datetime, str, Deal | None]] = field(default_factory=list)
    touches: list[tuple[datetime, str]] = field(default_factory=list)
    is_left_out: bool = False

    def cycles(self) -> list[Cycle]:
        """The events in order, cut where a cycle ends."""
        lead = min(created for created, _ in self.records)
        events = sorted(
            [*self.events, (lead, "lead", None)], key=lambda e: (e[0], ORDER.index(e[1]))
        )
        found: list[Cycle] = []
        still_open: set[int] = set()
        for instant, stage, deal in events:
            if deal and stage in ("won", "lost"):
                still_open.discard(id(deal))
                found[-1].ended = None if still_open else instant
                continue
            if not found or found[-1].ended:
                found.append(Cycle(len(found) + 1, found[-1].ended if found else None))
            cycle = found[-1]
            cycle.own.setdefault(stage, day(instant))
            if stage == "mql" and cycle.mql is None:
                cycle.mql = instant
            if deal:
                cycle.own.setdefault("sql", day(instant))
                cycle.deals.append(deal)
                deal.cycle = cycle
                still_open.add(id(deal))
            if stage in ("rejected", "recycled"):
                cycle.ended = instant
        named = [source for _, source in sorted(self.records) if source]
        first = CHANNELS.get(named[0], "unmapped") if named else "unattributed"
        for cycle in found:
            start = cycle.after or datetime.min.replace(tzinfo=UTC)
            before = [t for t in self.touches if cycle.mql and start < t[0] <= cycle.mql]
            cycle.channel = max(before, key=lambda touch: touch[0])[1] if before else first
        return found


class Exports:
    """The exports of one demo company, read."""

    def __init__(self, root: Path) -> None:
        self.exports = root / "exports"
        self.rates = [
            (date.fromisoformat(r["valid_from"]), date.fromisoformat(r["valid_to"]), r["rate"])
            for r in read(root / "definitions/exchange_rates.csv")
        ]
        self._parents: dict[Node, Node] = {}
        self.people: dict[Node, Someone] = defaultdict(Someone)
        self.deals = self._deals()
        self._read_records()
        self._read_events()

    def salesforce(self, name: str) -> list[dict[str, str]]:
        return read(self.exports / f"salesforce/2026-10-31/{name}.csv")

    def dollars(self, amount: str | Decimal, currency: str, on: date) -> int:
        """Cents of a dollar, half a cent away from zero."""
        rate = Decimal(next(r for a, b, r in self.rates if a <= on < b) if currency == "EUR" else 1)
        return int((Decimal(amount) * rate * 100).quantize(Decimal(1), ROUND_HALF_UP))

    def _find(self, node: Node) -> Node:
        while self._parents.setdefault(node, node) != node:
            node = self._parents[node]
        return node

    def _join(self, one: Node, other: Node) -> None:
        self._parents[self._find(one)] = self._find(other)

    def _deals(self) -> list[Deal]:
        deals = []
        for row in self.salesforce("Opportunity"):
            if row["IsDeleted"] == "0":
                status = "lost" if row["IsClosed"] == "1" else "open"
                status = "won" if row["IsWon"] == "1" else status
                close = date.fromisoformat(row["CloseDate"][:10])
                deals.append(Deal(row, utc(row["CreatedDate"]), close, status))
        deals += self._hubspot_deals()
        for deal in deals:
            earlier = any(
                other.status == "won" and other.close < day(deal.created)
                for other in deals
                if other.row["AccountId"] == deal.row["AccountId"]
            )
            deal.kind = KINDS.get(deal.row["Type"], "upsell" if earlier else "new")
        return deals

    def _hubspot_deals(self) -> list[Deal]:
        """The deals that are kept in HubSpot, their columns called as Salesforce calls them."""
        accounts = {
            re.sub(r"^(https?://)?(www\.)?", "", row["Website"]): row["Id"]
            for row in self.salesforce("Account")
        }
        companies = {
            row["Record ID"]: accounts[row["Company Domain Name"]]
            for row in self.hubspot("all-companies")
        }
        owners = {
            f"{row['first_name']} {row['last_name']}": row["owner_id"]
            for row in read(one(self.exports, "fivetran_hubspot/*/owner.csv"))
        }
        deals = []
        for row in self.hubspot("all-deals"):
            stage = row["Deal Stage"].removesuffix(" (EMEA Pipeline)")
            renamed = {
                "Id": row["Record ID"],
                "AccountId": companies[row["Associated Company IDs"]],
                "OwnerId": owners[row["Deal owner"]],
                "Type": row["Deal Type"],
                "Amount": row["Amount"],
                "CurrencyIsoCode": row["Currency"],
                "Contract_Months__c": row["Contract Months"],
                "Loss_Reason__c": row["Closed Lost Reason"],
                "Original_Opportunity__c": row["Original Deal ID"],
            }
            status = {"Closed Won": "won", "Closed Lost": "lost"}.get(stage, "open")
            close = date.fromisoformat(row["Close Date"][:10])
            deals.append(Deal(row | renamed, wall(row["Create Date"]), close, status))
        return deals

    def hubspot(self, name: str) -> list[dict[str, str]]:
        return read(self.exports / f"hubspot/hubspot-crm-exports-{name}-2026-10-31.csv")

    def history(self) -> Iterator[dict[str, str]]:
        """Salesforce's history, and the dates of HubSpot's stages as rows of one."""
        yield from self.salesforce("OpportunityHistory")
        for deal in self.deals:
            entered = sorted(
                (text, header.removeprefix('Date entered "').removesuffix(' (EMEA Pipeline)"'))
                for header, text in deal.row.items()
                if header.startswith("Date entered") and text
            )
            for place, (text, stage) in enumerate(entered, start=1):
                close = deal.close.isoformat() if place == len(entered) else text
                yield {
                    "OpportunityId": deal.row["Id"],
                    "CreatedDate": wall(text).replace(tzinfo=None).isoformat(" "),
                    "StageName": stage,
                    "Amount": deal.row["Amount"],
                    "CloseDate": close,
                }

    @property
    def in_funnel(self) -> list[Deal]:
        return [deal for deal in self.deals if deal.kind in ("new", "upsell", "cross_sell")]

    def _read_records(self) -> None:
        found: list[tuple[Node, datetime, dict[str, str], str]] = []
        for row in self.salesforce("Contact"):
            found.append((("contact", row["Id"]), utc(row["CreatedDate"]), row, row["LeadSource"]))
        for row in self.salesforce("Lead"):
            if row["IsDeleted"] == "0" or row["MasterRecordId"]:
                node = ("lead", row["Id"])
                found.append((node, utc(row["CreatedDate"]), row, row["LeadSource"]))
                if row["MasterRecordId"]:
                    self._join(node, ("lead", row["MasterRecordId"]))
                if row["IsConverted"] == "1":
                    self._join(node, ("contact", row["ConvertedContactId"]))
        for row in self.hubspot("all-contacts"):
            node = ("hubspot", row["Record ID"])
            if row["Salesforce Contact ID"]:
                self._join(node, ("contact", row["Salesforce Contact ID"]))
            found.append((node, wall(row["Create Date"]), row, row["Original Source"]))
        for node, _, row, _ in found:
            address = normalize("NFC", row["Email"].strip().lower())
            if address:
                self._join(node, ("email", address))
        for node, created, row, source in found:
            name = f"{row.get('FirstName', '')} {row.get('LastName', '')}" + (
                f"{row.get('First Name', '')} {row.get('Last Name', '')}"
            )
            someone = self.people[self._find(node)]
            someone.records.append((created, source))
            if source:
                someone.touches.append((created, CHANNELS.get(source, "unmapped")))
            if row["Email"].strip().lower().endswith("@larkmoor.example") or re.search(
                r"\b(test|testing|qa|dummy|asdf)\b", name, re.IGNORECASE
            ):
                someone.is_left_out = True

    def _read_events(self) -> None:
        for row in read(one(self.exports, "hubspot/lifecycle-history-*")):
            if row["Property"] == "lifecyclestage" and row["Changed At"] and row["Value"] in STAGES:
                someone = self.people[self._find(("hubspot", row["Record ID"]))]
                someone.events.append((wall(row["Changed At"]), STAGES[row["Value"]], None))
        for row in self.salesforce("LeadHistory"):
            if row["Field"] == "Status" and row["NewValue"] in STAGES:
                someone = self.people[self._find(("lead", row["LeadId"]))]
                someone.events.append((utc(row["CreatedDate"]), STAGES[row["NewValue"]], None))
        types = {row["Id"]: row["Type"] for row in self.salesforce("Campaign")}
        for row in self.salesforce("CampaignMember"):
            if row["HasResponded"] == "1":
                is_lead = not row["LeadId"].startswith("000000")
                node = ("lead", row["LeadId"]) if is_lead else ("contact", row["ContactId"])
                answered = date.fromisoformat(row["FirstRespondedDate"][:10])
                touch = (start_of(answered), CHANNELS[types[row["CampaignId"]]])
                self.people[self._find(node)].touches.append(touch)
        roles = self.salesforce("OpportunityContactRole")
        primary = {r["OpportunityId"]: r["ContactId"] for r in roles if r["IsPrimary"] == "1"}
        since = {row["Record ID"]: row["Create Date"] for row in self.hubspot("all-contacts")}
        for deal in self.in_funnel:
            if ids := deal.row.get("Associated Contact IDs"):
                oldest = min(ids.split(";"), key=lambda record: since[record])
                deal.carrier = self._find(("hubspot", oldest))
            elif deal.row["Id"] in primary:
                deal.carrier = self._find(("contact", primary[deal.row["Id"]]))
            if deal.carrier:
                someone = self.people[deal.carrier]
                someone.events.append((deal.created, "opportunity", deal))
                if deal.status != "open":
                    end = start_of(deal.close + timedelta(days=1)) - timedelta(seconds=1)
                    someone.events.append((max(end, deal.created), deal.status, deal))


class Funnel:
    """Everything counted that the truth counts of people and deals."""

    def __init__(self, exports: Exports) -> None:
        self.entries: Counts = defaultdict(lambda: [0, 0, 0])
        self.conversions: Counts = defaultdict(lambda: [0, 0, 0])
        self.people = 0
        self._first: dict[tuple[Node, str], tuple[date, int, str]] = {}
        for node, someone in exports.people.items():
            if not someone.is_left_out:
                self.people += 1
                self._count_person(node, someone)
        for deal in exports.in_funnel:
            self._count_deal(deal)
        for (_, stage), (on, _, channel) in self._first.items():
            self.entries[month(on), channel, stage][2] += 1

    def _enter(
        self, who: Node | None, stage: str, on: date, channel: str, cycle: int, observed: bool
    ) -> None:
        row = self.entries[month(on), channel, stage]
        row[0] += observed
        row[1] += 1
        if who:
            now = (on, cycle, channel)
            self._first[who, stage] = min(self._first.get((who, stage), now), now)

    def _convert(self, pair: tuple[str, str], channel: str, on: date, to: date | None) -> None:
        for name in (channel, "all"):
            row = self.conversions[month(on), ">".join(pair), name]
            row[0] += 1
            row[1] += to is not None and (to - on).days <= WINDOWS[pair]
            row[2] += to is not None

    def _count_person(self, node: Node, someone: Someone) -> None:
        cycles = someone.cycles()
        for cycle in cycles:
            ladder = cycle.ladder()
            for stage in LADDER[:4]:
                if stage in ladder:
                    self._enter(node, stage, ladder[stage][0], cycle.channel, cycle.number,
                                ladder[stage][1])  # fmt: skip
            for stage in ("rejected", "recycled"):
                if stage in cycle.own:
                    self._enter(node, stage, cycle.own[stage], cycle.channel, cycle.number, True)
            for pair in (("mql", "sal"), ("sal", "sql"), ("mql", "sql"), ("sql", "opportunity")):
                if pair[0] in ladder and ladder[pair[0]][1]:
                    to = ladder.get(pair[1], (None, False))[0]
                    self._convert(pair, cycle.channel, ladder[pair[0]][0], to)
        deals = [deal for cycle in cycles for deal in cycle.deals]
        created = min(instant for instant, _ in someone.records)
        if not any(deal.created < created for deal in deals):
            ladder, channel = cycles[0].ladder(), cycles[0].channel
            on = ladder["lead"][0]
            won = [deal.close for deal in deals if deal.status == "won"]
            opened = min((deal.opened for deal in deals), default=None)
            self._convert(("lead", "mql"), channel, on, ladder.get("mql", (None, False))[0])
            self._convert(("lead", "opportunity"), channel, on, opened)
            self._convert(("lead", "won"), channel, on, min(won, default=None))

    def _count_deal(self, deal: Deal) -> None:
        number = deal.cycle.number if deal.cycle else 0
        self._enter(deal.carrier, "opportunity", deal.opened, deal.channel, number, True)
        if deal.status != "open":
            self._enter(deal.carrier, deal.status, deal.close, deal.channel, number, True)
        won = deal.close if deal.status == "won" else None
        self._convert(("opportunity", "won"), deal.channel, deal.opened, won)


def read(path: Path, encoding: str = "utf-8", delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(newline="", encoding=encoding) as file:
        rows = csv.DictReader(file, delimiter=delimiter)
        return [{name: value or "" for name, value in row.items() if name} for row in rows]


def one(folder: Path, pattern: str) -> Path:
    (path,) = folder.glob(pattern)
    return path


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


def start_of(on: date) -> datetime:
    return datetime.combine(on, time(), NEW_YORK).astimezone(UTC)


def day(instant: datetime) -> date:
    return instant.astimezone(NEW_YORK).date()


def month(on: date) -> str:
    return on.isoformat()[:7]


def flat(nested: dict[str, dict[str, dict[str, list[int]]]]) -> Counts:
    return {
        (first, second, third): row
        for first, inner in nested.items()
        for second, rows in inner.items()
        for third, row in rows.items()
    }


@pytest.fixture(scope="module")
def exports(demo: Path) -> Exports:
    return Exports(demo)


@pytest.fixture(scope="module")
def funnel(exports: Exports) -> Funnel:
    return Funnel(exports)


def test_people_are_found_again(funnel: Funnel, truth: dict[str, Any]) -> None:
    assert funnel.people == truth["totals"]["people"]


def test_stages_are_found_again(funnel: Funnel, truth: dict[str, Any]) -> None:
    assert dict(funnel.entries) == flat(truth["funnel"])


def test_conversions_are_found_again(funnel: Funnel, truth: dict[str, Any]) -> None:
    assert dict(funnel.conversions) == flat(truth["conversions"])


@pytest.mark.usefixtures("funnel")  # which gives the deals their cycles
def test_new_customers_are_found_again(exports: Exports, truth: dict[str, Any]) -> None:
    first: dict[str, tuple[date, datetime, str]] = {}
    for deal in exports.in_funnel:
        if deal.status == "won" and Decimal(deal.row["Amount"] or 0) > 0:
            win = (deal.close, deal.created, deal.channel)
            first[deal.row["AccountId"]] = min(first.get(deal.row["AccountId"], win), win)
    for account, on, cents, _ in sorted(of_shop(exports)):
        if "." in account and cents > 0:  # a company of which only the domain is known
            order = (on, start_of(on), "unattributed")
            first[account] = min(first.get(account, order), order)
    found: dict[str, dict[str, int]] = {name: {} for name in truth["new_customers"]}
    for on, _, channel in first.values():
        row = found[month(on)]
        row[channel] = row.get(channel, 0) + 1

    assert found == truth["new_customers"]


def bookings(exports: Exports) -> Iterator[tuple[Deal, date, int, bool]]:
    """Won, re-opened and refunded: deal, day, cents of a dollar, and whether it counts as new."""
    history = defaultdict(list)
    for row in exports.history():
        history[row["OpportunityId"]].append(row)
    by_id = {deal.row["Id"]: deal for deal in exports.deals}
    for deal in exports.deals:
        currency = deal.row["CurrencyIsoCode"]
        if deal.kind == "refund":
            booking = by_id.get(deal.row["Original_Opportunity__c"])
            rate_day = booking.close if booking else deal.close
            is_new = booking is None or booking.kind != "renewal"
            yield deal, deal.close, exports.dollars(deal.row["Amount"], currency, rate_day), is_new
            continue
        before, booked, is_new = "", 0, deal.kind != "renewal"
        for row in sorted(history[deal.row["Id"]], key=lambda row: row["CreatedDate"]):
            if row["StageName"] == "Closed Won" != before and row["Amount"]:
                on = date.fromisoformat(row["CloseDate"][:10])
                booked = exports.dollars(row["Amount"], currency, on)
                yield deal, on, booked, is_new
            if before == "Closed Won" != row["StageName"]:
                yield deal, day(utc(row["CreatedDate"])), -booked, is_new
            before = row["StageName"]


def sales_of(exports: Exports, deal: Deal) -> Iterator[tuple[date, dict[str, int]]]:
    """What a deal adds to the months of its creation and its close."""
    row = deal.row
    rate_day = AS_OF if deal.status == "open" else deal.close
    amount = exports.dollars(row["Amount"] or "0", row["CurrencyIsoCode"], rate_day)
    months = max(12, int(row["Contract_Months__c"] or 12))
    acv, rest = divmod(amount * 12, months)
    assert rest == 0
    yield (
        day(deal.created),
        {
            "opportunities_created": 1,
            "pipeline_created_cents": acv,
            "created_without_amount": not row["Amount"],
        },
    )
    if deal.status == "open":
        return
    if row["Loss_Reason__c"] == "Duplicate":
        yield deal.close, {"lost_left_out": 1}
        return
    yield (
        deal.close,
        {
            deal.status: 1,
            f"{deal.status}_amount_cents": amount,
            "n_no_amount": not row["Amount"],
        },
    )
    if deal.status == "won":
        yield (
            deal.close,
            {
                "won_above_zero": acv > 0,
                "won_acv_cents": acv,
                "date_issues": deal.close < day(deal.created),
            },
        )


def test_sales_are_found_again(exports: Exports, truth: dict[str, Any]) -> None:
    found: dict[tuple[str, str, str], int] = defaultdict(int)
    cycles: dict[tuple[str, str], list[int]] = defaultdict(list)
    for deal in exports.in_funnel:
        for name in (deal.row["OwnerId"], "all"):
            for on, values in sales_of(exports, deal):
                for column, value in values.items():
                    found[month(on), name, column] += value
            if deal.status == "won" and deal.close >= day(deal.created):
                days = (deal.close - day(deal.created)).days
                cycles[month(deal.close), name].append(days)
    for deal, on, cents, is_new in bookings(exports):
        for name in (deal.row["OwnerId"], "all"):
            found[month(on), name, "net_bookings_cents"] += cents
            found[month(on), name, "new_bookings_cents"] += cents if is_new else 0

    for name, reps in truth["sales"].items():
        for rep, row in reps.items():
            assert row.pop("cycle_days") == sorted(cycles.pop((name, rep), []))
            for column, value in row.items():
                assert found.pop((name, rep, column), 0) == value, (name, rep, column)
    assert not cycles
    assert not any(found.values())


def test_ad_spend_is_found_again(exports: Exports, truth: dict[str, Any]) -> None:
    found: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)

    def add(platform: str, on: str, *values: Decimal) -> None:
        row = found[platform, on[:7]]
        found[platform, on[:7]] = [a + b for a, b in zip(row, values, strict=True)]

    reports: dict[str, Path] = {}
    for path in sorted((exports.exports / "google_ads").glob("campaign-report-*-to-*.csv")):
        reports[path.name.split("_exported")[0]] = path  # sorted: the later export stays
    for path in reports.values():
        wide = path.read_bytes().startswith(b"\xff\xfe")
        lines = path.read_text("utf-16" if wide else "utf-8").splitlines()[2:]
        for row in csv.DictReader(lines, delimiter="\t" if wide else ","):
            if not row["Campaign status"].startswith("Total"):
                figures = (row["Cost"], row["Impr."], row["Clicks"])
                add("google_ads", row["Day"], *(Decimal(f.replace(",", "")) for f in figures))
    for path in (exports.exports / "meta_ads").glob("Larkmoor-Ads-*.csv"):
        for row in read(path):
            if row["Campaign name"]:
                on = date.fromisoformat(row["Day"])
                rate = Decimal(next(r for a, b, r in exports.rates if a <= on < b))
                spend = Decimal(row["Amount spent (EUR)"]) * rate
                add("meta_ads", row["Day"], spend, Decimal(row["Impressions"]),
                    Decimal(row["Link clicks"]))  # fmt: skip

    def dollars(euros: str, on: date) -> Decimal:
        return Decimal(euros) * Decimal(next(r for a, b, r in exports.rates if a <= on < b))

    [path] = (exports.exports / "linkedin_ads").glob("*_campaign_performance_report.csv")
    for row in csv.DictReader(path.read_text("utf-16").splitlines()[5:], delimiter="\t"):
        if row["Campaign ID"]:
            month, day, year = map(int, row["Start Date (in UTC)"].split("/"))
            on = date(year, month, day)
            seen = (Decimal(row["Impressions"]), Decimal(row["Clicks"]))
            add("linkedin_ads", on.isoformat(), dollars(row["Total Spent"], on), *seen)
    [path] = (exports.exports / "microsoft_ads").glob("*.zip")
    with zipfile.ZipFile(path) as archive:
        [member] = archive.namelist()
        lines = archive.read(member).decode().splitlines()
    for row in csv.DictReader(lines[10:-2]):
        month, day, year = map(int, row["TimePeriod"].split("/"))
        numbers = (row["Spend"], row["Impressions"], row["Clicks"])
        on = date(year, month, day)
        add("microsoft_ads", on.isoformat(), *(Decimal(n.replace(",", "")) for n in numbers))
    for row in read(exports.exports / "tiktok_ads/2026-10-31/TIKTOK_CAMPAIGN_REPORT_HOURLY.csv"):
        numbers = (row["SPEND"].replace("-", "0"), row["IMPRESSIONS"], row["CLICKS"])
        add("tiktok_ads", row["STAT_TIME_HOUR"][:10], *map(Decimal, numbers))
    stats = exports.exports / "fivetran_google_ads/2026-10-31/campaign_stats.parquet"
    query = f"select date, cost_micros, impressions, clicks from read_parquet('{stats}')"
    for on, micros, shown, clicks in duckdb.sql(query).fetchall():
        spend = dollars(str(Decimal(micros) / 1_000_000), on)
        add("google_ads", on.isoformat(), spend, Decimal(shown), Decimal(clicks))

    for platform, months in truth["ads"].items():
        for name, row in months.items():
            spend, impressions, clicks = found.pop((platform, name), [Decimal(0)] * 3)
            assert int((spend * 100).quantize(Decimal(1), ROUND_HALF_UP)) == row["spend_cents"]
            assert (impressions, clicks) == (row["impressions"], row["clicks"])
    assert not found


def test_mailings_are_found_again(exports: Exports, truth: dict[str, Any]) -> None:
    events = [
        (row["campaign_id"], normalize("NFC", row["email"].lower()), row)
        for path in (exports.exports / "email").glob("*.csv")
        for row in read(path)
        if row["email"]
    ]
    sent = {(c, who): utc(r["occurred_at"]) for c, who, r in events if r["event"] == "send"}
    people: dict[tuple[str, str], set[str]] = defaultdict(set)
    for campaign, who, row in events:
        if utc(row["occurred_at"]) > sent[campaign, who] + timedelta(days=7):
            continue
        kinds = [row["event"]]
        if row["event"] in ("open", "click") and row["is_bot"] == "false":
            kinds = ["open", f"{row['event']}_human", "open_human"]
        for kind in kinds:
            people[campaign, kind].add(who)

    connector = read(one(exports.exports, "fivetran/mailchimp/*/campaign.csv"))
    for campaign, row in truth["email"].items():
        if row["source"] == "events" and campaign not in {other["id"] for other in connector}:
            counted = [
                len(people[campaign, kind])
                for kind in ("send", "bounce", "open", "open_human", "click_human", "unsubscribe",
                             "spamreport")
            ]  # fmt: skip
            assert counted == [
                row["sent"], row["sent"] - row["delivered"], row["opens_raw"], row["opens_human"],
                row["clicks_human"], row["unsubscribes"], row["complaints"],
            ]  # fmt: skip


def of_billing(exports: Exports) -> Iterator[tuple[str, date, int, int | None]]:
    """The German file: account, day, cents, and their cost."""
    dates: dict[str, date] = {}
    for row in read(one(exports.exports, "billing/invoices-*"), "cp1252", ";"):
        try:
            on = datetime.strptime(row["Belegdatum"], "%d.%m.%Y").date()
        except ValueError:
            continue
        dates[row["Belegnr"]] = on  # in order: an invoice stands before its credit note
        rate_day = dates.get(row["Bezug auf"], on)
        revenue, cost = (
            exports.dollars(
                row[column].replace(".", "").replace(",", "."), row["Währung"], rate_day
            )
            for column in ("Nettoerlös", "Wareneinsatz")
        )
        yield row["Kundennr"], on, revenue, cost


def by_card(exports: Exports) -> Iterator[tuple[str, date, int, None]]:
    """Stripe: invoices that are not void, less their credit notes, else less what was paid back."""
    folder = one(exports.exports, "stripe/*")
    emails = {row["id"]: row["Email"] for row in read(folder / "customers.csv")}
    accounts = {
        normalize("NFC", row["Email"].strip().lower()): row["AccountId"]
        for row in exports.salesforce("Contact")
    }
    invoices = {row["id"]: row for row in read(folder / "invoices.csv") if row["Status"] != "void"}
    credited = {row["invoice"]: row for row in read(folder / "credit_notes.csv")}

    def line(invoice: dict[str, str], on: date, net: Decimal) -> tuple[str, date, int, None]:
        account = accounts[normalize("NFC", emails[invoice["Customer"]].lower())]
        rate_day = day(utc(invoice["Date (UTC)"]))
        return account, on, exports.dollars(net, invoice["Currency"].upper(), rate_day), None

    def net(invoice: dict[str, str], gross: Decimal) -> Decimal:
        total = Decimal(invoice["Total"])
        share = gross * (total - Decimal(invoice["Tax"] or 0)) / total
        return share.quantize(Decimal("0.01"), ROUND_HALF_UP)

    for invoice in invoices.values():
        yield line(
            invoice, day(utc(invoice["Date (UTC)"])), net(invoice, Decimal(invoice["Total"]))
        )
    for note in read(folder / "credit_notes.csv"):
        invoice = invoices[note["invoice"]]
        cents = Decimal(note["total_excluding_tax"] or net(invoice, Decimal(note["total"])))
        yield line(invoice, day(utc(note["created"])), -cents / 100)
    for payment in read(folder / "unified_payments.csv"):
        back = Decimal(payment["Amount Refunded"])
        if back and payment["Invoice ID"] not in credited:
            invoice = invoices[payment["Invoice ID"]]
            yield line(invoice, day(utc(payment["Refunded date (UTC)"])), -net(invoice, back))


def of_shop(exports: Exports) -> Iterator[tuple[str, date, int, None]]:
    """Shopify: what the first row of each order says; the other rows only have lines."""
    folder = one(exports.exports, "shopify/*")
    accounts = {
        normalize("NFC", row["Email"].strip().lower()): row["AccountId"]
        for row in exports.salesforce("Contact")
    }
    sites = {
        re.sub(r"^(https?://)?(www\.)?", "", row["Website"]): row["Id"]
        for row in exports.salesforce("Account")
    }
    for path in sorted(folder.glob("orders_export_*.csv")):
        for row in read(path):
            if not row["Total"] or row["Financial Status"] == "voided":
                continue
            if "Bogus" in row["Payment Method"]:
                continue
            email = normalize("NFC", row["Email"].lower())
            domain = email.partition("@")[2]
            account = accounts.get(email) or sites.get(domain) or domain
            created = datetime.strptime(row["Created at"], "%Y-%m-%d %H:%M:%S %z")
            total, taxes = Decimal(row["Total"]), Decimal(row["Taxes"])
            yield account, day(created), int((total - taxes) * 100), None
            back = Decimal(row["Refunded Amount"])
            if back:
                cents = (back * (total - taxes) / total).quantize(Decimal("0.01"), ROUND_HALF_UP)
                text = row["Cancelled at"] or row["Created at"]
                on = day(datetime.strptime(text, "%Y-%m-%d %H:%M:%S %z"))
                yield account, on, -int(cents * 100), None


def test_revenue_is_found_again(exports: Exports, truth: dict[str, Any]) -> None:
    by_month: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    by_account: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    counted: dict[str, int] = defaultdict(int)
    for source in (of_billing, by_card, of_shop):
        for account, on, revenue, cost in source(exports):
            counted[source.__name__] += 1
            by_month[month(on)][0] += revenue
            by_month[month(on)][1] += cost or 0
            by_account[account][0] += revenue
            by_account[account][1] += cost or 0
            by_account[account][2] += revenue if cost is None else 0

    assert min(counted[name] for name in ("of_billing", "by_card", "of_shop")) > 0
    revenue = truth["revenue"]
    assert dict(by_account) == revenue["accounts"]
    for name, row in revenue["months"].items():
        assert by_month[name] == [row["revenue_cents"], row["cogs_cents"]]


def test_the_shop_writes_orders_that_add_up(exports: Exports) -> None:
    rows = [row for path in sorted(exports.exports.glob("shopify/*/*.csv")) for row in read(path)]
    lines: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        lines[row["Name"]] += Decimal(row["Lineitem quantity"]) * Decimal(row["Lineitem price"])

    firsts = [row for row in rows if row["Total"]]
    assert len(firsts) == len(lines)
    for row in firsts:
        subtotal, shipping, taxes, total = (
            Decimal(row[name]) for name in ("Subtotal", "Shipping", "Taxes", "Total")
        )
        assert lines[row["Name"]] - Decimal(row["Discount Amount"]) == subtotal
        assert total in (subtotal + shipping, subtotal + shipping + taxes)


def test_an_order_of_the_shop_lies_in_both_files_and_its_totals_in_one(exports: Exports) -> None:
    first, second = (
        read(path) for path in sorted(exports.exports.glob("shopify/*/orders_export_*.csv"))
    )

    assert first[-1]["Name"] == second[0]["Name"]
    assert not second[0]["Total"]
    assert first[0]["Created at"].endswith(" +0400")
    assert second[0]["Created at"].endswith(" -0400")


def test_checkouts_that_were_left_are_found_again(exports: Exports, truth: dict[str, Any]) -> None:
    def instant(row: dict[str, str]) -> datetime:
        return datetime.strptime(row["Created at"], "%Y-%m-%d %H:%M:%S %z")

    def value(row: dict[str, str]) -> int:
        return int((Decimal(row["Total"]) - Decimal(row["Taxes"])) * 100)

    folder = one(exports.exports, "shopify/*")
    left = [row for row in read(folder / "checkouts_export_1.csv") if row["Total"]]
    orders = [
        row
        for path in folder.glob("orders_export_*.csv")
        for row in read(path)
        if row["Total"]
        and row["Financial Status"] != "voided"
        and "Bogus" not in row["Payment Method"]
    ]
    closing = []
    for checkout in left:
        later = [
            order
            for order in orders
            if order["Email"] == checkout["Email"] and instant(order) > instant(checkout)
        ]
        closing += [min(later, key=instant)] if later else []
    closed = {order["Name"]: value(order) for order in closing}

    assert truth["carts"] == {
        "left": len(left),
        "left_value_cents": sum(map(value, left)),
        "left_ordered_later": len(closing),
        "left_order_value_cents": sum(closed.values()),
        "ordered_at_once": len(orders) - len(closed),
        "ordered_at_once_value_cents": sum(map(value, orders)) - sum(closed.values()),
    }


def test_costs_are_found_again(exports: Exports, truth: dict[str, Any]) -> None:
    found: dict[tuple[str, str, str, str], int] = defaultdict(int)
    for row in read(one(exports.exports, "finance/marketing-costs-*")):
        if row["Note"].startswith("typed the German way"):
            continue
        try:
            amount = Decimal(row["Amount"].replace(",", ""))
        except InvalidOperation:
            continue
        key = (row["Month"][:7], row["Channel"] or "unattributed", row["Campaign"])
        cents = exports.dollars(amount, row["Currency"], date.fromisoformat(row["Month"]))
        found[(*key, row["Cost type"])] += cents

    assert dict(found) == {
        (row["month"], row["channel"], row["campaign"], row["cost_type"]): row["amount_cents"]
        for row in truth["costs"]
    }


def test_activities_and_records_gone_are_found_again(demo: Path, truth: dict[str, Any]) -> None:
    folder = demo / "exports/salesforce"
    found: dict[tuple[str, str], int] = defaultdict(int)
    for row in read(folder / "2026-10-31/Task.csv"):
        if row["IsClosed"] == "1" and row["IsDeleted"] == "0":
            found[month(day(utc(row["CompletedDateTime"]))), row["TaskSubtype"].lower()] += 1
    for row in read(folder / "2026-10-31/Event.csv"):
        on = day(utc(row["StartDateTime"]))
        if row["IsChild"] == "0" and row["IsDeleted"] == "0" and on <= AS_OF:
            found[month(on), "meeting"] += 1
    by_tool = read(one(demo, "exports/engagement/activities-*"))
    for row in by_tool:
        assert row["Result"] in ("completed", "replied")
        found[month(day(utc(row["Started At"]))), row["Type"].lower()] += 1

    def gone(name: str) -> int:
        early, late = (
            {row["Id"]: row for row in read(folder / f"{made}/{name}.csv")}
            for made in ("2024-11-30", "2026-10-31")
        )
        return len(early.keys() - late.keys())

    salesforce = truth["salesforce"]
    assert len(by_tool) > 50
    assert dict(found) == {
        (name, kind): n
        for name, kinds in salesforce["activities"].items()
        for kind, n in kinds.items()
    }
    assert gone("Lead") == salesforce["purged_leads"]
    assert gone("Opportunity") == salesforce["purged_opportunities"]


def test_a_report_and_an_extract_say_what_the_weekly_export_says(demo: Path) -> None:
    folder = demo / "exports/salesforce"
    weekly = {row["Id"]: row for row in read(folder / "2026-10-31/Opportunity.csv")}
    short = {record[:15]: row for record, row in weekly.items()}
    text = one(folder, "Closed*.csv").read_text(encoding="utf-8")
    table, footer = text.split("\n\n")
    report = list(csv.DictReader(table.splitlines()))

    assert f"Grand Totals ({len(report)} records)" in footer
    for row in report:
        deal = short[row["Opportunity ID"]]
        assert (row["Stage"], row["Amount"]) == (deal["StageName"], deal["Amount"])
    for row in read(one(folder, "opportunity_extract_*")):
        deal = weekly[row["ID"]]
        assert (row["STAGENAME"], row["AMOUNT"]) == (deal["StageName"], deal["Amount"])
        assert row["CREATEDDATE"] == deal["CreatedDate"].replace(" ", "T") + ".000Z"
