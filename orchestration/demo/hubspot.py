"""Export what marketing keeps in HubSpot, and one colleague's deals, as its screens would.

Nothing is decided here that a number depends on. Who is known there is decided in people.py, which
deals are kept there in deals.py. Times are New York's, by the minute, without saying so.
"""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import normalize

from orchestration.demo.clock import (
    DAY,
    END,
    HOUR,
    LAST_DAY,
    MINUTE,
    MONTH_STARTS,
    day_text,
    local_day,
    local_minute_text,
    utc_text,
)
from orchestration.demo.company import OWN_DOMAIN, PRODUCTS, Company, World
from orchestration.demo.deals import OPEN_STAGES
from orchestration.demo.records import Books, Change, HubSpotRecord, Opportunity, Person
from orchestration.demo.write import Folder, all_quoted, cents_text, doubled, quoted_if_needed

TODAY = day_text(LAST_DAY)
BEFORE = MONTH_STARTS[18] - 1  # the day of an earlier export of deals
CONTACTS = f"hubspot/hubspot-crm-exports-all-contacts-{TODAY}.csv"
HISTORY = f"hubspot/lifecycle-history-{TODAY}.csv"
COMPANIES = f"hubspot/hubspot-crm-exports-all-companies-{TODAY}.csv"
DEALS = f"hubspot/hubspot-crm-exports-all-deals-{TODAY}.csv"
OLD_DEALS = f"hubspot-crm-exports-all-deals-{day_text(BEFORE)}"
OWNERS = f"fivetran_hubspot/{TODAY}/owner.csv"

PIPELINE = "EMEA Pipeline"
STAGES = dict(
    zip(
        [*OPEN_STAGES, "Closed Won", "Closed Lost"],
        ["Appointment Scheduled", "Qualified To Buy", "Presentation Scheduled", "Contract Sent",
         "Closed Won", "Closed Lost"],
        strict=True,
    )
)  # fmt: skip


