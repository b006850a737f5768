"""What is in the deals: products, who shares the credit, who created them; and what was tried.

Exports as Salesforce writes them (products, lines, splits), and the list of those who were drawn
for an experiment. Which deals there are, and for how much, belongs in deals.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.demo.clock import (
    DAY,
    HOUR,
    LAST_DAY,
    MONTH_STARTS,
    at,
    day_text,
    local_day,
    local_minute_text,
    utc_text,
)
from orchestration.demo.company import PRODUCTS, Campaign, Staff, World, pick, salesforce_id
from orchestration.demo.records import Books, Opportunity, Person
from orchestration.demo.write import Folder, all_quoted, cents_text, doubled

WEEKLY = f"salesforce/{day_text(LAST_DAY)}"
FREE = ("NB-900", "Onboarding day")  # for nothing by list, and known to Salesforce alone
CATALOG = [*((code, name) for code, name, *_ in PRODUCTS), FREE]
EXTRAS = [3, 4]  # products that are sold beside another one
SPLIT_TYPES = [("Revenue", "Revenue", "1"), ("Overlay", "Overlay", "0")]


class Origins:
    """Who entered a deal into Salesforce, and whether a partner had registered it."""

    def __init__(self, world: World, books: Books) -> None:
        dice = world.dice("origins")
        self.creators: dict[str, Staff] = {}
        self.registered: set[str] = set()
        for deal in books.opportunities:
            chance, other = dice.random(), dice.random()
            creator = deal.owner
            if deal.is_deal:
                if deal.person and deal.person.leads and chance < 0.45:
                    creator = deal.person.leads[-1].owner
                elif deal.kind != "new" and chance < 0.8:
                    creator = world.success[int(other * len(world.success))]
                elif chance > 0.95:
                    creator = world.staff[-1]
            self.creators[deal.id] = creator
            partner = deal.person is not None and deal.person.first_channel == "partner"
            if deal.is_deal and dice.random() < (0.7 if partner else 0.02):
                self.registered.add(deal.id)


class Commerce:
    """Writes products, lines and splits of deals, and the members of two experiments."""

    def __init__(self, world: World, books: Books) -> None:
        self.world = world
        self.books = books
        self.dice = world.dice("commerce")
        self._numbers: dict[str, int] = {}

    def write(self, folder: Folder) -> None:
        """All files."""
        self._products(folder)
        self._lines(folder)
        self._splits(folder)
        self._experiments(folder)

    def _id(self, prefix: str, place: int | None = None) -> str:
        """The next id of an object, or that of its row `place`: a count of its own."""
        if place is None:
            place = self._numbers.get(prefix, 0)
            self._numbers[prefix] = place + 1
        return salesforce_id(prefix, 70_001 + 3 * place)

    def _deals(self) -> list[Opportunity]:
        found = (deal for deal in self.books.opportunities if not deal.hubspot_id)
        return sorted(found, key=lambda deal: (deal.created, deal.id))

    @staticmethod
    def _csv(
        folder: Folder, name: str, header: str, rows: Sequence[tuple[str, ...]], contract: str
    ) -> None:
        folder.lines(f"exports/{name}", [*all_quoted([header.split(",")]), *all_quoted(rows)])
        folder.expect(name, contract, len(rows))

    def _products(self, folder: Folder) -> None:
        header = "Id,Name,ProductCode,Description,IsActive,Family,IsDeleted,CreatedDate,CreatedById"
        user = self.world.staff[-1].id
        since = utc_text((MONTH_STARTS[0] - 300) * DAY)
        rows = [
            (self._id("01t", place), name, code, "", "1", "Beacon", "0", since, user)
            for place, (code, name) in enumerate(CATALOG)
        ]
        self._csv(folder, f"{WEEKLY}/Product2.csv", header, rows, "salesforce.products")

    def _lines(self, folder: Folder) -> None:
        """A line per product of a deal; what they cost adds up to the deal's amount."""
        header = (
            "Id,OpportunityId,SortOrder,PricebookEntryId,Product2Id,ProductCode,Name,"
            "CurrencyIsoCode,Quantity,Discount,TotalPrice,UnitPrice,ListPrice,ServiceDate,"
            "Description,CreatedDate,IsDeleted"
        )
        dice, rows = self.dice, []
        for deal in self._deals():
            if deal.kind == "refund" or deal.cents is None or deal.list_cents is None:
                continue
            parts = self._parts(deal)
            if dice.random() < 0.03:  # a line that was taken out of the deal again
                parts.append((4, 1, 500_000, 600_000, True))
                self.world.note("deleted_lines_of_deals")
            for place, (product, quantity, unit, by_list, is_gone) in enumerate(parts):
                code, name = CATALOG[product]
                rows.append((
                    self._id("00k"), deal.id, str(place + 1), self._id("01u", product),
                    self._id("01t", product), code, doubled(f"{deal.account.name} {name}"),
                    deal.account.currency, f"{quantity}.0", "", cents_text(quantity * unit),
                    cents_text(unit), cents_text(by_list), "", "", utc_text(deal.created + 20),
                    "1" if is_gone else "0",
                ))  # fmt: skip
        self._csv(
            folder,
            f"{WEEKLY}/OpportunityLineItem.csv",
            header,
            rows,
            "salesforce.opportunity_line_items",
        )

    def _parts(self, deal: Opportunity) -> list[tuple[int, int, int, int | None, bool]]:
        """Product, quantity, price and list price of a unit, and whether the line is gone."""
        dice = self.dice
        cents, by_list = deal.cents or 0, deal.list_cents or 0
        parts: list[tuple[int, int, int, int | None, bool]] = []
        if deal.kind == "new" and cents > 500_000 and dice.random() < 0.35:
            extra = EXTRAS[dice.randrange(len(EXTRAS))]
            part, part_of_list = cents // 8, by_list // (7 + dice.randrange(3))
            cents, by_list = cents - part, by_list - part_of_list
            parts.append((extra, 1, part, part_of_list, False))
        years = (deal.months or 12) // 12
        quantity = years if years > 1 and cents % years == by_list % years == 0 else 1
        unit_list: int | None = by_list // quantity
        if by_list == PRODUCTS[deal.product][2] * 100 and deal.account.currency == "USD":
            unit_list = None  # the price list knows
            self.world.note("lines_without_a_list_price")
        parts.insert(0, (deal.product, quantity, cents // quantity, unit_list, False))
        if deal.kind == "new" and dice.random() < 0.1:
            parts.append((5, 1, 0, 0, False))
        return parts

    def _splits(self, folder: Folder) -> None:
        """Two or three colleagues share a deal; customer success has its part beside."""
        user = self.world.staff[-1].id
        since = utc_text((MONTH_STARTS[0] - 300) * DAY)
        types = [
            (self._id("1To", place), label, name, "Amount", total, "0", since, user)
            for place, (label, name, total) in enumerate(SPLIT_TYPES)
        ]
        header = (
            "Id,MasterLabel,DeveloperName,SplitField,IsTotalValidated,IsDeleted,CreatedDate,"
            "CreatedById"
        )
        name = f"{WEEKLY}/OpportunitySplitType.csv"
        self._csv(folder, name, header, types, "salesforce.opportunity_split_types")

        dice, rows = self.dice, []
        for deal in self._deals():
            if not deal.is_deal or deal.is_deleted:
                continue
            chance, turn = dice.random(), dice.randrange(len(self.world.sellers))
            shares: list[tuple[Staff, int, str]] = []
            if chance < 0.12:
                colleagues = [deal.owner]
                for place in range(2 if chance < 0.04 else 1):
                    other = self.world.sellers[(turn + place) % len(self.world.sellers)]
                    if other not in colleagues:
                        colleagues.append(other)
                percents = {1: [10_000], 2: [7_000, 3_000], 3: [3_334, 3_333, 3_333]}
                pairs = zip(colleagues, percents[len(colleagues)], strict=True)
                shares += [(rep, percent, types[0][0]) for rep, percent in pairs]
            if deal.kind != "new" and chance > 0.7:
                overlay = pick(dice, [5_000, 10_000], [1, 2])
                shares.append((self.world.success[0], overlay, types[1][0]))
            for rep, percent, kind in shares:
                rows.append((
                    self._id("1OS"), deal.id, rep.id, f"{percent // 100}.{percent % 100:02d}",
                    "", kind, "0", utc_text(deal.created + HOUR), user,
                ))  # fmt: skip
        header = (
            "Id,OpportunityId,SplitOwnerId,SplitPercentage,SplitNote,SplitTypeId,IsDeleted,"
            "CreatedDate,CreatedById"
        )
        name = f"{WEEKLY}/OpportunitySplit.csv"
        self._csv(folder, name, header, rows, "salesforce.opportunity_splits")

    def _experiments(self, folder: Folder) -> None:
        """An honest draw whose result is chance, and a campaign that did bring customers."""
        mails = [campaign for campaign in self.world.campaigns if campaign.type == "Email"]
        webinars = [campaign for campaign in self.world.campaigns if campaign.type == "Webinar"]
        plans = [
            ("Customer stories, spring", mails[16], "opportunity", 75, "", ""),
            ("Planning webinar, invited by hand", webinars[20], "won", 300, "1800.00", "USD"),
        ]
        definitions = [
            "experiment,campaign_id,conversion_stage,starts_on,ends_on,spend,currency_code,version,"
            "valid_from,valid_to,owner_sales,owner_marketing,reason"
        ]
        lines = ["experiment,email,group,assigned_at"]
        for name, campaign, stage, days, spend, currency in plans:
            definitions.append(
                f'"{name}",salesforce:{campaign.id},{stage},{day_text(campaign.day)},'
                f"{day_text(campaign.day + days)},{spend},{currency},1,1900-01-01,9999-12-31,"
                "VP Sales,VP Marketing,Agreed before it began"
            )
            lines += self._draw(name, campaign, days, works=stage == "won")
        lines.append(f'"{plans[0][0]}",stranger@unheard-of.example,holdout,')
        folder.lines("definitions/experiments.csv", definitions)
        file = f"experiments/experiment-members-{day_text(LAST_DAY)}.csv"
        folder.lines(f"exports/{file}", lines)
        folder.expect(file, "generic.experiment_members", len(lines) - 1)

    def _draw(self, name: str, campaign: Campaign, days: int, works: bool) -> list[str]:
        """Some of those known on the day before, in two groups; now and then somebody twice."""
        dice, drawn = self.dice, at(campaign.day - 1, 15 * HOUR)
        lines = []
        for person in self.books.people:
            if not person.email or person.rule or not person.has_email or person.created >= drawn:
                continue
            convinced = works and _won(person, drawn, drawn + days * DAY)
            if dice.random() > 0.2 and not convinced:
                continue
            share = 0.97 if convinced else 0.75
            group = "test" if dice.random() < share else "holdout"
            lines.append(f'"{name}",{person.email},{group},{local_minute_text(drawn)}')
            if dice.random() < 0.005:
                again = local_minute_text(drawn + 2 * HOUR)
                lines.append(f'"{name}",{person.email.upper()},holdout,{again}')
                self.world.note("people_drawn_twice")
        return lines


def _won(person: Person, first: int, last: int) -> bool:
    return any(
        deal.status == "won" and local_day(first) <= deal.close_day <= local_day(last)
        for cycle in person.cycles
        for deal in cycle.opportunities
    )
