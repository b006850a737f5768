"""Export the people and deals as Salesforce and HubSpot would, blemishes included.

Nothing is decided here that a number depends on: spelling of addresses, null ids, owner changes
and other noise only. The shapes are those of real exports.
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.demo.clock import (
    DAY,
    END,
    HOUR,
    LAST_DAY,
    MONTH_STARTS,
    day_text,
    local_day,
    office_hour,
    utc_text,
)
from orchestration.demo.commerce import Origins
from orchestration.demo.company import OWN_DOMAIN, PRODUCTS, Company, Staff, World
from orchestration.demo.deals import OPEN_STAGES
from orchestration.demo.records import Books, LeadRecord, Opportunity, Person
from orchestration.demo.write import Folder, all_quoted, cents_text, doubled

NULL_ID = "000000000000000AAA"
SALESFORCE = f"exports/salesforce/{day_text(LAST_DAY)}"

PROBABILITIES = {
    "Qualification": 10,
    "Needs Analysis": 25,
    "Proposal/Price Quote": 55,
    "Negotiation/Review": 80,
    "Closed Won": 100,
    "Closed Lost": 0,
}
# forecast category in the API, and as the screen names it
FORECASTS = {
    "Qualification": ("Pipeline", "Pipeline"),
    "Needs Analysis": ("Pipeline", "Pipeline"),
    "Proposal/Price Quote": ("BestCase", "Best Case"),
    "Negotiation/Review": ("Forecast", "Commit"),
    "Closed Won": ("Closed", "Closed"),
    "Closed Lost": ("Omitted", "Omitted"),
}


class Crm:
    """Writes the exports of the two systems that know people."""

    def __init__(self, world: World, books: Books, folder: Folder) -> None:
        self.world = world
        self.books = books
        self.folder = folder
        self.dice = world.dice("crm")
        self.integration = world.staff[-1]
        self.origins = Origins(world, books)
        self.binned: list[tuple[str, int]] = []
        """Leads in the recycle bin: id and creation."""

    def write(self) -> None:
        """All files."""
        self._accounts()
        self._contacts()
        self._leads()
        self._lead_history()
        self._opportunities()
        self._contact_roles()
        self._opportunity_history()
        self._campaigns()
        self._users()

    def _object(
        self, name: str, header: str, rows: Sequence[tuple[str, ...]], contract: str
    ) -> None:
        columns = header.split(",")
        if any(len(row) != len(columns) for row in rows):
            raise ValueError(f"{name}: a row does not fit the header")
        lines = [*all_quoted([columns]), *all_quoted(rows)]
        self.folder.lines(f"{SALESFORCE}/{name}.csv", lines)
        self.folder.expect(f"salesforce/{day_text(LAST_DAY)}/{name}.csv", contract, len(rows))

    def _as_typed(self, address: str) -> str:
        """An address as people type it: now and then in capitals, with a blank around it."""
        way = self.dice.random()
        if way < 0.10:
            return address.upper()
        if way < 0.22:
            return address.title()
        if way < 0.26:
            return f" {address} "
        return address

    def _accounts(self) -> None:
        header = (
            "Id,IsDeleted,MasterRecordId,Name,Type,ParentId,BillingStreet,BillingCity,"
            "BillingCountry,Phone,Website,Industry,NumberOfEmployees,Description,CurrencyIsoCode,"
            "OwnerId,CreatedDate,CreatedById,LastModifiedDate,LastModifiedById,SystemModstamp"
        )
        dice, rows = self.dice, []
        accounts = [c for c in self.world.companies if c.account_id]
        fallback = self.world.staff[0]
        for place, company in enumerate(accounts):
            owner = company.owner or fallback
            created = utc_text(company.account_created)
            parent = accounts[place - 1] if place and dice.random() < 0.03 else None
            note = ""
            if place % 40 == 7:
                note = 'Met at the fair.\nCalls itself "the one", wants a quote, soon.'
                self.world.note("line_breaks_inside_a_field")
            rows.append((
                company.account_id, "0", "", company.name,
                "Customer - Direct" if company.is_customer else "Prospect",
                parent.account_id if parent else NULL_ID,
                "", "", company.country_text, "", _website(company, place), company.industry,
                str(company.employees), doubled(note), company.currency, owner.id, created,
                owner.id, created, owner.id, created,
            ))  # fmt: skip
        self._object("Account", header, rows, "salesforce.accounts")

    def _contacts(self) -> None:
        header = (
            "Id,IsDeleted,MasterRecordId,AccountId,Salutation,FirstName,LastName,MailingCity,"
            "MailingCountry,Phone,Email,Title,Department,LeadSource,OwnerId,HasOptedOutOfEmail,"
            "CreatedDate,CreatedById,LastModifiedDate,LastModifiedById,SystemModstamp"
        )
        rows = []
        for person in self._sorted_contacts():
            contact, company = person.contact, person.company
            if contact is None or company is None:
                continue
            owner = (company.owner or self.world.staff[0]).id
            created = utc_text(contact.created)
            rows.append((
                contact.id, "0", "", company.account_id, "", person.first_name, person.last_name,
                "", company.country_text, "", self._as_typed(contact.email), "", "",
                contact.source, owner, "0", created, owner, created, owner, created,
            ))  # fmt: skip
        self._object("Contact", header, rows, "salesforce.contacts")

    def _sorted_contacts(self) -> list[Person]:
        found = [(p.contact.created, p.contact.id, p) for p in self.books.people if p.contact]
        return [person for _, _, person in sorted(found, key=lambda row: row[:2])]

    def _all_leads(self) -> list[tuple[LeadRecord, Person]]:
        found = [(lead, person) for person in self.books.people for lead in person.leads]
        return sorted(found, key=lambda row: (row[0].created, row[0].id))

    def _leads(self) -> None:
        header = (
            "Id,IsDeleted,MasterRecordId,Salutation,FirstName,LastName,Title,Company,Street,City,"
            "Country,Phone,Email,Website,Description,LeadSource,Status,Industry,Rating,"
            "CurrencyIsoCode,NumberOfEmployees,OwnerId,HasOptedOutOfEmail,IsConverted,"
            "ConvertedDate,ConvertedAccountId,ConvertedContactId,ConvertedOpportunityId,"
            "IsUnreadByOwner,CreatedDate,CreatedById,LastModifiedDate,LastModifiedById,"
            "SystemModstamp"
        )
        rows: list[tuple[str, ...]] = []
        integration = self.integration.id
        for lead, person in self._all_leads():
            company = person.company
            created = utc_text(lead.created)
            changed = utc_text(max([lead.created, *(t for t, _ in lead.statuses)]))
            converted = ("0", "", NULL_ID, NULL_ID, NULL_ID)
            if lead.converted is not None and person.contact and company:
                deal = lead.opportunity
                converted = (
                    "1", f"{day_text(local_day(lead.converted))} 00:00:00", company.account_id,
                    person.contact.id, deal.id if deal and not deal.hubspot_id else NULL_ID,
                )  # fmt: skip
            rows.append((
                lead.id, "1" if lead.is_deleted else "0", lead.master.id if lead.master else "",
                "", person.first_name, person.last_name, "", company.name if company else "", "",
                "", company.country_text if company else "", "", self._as_typed(lead.email), "",
                "", lead.source, lead.status, company.industry if company else "", "",
                company.currency if company else "", "", lead.owner.id, "0", *converted,
                "0" if lead.statuses else "1", created, integration, changed, integration, changed,
            ))  # fmt: skip
        for number in range(self.world.count(25, least=3)):
            rows.append(self._thrown_away_lead(number))
        self._object("Lead", header, rows, "salesforce.leads")

    def _thrown_away_lead(self, number: int) -> tuple[str, ...]:
        """A lead in the recycle bin: spam with an address of its own."""
        instant = office_hour(MONTH_STARTS[number % 24] + 3, self.dice)
        created = utc_text(instant)
        user, record = self.integration.id, self.world.next_id("00Q")
        self.world.note("deleted_leads")
        self.binned.append((record, instant))
        return (
            record, "1", "", "", "Cheap", "Offers", "", "Offers", "", "", "",
            "", f"offer{number}@spam-offers.example", "", "", "Web", "Unqualified", "",
            "", "USD", "", user, "0", "0", "", NULL_ID, NULL_ID, NULL_ID, "1", created, user,
            created, user, created,
        )  # fmt: skip

    def _lead_history(self) -> None:
        header = "Id,IsDeleted,LeadId,CreatedById,CreatedDate,Field,OldValue,NewValue"
        dice, rows = self.dice, []
        others = self.world.developers
        for lead, _ in self._all_leads():
            owner = lead.owner.id
            rows.append((lead.created, lead.id, self.integration.id, "created", "", ""))
            if dice.random() < 0.25 and lead.created + 3 * HOUR < END:
                old, new = others[dice.randrange(len(others))], lead.owner
                head = (lead.created + dice.randrange(40, 7_000), lead.id, self.integration.id)
                rows.append((*head, "Owner", _name(old), _name(new)))
                rows.append((*head, "Owner", old.id, new.id))
            before = "Open - Not Contacted"
            for instant, status in lead.statuses:
                rows.append((instant, lead.id, owner, "Status", before, status))
                before = status
            if lead.converted is not None:
                rows.append((lead.converted, lead.id, owner, "leadConverted", "", ""))
        rows.sort(key=lambda row: row[:2])
        written = [
            (self.world.next_id("017"), "0", lead, by, utc_text(instant), field, old, new)
            for instant, lead, by, field, old, new in rows
        ]
        self._object("LeadHistory", header, written, "salesforce.lead_history")

    def _sorted_deals(self) -> list[Opportunity]:
        kept = (deal for deal in self.books.opportunities if not deal.hubspot_id)
        return sorted(kept, key=lambda deal: (deal.created, deal.id))

    def _opportunities(self) -> None:
        header = (
            "Id,IsDeleted,AccountId,IsPrivate,Name,Description,StageName,StageSortOrder,Amount,"
            "Probability,ExpectedRevenue,TotalOpportunityQuantity,CloseDate,Type,NextStep,"
            "LeadSource,IsClosed,IsWon,ForecastCategory,ForecastCategoryName,CurrencyIsoCode,"
            "CampaignId,HasOpportunityLineItem,Pricebook2Id,OwnerId,CreatedDate,CreatedById,"
            "LastModifiedDate,LastModifiedById,SystemModstamp,LastStageChangeDate,FiscalYear,"
            "FiscalQuarter,ContactId,ContractId,Contract_Months__c,Loss_Reason__c,"
            "Original_Opportunity__c,List_Amount__c,Partner_Registered__c"
        )
        stages = [*OPEN_STAGES, "Closed Won", "Closed Lost"]
        rows = []
        for deal in self._sorted_deals():
            stage = deal.changes[-1].stage
            probability, forecast = PROBABILITIES[stage], FORECASTS[stage]
            created, changed = utc_text(deal.created), utc_text(deal.changes[-1].instant)
            closes = day_text(deal.close_day)
            contact = deal.person.contact if deal.person else None
            expected = None if deal.cents is None else deal.cents * probability // 100
            rows.append((
                deal.id, "1" if deal.is_deleted else "0", deal.account.account_id, "0",
                doubled(_title(deal)), "", stage, str(stages.index(stage) + 1),
                cents_text(deal.cents), str(probability), cents_text(expected), "",
                f"{closes} 00:00:00", deal.type_text, "", contact.source if contact else "",
                "0" if deal.status == "open" else "1", "1" if deal.status == "won" else "0",
                *forecast, deal.account.currency,
                self._campaign_of(deal), "0", "", deal.owner.id, created,
                self.origins.creators[deal.id].id, changed, deal.owner.id, changed, changed,
                closes[:4], str((int(closes[5:7]) + 2) // 3),
                contact.id if contact and deal.is_deal else NULL_ID, "",
                str(deal.months) if deal.months else "", deal.loss_reason,
                deal.original.id if deal.original else "", cents_text(deal.list_cents),
                "1" if deal.id in self.origins.registered else "0",
            ))  # fmt: skip
        self._object("Opportunity", header, rows, "salesforce.opportunities")

    def _campaign_of(self, deal: Opportunity) -> str:
        """The campaign that sales names as the source: the last one answered before the deal."""
        day = local_day(deal.created)
        answered = deal.person.responses if deal.person and deal.is_deal else []
        recent = [campaign.id for held, campaign in answered if day - 120 < held < day]
        return recent[-1] if recent else NULL_ID

    def _contact_roles(self) -> None:
        header = (
            "Id,OpportunityId,ContactId,Role,IsPrimary,CreatedDate,CreatedById,LastModifiedDate,"
            "LastModifiedById,SystemModstamp,IsDeleted"
        )
        rows = []
        for deal in self._sorted_deals():
            if deal.kind == "refund" or deal.person is None:
                continue
            owner = deal.owner.id
            for place, person in enumerate([deal.person, *deal.others]):
                if person.contact is None:
                    continue
                joined = utc_text(max(deal.created, person.contact.created))
                rows.append((
                    self.world.next_id("00K"), deal.id, person.contact.id,
                    "Decision Maker" if place == 0 else "Evaluator",
                    "1" if place == 0 else "0", joined, owner, joined, owner, joined, "0",
                ))  # fmt: skip
        self._object("OpportunityContactRole", header, rows, "salesforce.opportunity_contact_roles")

    def _opportunity_history(self) -> None:
        header = (
            "Id,OpportunityId,CreatedById,CreatedDate,CreatedDateForInsert,StageName,Amount,"
            "ExpectedRevenue,CloseDate,Probability,FromForecastCategory,ForecastCategory,"
            "PrevForecastUpdate,FromOpportunityStageName,PrevOpportunityStageUpdate,"
            "CurrencyIsoCode,ValidThroughDate,SystemModstamp,IsDeleted"
        )
        rows = []
        changes = [
            (change.instant, deal.id, place, change, deal)
            for deal in self._sorted_deals()
            for place, change in enumerate(deal.changes)
        ]
        for instant, _, place, change, deal in sorted(changes, key=lambda row: row[:3]):
            before = deal.changes[place - 1] if place else None
            probability = PROBABILITIES[change.stage]
            expected = None if change.cents is None else change.cents * probability // 100
            at = utc_text(instant)
            until = deal.changes[place + 1].instant if place + 1 < len(deal.changes) else None
            rows.append((
                self.world.next_id("008"), deal.id, deal.owner.id, at, at, change.stage,
                cents_text(change.cents), cents_text(expected),
                f"{day_text(change.close_day)} 00:00:00", str(probability),
                FORECASTS[before.stage][0] if before else "", FORECASTS[change.stage][0],
                utc_text(before.instant) if before else "", before.stage if before else "",
                utc_text(before.instant) if before else "", deal.account.currency,
                utc_text(until) if until else "", at, "1" if deal.is_deleted else "0",
            ))  # fmt: skip
        self._object("OpportunityHistory", header, rows, "salesforce.opportunity_history")

    def _campaigns(self) -> None:
        header = (
            "Id,IsDeleted,Name,ParentId,Type,Status,StartDate,EndDate,ExpectedRevenue,"
            "BudgetedCost,ActualCost,ExpectedResponse,NumberSent,IsActive,Description,OwnerId,"
            "CurrencyIsoCode,CreatedDate,CreatedById,LastModifiedDate,LastModifiedById,"
            "SystemModstamp"
        )
        owner, rows = self.world.staff[-2].id, []
        for campaign in self.world.campaigns:
            created = utc_text(campaign.day * DAY - 20 * DAY + 15 * HOUR)
            held = f"{day_text(campaign.day)} 00:00:00"
            rows.append((
                campaign.id, "0", campaign.name, "", campaign.type, "Completed", held, held, "",
                "", cents_text(campaign.cost), "10", "0", "1", "", owner, "USD", created, owner,
                created, owner, created,
            ))  # fmt: skip
        self._object("Campaign", header, rows, "salesforce.campaigns")

        header = (
            "Id,IsDeleted,CampaignId,LeadId,ContactId,Status,HasResponded,IsPrimary,CreatedDate,"
            "CreatedById,LastModifiedDate,LastModifiedById,SystemModstamp,FirstRespondedDate"
        )
        members: list[tuple[str, ...]] = []
        for person in self.books.people:
            for day, campaign in person.responses:
                members.append(self._member(campaign.id, person, day, "Attended"))
            lead = person.lead
            if lead and self.dice.random() < 0.12:  # invited, never answered: no touch
                campaign = self.world.campaigns[self.dice.randrange(len(self.world.campaigns))]
                if campaign.day > local_day(lead.created):
                    members.append(self._member(campaign.id, person, campaign.day, "Sent"))
                    self.world.note("campaign_members_without_response")
        self._object("CampaignMember", header, members, "salesforce.campaign_members")

    def _member(self, campaign: str, person: Person, day: int, status: str) -> tuple[str, ...]:
        lead = next((lead for lead in person.leads if not lead.is_deleted), None)
        contact = person.contact if lead is None or lead.converted else None
        owner = self.world.staff[-2].id
        created = utc_text(max(lead.created if lead else 0, (day + 1) * DAY + 14 * HOUR))
        responded = status != "Sent"
        return (
            self.world.next_id("00v"), "0", campaign, lead.id if lead else NULL_ID,
            contact.id if contact else NULL_ID, status, "1" if responded else "0", "0", created,
            owner, created, owner, created, f"{day_text(day)} 00:00:00" if responded else "",
        )  # fmt: skip

    def _users(self) -> None:
        header = (
            "Id,Username,FirstName,LastName,Name,CompanyName,Division,Department,Title,Email,"
            "IsActive,TimeZoneSidKey,UserRoleId,UserType,CreatedDate,CreatedById,LastModifiedDate"
        )
        rows = []
        for colleague in self.world.staff:
            login = f"{colleague.first_name}.{colleague.last_name}@{OWN_DOMAIN}".lower()
            created = utc_text(colleague.starts * DAY + 14 * HOUR)
            rows.append((
                colleague.id, login, colleague.first_name, colleague.last_name, _name(colleague),
                "Larkmoor", colleague.region, colleague.team, colleague.title, login,
                "0" if colleague.ends else "1", "America/New_York", "", "Standard", created,
                self.integration.id, created,
            ))  # fmt: skip
        self._object("User", header, rows, "salesforce.users")


def _name(colleague: Staff) -> str:
    return f"{colleague.first_name} {colleague.last_name}"


def _website(company: Company, place: int) -> str:
    """A web address in one of the ways in which people write it."""
    return [f"https://www.{company.domain}", f"www.{company.domain}", company.domain][place % 3]


def _title(deal: Opportunity) -> str:
    product = PRODUCTS[deal.product][1]
    if deal.kind in ("renewal", "refund"):
        return f"{deal.account.name} - {deal.type_text} {product}"
    if int(deal.id[-4:-3], 36) % 9 == 0:
        return f'{deal.account.name}, "{product}"'
    return f"{deal.account.name} - {product}"
