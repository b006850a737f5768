"""What larger customers subscribe to: kept by the billing system, a row for each price.

Small customers pay by card, and their subscriptions are Stripe's (stripe.py). Each one here goes
back to a deal that was won; what becomes of it afterwards is decided in this module.
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.demo.clock import LAST_DAY, MONTH_STARTS, date_of, day_text, month_of
from orchestration.demo.company import PRODUCTS, World, pick
from orchestration.demo.records import Books, Opportunity
from orchestration.demo.stripe import Stripe
from orchestration.demo.write import Folder, cents_text

FILE = f"billing/subscriptions-{day_text(LAST_DAY)}.csv"
MONTHS_PAID = {"Jahr": 12, "Quartal": 3, "Monat": 1}  # by what the system calls the interval


@dataclass(slots=True)
class Period:
    """A time in which the price of a subscription did not change; `last` is its last day."""

    number: str
    account_id: str
    product: int
    currency: str
    interval: str
    cents: int | None
    status: str
    first: int
    last: int | None = None

    @property
    def counts(self) -> bool:
        """Is it paid for?"""
        return self.cents is not None and self.status not in ("Testphase", "pausiert")


class Subscriptions:
    """The subscriptions that are invoiced, with what became of each."""

    def __init__(self, world: World, books: Books, stripe: Stripe) -> None:
        self.world = world
        self.dice = world.dice("subscriptions")
        self.periods: list[Period] = []
        self._number = 4_000
        won = [
            deal
            for deal in sorted(books.opportunities, key=lambda deal: (deal.close_day, deal.id))
            if deal.is_deal
            and deal.status == "won"
            and deal.cents
            and deal.account.account_id not in stripe.customers
        ]
        first_of: dict[str, Opportunity] = {}
        more_of: dict[str, list[Opportunity]] = {}
        for deal in won:
            if deal.kind == "upsell" and deal.account.account_id in first_of:
                more_of.setdefault(first_of[deal.account.account_id].id, []).append(deal)
            else:
                first_of.setdefault(deal.account.account_id, deal)
        added = {deal.id for deals in more_of.values() for deal in deals}
        for deal in won:
            if deal.id not in added:
                self._live(deal, more_of.get(deal.id, []))
        self._leave_gaps()

    def _live(self, deal: Opportunity, more: list[Opportunity]) -> None:
        """From the first day to the last, or to the day of the export."""
        dice = self.dice
        self._number += 1 + dice.randrange(4)
        interval = pick(dice, ["Jahr", "Quartal", "Monat"], [50, 20, 30])
        price = _yearly(deal) * MONTHS_PAID[interval] // 12
        start = deal.close_day + 1 + dice.randrange(12)
        if dice.random() < 0.5:  # from the first of a month on
            start = _next_first(start)
        if start > LAST_DAY:
            return
        now = Period(
            f"AB-{self._number}", deal.account.account_id, deal.product, deal.account.currency,
            interval, price, "aktiv", start,
        )  # fmt: skip
        self.periods.append(now)
        if interval == "Monat" and dice.random() < 0.2:
            now.status = "Testphase"
            now = self._change(now, start + 14 + dice.randrange(17), price)
        for day, kind, share in self._turns(now.first):
            grown = sum(
                _yearly(other) * MONTHS_PAID[interval] // 12
                for other in more
                if now.first < other.close_day <= day
            )
            if grown:
                now = self._change(now, day, (now.cents or 0) + grown)
            elif kind == "leave":
                now.last, now.status = day - 1, "gekündigt"
                back = day + 35 + dice.randrange(120)
                if share > 70 or back > LAST_DAY:
                    return
                now = self._change(now, back, (now.cents or 0) * (70 + share) // 100)
            elif kind == "pause":
                paused = self._change(now, day, now.cents)
                paused.status = "pausiert"
                now = self._change(paused, day + 20 + dice.randrange(40), now.cents)
            elif kind:
                change = 100 + share if kind == "grow" else 100 - share // 2
                now = self._change(now, day, (now.cents or 0) * change // 100)
            if now.first > LAST_DAY:
                break
        if self.periods[-1] is now and now.last is None and dice.random() < 0.05:
            now.status = "überfällig"
        if now.first > LAST_DAY:  # agreed, and not begun yet
            self.world.note("subscriptions_that_begin_later")

    def _turns(self, start: int) -> list[tuple[int, str, int]]:
        """Month by month: a day, what happens on it if anything, and a number up to 100."""
        dice, turns = self.dice, []
        for month in range(month_of(start) + 1, len(MONTH_STARTS) - 1):
            first, after = MONTH_STARTS[month], MONTH_STARTS[month + 1]
            at_the_edge = dice.random() < 0.3
            day = dice.choice([first, after - 1]) if at_the_edge else dice.randrange(first, after)
            kind = pick(dice, ["", "leave", "grow", "shrink", "pause"], [925, 22, 32, 16, 5])
            turns.append((day, kind, 1 + dice.randrange(100)))
        return turns

    def _change(self, before: Period, day: int, cents: int | None) -> Period:
        """From a day on it is another price, or running again."""
        day = max(day, before.first + 1)
        if before.last is None:
            before.last = day - 1
        after = Period(
            before.number, before.account_id, before.product, before.currency,
            before.interval, cents, "aktiv", day,
        )  # fmt: skip
        self.periods.append(after)
        return after

    def _leave_gaps(self) -> None:
        """Somebody forgot the customer's number of one, and the price of another."""
        running = [p for p in self.periods if p.last is None and p.first <= LAST_DAY]
        for place, kind in enumerate(("without_a_customer", "without_a_price")):
            if len(running) > 10 + place:
                period = running[len(running) // 2 + place]
                if kind == "without_a_customer":
                    for part in self.periods:
                        if part.number == period.number:
                            part.account_id = ""
                else:
                    period.cents = None
                self.world.note(f"subscriptions_{kind}")

    def add_truth(self, found: dict[str, dict[str, int]]) -> None:
        """Add the periods to what Stripe has, by currency."""
        for period in self.periods:
            row = found.setdefault(
                period.currency, {"subscriptions": 0, "running": 0, "monthly_millionths": 0}
            )
            row["subscriptions"] += 1
            if period.first <= LAST_DAY and (period.last is None or period.last >= LAST_DAY):
                row["running"] += 1
                if period.counts and period.cents:
                    months = MONTHS_PAID[period.interval]
                    row["monthly_millionths"] += (20_000 * period.cents + months) // (2 * months)

    def write(self, folder: Folder) -> None:
        """An export of the system that writes the invoices, in its language."""
        lines = ["Abonr;Kundennr;Produkt;Intervall;Betrag;Währung;Status;Von;Bis"]
        for period in self.periods:
            amount = cents_text(period.cents).replace(".", ",")
            lines.append(
                f"{period.number};{period.account_id};{PRODUCTS[period.product][0]};"
                f"{period.interval};{amount};{period.currency};{period.status};"
                f"{_german(period.first)};{_german(period.last)}"
            )
        lines.append("AB-1;;NB-100;Monat;99,00;USD;aktiv;31.02.2026;")
        self.world.note("subscriptions_with_a_bad_date")
        folder.lines(f"exports/{FILE}", lines, "cp1252")
        folder.expect(FILE, "generic.subscriptions", len(lines) - 1, rejected=1)


def _yearly(deal: Opportunity) -> int:
    """What a year of the deal is worth, in cents."""
    return (deal.cents or 0) * 12 // max(12, deal.months or 12)


def _next_first(day: int) -> int:
    """The first of the month after a day."""
    month = month_of(day)
    return MONTH_STARTS[month + 1] if month + 1 < len(MONTH_STARTS) else day


def _german(day: int | None) -> str:
    return "" if day is None else f"{date_of(day):%d.%m.%Y}"
