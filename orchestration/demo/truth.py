"""Count what is true of the simulated company, by the agreed definitions, from what was decided.

The simulation knows every cycle and every deal as it really went, so nothing is inferred here:
only dated, filled up and counted. Numbers are integers: people, deals, days, cents of a dollar.
Months and days are New York's.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from orchestration.demo.clock import (
    LAST_DAY,
    MONTHS,
    day_text,
    local_day,
    month_of,
)
from orchestration.demo.company import RATE_UNIT, World, in_dollars
from orchestration.demo.money import LedgerRow
from orchestration.demo.records import RUNGS, Books, Cycle, Opportunity, Person

UNATTRIBUTED = "unattributed"
PAID_CHANNELS = ("paid_search", "paid_social")
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


@dataclass(slots=True)
class Entry:
    """A stage reached: the day that counts; observed, or only proved by a later stage."""

    day: int
    is_observed: bool


def channel_of(person: Person | None, cycle: Cycle | None) -> str:
    """The touch before the cycle's MQL, else the person's first touch."""
    if person is None or cycle is None:
        return UNATTRIBUTED
    return cycle.channel or person.first_channel or UNATTRIBUTED


def opened_on(deal: Opportunity) -> int:
    """The day a deal counts as created: its own, or that of its win when that came first."""
    day = local_day(deal.created)
    return min(day, deal.close_day) if deal.status == "won" else day


def rungs(cycle: Cycle) -> dict[str, Entry]:
    """The rungs of a cycle, each dated by itself or by the earliest rung above it."""
    own = {s: local_day(t) for s, t in cycle.observed.items() if s in RUNGS}
    wins = [deal.close_day for deal in cycle.opportunities if deal.status == "won"]
    if wins:
        own["won"] = min(wins)
    found: dict[str, Entry] = {}
    above: int | None = None
    for stage in reversed(RUNGS):
        days = [day for day in (own.get(stage), above) if day is not None]
        if days:
            above = min(days)
            found[stage] = Entry(above, stage in own)
    return found


class Truth:
    """Everything that a warehouse built on the exports must find."""

    def __init__(self, world: World, books: Books) -> None:
        self.world = world
        self.people = [p for p in books.people if not p.rule]
        self.excluded = Counter(p.rule for p in books.people if p.rule)
        self.all_opportunities = books.opportunities
        self.deals = [d for d in books.opportunities if d.is_deal and not d.is_deleted]
        self.ladders = {
            (person.number, cycle.number): rungs(cycle)
            for person in self.people
            for cycle in person.cycles
        }

    def _cycles(self) -> Iterator[tuple[Person, Cycle, dict[str, Entry]]]:
        for person in self.people:
            for cycle in person.cycles:
                yield person, cycle, self.ladders[person.number, cycle.number]

    def funnel(self) -> dict[str, dict[str, dict[str, list[int]]]]:
        """By month, channel and stage: entries, entries with the imputed ones, new people."""
        counts: dict[tuple[int, str, str], list[int]] = {}
        # person and stage: day, cycle and channel of the first time ever
        first: dict[tuple[int, str], tuple[int, int, str]] = {}

        def count(stage: str, day: int, channel: str, *, observed: bool = True) -> None:
            row = counts.setdefault((month_of(day), channel, stage), [0, 0, 0])
            row[0] += observed
            row[1] += 1

        def seen(person: Person | None, stage: str, day: int, cycle: int, channel: str) -> None:
            if person is not None:
                key = (person.number, stage)
                first[key] = min(first.get(key, (day, cycle, channel)), (day, cycle, channel))

        for person, cycle, ladder in self._cycles():
            channel = channel_of(person, cycle)
            for stage in ("lead", "mql", "sal", "sql"):
                if stage in ladder:
                    entry = ladder[stage]
                    count(stage, entry.day, channel, observed=entry.is_observed)
                    seen(person, stage, entry.day, cycle.number, channel)
            for stage in ("rejected", "recycled"):
                if stage in cycle.observed:
                    day = local_day(cycle.observed[stage])
                    count(stage, day, channel)
                    seen(person, stage, day, cycle.number, channel)
        for deal in self.deals:
            channel, number = channel_of(deal.person, deal.cycle), _number(deal.cycle)
            count("opportunity", opened_on(deal), channel)
            seen(deal.person, "opportunity", opened_on(deal), number, channel)
            if deal.status != "open":
                count(deal.status, deal.close_day, channel)
                seen(deal.person, deal.status, deal.close_day, number, channel)
        for (_, stage), (day, _, channel) in first.items():
            counts[month_of(day), channel, stage][2] += 1
        return _nested(counts)

    def conversions(self) -> dict[str, dict[str, dict[str, list[int]]]]:
        """By cohort month, pair of stages and channel (and all): entered, within window, ever."""
        counts: dict[tuple[int, str, str], list[int]] = {}

        def count(pair: tuple[str, str], channel: str, start: int, end: int | None) -> None:
            for name in (channel, "all"):
                row = counts.setdefault((month_of(start), ">".join(pair), name), [0, 0, 0])
                row[0] += 1
                if end is not None:
                    row[1] += end - start <= WINDOWS[pair]
                    row[2] += 1

        for person in self.people:
            if not person.came_after_deal:
                cycle = person.cycles[0]
                ladder = self.ladders[person.number, cycle.number]
                channel, lead = channel_of(person, cycle), ladder["lead"].day
                carried = [deal for cycle in person.cycles for deal in cycle.opportunities]
                won = [deal.close_day for deal in carried if deal.status == "won"]
                count(("lead", "mql"), channel, lead, _day(ladder, "mql"))
                opened = min((opened_on(deal) for deal in carried), default=None)
                count(("lead", "opportunity"), channel, lead, opened)
                count(("lead", "won"), channel, lead, min(won, default=None))
        for person, cycle, ladder in self._cycles():
            for pair in (("mql", "sal"), ("sal", "sql"), ("mql", "sql"), ("sql", "opportunity")):
                start = ladder.get(pair[0])
                if start and start.is_observed:
                    count(pair, channel_of(person, cycle), start.day, _day(ladder, pair[1]))
        for deal in self.deals:
            channel = channel_of(deal.person, deal.cycle)
            closed = deal.close_day if deal.status == "won" else None
            count(("opportunity", "won"), channel, opened_on(deal), closed)
        return _nested(counts)

    def sales(self) -> dict[str, dict[str, dict[str, int | list[int]]]]:
        """By month and sales rep (and all): deals created by their day, the others by the close."""
        counts: dict[tuple[int, str], Counter[str]] = defaultdict(Counter)
        cycles: dict[tuple[int, str], list[int]] = defaultdict(list)

        def add(day: int, deal: Opportunity, **values: int) -> None:
            for name in (deal.rep, "all"):
                for column, value in values.items():
                    counts[month_of(day), name][column] += value

        for deal in self.deals:
            created, acv, dollars = local_day(deal.created), _acv(deal), _dollars(deal)
            add(
                created,
                deal,
                opportunities_created=1,
                pipeline_created_cents=acv or 0,
                created_without_amount=acv is None,
            )
            if deal.status == "open":
                continue
            if deal.loss_reason == "Duplicate":
                add(deal.close_day, deal, lost_left_out=1)
                continue
            add(deal.close_day, deal, n_no_amount=dollars is None)
            if deal.status == "lost":
                add(deal.close_day, deal, lost=1, lost_amount_cents=dollars or 0)
                continue
            add(deal.close_day, deal, won=1, won_amount_cents=dollars or 0)
            add(deal.close_day, deal, won_above_zero=bool(acv), won_acv_cents=acv or 0)
            if deal.close_day < created:
                add(deal.close_day, deal, date_issues=1)
                continue
            for name in (deal.rep, "all"):
                cycles[month_of(deal.close_day), name].append(deal.close_day - created)
        for deal in self.all_opportunities:
            for booking in deal.bookings:
                dollars = in_dollars(booking.cents, deal.account.currency, booking.rate_day)
                new = dollars if booking.counts_as_new else 0
                add(booking.day, deal, net_bookings_cents=dollars, new_bookings_cents=new)

        rows: dict[str, dict[str, dict[str, int | list[int]]]] = {month: {} for month in MONTHS}
        for (month, name), row in sorted(counts.items()):
            days = sorted(cycles[month, name])
            rows[MONTHS[month]][name] = {**row, "cycle_days": days}
        return rows

    def new_customers(self, buyers: dict[str, int]) -> dict[str, dict[str, int]]:
        """By month and channel: accounts by the first win above zero.

        So are `buyers` by the day of their first order, of whom nothing else is known.
        """
        first: dict[int, tuple[int, int, str]] = {}
        for deal in self.deals:
            if deal.status == "won" and deal.cents:
                win = (deal.close_day, deal.created, channel_of(deal.person, deal.cycle))
                key = deal.account.number
                first[key] = min(first.get(key, win), win)
        counts: dict[str, dict[str, int]] = {month: {} for month in MONTHS}
        wins = [(day, channel) for day, _, channel in first.values()]
        for day, channel in [*wins, *((day, UNATTRIBUTED) for day in buyers.values())]:
            month = counts[MONTHS[month_of(day)]]
            month[channel] = month.get(channel, 0) + 1
        return {month: dict(sorted(row.items())) for month, row in counts.items()}

    def cac(
        self,
        ads: dict[str, dict[str, dict[str, int]]],
        costs: list[LedgerRow],
        customers: dict[str, dict[str, int]],
    ) -> dict[str, dict[str, int]]:
        """By month: what the variants of CAC divide."""
        rows: dict[str, dict[str, int]] = {}
        for month in MONTHS:
            # Together and then rounded: parts of a cent add up.
            spent = [platform[month] for platform in ads.values() if month in platform]
            millionths = sum(row["spend_millionths"] for row in spent)
            media = (millionths + RATE_UNIT // 2) // RATE_UNIT
            ledger = [cost for cost in costs if cost.month == month]
            paid_agency = sum(
                cost.amount_cents
                for cost in ledger
                if cost.cost_type == "agency" and cost.channel in PAID_CHANNELS
            )
            won = customers[month]
            rows[month] = {
                "media_cents": media,
                "paid_cents": media + paid_agency,
                "fully_loaded_cents": media + sum(cost.amount_cents for cost in ledger),
                "new_customers": sum(won.values()),
                "new_customers_paid": sum(won.get(channel, 0) for channel in PAID_CHANNELS),
            }
        return rows

    def totals(self, buyers: dict[str, int]) -> dict[str, object]:
        """How much there is of everything."""
        deals = Counter(f"{deal.kind}_{deal.status}" for deal in self.deals)
        others = [d for d in self.all_opportunities if not d.is_deal]
        customers = {d.account.number for d in self.deals if d.status == "won" and d.cents}
        return {
            "people": len(self.people),
            "excluded_people": dict(sorted(self.excluded.items())),
            "people_in_both_systems": sum(
                bool(p.hubspot and (p.leads or p.contact)) for p in self.people
            ),
            "cycles": sum(len(p.cycles) for p in self.people),
            "leads_after_opportunity": sum(p.came_after_deal for p in self.people),
            "deals": dict(sorted(deals.items())),
            "renewals_and_refunds": dict(
                sorted(Counter(f"{d.kind}_{d.status}" for d in others).items())
            ),
            "accounts": sum(bool(company.account_id) for company in self.world.companies),
            "customers": len(customers) + len(buyers),
            "sales_reps": len(self.world.staff),
        }

    def mess(self) -> dict[str, int]:
        """How often each kind of trouble occurs in the exports."""
        found = Counter(self.world.mess)
        for person in self.people:
            found["leads_without_email"] += not person.email
            found["people_in_both_systems"] += bool(person.hubspot and person.leads)
            found["names_that_only_look_like_tests"] += person.last_name == "Testa"
            found["free_mail_addresses"] += person.is_free_mail
            found["sources_that_no_map_knows"] += person.first_channel == "unmapped"
            found["people_without_any_source"] += not person.first_channel
            found["leads_after_their_opportunity"] += person.came_after_deal
            found["people_with_several_cycles"] += len(person.cycles) > 1
            if person.contact:
                found["contacts_with_another_address"] += person.contact.email != person.email
        for _, _, ladder in self._cycles():
            for stage in ("lead", "mql", "sal"):
                if stage in ladder and not ladder[stage].is_observed:
                    found[f"imputed_{stage}"] += 1
        for deal in self.deals:
            found["opportunities_without_contact"] += deal.person is None
            found["contacts_beside_the_primary_one"] += len(deal.others)
            if not deal.type_text:
                found[f"blank_type_{deal.kind}"] += 1
            found["zero_amount_wins"] += deal.status == "won" and deal.cents == 0
            found["deals_without_amount"] += deal.cents is None
            found["losses_left_out_of_the_win_rate"] += deal.loss_reason == "Duplicate"
            found["closed_before_created"] += deal.close_day < local_day(deal.created)
        for _, cycle, _ in self._cycles():
            deals = cycle.opportunities
            found["lost_while_another_deal_was_open"] += any(
                a.status == "lost" and b.created < (a.closed or 0) < (b.closed or a.closed or 0) + 1
                for a in deals
                for b in deals
                if a is not b
            )
        found["renewals"] = sum(d.kind == "renewal" for d in self.all_opportunities)
        found["deleted_opportunities"] = sum(d.is_deleted for d in self.all_opportunities)
        found["people_left_out"] = sum(self.excluded.values())
        return dict(sorted((kind, int(number)) for kind, number in found.items()))

    def ledger(self) -> list[dict[str, object]]:
        """Person by person, for looking into a difference; worth its room only while small."""
        return [
            {
                "hubspot": person.hubspot.id if person.hubspot else None,
                "leads": [lead.id for lead in person.leads],
                "contact": person.contact.id if person.contact else None,
                "cycles": [
                    {
                        "channel": channel_of(person, cycle),
                        "stages": {
                            stage: [day_text(entry.day), entry.is_observed]
                            for stage, entry in self.ladders[person.number, cycle.number].items()
                        },
                        "ended": {
                            stage: day_text(local_day(cycle.observed[stage]))
                            for stage in ("rejected", "recycled")
                            if stage in cycle.observed
                        },
                        "opportunities": [
                            [d.id, day_text(opened_on(d)), d.status, day_text(d.close_day)]
                            for d in cycle.opportunities
                        ],
                    }
                    for cycle in person.cycles
                ],
            }
            for person in self.people
        ]


def _number(cycle: Cycle | None) -> int:
    return cycle.number if cycle else 0


def _day(ladder: dict[str, Entry], stage: str) -> int | None:
    return ladder[stage].day if stage in ladder else None


def _dollars(deal: Opportunity) -> int | None:
    """A deal's amount at the rate of its close, or of today while open."""
    if deal.cents is None:
        return None
    day = LAST_DAY if deal.status == "open" else deal.close_day
    return in_dollars(deal.cents, deal.account.currency, day)


def _acv(deal: Opportunity) -> int | None:
    """A year's value of a deal."""
    dollars = _dollars(deal)
    if dollars is None or not deal.months or deal.months < 12:
        return dollars
    value, rest = divmod(dollars * 12, deal.months)
    assert rest == 0, "deals of several years are sized so that a year's value is exact"
    return value


def _nested(
    counts: dict[tuple[int, str, str], list[int]],
) -> dict[str, dict[str, dict[str, list[int]]]]:
    """Month, then the two names, in order."""
    found: dict[str, dict[str, dict[str, list[int]]]] = {month: {} for month in MONTHS}
    for (month, first, second), row in sorted(counts.items()):
        found[MONTHS[month]].setdefault(first, {})[second] = row
    return found
