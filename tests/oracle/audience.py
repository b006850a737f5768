"""Who saw, visited and answered us, by channel (METRICS A; touches by B, rule 8, and E)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache, cached_property
from json import loads
from urllib.parse import parse_qsl, urlsplit

from tests.oracle.company import Company, Row, once
from tests.oracle.funnel import Cycle, Entry, entries, ledger, record_persons
from tests.oracle.identity import (
    Person,
    address_of,
    domain_of,
    exclusion_rules,
    instant,
    matches,
    people,
    persons_by_address,
)

CLICK_IDS = ("gclid", "gbraid", "wbraid", "msclkid", "fbclid", "ttclid", "li_fat_id")
HALF_HOUR = timedelta(minutes=30)
LATE = datetime(9999, 12, 31)
Rows = list[tuple[object, ...]]


@dataclass
class Touch:
    """Something that touched a person."""

    touch_id: str
    person_id: str
    kind: str
    interaction: str
    channel: str
    evidence: str
    campaign: str
    at: datetime | None
    names_source: bool = True
    repeats: int = 0

    @property
    def order(self) -> tuple[datetime, str]:
        """By time, ties by id; what has no time comes last."""
        return self.at or LATE, self.touch_id

    @property
    def sameness(self) -> tuple[str, str, str, str]:
        """What makes two touches the same touch again."""
        return self.kind, self.interaction, self.channel, self.campaign


class Facts:
    """A company, with what is looked up often."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.dated: dict[tuple[str, date], list[Row]] = {}

    def in_force(self, name: str, day: date) -> list[Row]:
        """The rows of a definition that hold on a day."""
        if (name, day) not in self.dated:
            self.dated[name, day] = self.company.in_force(name, day)
        return self.dated[name, day]

    @cached_property
    def channels(self) -> dict[str, Row]:
        """The shared list."""
        return {row["channel"]: row for row in self.company.definitions("channels")}

    @cached_property
    def persons(self) -> dict[str, Person]:
        """The person of each record."""
        return record_persons(self.company)

    @cached_property
    def addresses(self) -> dict[str, str]:
        """The person of each address."""
        return persons_by_address(self.company)

    @cached_property
    def left_out(self) -> set[str]:
        """Persons who do not count."""
        return {who for who, rule in exclusion_rules(self.company).items() if rule}

    @cached_property
    def accounts(self) -> dict[str, str]:
        """The account of each person."""
        return {who: match.account_id for who, match in matches(self.company).items()}

    def who(self, row: Row) -> str | None:
        """The person that a row of a log names, by a record first."""
        record = row.get("record_id") or row.get("person_record_id") or ""
        person = self.persons.get(f"{row['source_system']}:{record}") if record else None
        return person.person_id if person else self.addresses.get(address_of(row.get("email", "")))

    def parameter(self, metric: str, name: str, day: date) -> Fraction:
        """A number of a metric's definition on a day."""
        [row] = [r for r in self.in_force("metric_definitions", day) if r["metric"] == metric]
        return Fraction(str(loads(row["parameters"])[name]))


@once
def facts_of(company: Company) -> Facts:
    """The same for all who ask."""
    return Facts(company)


# Channels.


def listed_channel(facts: Facts, system: str, text: str, day: date) -> str:
    """What the map says of a text, or the text itself where it is a channel; else nothing."""
    for row in facts.in_force("channel_map", day):
        if row["source_system"] == system and row["source_value"].lower() == text.lower():
            return row["channel"]
    return text.lower() if text.lower() in facts.channels else ""


def channel_of(facts: Facts, system: str, text: str, day: date) -> str:
    """The channel of a source's own text."""
    return (listed_channel(facts, system, text, day) or "unmapped") if text else "unattributed"


def looks_like(pattern: str, text: str) -> bool:
    """Whether a text is like a pattern with % and _."""
    return _as_regex(pattern.lower()).fullmatch(text.lower()) is not None


@cache
def _as_regex(pattern: str) -> re.Pattern[str]:
    parts = (".*" if c == "%" else "." if c == "_" else re.escape(c) for c in pattern)
    return re.compile("".join(parts), re.DOTALL)


@dataclass
class Traces:
    """What a touch or visit carries."""

    clicks: set[str]
    source: str
    medium: str
    referrer: str
    host: str


def traces_of(row: Row) -> Traces:
    """By columns of their own, else by the address of the page."""
    address = next((row[c] for c in ("landing_page", "page_url", "url") if row.get(c)), "")
    parts = urlsplit(address)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Traces(
        clicks={name.lower() for name in query} | {c for c in CLICK_IDS if row.get(c)},
        source=row["utm_source"] if "utm_source" in row else query.get("utm_source", ""),
        medium=row["utm_medium"] if "utm_medium" in row else query.get("utm_medium", ""),
        referrer=domain_of(row.get("referrer", "")),
        host=domain_of(address),
    )


