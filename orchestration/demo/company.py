"""The world of the demo company: its name lists, staff, products, campaigns, rates and customers.

Who does what, and when, belongs in people.py and deals.py. All names are made up here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from orchestration.demo.clock import (
    FIRST_DAY,
    LAST_DAY,
    MONTH_STARTS,
    N_MONTHS,
    month_of,
    workday,
)
from orchestration.demo.names import (
    COUNTRIES,
    FIRST_NAMES,
    LAST_NAMES,
    NAME_HEADS,
    NAME_TAILS,
    SECTORS,
)

T = TypeVar("T")

OWN_DOMAIN = "larkmoor.example"
REPORTING_CURRENCY = "USD"

# Seasons of demand, January to December; growth of demand a month.
SEASONS = [0.98, 1.0, 1.08, 1.0, 1.04, 0.97, 0.86, 0.84, 1.1, 1.12, 1.05, 0.78]
GROWTH = 1.035

# product id, name, list price a year (whole units of currency), unit cost a year
PRODUCTS = [
    ("NB-100", "Beacon Core", 14_400, 3_024),
    ("NB-200", "Beacon Insights", 24_000, 5_280),
    ("NB-300", "Beacon Enterprise", 42_000, 9_660),
    ("NB-410", "Harbor Connect", 9_600, 2_400),
    ("NB-420", "Signal Add-on", 6_000, 1_200),
]

# Google campaigns: name, share of spend; the third is renamed half way.
SEARCH_CAMPAIGNS = [
    ("Brand - US", 0.10),
    ("Brand - EMEA", 0.05),
    ("Nonbrand - Revenue Planning", 0.20),
    ("Nonbrand - Forecasting Tools", 0.19),
    ("Nonbrand - Pipeline Software", 0.17),
    ("Competitor - US", 0.13),
    ("PMax, Demo Requests", 0.16),
]
RENAMED_CAMPAIGN = ("Nonbrand - Revenue Planning", "Nonbrand | Planning & Budgeting")
RENAMED_FROM = MONTH_STARTS[12]

# Meta campaigns: name, share of spend.
SOCIAL_CAMPAIGNS = [
    ("Prospecting | Ops Leaders | EU", 0.22),
    ("Prospecting | Finance Leaders", 0.20),
    ("Lookalike, Customers 1 %", 0.18),
    ("Retargeting - Site Visitors 30d", 0.14),
    ("Retargeting - Demo Page", 0.11),
    ("Webinar Sign-ups 🚀", 0.15),
]

# HubSpot's original source: channel, weight, chance of becoming an MQL, quality later on
INBOUND = [
    ("Organic Search", "organic_search", 23, 0.31, 1.05),
    ("Paid Search", "paid_search", 21, 0.34, 1.0),
    ("Paid Social", "paid_social", 17, 0.19, 0.75),
    ("Organic Social", "organic_social", 6, 0.20, 0.85),
    ("Email Marketing", "email", 6, 0.33, 1.0),
    ("Referrals", "referral", 7, 0.44, 1.3),
    ("Direct Traffic", "direct", 12, 0.30, 1.1),
    ("Offline Sources", "offline", 4, 0.16, 0.9),
    ("AI Referrals", "ai_assistant", 3, 0.42, 1.2),
    ("", "", 1, 0.25, 0.9),
]

# Salesforce's lead source: channel, weight among leads that sales or an event brought
OUTBOUND = [
    ("Trade Show", "event", 30),
    ("Web", "web", 22),
    ("Webinar", "webinar", 20),
    ("Partner Referral", "partner", 11),
    ("Cold Call", "outbound", 10),
    ("Podcast", "unmapped", 4),  # on purpose in no map
    ("", "", 3),
]

CAMPAIGN_CHANNELS = {
    "Webinar": "webinar",
    "Trade Show": "event",
    "Conference": "event",
    "Email": "email",
}

# Euros in dollars by month, in hundredths of a cent; rates hold from the first of the month.
EURO_RATES = [
    10_861, 10_578, 10_402, 10_331, 10_417, 10_803, 11_218, 11_284, 11_533, 11_687, 11_629, 11_742,
    11_671, 11_558, 11_604, 11_733, 11_812, 11_764, 11_655, 11_590, 11_482, 11_537, 11_618, 11_709,
]  # fmt: skip
RATE_UNIT = 10_000

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def _check_letter(five: str) -> str:
    return _CHECK[sum(1 << i for i, letter in enumerate(five) if "A" <= letter <= "Z")]


def salesforce_id(prefix: str, number: int) -> str:
    """An 18-character record id, as Salesforce forms them: three letters check the others."""
    head, body = prefix + "5g", ""
    for _ in range(10):
        number, digit = divmod(number, 62)
        body = _BASE62[digit] + body
    return head + body + _check_letter(head) + _check_letter(body[:5]) + _check_letter(body[5:])


def rate(currency: str, day: int) -> int:
    """Dollars for one unit of a currency on a day, in units of 1/10,000."""
    if currency == REPORTING_CURRENCY:
        return RATE_UNIT
    return EURO_RATES[month_of(min(day, LAST_DAY))]


def in_dollars(cents: int, currency: str, day: int) -> int:
    """Cents of a currency in cents of a dollar, half a cent rounded away from zero."""
    micro = abs(cents) * rate(currency, day)
    rounded = (2 * micro + RATE_UNIT) // (2 * RATE_UNIT)
    return rounded if cents >= 0 else -rounded


def pick(dice: Random, choices: Sequence[T], weights: Sequence[float]) -> T:
    """One of the choices, by weight."""
    aim = dice.random() * sum(weights)
    for choice, weight in zip(choices, weights, strict=True):
        aim -= weight
        if aim < 0:
            return choice
    return choices[-1]


@dataclass(slots=True)
class Staff:
    """A colleague with a login in Salesforce."""

    id: str
    first_name: str
    last_name: str
    team: str
    region: str
    title: str
    starts: int
    ends: int | None = None  # day from which the login is closed
    hubspot_id: str = ""  # of those who keep their deals in HubSpot


@dataclass(slots=True)
class Company:
    """A company out there: at first a domain, in Salesforce an account."""

    number: int
    name: str
    domain: str
    industry: str
    country: str
    country_text: str
    currency: str
    employees: int
    account_id: str = ""
    account_created: int = 0
    owner: Staff | None = None
    parent: Company | None = None
    is_customer: bool = False


@dataclass(slots=True)
class Campaign:
    """A campaign kept in Salesforce: a webinar, an event, a mailing."""

    id: str
    name: str
    type: str
    day: int
    cost: int

    @property
    def channel(self) -> str:
        """The channel that its type stands for."""
        return CAMPAIGN_CHANNELS[self.type]


@dataclass
class World:
    """What all parts of the simulation share: size, seed, and whatever must be unique."""

    scale: float
    seed: int
    staff: list[Staff] = field(default_factory=list)
    sellers: list[Staff] = field(default_factory=list)
    developers: list[Staff] = field(default_factory=list)
    success: list[Staff] = field(default_factory=list)
    campaigns: list[Campaign] = field(default_factory=list)
    companies: list[Company] = field(default_factory=list)
    mess: dict[str, int] = field(default_factory=dict)
    _emails: set[str] = field(default_factory=set)
    _numbers: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._dice = self.dice("world")
        self._hire()
        self._plan_campaigns()

    def dice(self, name: str) -> Random:
        """A stream of chance of its own, so that one part's changes leave the others alone."""
        return Random(f"{self.seed}/{name}")

    def count(self, at_scale_one: float, least: int = 0) -> int:
        """A number of things that grows with the scale, but not below `least`."""
        return max(least, round(at_scale_one * self.scale))

    def note(self, kind: str, number: int = 1) -> None:
        """Remember that a kind of mess was planted."""
        self.mess[kind] = self.mess.get(kind, 0) + number

    def next_id(self, prefix: str) -> str:
        """The next record id of a Salesforce object."""
        number = self._numbers.get(prefix, 40_960) + 1 + self._dice.randrange(3)
        self._numbers[prefix] = number
        return salesforce_id(prefix, number)

    def next_number(self, name: str, start: int, step: int) -> int:
        """The next number of a kind, with gaps."""
        number = self._numbers.get(name, start) + 1 + self._dice.randrange(step)
        self._numbers[name] = number
        return number

    def email(self, first: str, last: str, domain: str) -> str:
        """An address that no one else has."""
        stem = f"{first}.{last}".lower()
        address, suffix = f"{stem}@{domain}", 1
        while address in self._emails:
            suffix += 1
            address = f"{stem}{suffix}@{domain}"
        self._emails.add(address)
        return address

    def company(self) -> Company:
        """A company not seen before."""
        dice, number = self._dice, len(self.companies)
        heads, tails, sectors = len(NAME_HEADS), len(NAME_TAILS), len(SECTORS)
        mixed = number * 15_485_863 % (heads * tails * sectors)  # a prime: every name once
        head = NAME_HEADS[mixed % heads]
        tail = NAME_TAILS[mixed // heads % tails]
        sector, industry = SECTORS[mixed // (heads * tails)]
        again = number // (heads * tails * sectors)
        country, spellings, currency, _ = pick(dice, COUNTRIES, [c[3] for c in COUNTRIES])
        company = Company(
            number=number,
            name=f"{head}{tail} {sector}" + (f" {again + 1}" if again else ""),
            domain=f"{head}{tail}{sector}{again + 1 if again else ''}.example".lower(),
            industry=industry,
            country=country,
            country_text=spellings[dice.randrange(len(spellings))],
            currency=currency,
            employees=pick(dice, [35, 80, 150, 320, 700, 1_500, 4_200], [8, 18, 24, 22, 15, 9, 4])
            + dice.randrange(30),
        )
        self.companies.append(company)
        return company

    def seller(self, day: int, company: Company) -> Staff:
        """Who sells to a company on a day: by region, among those with us then."""
        region = "EMEA" if company.country not in ("United States", "Canada") else "North America"
        there = [s for s in self.sellers if s.starts <= day and (s.ends is None or day < s.ends)]
        near = [s for s in there if s.region == region] or there
        return near[self._dice.randrange(len(near))]

    def developer(self) -> Staff:
        """Who follows up a lead."""
        return self.developers[self._dice.randrange(len(self.developers))]

    def campaign_between(self, first: int, last: int) -> Campaign | None:
        """A campaign held on one of these days, if there is one."""
        held = [c for c in self.campaigns if first <= c.day <= last]
        return held[self._dice.randrange(len(held))] if held else None

    def _hire(self) -> None:
        sellers = max(4, min(40, round(14 * self.scale**0.5)))
        teams = [
            ("Sales", "Account Executive", sellers, self.sellers),
            ("SDR", "Sales Development Rep", max(2, sellers // 2), self.developers),
            ("Customer Success", "Customer Success Manager", max(1, sellers // 6), self.success),
        ]
        for team, title, number, members in teams:
            for place in range(number):
                region = "EMEA" if place % 3 == 2 else "North America"
                late = place >= 3 and place % 4 == 3
                starts = workday(FIRST_DAY + 40 * place) if late else FIRST_DAY - 300 + 7 * place
                members.append(self._colleague(team, title, region, starts))
        self.sellers[1].ends = MONTH_STARTS[15]  # left; the deals keep their owner
        self.sellers[2].hubspot_id = "71402265"
        self.developers[-1].region = ""
        self._colleague("Marketing", "Marketing Operations", "North America", FIRST_DAY - 300)
        self._colleague("", "Integration User", "", FIRST_DAY - 300)

    def _colleague(self, team: str, title: str, region: str, starts: int) -> Staff:
        number = len(self.staff)
        colleague = Staff(
            id=self.next_id("005"),
            first_name=FIRST_NAMES[(7 * number + 3) % len(FIRST_NAMES)],
            last_name=LAST_NAMES[(29 * number + 11) % len(LAST_NAMES)],
            team=team,
            region=region,
            title=title,
            starts=starts,
        )
        self.staff.append(colleague)
        return colleague

    def _plan_campaigns(self) -> None:
        topics = ["Forecasting", "Pipeline Hygiene", "Board Reporting", "Planning", "Revenue Data"]
        shows = ["RevSummit", "FinOps Days", "SaaS Fair", "Ops Week", "Growth Forum"]
        for month in range(N_MONTHS):
            first, label, year = MONTH_STARTS[month], month % 12, 2024 + (month + 10) // 12
            plans = [
                ("Webinar", f"Webinar: {topics[month % 5]}", 9, 180_000),
                ("Webinar", f"Webinar: {topics[(month + 2) % 5]}, live", 23, 150_000),
                ("Email", f"Email: Customer stories {month + 1}", 14, 40_000),
            ]
            if label in (2, 4, 6, 10, 11):
                plans.append(("Trade Show", f"{shows[month % 5]} {year}", 17, 2_800_000))
            if label in (5, 10):
                plans.append(("Conference", f"Beacon User Conference {year}", 19, 0))
            for kind, name, offset, cost in plans:
                day = workday(first + offset)
                self.campaigns.append(Campaign(self.next_id("701"), name, kind, day, cost))

    def months(self) -> Iterator[tuple[int, int, int, float]]:
        """Month by month: its number, first day, day after the last, and size of demand."""
        growth = 1.0
        for month in range(N_MONTHS):
            start, end = MONTH_STARTS[month], MONTH_STARTS[month + 1]
            yield month, start, end, growth * SEASONS[(month + 10) % 12]
            growth *= GROWTH
