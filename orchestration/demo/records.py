"""What the simulation decides: people with their cycles and records, and the deals they carry.

Only data. The deciding is done in people.py and deals.py, the counting in truth.py, the exports
and their blemishes are made of it in crm.py. Instants are UTC seconds, days New York days, money
whole cents of the currency named beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestration.demo.company import Campaign, Company, Staff

RUNGS = ["lead", "mql", "sal", "sql", "opportunity", "won"]


@dataclass(slots=True)
class HubSpotRecord:
    """A contact of marketing's system. `crossings` are all its moves to marketing-qualified."""

    id: str
    created: int
    source: str
    detail: str
    crossings: list[int] = field(default_factory=list)
    resets: list[int] = field(default_factory=list)


@dataclass(slots=True)
class LeadRecord:
    """A lead of sales' system, with every status it was given."""

    id: str
    created: int
    source: str
    owner: Staff
    statuses: list[tuple[int, str]] = field(default_factory=list)
    converted: int | None = None
    opportunity: Opportunity | None = None
    is_deleted: bool = False
    master: LeadRecord | None = None
    email: str = ""  # in the making also "other" and "none"

    @property
    def status(self) -> str:
        """The status of today."""
        return self.statuses[-1][1] if self.statuses else "Open - Not Contacted"


@dataclass(slots=True)
class ContactRecord:
    """A contact at an account in sales' system."""

    id: str
    created: int
    source: str
    email: str = ""  # in the making also "other" and "none"


@dataclass(slots=True)
class Cycle:
    """One pass of a person through the ladder, as it really went."""

    number: int
    observed: dict[str, int] = field(default_factory=dict)  # stage: first instant
    opportunities: list[Opportunity] = field(default_factory=list)
    channel: str = ""  # of the touch before the MQL; empty: the person's first touch counts

    def observe(self, stage: str, instant: int) -> None:
        """Something proves the stage; only the first proof dates it."""
        self.observed.setdefault(stage, instant)


@dataclass(slots=True)
class Person:
    """A human being, however many records there are of them."""

    number: int
    kind: str  # inbound, outbound, sales_made, colleague, late, excluded
    created: int  # of the earliest record
    hubspot: HubSpotRecord | None = None
    leads: list[LeadRecord] = field(default_factory=list)
    contact: ContactRecord | None = None
    cycles: list[Cycle] = field(default_factory=list)
    responses: list[tuple[int, Campaign]] = field(default_factory=list)  # day, campaign
    first_channel: str = ""  # of the earliest record that names a source
    rule: str = ""  # the exclusion rule that hits, if any
    company: Company | None = None
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    synced: HubSpotRecord | None = None  # a copy of the contact, made for a deal in HubSpot
    has_email: bool = True
    is_free_mail: bool = False
    came_after_deal: bool = False

    def begin(self) -> Cycle:
        """A new cycle."""
        cycle = Cycle(len(self.cycles) + 1)
        self.cycles.append(cycle)
        return cycle

    def touched_first(self, source: str, channel: str) -> None:
        """A record was created; the first one that names a source is the first touch."""
        if source and not self.first_channel:
            self.first_channel = channel

    @property
    def lead(self) -> LeadRecord | None:
        """The lead that sales works on: the newest, unless it was converted."""
        if self.leads and self.leads[-1].converted is None:
            return self.leads[-1]
        return None


@dataclass(slots=True)
class Booking:
    """Money won, taken back on re-opening, or paid back; dollars at the rate of `rate_day`."""

    event: str  # won, reopened, refund
    day: int
    cents: int
    rate_day: int
    counts_as_new: bool  # no renewal, no refund of one


@dataclass(slots=True)
class Change:
    """A deal as it stood after a change."""

    instant: int
    stage: str
    cents: int | None
    close_day: int


@dataclass(slots=True)
class Opportunity:
    """A deal, a renewal or a refund."""

    id: str
    account: Company
    owner: Staff
    created: int
    kind: str  # new, upsell, cross_sell, renewal, refund
    type_text: str
    cents: int | None
    list_cents: int | None
    months: int | None
    product: int
    person: Person | None = None
    cycle: Cycle | None = None
    others: list[Person] = field(default_factory=list)
    status: str = "open"
    close_day: int = 0
    loss_reason: str = ""
    original: Opportunity | None = None
    bookings: list[Booking] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    reopens: int = 0
    is_deleted: bool = False
    hubspot_id: str = ""  # of a deal that is kept in HubSpot instead of Salesforce

    @property
    def rep(self) -> str:
        """The id of the sales rep, in the system that the deal is kept in."""
        return self.owner.hubspot_id if self.hubspot_id else self.owner.id

    @property
    def is_deal(self) -> bool:
        """Does it count in funnel and win rate, unlike renewals and refunds?"""
        return self.kind in ("new", "upsell", "cross_sell")

    @property
    def closed(self) -> int | None:
        """The instant of the last close, none while open."""
        return None if self.status == "open" else self.changes[-1].instant


@dataclass(slots=True)
class Books:
    """All that happened."""

    people: list[Person] = field(default_factory=list)
    opportunities: list[Opportunity] = field(default_factory=list)

    def person(self, kind: str, created: int) -> Person:
        """One more human being."""
        person = Person(len(self.people) + 1, kind, created)
        self.people.append(person)
        return person