def by_traces(facts: Facts, traces: Traces, day: date) -> tuple[str, str, bool]:
    """Channel and evidence by the rules, and whether some other website led here."""
    referrer, host = traces.referrer, traces.host
    if referrer == host or referrer.endswith(f".{host}") or host.endswith(f".{referrer}"):
        referrer = ""
    for evidence in ("click_id", "utm", "referrer"):
        fitting = []
        for rule in facts.in_force("channel_rules", day):
            pattern, medium = rule["source_pattern"], rule["medium_pattern"]
            fits = {
                "click_id": any(pattern.lower() == name for name in traces.clicks),
                "utm": bool(traces.source or traces.medium)
                and looks_like(pattern, traces.source)
                and looks_like(medium or "%", traces.medium),
                "referrer": bool(referrer) and looks_like(pattern, referrer),
            }
            if rule["evidence"] == evidence and fits[evidence]:
                fitting.append(
                    (int(rule["priority"]), pattern, not medium, medium, rule["channel"])
                )
        if fitting:
            channel = min(fitting)[-1]
            none = channel == "none"
            return "" if none else channel, evidence, bool(referrer) and not none
    return "", "", bool(referrer)


def seen_channel(facts: Facts, row: Row, text: str, day: date) -> tuple[str, str]:
    """Channel and evidence of a touch: its traces, its source's words, any other website."""
    traces = traces_of(row)
    channel, evidence, is_referral = by_traces(facts, traces, day)
    has_utm = bool(traces.source or traces.medium)
    if channel:
        return channel, evidence
    if text and (told := listed_channel(facts, row["source_system"], text, day)):
        return told, "source_text"
    if is_referral:
        return "referral", "referrer"
    if has_utm:
        return "unmapped", "utm"
    return ("unmapped", "source_text") if text else ("unattributed", "none")


# Touches.


@once
def touches(facts: Facts) -> dict[str, list[Touch]]:
    """The touches of each person in order; the same again within half an hour is none."""
    found = defaultdict(list)
    for touch in _all_touches(facts):
        found[touch.person_id].append(touch)
    collapsed = {}
    for who, mine in found.items():
        kept: list[Touch] = []
        before = None
        for touch in sorted(mine, key=lambda t: t.order):
            is_again = (
                before is not None
                and before.sameness == touch.sameness
                and before.at is not None
                and touch.at is not None
                and touch.at - before.at <= HALF_HOUR
            )
            if is_again:
                kept[-1].repeats += 1
            else:
                kept.append(touch)
            before = touch
        collapsed[who] = kept
    return collapsed


def _all_touches(facts: Facts) -> Iterator[Touch]:
    yield from _sources(facts)
    yield from _responses(facts)
    yield from _logged(facts)
    for message in messages(facts).values():
        if message.clicked and message.person_id:
            yield Touch(
                f"email_click:{message.campaign}:{message.recipient}", message.person_id,
                "email_click", "", "email", "campaign", message.campaign, message.clicked,
            )  # fmt: skip
    for row in facts.company.rows("activities"):
        at = instant(row.get("occurred_at", ""))
        who = facts.who(row)
        done = row.get("is_completed", "").lower() not in ("false", "no", "0")
        is_meeting = row["activity_type"].lower() == "meeting"
        if (
            is_meeting
            and done
            and who
            and at
            and facts.company.local_date(at) <= facts.company.as_of
        ):
            yield Touch(
                    f"meeting:{row['source_system']}:{row['activity_id']}", who, "meeting", "",
                    "outbound", "activity", "", at, names_source=False,
                )  # fmt: skip


def _sources(facts: Facts) -> Iterator[Touch]:
    """Where a person came from, by the earliest record that names a source and is there."""
    for person in people(facts.company).values():
        named = [r for r in person.records if r.row.get("channel_source") and not r.has_left]
        if not named:
            continue
        first = min(named, key=lambda r: (r.created or LATE, r.record_id))
        # Where nobody knows since when, no version of the map is in force.
        text = first.row["channel_source"]
        if first.created:
            day = facts.company.local_date(first.created)
            channel = channel_of(facts, first.system, text, day)
        else:
            channel = text.lower() if text.lower() in facts.channels else "unmapped"
        yield Touch(
            f"source:{first.record_id}", person.person_id, "source", "", channel, "source_text",
            "", first.created,
        )  # fmt: skip


def _responses(facts: Facts) -> Iterator[Touch]:
    for row in facts.company.rows("campaign_responses"):
        who = facts.who(row)
        if who:
            yield Touch(
                f"response:{row['response_id']}", who, "campaign_response", "",
                channel_of(facts, "salesforce_campaign", row["campaign_type"], facts.company.as_of),
                "campaign", row["campaign_id"], instant(row["responded_at"]),
            )  # fmt: skip


