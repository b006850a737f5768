"""What else Salesforce gives beside its weekly export: an older export, a report, an extract by
hand, the org's currencies, and what its users do all day.

The records and their fate are those of the simulation: they only leave through other doors here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.demo.clock import (
    DAY,
    HOUR,
    LAST_DAY,
    MINUTE,
    MONTH_STARTS,
    MONTHS,
    at,
    day_text,
    local_day,
    month_of,
    utc_text,
    workday,
)
from orchestration.demo.company import EURO_RATES, REPORTING_CURRENCY, World
from orchestration.demo.deals import OPEN_STAGES
from orchestration.demo.records import Books, LeadRecord, Opportunity, Person
from orchestration.demo.write import Folder, all_quoted, cents_text, doubled

# An early export, complete as of its day.
FIRST_EXPORT = MONTH_STARTS[1] - 1
EARLY = f"salesforce/{day_text(FIRST_EXPORT)}"
WEEKLY = f"salesforce/{day_text(LAST_DAY)}"
REPORT = f"salesforce/Closed this quarter report {day_text(LAST_DAY)}T18-50.csv"
EXTRACT = f"salesforce/opportunity_extract_{day_text(LAST_DAY)}T18-45.csv"
PURGED = 3  # records that the early export has and the weekly one has not
NULL_ID = "000000000000000AAA"


@dataclass(slots=True)
class Activity:
    """Something that a colleague did or is to do; `kind` as the warehouse shall call it."""

    kind: str
    instant: int
    is_done: bool
    is_deleted: bool = False


class Desk:
    """Writes the smaller exports of Salesforce, and knows what they add."""

    def __init__(
        self, world: World, books: Books, folder: Folder, binned: list[tuple[str, int]]
    ) -> None:
        self.world = world
        self.books = books
        self.folder = folder
        self.dice = world.dice("desk")
        self.binned = [(lead, created) for lead, created in binned if created < FIRST_EXPORT * DAY]
        """Leads in the recycle bin, which were open in the early export: id and creation."""
        self.activities: list[Activity] = []
        self.deals = sorted(
            (deal for deal in books.opportunities if not deal.hubspot_id),
            key=lambda deal: (deal.created, deal.id),
        )

    def write(self) -> None:
        """All files."""
        self._early_leads()
        self._early_opportunities()
        self._report()
        self._extract()
        self._currencies()
        self._tasks()
        self._events()

    def truth(self) -> dict[str, object]:
        """What the warehouse must find in them."""
        months: dict[str, Counter[str]] = {month: Counter() for month in MONTHS}
        for activity in self.activities:
            if activity.is_done and not activity.is_deleted:
                months[MONTHS[month_of(local_day(activity.instant))]][activity.kind] += 1
        return {
            "purged_leads": PURGED,
            "purged_opportunities": PURGED,
            "lead_changes_told_by_comparison": len(self.binned),
            "activities": {m: dict(sorted(row.items())) for m, row in months.items() if row},
        }

    def _csv(self, name: str, header: str, rows: Sequence[tuple[str, ...]], contract: str) -> None:
        columns = header.split(",")
        if any(len(row) != len(columns) for row in rows):
            raise ValueError(f"{name}: a row does not fit the header")
        self.folder.lines(f"exports/{name}", [*all_quoted([columns]), *all_quoted(rows)])
        self.folder.expect(name, contract, len(rows))

    def _early_leads(self) -> None:
        """All leads of then, with the status of then; some of them were thrown away since."""
        until = FIRST_EXPORT * DAY
        header = (
            "Id,IsDeleted,MasterRecordId,FirstName,LastName,Company,Country,Email,LeadSource,Status,"
            "OwnerId,IsConverted,ConvertedDate,ConvertedAccountId,ConvertedContactId,"
            "ConvertedOpportunityId,CreatedDate"
        )
        leads = [
            (lead.created, lead.id, lead, person)
            for person in self.books.people
            for lead in person.leads
            if lead.created < until and not lead.is_deleted
        ]
        rows = [self._lead_of_then(row[2], row[3], until) for row in sorted(leads, key=_by_age)]
        user = self.world.staff[-1].id
        for number in range(PURGED):
            rows.append((
                self.world.next_id("00Q"), "0", "", "Cheap", "Offers", "Offers", "",
                f"bulk{number}@spam-offers.example", "Web", "Open - Not Contacted", user, "0", "",
                NULL_ID, NULL_ID, NULL_ID, utc_text(until - (number + 2) * DAY),
            ))  # fmt: skip
            self.world.note("leads_gone_from_the_next_full_export")
        for record, created in self.binned:
            rows.append((
                record, "0", "", "Cheap", "Offers", "Offers", "", "", "Web",
                "Open - Not Contacted", user, "0", "", NULL_ID, NULL_ID, NULL_ID,
                utc_text(created),
            ))  # fmt: skip
            self.world.note("lead_statuses_without_a_history")
        self._csv(f"{EARLY}/Lead.csv", header, rows, "salesforce.leads")

    @staticmethod
    def _lead_of_then(lead: LeadRecord, person: Person, until: int) -> tuple[str, ...]:
        company = person.company
        past = [status for instant, status in lead.statuses if instant < until]
        converted = ("0", "", NULL_ID, NULL_ID, NULL_ID)
        if lead.converted is not None and lead.converted < until and person.contact and company:
            deal = lead.opportunity
            converted = (
                "1", f"{day_text(local_day(lead.converted))} 00:00:00", company.account_id,
                person.contact.id, deal.id if deal and not deal.hubspot_id else NULL_ID,
            )  # fmt: skip
        return (
            lead.id, "0", "", person.first_name, person.last_name, company.name if company else "",
            company.country_text if company else "", lead.email, lead.source,
            past[-1] if past else "Open - Not Contacted", lead.owner.id, *converted,
            utc_text(lead.created),
        )  # fmt: skip

    def _early_opportunities(self) -> None:
        until = FIRST_EXPORT * DAY
        header = (
            "Id,IsDeleted,AccountId,Name,StageName,Amount,Probability,CloseDate,Type,IsClosed,IsWon,"
            "CurrencyIsoCode,OwnerId,CreatedDate"
        )
        rows = []
        for deal in self.deals:
            past = [change for change in deal.changes if change.instant < until]
            if not past or deal.is_deleted:
                continue
            now = past[-1]
            rows.append((
                deal.id, "0", deal.account.account_id, doubled(deal.account.name), now.stage,
                cents_text(now.cents), "", f"{day_text(now.close_day)} 00:00:00", deal.type_text,
                "1" if now.stage.startswith("Closed") else "0",
                "1" if now.stage == "Closed Won" else "0", deal.account.currency, deal.owner.id,
                utc_text(deal.created),
            ))  # fmt: skip
        owner = self.world.sellers[0]
        for number in range(PURGED):
            rows.append((
                self.world.next_id("006"), "0", "", "Entered by mistake", OPEN_STAGES[0], "1000.00",
                "", f"{day_text(FIRST_EXPORT + 90)} 00:00:00", "New Business", "0", "0",
                REPORTING_CURRENCY, owner.id, utc_text(until - (number + 1) * DAY),
            ))  # fmt: skip
            self.world.note("deals_gone_from_the_next_full_export")
        self._csv(f"{EARLY}/Opportunity.csv", header, rows, "salesforce.opportunities")

    def _closed_since(self, first_day: int) -> list[Opportunity]:
        return [
            deal
            for deal in self.deals
            if deal.status != "open" and deal.close_day >= first_day and not deal.is_deleted
        ]

    def _report(self) -> None:
        """A report as its screen exports it: labels, short ids, and a footer that counts."""
        header = (
            "Opportunity ID,Opportunity Name,Account Name,Opportunity Owner,Stage,Amount Currency,"
            "Amount,Probability (%),Close Date,Created Date,Lead Source"
        )
        rows = []
        for deal in self._closed_since(MONTH_STARTS[23]):
            owner = f"{deal.owner.first_name} {deal.owner.last_name}"
            rows.append((
                deal.id[:15], doubled(deal.account.name), doubled(deal.account.name), owner,
                deal.changes[-1].stage, deal.account.currency, cents_text(deal.cents),
                "100" if deal.status == "won" else "0", day_text(deal.close_day),
                day_text(local_day(deal.created)), "",
            ))  # fmt: skip
            self.world.note("deals_known_by_their_short_id")
        lines = [
            *all_quoted([tuple(header.split(","))]),
            *all_quoted(rows),
            "",
            *all_quoted([
                ("Closed this quarter",),
                (f"Grand Totals ({len(rows):,} records)",),
                ("Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved.",),
                ("Confidential Information - Do Not Distribute",),
                ("Generated By:  Marketing Operations  10/31/2026",),
                ("Larkmoor",),
            ]),
        ]  # fmt: skip
        self.folder.lines(f"exports/{REPORT}", lines)
        self.folder.expect(REPORT, "salesforce.opportunity_report", len(rows))

    def _extract(self) -> None:
        """Some deals, as Data Loader writes them: no quotes needed, times to the millisecond."""
        header = (
            "ID,ACCOUNTID,STAGENAME,AMOUNT,CLOSEDATE,ISCLOSED,ISWON,CURRENCYISOCODE,CREATEDDATE,"
            "SYSTEMMODSTAMP"
        )
        rows = [
            (
                deal.id, deal.account.account_id, deal.changes[-1].stage, cents_text(deal.cents),
                day_text(deal.close_day), "true", "true" if deal.status == "won" else "false",
                deal.account.currency, _iso(deal.created), _iso(deal.changes[-1].instant),
            )
            for deal in self._closed_since(MONTH_STARTS[23])
        ]  # fmt: skip
        self._csv(EXTRACT, header, rows, "salesforce.opportunities")

    def _currencies(self) -> None:
        """The org's own rates: euros for one dollar. The definitions know them, too, and win."""
        user = self.world.staff[-1].id
        header = (
            "Id,IsoCode,ConversionRate,DecimalPlaces,IsActive,IsCorporate,CreatedDate,CreatedById"
        )
        since = utc_text((MONTH_STARTS[0] - 300) * DAY)
        currencies = [("USD", "1", "1"), ("EUR", _per_dollar(EURO_RATES[-1]), "0")]
        rows = [
            (self.world.next_id("01L"), code, rate, "2", "1", corporate, since, user)
            for code, rate, corporate in currencies
        ]
        self._csv(f"{WEEKLY}/CurrencyType.csv", header, rows, "salesforce.currency_types")

        header = "Id,IsoCode,StartDate,NextStartDate,ConversionRate,CreatedDate,CreatedById"
        dated = []
        for month, rate in enumerate(EURO_RATES):
            first = f"{day_text(MONTH_STARTS[month])} 00:00:00"
            last = month + 1 == len(EURO_RATES)
            ends = (
                "9999-12-31 00:00:00" if last else f"{day_text(MONTH_STARTS[month + 1])} 00:00:00"
            )
            dated.append(
                (self.world.next_id("04w"), "EUR", first, ends, _per_dollar(rate), first, user)
            )
        name = f"{WEEKLY}/DatedConversionRate.csv"
        self._csv(name, header, dated, "salesforce.dated_conversion_rates")

    def _tasks(self) -> None:
        """Calls and e-mails of the last two months to leads, and what is to be done next."""
        header = (
            "Id,IsDeleted,WhoId,WhatId,AccountId,OwnerId,Subject,Type,TaskSubtype,CallType,Status,"
            "CallDurationInSeconds,IsClosed,ActivityDate,CompletedDateTime,CreatedDate,CreatedById"
        )
        dice = self.dice
        rows: list[tuple[str, ...]] = []
        leads = [
            (lead.created, lead.id, lead)
            for person in self.books.people
            for lead in person.leads
            if local_day(lead.created) >= MONTH_STARTS[22] and not lead.is_deleted
        ]
        for place, (_, _, lead) in enumerate(sorted(leads, key=_by_age)):
            if place % 3:
                continue
            due = day_text(workday(LAST_DAY + 2 + place % 5))
            owner = lead.owner.id
            for instant, _ in lead.statuses[:1]:
                kind = "call" if dice.random() < 0.6 else "email"
                seconds = str(40 + dice.randrange(900)) if kind == "call" else ""
                gone = place % 30 == 0
                self.activities.append(Activity(kind, instant, is_done=True, is_deleted=gone))
                done = utc_text(instant)
                rows.append((
                    self.world.next_id("00T"), "1" if gone else "0", lead.id, NULL_ID, NULL_ID,
                    owner, f"{kind.title()}: first contact", "", kind.title(),
                    "Outbound" if kind == "call" else "", "Completed", seconds, "1",
                    day_text(local_day(instant)), done, done, owner,
                ))  # fmt: skip
            if not lead.statuses:
                rows.append((
                    self.world.next_id("00T"), "0", lead.id, NULL_ID, NULL_ID, owner,
                    "Call back", "Call", "Task", "", "Not Started", "", "0", due, "",
                    utc_text(lead.created + 2 * MINUTE), owner,
                ))  # fmt: skip
        self._csv(f"{WEEKLY}/Task.csv", header, rows, "salesforce.tasks")

    def _events(self) -> None:
        """Meetings about the deals of the last two months; some lie ahead."""
        header = (
            "Id,IsDeleted,WhoId,WhatId,AccountId,OwnerId,Subject,Type,EventSubtype,"
            "DurationInMinutes,IsChild,ActivityDate,StartDateTime,EndDateTime,CreatedDate,"
            "CreatedById"
        )
        rows: list[tuple[str, ...]] = []
        for deal in self.deals:
            if local_day(deal.created) < MONTH_STARTS[22] or deal.is_deleted or not deal.is_deal:
                continue
            contact = deal.person.contact if deal.person else None
            day = workday(local_day(deal.created) + 3)
            start = at(day, (10 + len(rows) % 6) * HOUR)
            is_done = day <= LAST_DAY
            self.activities.append(Activity("meeting", start, is_done))
            attendees = [(deal.owner, "0")]
            if len(rows) % 7 == 0:
                attendees.append((self.world.sellers[0], "1"))
                self.world.note("meetings_in_two_calendars")
            for attendee, is_child in attendees:
                rows.append((
                    self.world.next_id("00U"), "0", contact.id if contact else NULL_ID, deal.id,
                    deal.account.account_id, attendee.id, "Demo", "", "Event", "45", is_child, "",
                    utc_text(start), utc_text(start + 45 * MINUTE), utc_text(deal.created),
                    deal.owner.id,
                ))  # fmt: skip
        self._csv(f"{WEEKLY}/Event.csv", header, rows, "salesforce.events")


def _by_age(row: tuple[Any, ...]) -> tuple[int, str]:
    return row[0], row[1]


def _iso(instant: int) -> str:
    return utc_text(instant).replace(" ", "T") + ".000Z"


def _per_dollar(rate: int) -> str:
    """Euros for one dollar, to six decimals, of dollars for a euro in 1/10,000."""
    millionths = (2 * 10_000 * 1_000_000 + rate) // (2 * rate)
    return f"{millionths // 1_000_000}.{millionths % 1_000_000:06d}"
