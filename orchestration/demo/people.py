"""How people come, qualify, are worked on and come back: the cycles, as they really went.

The size and the end of a deal belong in deals.py; what an export makes of it all in crm.py.
The gaps keep apart what the rules keep apart: nothing happens to a person on the day a cycle ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from orchestration.demo.clock import (
    DAY,
    END,
    HOUR,
    MINUTE,
    MONTH_STARTS,
    any_hour,
    at,
    clear_of_fold,
    date_of,
    local_day,
    month_of,
    office_hour,
    workday,
)
from orchestration.demo.company import (
    INBOUND,
    OUTBOUND,
    RENAMED_CAMPAIGN,
    RENAMED_FROM,
    SEARCH_CAMPAIGNS,
    SOCIAL_CAMPAIGNS,
    World,
    pick,
)
from orchestration.demo.deals import Deals, Plan
from orchestration.demo.naming import name_everyone
from orchestration.demo.records import (
    Books,
    ContactRecord,
    Cycle,
    HubSpotRecord,
    LeadRecord,
    Person,
)

Turns = Mapping[str, str | bool]

LEAD_SOURCES = {source: channel for source, channel, _ in OUTBOUND}

WON: Turns = {"mql": True, "sal": True, "sql": True, "opp": True, "won": True, "jump": False}

# Stories that must occur at any scale: how many at scale 1, what is given in each cycle.
STORIES: list[tuple[str, float, Sequence[Turns]]] = [
    ("reopened_won_lost", 8, [{**WON, "next": "upsell"}, {"won": True, "reopen": "won_lost"}]),
    ("reopened_won_won", 6, [{**WON, "next": "upsell"}, {"won": True, "reopen": "won_won"}]),
    ("reopened_won_open", 3, [{**WON, "next": "upsell"}, {"won": True, "reopen": "won_open"}]),
    ("reopened_lost_won", 8, [{**WON, "reopen": "lost_won"}]),
    ("refund_full", 4, [{**WON, "refund": "full"}]),
    ("refund_partial", 4, [{**WON, "refund": "partial"}]),
    ("refund_unlinked", 3, [{**WON, "refund": "unlinked"}]),
    ("zero_amount", 4, [{**WON, "size": "zero"}]),
    ("no_amount", 4, [{**WON, "size": "none"}]),
    ("duplicate", 5, [{**WON, "won": False, "loss": "Duplicate"}]),
    ("blank_new", 6, [{**WON, "blank_type": True, "second_deal": False}]),
    ("blank_upsell", 6, [{**WON, "next": "upsell"}, {"won": True, "blank_type": True}]),
    ("two_deals", 6, [{**WON, "won": False, "second_deal": True, "loss": "Price"}]),
    ("closed_on_arrival", 6, [{**WON, "date_issue": True}]),
    ("by_colleague", 5, [{**WON, "next": "colleague"}]),
    ("repeat", 8, [{"mql": True, "sal": True, "jump": False, "repeat": True, "sql": False}]),
    ("recycled", 8, [{"mql": True, "sal": False, "exit": "Nurture", "next": "mql"}, {"sal": True}]),
    ("rejected", 8, [{"mql": True, "sal": False, "exit": "Unqualified", "next": "mql"}]),
    ("jump", 6, [{"mql": True, "sal": True, "jump": True}]),
    ("out_of_order", 6, [{"mql": True, "out_of_order": True, "sal": True}]),
    ("touched", 8, [{"mql": True, "touch": True}]),
    ("other_email", 6, [{**WON, "other_email": True}]),
    ("merged", 6, [{"mql": True, "sal": True, "merged": True}]),
]


class People:
    """Brings people in and lets each go their way."""

    def __init__(self, world: World, books: Books, deals: Deals) -> None:
        self.world = world
        self.books = books
        self.deals = deals
        self.dice = world.dice("people")

    def live(self, progress: Callable[[str], None]) -> None:
        """Everyone, from the first day to the last."""
        progress("people and deals")
        self._stories()
        self._first_pipeline()
        for month, start, end, demand in self.world.months():
            days = range(start, end)
            for _ in range(self.world.count(200 * demand, least=6)):
                self._inbound(self._day(days), Plan(self.dice), ())
            for _ in range(self.world.count(50 * demand, least=2)):
                self._outbound(self._day(days), Plan(self.dice))
            for _ in range(self.world.count(5 * demand)):
                self._sales_made(self._day(days))
            if month % 3 == 1:
                for _ in range(self.world.count(2, least=1 if month < 12 else 0)):
                    self._without_contact(self._day(days))
                    self._late(self._day(days))
        self._excluded()
        self.deals.renew()
        self.deals.bin_some()
        self.deals.keep_in_hubspot()
        name_everyone(self.world, self.books)

    def _day(self, days: range) -> int:
        """A day of arrival: weekends are quiet."""
        day = days[self.dice.randrange(len(days))]
        return workday(day) if self.dice.random() < 0.6 else day

    # How people come.

    def _stories(self) -> None:
        for _, number, cycles in STORIES:
            for _ in range(self.world.count(number, least=2)):
                day = MONTH_STARTS[0] + 6 + self.dice.randrange(350)
                self._inbound(day, Plan(self.dice, cycles[0]), cycles[1:])

    def _inbound(self, day: int, plan: Plan, later: Sequence[Turns]) -> None:
        """Someone fills in a form: marketing's system knows them first."""
        dice, growth = self.dice, month_of(min(day, MONTH_STARTS[-1] - 1))
        created = clear_of_fold(any_hour(day, dice))
        if created > END:
            return
        weights = [c[2] if c[1] != "ai_assistant" else 1 + growth / 4 for c in INBOUND]
        source, channel, _, to_mql, quality = pick(dice, INBOUND, weights)
        person = self.books.person("inbound", created)
        person.hubspot = HubSpotRecord(
            self.deals.hubspot_id(), created, source, self._detail(channel, created)
        )
        person.touched_first(source, channel)
        cycle = person.begin()
        cycle.observe("lead", created)
        if plan.turn("mql", to_mql):
            self._pass_through(person, cycle, created, plan, later, quality)
        elif dice.random() < 0.04:
            # Sales copies a name over and finds out that it leads nowhere.
            lead = self._new_lead(person, created + dice.randrange(2, 90) * HOUR, "")
            if lead and dice.random() < 0.5:
                self._leave(person, cycle, lead, lead.created, "Unqualified")

    def _outbound(self, day: int, plan: Plan) -> None:
        """Someone is met at a booth, in a webinar, on the phone: sales' system knows them first."""
        dice = self.dice
        source, channel, _ = pick(dice, OUTBOUND, [c[2] for c in OUTBOUND])
        created = office_hour(day, dice)
        if created > END:
            return
        person = self.books.person("outbound", created)
        person.has_email = dice.random() > 0.06
        lead = LeadRecord(self.world.next_id("00Q"), created, source, self.world.developer())
        person.leads.append(lead)
        person.touched_first(source, channel)
        cycle = person.begin()
        cycle.observe("lead", created)
        if channel in ("event", "webinar"):
            self._respond(person, local_day(created), channel)
        way = dice.random()
        if way < 0.17:
            self._leave(person, cycle, lead, created, "Unqualified")
            back = clear_of_fold(any_hour(local_day(created) + dice.randrange(30, 150), dice))
            ended = lead.statuses[-1][0] if lead.statuses else END
            if person.has_email and dice.random() < 0.08 and ended + 2 * DAY < back < END:
                self._join_hubspot(person, back)
                again = person.begin()
                self._pass_through(person, again, back, plan, (), 0.9)
        elif way < 0.30:
            sal = office_hour(local_day(created) + dice.randrange(1, 9), dice)
            self._accepted(person, cycle, lead, sal, plan, (), 0.8)
        elif way < 0.42 and person.has_email:
            joined = clear_of_fold(any_hour(local_day(created) + dice.randrange(1, 40), dice))
            if joined < END:
                self._join_hubspot(person, joined)
                self._pass_through(person, cycle, joined, plan, (), 1.0)

    def _sales_made(self, day: int, *, first_month: bool = False) -> None:
        """Sales finds someone on its own: the first trace is the deal."""
        dice = self.dice
        source, channel = pick(
            dice, [("Cold Call", "outbound"), ("Partner Referral", "partner"), ("", "")], [5, 3, 2]
        )
        created = office_hour(day, dice)
        if created > END - DAY:
            return
        person = self.books.person("sales_made", created)
        person.company = self.world.company()
        person.contact = ContactRecord(self.world.next_id("003"), created, source)
        person.touched_first(source, channel)
        cycle = person.begin()
        cycle.observe("lead", created)
        opened = created + dice.randrange(3, 25) * MINUTE
        plan = Plan(dice)
        ended = self.deals.sell(
            person, cycle, opened, person.company, plan, 1.35 if first_month else 0.95
        )
        self._go_on(person, cycle, ended, plan, (), 1.0)

    def _first_pipeline(self) -> None:
        """Deals under way when the company moved to its new system, in its first month."""
        for _ in range(self.world.count(36, least=4)):
            self._sales_made(MONTH_STARTS[0] + self.dice.randrange(30), first_month=True)

    def _without_contact(self, day: int) -> None:
        """A deal to which no one ever added a contact."""
        opened = office_hour(day, self.dice)
        if opened < END - DAY:
            given: Turns = {"blank_type": False, "won": self.dice.random() < 0.25}
            self.deals.sell(None, None, opened, self.world.company(), Plan(self.dice, given))

    def _late(self, day: int) -> None:
        """The deal was there first; then its contact fills in a form."""
        dice = self.dice
        opened = office_hour(day, dice)
        arrival = clear_of_fold(any_hour(local_day(opened) + dice.randrange(2, 6), dice))
        if arrival > END - 30 * DAY:
            return
        person = self.books.person("late", arrival)
        person.company = self.world.company()
        person.came_after_deal = True
        cycle = person.begin()
        cycle.observe("lead", arrival)
        given: Turns = {"won": dice.random() < 0.3, "second_deal": False, "blank_type": False}
        self.deals.sell(person, cycle, opened, person.company, Plan(dice, given))
        deal = cycle.opportunities[0]
        lead = self._new_lead(person, arrival, "")
        if lead:
            lead.converted, lead.opportunity = arrival + 40 * MINUTE, deal
            lead.statuses.append((lead.converted, "Qualified"))
            person.contact = ContactRecord(self.world.next_id("003"), lead.converted, "")

    def _excluded(self) -> None:
        """Colleagues who try the forms, and people named Test."""
        dice = self.dice
        for rule, number in (("own_domain", 40), ("test_name", 45)):
            for _ in range(self.world.count(number, least=4)):
                day = dice.randrange(MONTH_STARTS[0], MONTH_STARTS[-1] - 40)
                created = clear_of_fold(any_hour(day, dice))
                person = self.books.person("excluded", created)
                person.rule = rule
                cycle = person.begin()
                if dice.random() < 0.7:
                    person.hubspot = HubSpotRecord(
                        self.deals.hubspot_id(), created, "Direct Traffic", ""
                    )
                    if dice.random() < 0.5:
                        self._cross(person, cycle, created + dice.randrange(5, 900) * MINUTE)
                else:
                    lead = self._new_lead(person, created, "Web")
                    if lead and dice.random() < 0.4:
                        self._leave(person, cycle, lead, created, "Unqualified")

    # What happens to them.

    def _pass_through(
        self, person: Person, cycle: Cycle, since: int, plan: Plan, later: Sequence[Turns],
        quality: float,
    ) -> None:  # fmt: skip
        """From an arrival through the MQL to wherever this cycle ends, and on to the next."""
        dice = self.dice
        lead = person.lead
        in_order = cycle.number > 1 or person.kind != "inbound" or lead is not None
        if not in_order and plan.turn("out_of_order", 0.02):
            lead = self._new_lead(person, since + dice.randrange(20, 300) * MINUTE, "")
            if lead is None:
                return
            sal = office_hour(local_day(lead.created) + 1, dice)
            mql = clear_of_fold(any_hour(local_day(sal) + dice.randrange(1, 4), dice))
            if mql > END or not self._accept(cycle, lead, sal):
                return
            self._cross(person, cycle, mql)
            self.world.note("sal_before_mql")
            self._qualify(person, cycle, lead, mql, plan, later, quality)
            return

        if cycle.number > 1:
            mql = since
        elif not plan.given.get("touch") and dice.random() < 0.4:
            mql = clear_of_fold(since + dice.randrange(1, 45) * MINUTE)
        else:
            days = 1 + dice.randrange(12) + dice.randrange(14)
            days += dice.randrange(60) if dice.random() < 0.08 else 0
            days = 26 if plan.given.get("touch") else days
            mql = clear_of_fold(any_hour(local_day(since) + days, dice))
        if mql > END:
            return
        self._cross(person, cycle, mql)
        if not plan.given and dice.random() < 0.04:
            self._repeat(person, cycle, mql, plan)
            return  # never reached sales
        if lead is None:
            lead = self._new_lead(person, mql + dice.randrange(70, 700), "Web")
        elif lead.statuses and lead.status != "Open - Not Contacted":
            lead.statuses.append((mql + dice.randrange(70, 700), "Open - Not Contacted"))
        if lead is None:
            return
        if cycle.number == 1 and person.first_channel and plan.turn("touch", 0.12):
            self._touch(person, cycle, local_day(person.created), mql)
        if plan.turn("merged", 0.0):
            self._merge(person, lead)
        if plan.turn("sal", min(0.9, 0.60 + 0.2 * (quality - 1))):
            days = pick(dice, [0, 1, 2, 4, 8, 17], [30, 26, 16, 14, 9, 5])
            if days:
                reached = office_hour(local_day(mql) + days, dice)
            else:
                reached = mql + dice.randrange(15, 200) * MINUTE + dice.randrange(60)
            if plan.turn("jump", 0.05):
                self._qualified(person, cycle, lead, reached, plan, later, quality)
                if lead.status == "Qualified":
                    self.world.note("mql_straight_to_sql")
            else:
                self._accepted(person, cycle, lead, reached, plan, later, quality)
        else:
            way = pick(dice, ["Unqualified", "Nurture", ""], [50, 26, 24])
            self._out(person, cycle, lead, mql, plan, later, plan.text("exit") or way)
        self._repeat(person, cycle, mql, plan)

    def _accepted(
        self, person: Person, cycle: Cycle, lead: LeadRecord, sal: int, plan: Plan,
        later: Sequence[Turns], quality: float,
    ) -> None:  # fmt: skip
        if self._accept(cycle, lead, sal):
            self._qualify(person, cycle, lead, sal, plan, later, quality)

    def _accept(self, cycle: Cycle, lead: LeadRecord, sal: int) -> bool:
        """Sales starts to work on the lead."""
        if sal > END:
            return False
        lead.statuses.append((sal, "Working - Contacted"))
        cycle.observe("sal", sal)
        if self.dice.random() < 0.03 and sal + 3 * HOUR < END:
            lead.statuses.append((sal + 2 * HOUR, "Open - Not Contacted"))
            lead.statuses.append((sal + 3 * HOUR, "Working - Contacted"))
            self.world.note("sal_again_in_the_same_cycle")
        return True

    def _qualify(
        self, person: Person, cycle: Cycle, lead: LeadRecord, since: int, plan: Plan,
        later: Sequence[Turns], quality: float,
    ) -> None:  # fmt: skip
        """Sales finds out whether there is something to sell."""
        dice = self.dice
        if plan.turn("sql", min(0.85, 0.50 + 0.25 * (quality - 1))):
            days = pick(dice, [1, 3, 6, 11, 18, 27, 41], [16, 24, 24, 18, 10, 5, 3])
            sql = office_hour(local_day(since) + days + dice.randrange(2), dice)
            self._qualified(person, cycle, lead, sql, plan, later, quality)
        else:
            way = pick(dice, ["Unqualified", "Nurture", ""], [34, 46, 20])
            self._out(person, cycle, lead, since, plan, later, plan.text("exit") or way)

    def _qualified(
        self, person: Person, cycle: Cycle, lead: LeadRecord, sql: int, plan: Plan,
        later: Sequence[Turns], quality: float,
    ) -> None:  # fmt: skip
        """Sales confirms the lead; most of these become a deal."""
        dice = self.dice
        if sql > END:
            return
        lead.statuses.append((sql, "Qualified"))
        cycle.observe("sql", sql)
        if plan.turn("opp", 0.80):
            if plan.given.get("date_issue"):
                opened = self._after_signature(sql)
            else:
                days = pick(dice, [0, 1, 3, 7, 13, 24, 38], [26, 20, 20, 16, 10, 5, 3])
                opened = office_hour(local_day(sql) + days, dice)
                if local_day(opened) == local_day(sql):
                    opened = sql + dice.randrange(4, 90) * MINUTE
            if opened > END:
                return
            ended = self._convert(person, cycle, lead, opened, plan, quality)
            self._go_on(person, cycle, ended, plan, later, quality)
        else:
            way = pick(dice, ["Nurture", "Unqualified", ""], [45, 30, 25])
            self._out(person, cycle, lead, sql, plan, later, way)

    def _after_signature(self, sql: int) -> int:
        """A day on which a deal is entered that was signed three days before, in that month."""
        day = workday(local_day(sql) + 8)
        while date_of(day).day < 6:
            day = workday(day + 1)
        return at(day, 11 * HOUR)

    def _convert(
        self, person: Person, cycle: Cycle, lead: LeadRecord, opened: int, plan: Plan,
        quality: float,
    ) -> int | None:  # fmt: skip
        """The lead becomes a contact with a deal."""
        if person.company is None:
            person.company = self.world.company()
        lead.converted = opened
        if person.contact is None:
            person.contact = ContactRecord(self.world.next_id("003"), opened, lead.source)
            if person.has_email and plan.turn("other_email", 0.05):
                person.contact.email = "other"
            elif self.dice.random() < 0.03:
                person.contact.email = "none"
        ended = self.deals.sell(person, cycle, opened, person.company, plan, quality)
        lead.opportunity = cycle.opportunities[0]
        return ended

    def _go_on(
        self, person: Person, cycle: Cycle, ended: int | None, plan: Plan,
        later: Sequence[Turns], quality: float,
    ) -> None:  # fmt: skip
        """After the last open deal of a cycle has closed."""
        dice = self.dice
        if ended is None or len(person.cycles) > 5:
            return
        won = any(d.status == "won" for d in cycle.opportunities)
        company = person.company
        if company is not None and company.is_customer:
            usual = pick(dice, ["upsell", "colleague", "mql", ""], [36, 10, 6, 48])
        elif not won:
            usual = pick(dice, ["mql", ""], [12, 88])
        else:
            usual = ""
        way = plan.text("next") or ("" if plan.given else usual)
        coming = Plan(dice, later[0] if later else None)
        if way == "mql" and person.has_email:
            self._come_back(person, ended, coming, later[1:], quality)
        elif way in ("upsell", "colleague") and company is not None:
            days = dice.randrange(40, 90) if plan.given else dice.randrange(50, 260)
            opened = office_hour(local_day(ended) + days, dice)
            if opened > END:
                return
            seller = person
            if way == "colleague":
                others = [p for d in cycle.opportunities for p in d.others]
                if not others:
                    return
                seller = others[0]
            following = seller.cycles[-1] if seller is not person else seller.begin()
            closed = self.deals.sell(seller, following, opened, company, coming)
            self._go_on(seller, following, closed, coming, later[1:], quality)

    def _out(
        self, person: Person, cycle: Cycle, lead: LeadRecord, since: int, plan: Plan,
        later: Sequence[Turns], way: str,
    ) -> None:  # fmt: skip
        """Sales gives the lead back, or gives it up; some come again."""
        dice = self.dice
        if not way or not self._leave(person, cycle, lead, since, way):
            return
        coming = Plan(dice, later[0] if later else None)
        again = plan.text("next") == "mql" or (not plan.given and dice.random() < 0.20)
        if again and person.has_email and len(person.cycles) < 5:
            self._come_back(person, lead.statuses[-1][0], coming, later[1:], 0.95)

    def _leave(self, person: Person, cycle: Cycle, lead: LeadRecord, since: int, way: str) -> bool:
        """The lead's status says rejected (Unqualified) or recycled (Nurture)."""
        left = office_hour(local_day(since) + 1 + self.dice.randrange(10), self.dice)
        if left > END:
            return False
        lead.statuses.append((left, way))
        cycle.observe("rejected" if way == "Unqualified" else "recycled", left)
        return True

    def _come_back(
        self, person: Person, ended: int, plan: Plan, later: Sequence[Turns], quality: float
    ) -> None:
        """A new cycle, begun by a new MQL."""
        dice = self.dice
        mql = clear_of_fold(any_hour(local_day(ended) + dice.randrange(20, 130), dice))
        if mql > END:
            return
        if person.hubspot is None:
            self._join_hubspot(person, mql - dice.randrange(5, 90) * MINUTE)
        cycle = person.begin()
        if person.first_channel and plan.turn("touch", 0.3):
            self._touch(person, cycle, local_day(ended) + 1, mql)
        self._pass_through(person, cycle, mql, plan, later, quality)

    # The traces they leave.

    def _cross(self, person: Person, cycle: Cycle, mql: int) -> None:
        """Marketing's system moves the person to marketing-qualified."""
        if person.hubspot and mql <= END:
            person.hubspot.crossings.append(mql)
            cycle.observe("mql", mql)

    def _repeat(self, person: Person, cycle: Cycle, mql: int, plan: Plan) -> None:
        """The same threshold is crossed again inside the cycle: nothing new has happened."""
        dice = self.dice
        ends = [t for s, t in cycle.observed.items() if s in ("rejected", "recycled")]
        closes = [d.changes[-1].instant for d in cycle.opportunities]
        if cycle is not person.cycles[-1] and not ends and not closes:
            return
        limit = min([*ends, *(c - DAY for c in closes), END])
        if person.hubspot and plan.turn("repeat", 0.05):
            again = clear_of_fold(any_hour(local_day(mql) + 1, dice))
            if again < limit - HOUR and all(local_day(again) != local_day(e) for e in ends):
                person.hubspot.resets.append(again - MINUTE)
                person.hubspot.crossings.append(again)
                self.world.note("mql_again_next_day")
        for deal in cycle.opportunities[:1]:
            during = clear_of_fold(any_hour(local_day(deal.created) + 6, dice))
            if person.hubspot and during < limit and dice.random() < 0.05 and len(closes) == 1:
                person.hubspot.crossings.append(during)
                self.world.note("mql_while_a_deal_is_open")

    def _new_lead(self, person: Person, created: int, source: str) -> LeadRecord | None:
        """A lead in Salesforce; a person whose earlier lead was converted gets another one."""
        if created > END:
            return None
        if person.leads:
            self.world.note("second_lead_of_a_person")
        lead = LeadRecord(self.world.next_id("00Q"), created, source, self.world.developer())
        person.leads.append(lead)
        person.touched_first(source, LEAD_SOURCES.get(source, ""))
        return lead

    def _join_hubspot(self, person: Person, created: int) -> None:
        """Marketing's system gets to know someone whom sales knows: without a source of its own."""
        person.hubspot = HubSpotRecord(
            self.deals.hubspot_id(), clear_of_fold(created // MINUTE * MINUTE), "", ""
        )

    def _touch(self, person: Person, cycle: Cycle, after: int, mql: int) -> None:
        """A response to a campaign before the MQL, and after `after`: it takes the credit."""
        campaign = self.world.campaign_between(max(after + 1, local_day(mql) - 75), local_day(mql))
        if campaign:
            person.responses.append((campaign.day, campaign))
            cycle.channel = campaign.channel
            self.world.note("mql_credited_to_a_campaign_response")

    def _respond(self, person: Person, day: int, channel: str) -> None:
        """Someone who came through an event or a webinar responded to it that day."""
        same = [c for c in self.world.campaigns if c.channel == channel and c.day <= day]
        if same and self.dice.random() < 0.8:
            person.responses.append((day, same[-1]))

    def _merge(self, person: Person, lead: LeadRecord) -> None:
        """An older lead of the same person, under another address, was merged into this one."""
        older = office_hour(local_day(person.created) - 4, self.dice)
        if local_day(older) < MONTH_STARTS[0]:
            return
        loser = LeadRecord(self.world.next_id("00Q"), older, "", lead.owner)
        loser.is_deleted, loser.master, loser.email = True, lead, "other"
        person.leads.insert(0, loser)
        person.created = older
        person.cycles[0].observed["lead"] = older
        self.world.note("merged_leads")

    def _detail(self, channel: str, created: int) -> str:
        """What HubSpot says beside the source: the campaign, for what was paid."""
        dice = self.dice
        if channel == "paid_search":
            name = pick(dice, [c[0] for c in SEARCH_CAMPAIGNS], [c[1] for c in SEARCH_CAMPAIGNS])
            renamed = name == RENAMED_CAMPAIGN[0] and local_day(created) >= RENAMED_FROM
            return RENAMED_CAMPAIGN[1] if renamed else name
        if channel == "paid_social":
            return pick(dice, [c[0] for c in SOCIAL_CAMPAIGNS], [c[1] for c in SOCIAL_CAMPAIGNS])
        return {
            "organic_search": "Unknown keywords (SSL)",
            "organic_social": "LinkedIn",
            "referral": "reviews-of-software.example",
            "direct": "www.larkmoor.example/",
            "offline": "IMPORT",
            "ai_assistant": "Assistants",
            "email": "Monthly newsletter",
        }.get(channel, "")