def _logged(facts: Facts) -> Iterator[Touch]:
    """A log without ids names a touch by what it is; the same told twice is one."""
    found: dict[str, Touch] = {}
    for row in facts.company.rows("touchpoints"):
        at, who = instant(row["touched_at"]), facts.who(row)
        if who is None or at is None or _is_true(row.get("is_machine", "")):
            continue
        traces = traces_of(row)
        text = row.get("channel", "") or traces.source
        day = facts.company.local_date(at)
        channel, evidence = seen_channel(facts, row, text, day)
        campaign = row.get("campaign", "")
        words = (who, row["touch_type"].lower(), text.lower(), campaign.lower(), str(at))
        name = row.get("touch_id") or ":".join(filter(None, words))
        touch = Touch(
            f"touchpoint:{row['source_system']}:{name}", who, "touchpoint",
            row["touch_type"].lower(), channel, evidence, "", at,
        )  # fmt: skip
        before = found.setdefault(touch.touch_id, touch)
        if (at, who) < (before.at, before.person_id):
            found[touch.touch_id] = touch
    yield from found.values()


def _is_true(text: str) -> bool:
    return text.lower() in ("true", "t", "yes", "y", "1")


# E-mail.


@dataclass
class Message:
    """What became of a message."""

    campaign: str
    recipient: str
    person_id: str | None
    is_logged: bool
    delivered: bool
    opened: bool
    opened_human: bool
    clicked: datetime | None
    unsubscribed: bool
    complained: bool


@once
def messages(facts: Facts) -> dict[tuple[str, str], Message]:
    """One per campaign and recipient, by what its log says within the window (A4)."""
    by_message: dict[tuple[str, str], dict[tuple[object, ...], Row]] = defaultdict(dict)
    for row in facts.company.rows("email_events"):
        recipient = address_of(row["email"])
        if recipient:
            what = (row["event"], row.get("link", ""), row["occurred_at"])
            key = (f"{row['source_system']}:{row['campaign_id']}", recipient)
            by_message[key][what] = row
    return {key: _message(facts, *key, list(rows.values())) for key, rows in by_message.items()}


def _message(facts: Facts, campaign: str, recipient: str, rows: Sequence[Row]) -> Message:
    def of(*kinds: str) -> list[Row]:
        return [row for row in rows if row["event"] in kinds]

    def first(*kinds: str) -> datetime | None:
        return min((t for t in (instant(r["occurred_at"]) for r in of(*kinds)) if t), default=None)

    sent = first("sent") or first(*{row["event"] for row in rows})
    day = facts.company.local_date(sent) if sent else facts.company.as_of
    metric = "email_click_rate"
    window = timedelta(days=float(facts.parameter(metric, "window_days", day)))
    haste = timedelta(seconds=float(facts.parameter(metric, "bot_click_seconds", day)))
    arrived = first("delivered") or first("sent")
    links = {row["link"] for row in of("click") if row.get("link")}
    known = max((int(row["links_in_message"]) for row in rows if row.get("links_in_message")),
                default=0)  # fmt: skip
    is_scanned = any(_is_true(row.get("is_honeypot", "")) for row in of("click")) or (
        known >= facts.parameter(metric, "bot_min_links", day) and len(links) >= known
    )
    timely = []
    for row in rows:
        at = instant(row["occurred_at"])
        if at is None or sent is None or at <= sent + window:
            timely.append((row, at))

    def has(*kinds: str) -> bool:
        return any(row["event"] in kinds for row, _ in timely)

    clicks = [
        at
        for row, at in timely
        if row["event"] == "click"
        and at
        and not _is_true(row.get("is_machine", ""))
        and not is_scanned
        and not (arrived and at <= arrived + haste)
        and "unsubscribe" not in row.get("link", "").lower()
    ]
    opens = [row for row, _ in timely if row["event"] == "open"]
    human = any(not _is_true(row.get("is_machine", "")) for row in opens) or bool(clicks)
    reached = not has("bounce") and has(
        "sent", "delivered", "open", "click", "unsubscribe", "complaint"
    )
    return Message(
        campaign=campaign,
        recipient=recipient,
        person_id=facts.addresses.get(recipient),
        is_logged=has("sent", "delivered", "bounce") or bool(of("sent", "delivered", "bounce")),
        delivered=reached,
        opened=reached and (bool(opens) or human),
        opened_human=reached and human,
        clicked=min(clicks, default=None) if reached else None,
        unsubscribed=reached and has("unsubscribe"),
        complained=reached and has("complaint"),
    )


