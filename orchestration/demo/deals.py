"""How deals go: their size, their stages, how they end, and what follows of them.

How a person comes to a deal belongs in people.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from random import Random

from orchestration.demo.clock import (
    DAY,
    END,
    HOUR,
    MINUTE,
    MONTH_STARTS,
    any_hour,
    date_of,
    day_of,
    local_day,
    month_of,
    office_hour,
    workday,
)
from orchestration.demo.company import PRODUCTS, Company, Staff, World, pick
from orchestration.demo.records import (
    Booking,
    Books,
    Change,
    ContactRecord,
    Cycle,
    HubSpotRecord,
    Opportunity,
    Person,
)

OPEN_STAGES = ["Qualification", "Needs Analysis", "Proposal/Price Quote", "Negotiation/Review"]
LOSS_REASONS = ["Price", "No Decision", "Lost to Competitor", "Timing", "Product Fit", ""]
LOSS_WEIGHTS = [24, 30, 18, 14, 9, 5]
TYPE_TEXTS = {
    "new": "New Business",
    "upsell": "Upsell",
    "cross_sell": "Cross-Sell",
    "renewal": "Renewal",
    "refund": "Refund",
}


class Plan:
    """Which turns of a story are given; the others are left to chance."""

    def __init__(self, dice: Random, given: Mapping[str, str | bool] | None = None) -> None:
        self.dice = dice
        self.given = given or {}

    def turn(self, name: str, chance: float) -> bool:
        """Does this turn happen?"""
        if name in self.given:
            return bool(self.given[name])
        return self.dice.random() < chance

    def text(self, name: str) -> str:
        """What is given for a turn that has kinds, empty when nothing is."""
        return str(self.given.get(name, ""))


class Deals:
    """Opens deals and lets them run to their end, or to the day of the export."""

    def __init__(self, world: World, books: Books) -> None:
        self.world = world
        self.books = books
        self.dice = world.dice("deals")
        self._sold_to: set[int] = set()  # companies that had a deal

    def sell(
        self, person: Person | None, cycle: Cycle | None, created: int, company: Company,
        plan: Plan, quality: float = 1.0,
    ) -> int | None:  # fmt: skip
        """A deal, or two at a time; the instant at which the last one closed, none if open."""
        dice = self.dice
        two = person is not None and not plan.text("reopen") and plan.turn("second_deal", 0.04)
        kind = "new"
        if company.is_customer:
            kind = "cross_sell" if not plan.given and dice.random() < 0.4 else "upsell"
        first = self._deal(person, cycle, created, company, kind, plan, quality)
        plain = kind == "upsell" or (kind == "new" and company.number not in self._sold_to)
        if plain and not two and plan.turn("blank_type", 0.03):
            first.type_text = ""
        self._sold_to.add(company.number)
        self._pay_back(first, plan)

        closed = first.closed
        opened = office_hour(local_day(created) + dice.randrange(3, 15), dice)
        if two and opened < END and (closed is None or opened + 5 * DAY < closed):
            second = self._deal(person, cycle, opened, company, kind, Plan(dice), quality)
            if second.closed and second.close_day == first.close_day:
                self._shift_close(second)  # two ends on one day would not say which came first
            self._pay_back(second, Plan(dice))
            later = second.closed
            closed = None if closed is None or later is None else max(closed, later)
        if any(d.status == "won" and d.cents for d in (cycle.opportunities if cycle else [first])):
            company.is_customer = True
        return closed

    def _deal(
        self, person: Person | None, cycle: Cycle | None, created: int, company: Company,
        kind: str, plan: Plan, quality: float,
    ) -> Opportunity:  # fmt: skip
        """One deal."""
        deal = self._open(company, created, kind, plan)
        self.books.opportunities.append(deal)
        deal.person, deal.cycle = person, cycle
        if person and cycle:
            cycle.opportunities.append(deal)
            cycle.observe("opportunity", created)
            cycle.observe("sql", created)
            self._invite(deal, least=1 if plan.text("next") == "colleague" else 0)
        self._run(deal, plan, quality)
        return deal

    def account(self, company: Company, created: int, owner: Staff) -> None:
        """The company becomes an account in Salesforce, unless it is one."""
        if not company.account_id:
            company.account_id = self.world.next_id("001")
            company.account_created = created
            company.owner = owner

    def _open(self, company: Company, created: int, kind: str, plan: Plan) -> Opportunity:
        """A fresh deal with its size."""
        dice = self.dice
        owner = self.world.seller(local_day(created), company)
        self.account(company, created, owner)
        months = pick(dice, [12, 24, 36, None, 6], [66, 12, 12, 6, 4])
        years = months // 12 if months and months >= 24 else 1
        if kind == "new":
            product = pick(dice, [0, 1, 2], [38, 42, 20])
            list_cents = PRODUCTS[product][2] * 100
        elif kind == "upsell":
            product = pick(dice, [0, 1, 2], [30, 45, 25])
            list_cents = PRODUCTS[product][2] * (25 + 5 * dice.randrange(8))
        else:
            product = pick(dice, [3, 4], [60, 40])
            list_cents = PRODUCTS[product][2] * 100 * (1 + dice.randrange(2))
        list_cents = list_cents // 2 if months == 6 else list_cents * years
        discount = pick(dice, [0, 5, 10, 15, 20, 30], [22, 18, 24, 16, 14, 6])
        cents: int | None = list_cents * (100 - discount) // 100
        if years > 1:
            # Whole hundreds a year: then a year's value is exact to the cent in any currency.
            step = 10_000 * years
            cents = max(1, (cents or 0) // step) * step
        elif dice.random() < 0.4:
            cents = (cents or 0) + dice.randrange(-5_000, 5_000)
        size = plan.text("size")
        if size == "none" or (not size and not plan.given and dice.random() < 0.015):
            cents = None
        elif size == "zero" or (not size and not plan.given and dice.random() < 0.006):
            cents = 0
        return Opportunity(
            id=self.world.next_id("006"),
            account=company,
            owner=owner,
            created=created,
            kind=kind,
            type_text=TYPE_TEXTS[kind],
            cents=cents,
            list_cents=None if cents is None else list_cents,
            months=months,
            product=product,
        )

    def _invite(self, deal: Opportunity, least: int) -> None:
        """Colleagues who sit at the table without carrying the deal."""
        dice = self.dice
        company = deal.account
        for _ in range(max(least, pick(dice, [0, 1, 2, 3], [56, 27, 12, 5]))):
            joined = deal.created + dice.randrange(2, 30) * MINUTE + dice.randrange(60)
            other = self.books.person("colleague", joined)
            other.company = company
            known = dice.random() < 0.3
            source = "" if dice.random() < 0.7 else "Partner Referral"
            if known:
                seen = any_hour(local_day(deal.created) - dice.randrange(5, 60), dice)
                if local_day(seen) < MONTH_STARTS[0]:
                    known = False
                else:
                    other.created = seen
                    other.hubspot = HubSpotRecord(
                        self.hubspot_id(), seen, "Organic Search", "Unknown keywords (SSL)"
                    )
                    other.touched_first("Organic Search", "organic_search")
            other.contact = ContactRecord(self.world.next_id("003"), joined, source)
            other.touched_first(source, "partner")
            other.begin().observe("lead", other.created)
            deal.others.append(other)

    def hubspot_id(self) -> str:
        """The next HubSpot record id."""
        return str(self.world.next_number("hubspot", 51_400_000_000, 900))

    def _run(self, deal: Opportunity, plan: Plan, quality: float) -> None:
        """Let the deal go through its stages to its end."""
        dice = self.dice
        chance = 0.4 if deal.kind != "new" else min(0.6, 0.27 * quality)
        reopen = plan.text("reopen")
        if reopen == "lost_won":
            status = "lost"
        elif plan.turn("won", chance):
            status = "won"
        else:
            status = "lost"
        stale = not plan.given and dice.random() < 0.03
        if status == "won":
            days = 14 + dice.randrange(45) + dice.randrange(50)
        else:
            days = 8 + dice.randrange(50) + dice.randrange(50)
        if not plan.given and dice.random() < 0.05:
            days += 60 + dice.randrange(110)
        planned = self._quarter_end_pull(workday(local_day(deal.created) + days))
        close = office_hour(planned, dice)
        if plan.given.get("date_issue"):
            self._closed_on_arrival(deal)
            return
        if stale or close > END:
            deal.close_day = planned if not stale else planned + dice.randrange(90)
            self._walk(deal, END, deal.close_day)
            return
        self._walk(deal, close, local_day(close))
        self._end(deal, close, status, plan)
        if reopen and (reopen == "lost_won" or deal.kind != "new"):
            self._reopen(deal, close, reopen)

    def _quarter_end_pull(self, day: int) -> int:
        """Deals planned for the fortnight before a quarter's end tend to its last days."""
        month = month_of(day)
        if month % 3 != 1 or month + 1 >= len(MONTH_STARTS):  # Dec, Mar, Jun, Sep
            return day
        left = MONTH_STARTS[month + 1] - day
        if 4 < left <= 16 and self.dice.random() < 0.3:
            return workday(MONTH_STARTS[month + 1] - 4 - self.dice.randrange(4))
        return day

    def _walk(self, deal: Opportunity, until: int, close_day: int) -> None:
        """The changes of an open deal up to an instant."""
        dice = self.dice
        at_first = deal.cents
        if deal.cents and dice.random() < 0.35:
            at_first = deal.cents * (85 + dice.randrange(40)) // 100
        pushed = dice.random() < 0.3
        first_guess = max(local_day(deal.created), close_day - (15 if pushed else 0))
        changes = [Change(deal.created, OPEN_STAGES[0], at_first, first_guess)]
        span = until - deal.created
        steps = dice.randrange(1, 4)
        for step in range(1, steps + 1):
            instant = deal.created + span * step // (steps + 1) + dice.randrange(60)
            if not changes[-1].instant < instant < until:
                continue
            last = step == steps
            changes.append(
                Change(
                    instant,
                    OPEN_STAGES[step],
                    deal.cents if last else at_first,
                    close_day if last else first_guess,
                )
            )
        if deal.close_day == 0:
            deal.close_day = close_day
        final = changes[-1]
        final.cents, final.close_day = deal.cents, close_day
        deal.changes = changes

    def _end(self, deal: Opportunity, instant: int, status: str, plan: Plan) -> None:
        """The deal closes."""
        deal.status, deal.close_day = status, local_day(instant)
        stage = "Closed Won" if status == "won" else "Closed Lost"
        deal.changes.append(Change(instant, stage, deal.cents, deal.close_day))
        if status == "won":
            deal.loss_reason = ""
            if deal.cents is not None:
                self._book(deal, "won", deal.close_day, deal.cents)
        else:
            reason = plan.text("loss") or pick(self.dice, LOSS_REASONS, LOSS_WEIGHTS)
            if not plan.given and deal.kind == "new" and self.dice.random() < 0.02:
                reason = "Duplicate"
            deal.loss_reason = reason

    def _book(self, deal: Opportunity, event: str, day: int, cents: int) -> None:
        is_new = deal.kind != "renewal"
        deal.bookings.append(Booking(event, day, cents, deal.close_day, is_new))

    def _reopen(self, deal: Opportunity, closed: int, how: str) -> None:
        """The deal is opened again, and ends again unless `how` leaves it open."""
        dice = self.dice
        reopened = office_hour(local_day(closed) + 10 + dice.randrange(40), dice)
        again = office_hour(local_day(reopened) + 10 + dice.randrange(40), dice)
        if again > END:
            return
        was_won = deal.status == "won"
        deal.reopens += 1
        self.world.note(f"reopened_{how}")
        planned = local_day(again)
        if was_won and deal.cents is not None:
            self._book(deal, "reopened", local_day(reopened), -deal.cents)
        deal.status, deal.loss_reason = "open", ""
        deal.changes.append(Change(reopened, OPEN_STAGES[3], deal.cents, planned))
        if how == "won_open":
            deal.close_day = planned + 60
            deal.changes[-1].close_day = deal.close_day
            return
        status = "won" if how.endswith("won") else "lost"
        self._end(deal, again, status, Plan(dice, {"loss": "Price"}))

    def _closed_on_arrival(self, deal: Opportunity) -> None:
        """The contract was signed days before anyone entered the deal."""
        deal.status = "won"
        deal.close_day = local_day(deal.created) - 3
        deal.changes = [Change(deal.created, "Closed Won", deal.cents, deal.close_day)]
        self._book(deal, "won", deal.close_day, deal.cents or 0)

    def _shift_close(self, deal: Opportunity) -> None:
        """Move a close to the next workday, or leave the deal open when that lies ahead."""
        instant = office_hour(deal.close_day + 1, self.dice)
        end = deal.changes.pop()
        deal.bookings.clear()
        if instant > END:
            deal.status, deal.loss_reason, deal.close_day = "open", "", local_day(instant)
            return
        self._end(deal, instant, deal.status, Plan(self.dice, {"loss": deal.loss_reason}))
        deal.changes[-1].cents = end.cents

    def _pay_back(self, deal: Opportunity, plan: Plan) -> None:
        """Money goes back, in part or whole, now and then without saying for which deal."""
        dice = self.dice
        how = plan.text("refund")
        if not how and not plan.given and dice.random() < 0.02:
            how = "partial" if dice.random() < 0.7 else "full"
        if not how or deal.status != "won" or not deal.cents or deal.reopens:
            return
        instant = office_hour(deal.close_day + 20 + dice.randrange(90), dice)
        if instant > END:
            return
        share = 100 if how == "full" else 10 + dice.randrange(50)
        cents = -(deal.cents * share // 100)
        day = local_day(instant)
        refund = Opportunity(
            id=self.world.next_id("006"),
            account=deal.account,
            owner=deal.owner,
            created=instant,
            kind="refund",
            type_text=TYPE_TEXTS["refund"],
            cents=cents,
            list_cents=None,
            months=None,
            product=deal.product,
            status="won",
            close_day=day,
            original=None if how == "unlinked" else deal,
        )
        refund.changes.append(Change(instant, "Closed Won", cents, day))
        rate_day = day if refund.original is None else deal.close_day
        is_new = refund.original is None or deal.kind != "renewal"
        refund.bookings.append(Booking("refund", day, cents, rate_day, is_new))
        self.books.opportunities.append(refund)
        self.world.note("refund_of_renewal" if deal.kind == "renewal" else f"refund_{how}")

    def keep_in_hubspot(self) -> None:
        """One colleague's deals live in HubSpot; what it would not tell stays in Salesforce."""
        number = 18_402_771_000
        for deal in self.books.opportunities:
            if not deal.owner.hubspot_id or deal.is_deleted or not _is_told_by_latest_dates(deal):
                continue
            number += 1 + len(deal.account.name) * 13
            deal.hubspot_id = str(number)
            person = deal.person
            if person and not person.hubspot and not person.synced:
                # A sync from Salesforce made it, once both the deal and its contact were there.
                known = max(deal.created, person.created) + 9 * MINUTE
                person.synced = HubSpotRecord(str(number + 7), known, "", "")

    def renew(self) -> None:
        """Contracts that end are renewed or lost; a won renewal ends in turn."""
        due = [d for d in self.books.opportunities if d.is_deal and d.status == "won" and d.cents]
        planted = self.world.count(3, least=2)
        while due:
            coming: list[Opportunity] = []
            for deal in due:
                renewal = self._renewal(deal, planted > 0)
                if renewal is None:
                    continue
                if renewal.status == "won":
                    coming.append(renewal)
                    planted -= self.books.opportunities[-1].kind == "refund"
            due = coming

    def _renewal(self, deal: Opportunity, give_back: bool) -> Opportunity | None:
        dice = self.dice
        start = date_of(deal.close_day)
        months = start.month - 1 + (deal.months or 12)
        ends = day_of(start.replace(year=start.year + months // 12, month=months % 12 + 1, day=1))
        ends += start.day - 1
        created = office_hour(ends - 75 - dice.randrange(15), dice)
        if created > END or deal.reopens:
            return None
        owner = self.world.success[dice.randrange(len(self.world.success))]
        change = pick(dice, [100, 104, 107, 80], [55, 20, 15, 10])
        yearly = (deal.cents or 0) * 12 // max(12, deal.months or 12)
        cents = yearly * change // 100
        renewal = Opportunity(
            id=self.world.next_id("006"),
            account=deal.account,
            owner=owner,
            created=created,
            kind="renewal",
            type_text=TYPE_TEXTS["renewal"],
            cents=cents,
            list_cents=yearly,
            months=12,
            product=deal.product,
            person=deal.person,
            original=deal,
        )
        self.books.opportunities.append(renewal)
        close = office_hour(ends - 12 + dice.randrange(20), dice)
        if close > END:
            renewal.close_day = local_day(close)
            self._walk(renewal, END, renewal.close_day)
            return renewal
        status = "won" if give_back or dice.random() < 0.87 else "lost"
        self._walk(renewal, close, local_day(close))
        self._end(renewal, close, status, Plan(dice, {"loss": "Price"}))
        self._pay_back(renewal, Plan(dice, {"refund": "partial"} if give_back else {"refund": ""}))
        return renewal

    def bin_some(self) -> None:
        """Deals entered twice and thrown away: still in the export, marked as deleted."""
        sources = [d for d in self.books.opportunities if d.is_deal and d.kind == "new"]
        for deal in sources[: self.world.count(6, least=2)]:
            created = deal.created + 9 * MINUTE
            copy = Opportunity(
                id=self.world.next_id("006"),
                account=deal.account,
                owner=deal.owner,
                created=created,
                kind="new",
                type_text=deal.type_text,
                cents=deal.cents,
                list_cents=deal.list_cents,
                months=deal.months,
                product=deal.product,
                close_day=local_day(created) + 60,
                is_deleted=True,
            )
            copy.changes.append(
                Change(created + HOUR // 60, OPEN_STAGES[0], copy.cents, copy.close_day)
            )
            self.books.opportunities.append(copy)


def _is_told_by_latest_dates(deal: Opportunity) -> bool:
    """Do the latest dates of each stage tell every change of status? HubSpot exports no others."""
    latest = {change.stage: change.instant for change in deal.changes}
    told = [_status(stage) for stage, _ in sorted(latest.items(), key=lambda item: item[1])]
    true = [_status(change.stage) for change in deal.changes]
    return [status for status, _ in groupby(told)] == [status for status, _ in groupby(true)]


def _status(stage: str) -> str:
    return {"Closed Won": "won", "Closed Lost": "lost"}.get(stage, "open")