class HubSpot:
    """Writes the exports of the system that marketing works in."""

    def __init__(self, world: World, books: Books, folder: Folder) -> None:
        self.world = world
        self.books = books
        self.folder = folder
        self.dice = world.dice("hubspot")
        self.deals = sorted(
            (deal for deal in books.opportunities if deal.hubspot_id),
            key=lambda deal: (deal.created, deal.hubspot_id),
        )

    def write(self) -> None:
        """All files."""
        self._contacts()
        self._history()
        self._companies()
        self._deals()
        self._owners()

    def _people(self) -> list[tuple[Person, HubSpotRecord]]:
        found = [(p, record) for p in self.books.people if (record := p.hubspot or p.synced)]
        return sorted(found, key=lambda row: (row[1].created, row[1].id))

    def _as_typed(self, address: str) -> str:
        """An address as people type it: now and then in capitals, with a blank around it."""
        way = self.dice.random()
        if way < 0.10:
            address = address.upper()
        elif way < 0.22:
            address = address.title()
        elif way < 0.26:
            address = f" {address} "
        if not address.isascii():
            address = normalize("NFD", address)  # the other system writes é as one sign
            self.world.note("decomposed_accents_in_addresses")
        return address

    def _contacts(self) -> None:
        header = (
            "Record ID,First Name,Last Name,Email,Phone Number,Job Title,Company Name,"
            "Contact owner,Lifecycle Stage,Lead Status,Create Date,Original Source,"
            "Original Source Drill-Down 1,Original Source Drill-Down 2,Became a Lead Date,"
            "Became a Marketing Qualified Lead Date,Became a Sales Qualified Lead Date,"
            "Became an Opportunity Date,Became a Customer Date,Last Activity Date,"
            "Salesforce Contact ID,Associated Company IDs"
        )
        with_deals = {
            person.number: deal.account
            for deal in self.deals
            for person in [deal.person, *deal.others]
            if person
        }
        rows = []
        for person, record in self._people():
            company, is_copy = person.company, person.hubspot is None
            if company is None:
                continue
            qualified = local_minute_text(min(record.crossings)) if record.crossings else ""
            lead, account = person.lead, with_deals.get(person.number)
            address = person.contact.email if is_copy and person.contact else person.email
            rows.append((
                record.id, person.first_name, person.last_name, self._as_typed(address), "", "",
                company.name,
                f"{lead.owner.first_name} {lead.owner.last_name}" if lead else "",
                "Opportunity" if is_copy else
                "Marketing Qualified Lead" if record.crossings else "Lead",
                "In Progress" if lead and lead.statuses else "New" if record.crossings else "",
                local_minute_text(record.created), record.source, doubled(record.detail), "",
                "" if is_copy else local_minute_text(record.created), qualified, "", "", "", "",
                person.contact.id if person.contact else "",
                _company_id(account) if account else "",
            ))  # fmt: skip
            if is_copy:
                self.world.note("hubspot_contacts_copied_from_salesforce")
        self._write(CONTACTS, header, rows)
        self.folder.expect(CONTACTS, "hubspot.contacts", len(rows))
        self._expect_split(CONTACTS, "hubspot.contact_companies", [row[-1] for row in rows])

    def _history(self) -> None:
        rows: list[tuple[int, str, str, str, str]] = []
        dice = self.dice
        for person, record in self._people():
            if person.hubspot is None:
                continue
            stage = "lifecyclestage"
            rows.append((record.created, record.id, stage, "lead", "FORMS"))
            if dice.random() < 0.2 and record.created + 3 * HOUR < END:
                status = (record.created + 7 * MINUTE, record.id, "hs_lead_status", "NEW", "CRM_UI")
                rows.append(status)
            for instant in record.resets:
                rows.append((instant, record.id, stage, "lead", "CRM_UI"))
            for instant in record.crossings:
                rows.append((instant, record.id, stage, "marketingqualifiedlead", "WORKFLOWS"))
        rows.sort()
        lines = ["Record ID,Property,Value,Changed At,Source"]
        lines += [
            f"{record},{name},{quoted_if_needed(value)},{local_minute_text(instant)},{source}"
            for instant, record, name, value, source in rows
        ]
        skipped = sum(row[2] != "lifecyclestage" for row in rows)
        lines.insert(len(lines) // 2, f"{rows[0][1]},lifecyclestage,lead")  # two fields short
        self.world.note("cut_rows")
        self.folder.lines(f"exports/{HISTORY}", lines)
        self.folder.expect(
            HISTORY, "generic.stage_events", len(rows) + 1, rejected=1, skipped=skipped
        )

    def _companies(self) -> None:
        """The companies of the deals; Salesforce has each as an account of the same domain."""
        header = (
            "Record ID,Company name,Company owner,Create Date,Phone Number,Last Activity Date,City,"
            "Country/Region,Industry,Company Domain Name,Number of Employees,Associated Contact IDs"
        )
        companies = {deal.account.number: deal.account for deal in self.deals}
        owner = self.world.sellers[2]
        rows = [
            (
                _company_id(company), doubled(company.name),
                f"{owner.first_name} {owner.last_name}",
                local_minute_text(company.account_created), "", "", "", company.country_text,
                company.industry, company.domain, str(company.employees), "",
            )
            for _, company in sorted(companies.items())
        ]  # fmt: skip
        self._write(COMPANIES, header, rows)
        self.folder.expect(COMPANIES, "hubspot.companies", len(rows))

    def _deals(self) -> None:
        """Today's export, and in an archive that of half a year before, with what was so then."""
        self._write_deals(DEALS, self.deals, END)
        then = (BEFORE + 1) * DAY + 16 * HOUR
        known = [deal for deal in self.deals if deal.created < then]
        self._write_deals(f"hubspot/{OLD_DEALS}.zip/{OLD_DEALS}.csv", known, then)

    def _write_deals(self, name: str, deals: Sequence[Opportunity], until: int) -> None:
        entered = [f'Date entered "{stage} ({PIPELINE})"' for stage in STAGES.values()]
        header = [
            "Record ID", "Deal Name", "Deal Stage", "Pipeline", "Close Date", "Deal owner",
            "Amount", "Currency", "Create Date", "Deal Type", "Closed Lost Reason",
            "Contract Months", "List Amount", "Original Deal ID", *map(doubled, entered),
            "Last Activity Date", "Associated Company", "Associated Company IDs",
            "Associated Contact", "Associated Contact IDs",
        ]  # fmt: skip
        rows: list[tuple[str, ...]] = []
        dates = 0
        for deal in deals:
            changes = [c for c in deal.changes if c.instant <= until] or deal.changes[:1]
            now = changes[-1]
            is_last = now is deal.changes[-1]
            latest = {change.stage: change.instant for change in changes}
            dates += len(latest)
            people = self._at_the_table(deal)
            rows.append((
                deal.hubspot_id, doubled(_title(deal)), f"{STAGES[now.stage]} ({PIPELINE})",
                PIPELINE, _close_text(deal.close_day if is_last else now.close_day, now),
                f"{deal.owner.first_name} {deal.owner.last_name}",
                cents_text(deal.cents if is_last else now.cents), deal.account.currency,
                local_minute_text(deal.created), deal.type_text,
                deal.loss_reason if is_last else "", str(deal.months or ""),
                cents_text(deal.list_cents), deal.original.hubspot_id if deal.original else "",
                *(local_minute_text(latest[s]) if s in latest else "" for s in STAGES),
                local_minute_text(now.instant), doubled(deal.account.name),
                _company_id(deal.account),
                ";".join(f"{p.first_name} {p.last_name}" for p, _ in people),
                ";".join(record.id for _, record in people),
            ))  # fmt: skip
        lines = [*all_quoted([header]), *all_quoted(rows)]
        if ".zip/" in name:
            archive, _, member = name.partition(".zip/")
            self.folder.zip(f"exports/{archive}.zip", {member: lines})
        else:
            self.folder.lines(f"exports/{name}", lines)
        self.folder.expect(name, "hubspot.deals", len(rows))
        self.folder.expect(
            name, "hubspot.deal_stage_dates", len(STAGES) * len(rows),
            skipped=len(STAGES) * len(rows) - dates,
        )  # fmt: skip
        self._expect_split(name, "hubspot.deal_companies", [row[-3] for row in rows])
        self._expect_split(name, "hubspot.deal_contacts", [row[-1] for row in rows])

    def _at_the_table(self, deal: Opportunity) -> list[tuple[Person, HubSpotRecord]]:
        """Who is associated with a deal: HubSpot tells no order, so only younger ones may join."""
        if deal.person is None or deal.kind == "refund":
            return []
        carrier = deal.person.hubspot or deal.person.synced
        if carrier is None:
            return []
        others = [
            (person, person.hubspot)
            for person in deal.others
            if person.hubspot and person.hubspot.created > carrier.created + MINUTE
        ]
        return [*others, (deal.person, carrier)]

    def _owners(self) -> None:
        """The connector's list of owners: native exports know only their names."""
        lines = [
            "owner_id,_fivetran_synced,created_at,portal_id,type,updated_at,email,first_name,"
            "last_name,active_user_id,is_active"
        ]
        for place, colleague in enumerate(c for c in self.world.staff if c.team == "Sales"):
            created = utc_text(colleague.starts * DAY + 14 * HOUR)
            lines.append(
                f"{colleague.hubspot_id or 71_402_301 + 11 * place},{TODAY} 21:00:04.120,"
                f"{created}.000,4190022,PERSON,{created}.000,"
                f"{colleague.first_name}.{colleague.last_name}@{OWN_DOMAIN},"
                f"{colleague.first_name},{colleague.last_name},,{str(not colleague.ends).lower()}"
            )
        self.folder.lines(f"exports/{OWNERS}", lines)
        self.folder.expect(OWNERS, "fivetran_hubspot.owners", len(lines) - 1)

    def _write(self, name: str, header: str, rows: Sequence[tuple[str, ...]]) -> None:
        lines = [*all_quoted([tuple(header.split(","))]), *all_quoted(rows)]
        self.folder.lines(f"exports/{name}", lines)

    def _expect_split(self, name: str, contract: str, cells: Sequence[str]) -> None:
        """A row of each value of a cell; a blank cell is one that is left out."""
        rows = sum(cell.count(";") + 1 for cell in cells)
        self.folder.expect(name, contract, rows, skipped=sum(not cell for cell in cells))


def _company_id(company: Company) -> str:
    return str(20_114_000_000 + 977 * company.number)


def _close_text(day: int, change: Change) -> str:
    """The close date with a time: that of the change, if it was made that day."""
    if local_day(change.instant) == day:
        return local_minute_text(change.instant)
    return f"{day_text(day)} 17:00"


def _title(deal: Opportunity) -> str:
    product = PRODUCTS[deal.product][1]
    kind = f"{deal.type_text} " if deal.kind == "refund" else ""
    return f"{deal.account.name} - {kind}{product}"