def email_campaigns(facts: Facts) -> Rows:
    """A4, of campaigns of which every message is known."""
    found = defaultdict(list)
    for message in messages(facts).values():
        found[message.campaign].append(message)
    rows: Rows = []
    for campaign, mine in found.items():
        if any(m.is_logged for m in mine):
            sent, delivered = len(mine), sum(m.delivered for m in mine)
            opens, human = sum(m.opened for m in mine), sum(m.opened_human for m in mine)
            clicks = sum(m.clicked is not None for m in mine)
            left, complained = sum(m.unsubscribed for m in mine), sum(m.complained for m in mine)
            rows.append(
                (
                    campaign, sent, delivered, opens, human, clicks, left, complained,
                    share(delivered, sent), share(opens, delivered), share(human, delivered),
                    share(human, delivered - (opens - human)), share(clicks, delivered),
                    share(clicks, human), share(left, delivered), share(complained, delivered),
                )
            )  # fmt: skip
    return rows


# Visits.


@dataclass
class Load:
    """A page load that counts."""

    visitor: str
    at: datetime
    day: date
    person_id: str | None
    channel: str
    session: int = 0


def page_loads(facts: Facts) -> list[Load]:
    """What no robot and no colleague loaded; the same load told twice is one."""
    found = {}
    for row in facts.company.rows("page_views"):
        at = instant(row["viewed_at"])
        assert at
        day = facts.company.local_date(at)
        agent = row.get("user_agent", "").lower()
        robots = facts.in_force("bot_agents", day)
        if (
            _is_true(row.get("is_bot", ""))
            or _is_true(row.get("is_internal", ""))
            or (agent and any(looks_like(rule["agent_pattern"], agent) for rule in robots))
        ):
            continue
        has_consent = row.get("consent", "").lower() not in ("no", "false", "0")
        visitor = row["visitor_id"] if has_consent else ""
        traces = traces_of(row)
        channel, _, is_referral = by_traces(facts, traces, day)
        if not channel:
            has_utm = bool(traces.source or traces.medium)
            channel = "referral" if is_referral else "unmapped" if has_utm else ""
        path = urlsplit(row["page_url"]).path or "/"
        key = (row["source_system"], row.get("view_id", ""), row["visitor_id"], path, at)
        found[key] = (
            path,
            Load(
                f"{row['source_system']}:{visitor}" if visitor else "",
                at, day, facts.who(row), channel,
            ),
        )  # fmt: skip
    ordered = sorted(found.values(), key=lambda pair: (pair[1].at, pair[0]))
    return [load for _, load in ordered]


@dataclass
class Session:
    """Loads of one visitor without a longer break."""

    visitor: str
    loads: list[Load]
    person_id: str | None = None

    @property
    def day(self) -> date:
        """The day on which it started."""
        return self.loads[0].day

    @property
    def channel(self) -> str:
        """By the first load that tells."""
        return next((load.channel for load in self.loads if load.channel), "direct")


def sessions(facts: Facts, loads: Iterable[Load]) -> list[Session]:
    """A1: a gap of exactly the timeout stays."""
    by_visitor = defaultdict(list)
    for load in loads:
        if load.visitor:
            by_visitor[load.visitor].append(load)
    found = []
    for visitor, mine in by_visitor.items():
        named = [(load.at, load.person_id) for load in mine if load.person_id]
        person = min(named)[1] if named else None
        current: list[Load] = []
        for load in mine:
            minutes = facts.parameter("sessions", "session_timeout_minutes", load.day)
            if not current or load.at - current[-1].at > timedelta(minutes=float(minutes)):
                current = []
                found.append(Session(visitor, current, person))
            current.append(load)
    return found


def web(facts: Facts) -> dict[tuple[date, str], tuple[object, ...]]:
    """Month and channel: source, visitors, sessions, page views."""
    loads = page_loads(facts)
    visits = sessions(facts, loads)
    days: dict[tuple[date, str], set[date]] = defaultdict(set)
    for load in loads:
        days[month(load.day), "page_views"].add(load.day)
    sums: dict[tuple[date, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in facts.company.rows("web_traffic"):
        day, system = date.fromisoformat(row["date"]), row["source_system"]
        days[month(day), system].add(day)
        if "source_medium" in row:
            source, medium = (part.strip() for part in row["source_medium"].split("/"))
            channel = by_traces(facts, Traces(set(), source, medium, "", ""), day)[0]
            channel = channel or channel_of(facts, system, medium or source, day)
        else:
            channel = channel_of(facts, system, row["channel"], day)
        for key in (channel, "all"):
            sums[month(day), system, key][0] += int(row["sessions"])
            sums[month(day), system, key][1] += int(row["page_views"])
    told = defaultdict(list)
    for row in facts.company.rows("web_visitors"):
        first = date.fromisoformat(f"{row['month']}-01")
        text = row.get("channel", "")
        channel = channel_of(facts, row["source_system"], text, first) if text else "all"
        told[first, row["source_system"], channel].append(int(row["visitors"]))

    found: dict[tuple[date, str], tuple[object, ...]] = {}
    for start in {first for first, _ in days}:
        tools = [(-len(d), s != "page_views", s) for (m, s), d in days.items() if m == start]
        chosen = min(tools)[2]
        if chosen != "page_views":
            for (first, system, channel), (n, views) in sums.items():
                if (first, system) == (start, chosen):
                    known = told[first, system, channel]
                    visitors = known[0] if len(known) == 1 else None
                    found[first, channel] = (chosen, visitors, n, views)
            continue
        mine = [visit for visit in visits if month(visit.day) == start]
        homes = {id(load): visit for visit in visits for load in visit.loads}
        seen = [
            homes[id(load)].channel if id(load) in homes else load.channel or "direct"
            for load in loads
            if month(load.day) == start
        ]
        for channel in {*seen, *(visit.channel for visit in mine), "all"}:
            those = [v for v in mine if channel in ("all", v.channel)]
            views = len(seen) if channel == "all" else seen.count(channel)
            found[start, channel] = (chosen, len({v.visitor for v in those}), len(those), views)
    return found


# What was shown and said.


def ad_rows(facts: Facts) -> Iterator[tuple[str, str, date, Fraction, Fraction, Fraction]]:
    """Platform, channel, day, impressions, clicks, spend in the reporting currency."""
    groups: dict[tuple[str, ...], list[Fraction]] = defaultdict(lambda: [Fraction(0)] * 3)
    for row in facts.company.rows("ad_spend"):
        key = (row["platform"], row.get("ad_account", ""), row.get("campaign_id", ""),
               row.get("campaign", ""), row.get("currency", ""), row["date"])  # fmt: skip
        figures = (Fraction(row["impressions"]), Fraction(row["clicks"]), Fraction(row["spend"]))
        groups[key] = [a + b for a, b in zip(groups[key], figures, strict=True)]
    for (platform, _, _, _, currency, text), (shown, clicks, spend) in groups.items():
        day = date.fromisoformat(text)
        rate = Fraction(1)
        if currency not in ("", facts.company.currency):
            [row] = [
                r for r in facts.in_force("exchange_rates", day) if r["currency_code"] == currency
            ]
            rate = Fraction(row["rate"])
        channel = channel_of(facts, "ad_platform", platform, day)
        yield platform, channel, day, shown, clicks, rounded(spend * rate, 6)


def rounded(value: Fraction, places: int) -> Fraction:
    """Half away from zero."""
    scaled = abs(value) * 10**places
    whole = int(scaled + Fraction(1, 2))
    return Fraction(whole if value >= 0 else -whole, 10**places)


@dataclass
class Post:
    """What a post, or a page as a whole, came to on a day."""

    day: date
    impressions: int | None
    reach: int | None
    engagements: int | None


def posts(facts: Facts) -> list[Post]:
    """A5: engagements are all but views; totals so far count by their difference."""
    figures: dict[tuple[str, str, str, date], list[Row]] = defaultdict(list)
    for row in facts.company.rows("social"):
        account = row.get("account") or row["platform"].lower()
        key = (row["platform"].lower(), account, row.get("post_id", ""),
               date.fromisoformat(row["date"]))  # fmt: skip
        figures[key].append(row)
    series = defaultdict(list)
    for row in facts.company.rows("social_snapshots"):
        series[row["platform"].lower(), row["post_id"]].append(row)
    for (platform, post), rows in series.items():
        before: Row = {}
        for row in sorted(rows, key=lambda r: r["exported_at"]):
            gained = {
                name: str(int(row[name]) - int(before.get(name) or 0))
                for name in ("impressions", *ENGAGEMENTS)
                if row.get(name)
            }
            at = row["published_at"] if not before and row["published_at"] else row["exported_at"]
            moment = instant(at)
            assert moment
            account = row.get("account") or platform
            figures[platform, account, post, facts.company.local_date(moment)].append(gained)
            before = row
    days_with_posts = {(p, a, d) for p, a, post, d in figures if post}
    found = []
    for (platform, account, post, day), rows in figures.items():
        is_counted = bool(post) or (platform, account, day) not in days_with_posts
        kinds = [total(rows, name) if is_counted else None for name in ENGAGEMENTS]
        known = [kind for kind in kinds if kind is not None]
        found.append(
            Post(
                day=day,
                impressions=total(rows, "impressions") if is_counted else None,
                reach=total(rows, "reach") if len(rows) == 1 else None,
                engagements=sum(known) if known else None,
            )
        )
    return found


ENGAGEMENTS = ("likes", "comments", "shares", "saves", "clicks")


def total(rows: Iterable[Row], name: str) -> int | None:
    """The sum of what is known; nothing where nothing is."""
    known = [int(row[name]) for row in rows if row.get(name)]
    return sum(known) if known else None


def mentions(facts: Facts, name_of_company: str) -> dict[date, list[int | None]]:
    """Month: mentions, good, bad, of rivals, of others (A6)."""
    found: dict[date, list[int]] = defaultdict(lambda: [0] * 5)
    seen = set()
    for row in facts.company.rows("mentions"):
        key = (row["source_system"], row["mention_id"])
        if _is_true(row.get("is_own", "")) or _is_true(row.get("is_duplicate", "")) or key in seen:
            continue
        seen.add(key)
        at = instant(row["mentioned_at"])
        assert at
        day, brand = facts.company.local_date(at), row.get("brand", "").lower()
        relations = {r["brand"].lower(): r["relation"] for r in facts.in_force("rivals", day)}
        relation = relations.get(brand, "other")
        if brand in ("", name_of_company.lower()):
            relation = "own"
        counts = found[month(day)]
        if relation == "own":
            counts[0] += 1
            counts[1] += row["sentiment"] == "positive"
            counts[2] += row["sentiment"] == "negative"
        counts[3] += relation == "rival"
        counts[4] += relation == "other"
    rivals = [r for r in facts.company.definitions("rivals") if r["relation"] == "rival"]
    rows: dict[date, list[int | None]] = {}
    for first, counts in found.items():
        following = (first + timedelta(days=31)).replace(day=1)
        agreed = any(
            r["valid_from"] < following.isoformat() and r["valid_to"] > first.isoformat()
            for r in rivals
        )
        rows[first] = [*counts[:3], counts[3] if agreed else None, counts[4]]
    return rows


def reach(facts: Facts) -> dict[tuple[date, str], tuple[int, int | None]]:
    """Month and channel: impressions, and the units that had any; none of two platforms (A2)."""
    shown = defaultdict(list)
    for row in facts.company.rows("exposures"):
        day = date.fromisoformat(row["date"])
        channel = channel_of(facts, row["source_system"], row["channel"], day)
        for key in (channel, "all"):
            shown[month(day), key].append(
                (row["source_system"], row["exposed_id"], int(row["impressions"]))
            )
    return {
        key: (
            sum(n for *_, n in those),
            len({unit.strip().lower() for _, unit, n in those if n > 0})
            if len({system for system, *_ in those}) == 1
            else None,
        )
        for key, those in shown.items()
    }


def audience(facts: Facts, name_of_company: str) -> Rows:
    """A1, A2, A5 and A6: a row for each month and channel, and one of all."""
    visits, units = web(facts), reach(facts)
    said = mentions(facts, name_of_company)
    shown: dict[tuple[date, str], int] = defaultdict(int)
    for _, channel, day, impressions, *_ in ad_rows(facts):
        shown[month(day), channel] += int(impressions)
    by_month: dict[date, list[Post]] = defaultdict(list)
    for post in posts(facts):
        by_month[month(post.day)].append(post)
        if post.impressions is not None:
            shown[month(post.day), "organic_social"] += post.impressions
    accounts = identified(facts)
    for key, (known, _) in units.items():
        if key[1] != "all" and key not in shown:
            shown[key] = known
    keys = {*visits, *units, *shown, *accounts, *((m, "earned_media") for m in said)}
    keys |= {(m, "organic_social") for m in by_month}
    keys |= {(m, "all") for m, _ in keys}
    rows: Rows = []
    for key in keys:
        start, channel = key
        seen = sum(n for (m, _), n in shown.items() if m == start) if channel == "all" else None
        is_shown = any(m == start for m, _ in shown) if channel == "all" else key in shown
        total_shown = (seen if channel == "all" else shown.get(key)) if is_shown else None
        among, people_reached = units.get(key, (None, None))
        if among is None or among != total_shown:
            people_reached = None
        mine = by_month[start] if channel in ("organic_social", "all") else []
        kinds = (
            [p.impressions for p in mine],
            [p.reach for p in mine if p.engagements is not None],
            [p.engagements for p in mine],
            [p.engagements for p in mine if p.reach is not None],
        )
        of_posts = [_sum(values) for values in kinds]
        counts = said.get(start) if channel in ("earned_media", "all") else None
        own, good, bad, rival, other = counts or [None] * 5
        rows.append(
            (
                *key, *visits.get(key, (None,) * 4), total_shown, people_reached,
                share(total_shown or 0, people_reached or 0), *of_posts,
                share(of_posts[2] or 0, of_posts[0] or 0) if of_posts[2] is not None else None,
                share(of_posts[3] or 0, of_posts[1] or 0) if of_posts[3] is not None else None,
                own, good, bad, rival, other,
                share(own, own + rival) if own is not None and rival is not None else None,
                share(good - bad, own) if own and good is not None and bad is not None else None,
                accounts.get(key),
            )
        )  # fmt: skip
    return rows


def _sum(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def identified(facts: Facts) -> dict[tuple[date, str], int]:
    """Month and channel: accounts of known people who visited or are in a log of touches."""
    found: dict[tuple[date, str], set[str]] = defaultdict(set)
    for visit in sessions(facts, page_loads(facts)):
        counts = visit.person_id is not None and visit.person_id not in facts.left_out
        theirs = {facts.accounts[visit.person_id]} if counts and visit.person_id else set()
        for channel in (visit.channel, "all"):
            found[month(visit.day), channel] |= theirs
    for who, mine in touches(facts).items():
        for touch in mine:
            if touch.kind == "touchpoint" and who not in facts.left_out and touch.at:
                for channel in (touch.channel, "all"):
                    start = month(facts.company.local_date(touch.at))
                    found[start, channel].add(facts.accounts[who])
    return {key: len(accounts) for key, accounts in found.items()}


# Channels of people, cycles and deals.


class Sourced:
    """Under which channel each counts (B, rule 8)."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.deals, self.cycles = ledger(facts.company)
        self.entries = entries(facts.company, self.deals, self.cycles)
        self.touches = {
            who: [touch for touch in mine if touch.names_source]
            for who, mine in touches(facts).items()
        }

    def of_person(self, who: str) -> str:
        """The person's first touch."""
        mine = self.touches.get(who)
        return min(mine, key=lambda touch: touch.order).channel if mine else "unattributed"

    def of_cycle(self, cycle: Cycle) -> str:
        """The cycle's MQL touch, else the first."""
        mql = cycle.observed("mql")
        mine = [
            touch
            for touch in self.touches.get(cycle.person_id, [])
            if mql and touch.at and touch.at <= mql.at
            and (cycle.began_after is None or touch.at > cycle.began_after)
        ]  # fmt: skip
        if not mine:
            return self.of_person(cycle.person_id)
        latest = max(touch.at for touch in mine if touch.at)
        return min((t for t in mine if t.at == latest), key=lambda t: t.touch_id).channel

    def leads(self) -> dict[str, Entry]:
        """The entry by which each person became a lead."""
        found: dict[str, Entry] = {}
        for entry in sorted(self.entries, key=lambda e: (e.at, e.cycle)):
            if entry.stage == "lead" and not entry.is_imputed:
                found.setdefault(entry.person_id, entry)
        return found


def channel_performance(facts: Facts) -> Rows:
    """A3, the period view of what does not depend on deals: months, channels and all."""
    sourced = Sourced(facts)
    found: dict[tuple[date, str], list[Fraction]] = defaultdict(lambda: [Fraction(0)] * 6)

    def add(day: date, channel: str, place: int, value: Fraction | int) -> None:
        for key in ((month(day), channel), (month(day), "all")):
            found[key][place] += value

    for _, channel, day, shown, clicks, spend in ad_rows(facts):
        for place, value in enumerate((shown, clicks, spend)):
            add(day, channel, place, value)
    for who, entry in sourced.leads().items():
        add(entry.day, sourced.of_person(who), 3, 1)
    channels = {(c.person_id, c.number): sourced.of_cycle(c) for c in sourced.cycles}
    for entry in sourced.entries:
        if entry.stage in ("mql", "sql") and not entry.is_imputed:
            place = 4 if entry.stage == "mql" else 5
            add(entry.day, channels[entry.person_id, entry.cycle], place, 1)
    spent = in_cents({key: row[2] for key, row in found.items()})
    return [
        (
            *key, int(shown), int(clicks), spent[key], int(leads), int(mqls), int(sqls),
            share(clicks, shown), cost(spent[key], clicks), cost(spent[key] * 1000, shown),
            cost(spent[key], leads), cost(spent[key], mqls), cost(spent[key], sqls),
        )
        for key, (shown, clicks, _, leads, mqls, sqls) in found.items()
        if any((shown, clicks, spent[key], leads, mqls, sqls))
    ]  # fmt: skip


def channel_cohort(facts: Facts) -> Rows:
    """A3, the cohort view: the leads of a month, by today (stages of persons alone)."""
    sourced = Sourced(facts)
    spend: dict[tuple[date, str], Fraction] = defaultdict(Fraction)
    for _, channel, day, *_, spent in ad_rows(facts):
        spend[month(day), channel] += spent
        spend[month(day), "all"] += spent
    cents = in_cents(spend)
    reached = defaultdict(set)
    for entry in sourced.entries:
        if not entry.is_imputed:
            reached[entry.person_id].add(entry.stage)
    found: dict[tuple[date, str], list[int]] = defaultdict(lambda: [0] * 4)
    for who, entry in sourced.leads().items():
        for key in ((month(entry.day), sourced.of_person(who)), (month(entry.day), "all")):
            for place, value in enumerate(
                (True, not entry.is_after_deal, "mql" in reached[who], "sql" in reached[who])
            ):
                found[key][place] += value
    return [
        (
            *key, cents.get(key, Decimal("0.00")), *found[key],
            *(cost(cents.get(key, Decimal(0)), found[key][place]) for place in (0, 2, 3)),
        )
        for key in {*found, *(k for k, value in cents.items() if value)}
    ]  # fmt: skip


def in_cents(amounts: dict[tuple[date, str], Fraction]) -> dict[tuple[date, str], Decimal]:
    """Rounded so that the channels of a month add up to `all`: by largest remainder."""
    found: dict[tuple[date, str], Decimal] = {}
    for start in {first for first, _ in amounts}:
        parts = {c: a * 100 for (m, c), a in amounts.items() if m == start and c != "all"}
        whole = {channel: part.numerator // part.denominator for channel, part in parts.items()}
        missing = int(rounded(sum(parts.values(), Fraction(0)), 0)) - sum(whole.values())
        order = sorted(parts, key=lambda channel: (whole[channel] - parts[channel], channel))
        for channel in order[:missing]:
            whole[channel] += 1
        found |= {(start, channel): Decimal(n) / 100 for channel, n in whole.items()}
        found[start, "all"] = Decimal(sum(whole.values())) / 100
    return found


def share(numerator: Fraction | int, denominator: Fraction | int) -> float | None:
    """A ratio; none where there is nothing to divide by."""
    return round(float(Fraction(numerator) / Fraction(denominator)), 9) if denominator else None


def cost(amount: Decimal, units: Fraction | int) -> float | None:
    """A cost per unit; none where nothing was spent."""
    return share(Fraction(amount), units) if amount > 0 else None


def month(day: date) -> date:
    """The first day of a month."""
    return day.replace(day=1)


QUERIES = {
    "touches": """
        select person_id, account_id, touch_type, coalesce(interaction, ''), channel, evidence,
            is_marketing, repeats, touched_at
        from marts.fct_touchpoints where touch_type != 'stage_change'
    """,
    "email": """
        select campaign_id, sent, delivered, opens_raw, opens_human, clicks_human, unsubscribes,
            complaints, round(delivery_rate, 9), round(open_rate_raw, 9),
            round(open_rate_human, 9), round(open_rate_reliable, 9), round(click_rate, 9),
            round(click_to_open_rate, 9), round(unsubscribe_rate, 9), round(complaint_rate, 9)
        from marts.rpt_email_campaigns
        where campaign_id in (select campaign_id from marts.fct_email_messages where is_send_logged)
    """,
    "ads": """
        select platform, date_trunc('month', date_day)::date, sum(impressions)::bigint,
            sum(clicks)::bigint, sum(spend)::decimal(18, 6)
        from marts.fct_ad_performance_daily group by all
    """,
    "audience": """
        select month, channel, definition_source, visitors, sessions, page_views, impressions,
            reach, round(frequency, 9), post_impressions, post_reach, engagements,
            engagements_of_reach, round(engagement_rate, 9), round(engagement_rate_by_reach, 9),
            mentions, positive_mentions, negative_mentions, rival_mentions, other_mentions,
            round(share_of_voice, 9), round(net_sentiment, 9), identified_accounts
        from marts.rpt_audience_monthly
    """,
    "channel_performance": """
        select month, channel, impressions, clicks, spend, leads, mqls, sqls, round(ctr, 9),
            round(cpc, 9), round(cpm, 9), round(flow_cpl, 9), round(flow_cost_per_mql, 9),
            round(flow_cost_per_sql, 9)
        from marts.rpt_channel_performance
        where impressions != 0 or clicks != 0 or spend != 0 or leads + mqls + sqls > 0
    """,
    "channel_cohort": """
        select month, channel, spend, leads, leads_in_conversion, mqls, sqls, round(cpl, 9),
            round(cost_per_mql, 9), round(cost_per_sql, 9)
        from marts.rpt_channel_cohort where spend != 0 or leads > 0
    """,
}


def expected(company: Company) -> dict[str, Rows]:
    """The rows of each query."""
    facts = facts_of(company)
    ads: dict[tuple[str, date], list[Fraction]] = defaultdict(lambda: [Fraction(0)] * 3)
    for platform, _, day, *figures in ad_rows(facts):
        for place, figure in enumerate(figures):
            ads[platform, month(day)][place] += Fraction(str(figure))
    return {
        "touches": [
            (
                who, facts.accounts[who], touch.kind, touch.interaction, touch.channel,
                touch.evidence, facts.channels[touch.channel]["is_marketing"] == "true",
                touch.repeats, touch.at,
            )
            for who, mine in touches(facts).items()
            for touch in mine
            if who not in facts.left_out
        ],
        "email": email_campaigns(facts),
        "ads": [
            (*key, int(shown), int(clicks), _decimal(spend))
            for key, (shown, clicks, spend) in ads.items()
        ],
        "audience": audience(facts, company_name(company)),
        "channel_performance": channel_performance(facts),
        "channel_cohort": channel_cohort(facts),
    }  # fmt: skip


def _decimal(value: Fraction) -> Decimal:
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(Decimal("0.000001"), ROUND_HALF_UP)


def company_name(company: Company) -> str:
    """The company's own name, a brand that mentions may name."""
    for line in (company.root / "workspace.yml").read_text(encoding="utf-8").splitlines():
        if line.startswith("company:"):
            return line.partition(":")[2].strip()
    return ""
