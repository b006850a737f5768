"""Random orders, subscriptions, costs and agreed margins.

Likely on purpose: prices that begin and end with a month, gaps after which somebody comes back,
two currencies of one customer, trials and what nobody pays, weeks and days; orders of one day,
orders that are paid back in part or whole, lines of unknown cost, buyers whom nobody knows.
"""

from __future__ import annotations

from datetime import date, timedelta

from tests.oracle.make import World

INTERVALS = ("month", "month", "year", "quarter", "half_year", "week", "day")
STATUSES = ("active", "active", "active", "", "past_due", "trialing", "unpaid", "canceled")
OWNERS = {"owner_sales": "S", "owner_marketing": "M", "reason": "Random"}


def make(world: World) -> None:
    """Add `orders`, `subscriptions`, `costs`, targets of growth and margins."""
    world.definitions.setdefault("exchange_rates", _rates(world))
    for number in range(world.random.randint(0, 12)):
        _subscription(world, f"S{number}")
    for number in range(world.random.randint(0, 25)):
        _order(world, number)
    for number in range(world.random.randint(0, 12)):
        _cost(world, number)
    if world.chance(0.6):
        start = world.first_day
        while start <= world.as_of:
            world.add(
                "targets", metric="mrr_growth", month=start, period_months=3, sales_rep_id="",
                target=world.random.choice(("0.15", "0.05", "0")), valid_from="",
            )  # fmt: skip
            start = _later(start, 3)
    if world.chance(0.5):
        change = world.day()
        spans = (("1900-01-01", change, "0.7"), (change, "9999-12-31", "-0.1"))
        world.definitions["margins"] = [
            {"gross_margin": margin, "version": place + 1, "valid_from": first, "valid_to": last,
             **OWNERS}
            for place, (first, last, margin) in enumerate(spans)
        ]  # fmt: skip


def _rates(world: World) -> list[dict[str, object]]:
    other = "EUR" if world.currency == "USD" else "USD"
    change = world.day(world.first_day + timedelta(days=1))
    spans = (("1900-01-01", change, "1.1"), (change, "9999-12-31", "0.9137"))
    return [
        {"currency_code": other, "valid_from": first, "valid_to": last, "rate": worth, "source": ""}
        for first, last, worth in spans
    ]


def _buyer(world: World) -> dict[str, object]:
    """A number that accounts have, one of the billing's own, an address, or nothing."""
    random, people = world.random, [human for human in world.people if human.email]
    account = random.choice([*(world.accounts or ["B1"]), "B1", "B2", ""])
    email = random.choice(people).email if people and world.chance(0.3) else ""
    if not account and world.chance(0.3):
        email = random.choice(("someone@nowhere.example", "someone@gmail.com"))
    return {"account_id": account, "email": email}


def _currency(world: World) -> str:
    return world.random.choice((world.currency, "", "USD", "USD", "EUR", "EUR", "EUR", "GBP"))


def _subscription(world: World, key: str) -> None:
    """A few periods of a price one after the other, with or without a gap."""
    random, buyer, start = world.random, _buyer(world), world.day()
    for _ in range(random.randint(1, 4)):
        if start > world.as_of and not world.chance(0.3):
            return
        length = random.choice((20, 31, 45, 90, 365))
        last = start + timedelta(days=length)
        if world.chance(0.5):  # until the end of a month
            last = _later(last, 1).replace(day=1) - timedelta(days=1)
        ends = random.choice(("end_date", "last_date", "last_date", ""))
        price = {random.choice(("amount", "amount", "amount", "monthly_amount", "yearly_amount")): (
            world.amount() if world.chance(0.95) else ""
        )}  # fmt: skip
        world.add(
            "subscriptions",
            subscription_id=key,
            **buyer,
            currency_code=_currency(world),
            billing_interval=random.choice(INTERVALS),
            status=random.choice(STATUSES),
            **price,
            start_date=start,
            **({ends: last} if ends else {}),
        )
        if not ends:
            return
        start = last + timedelta(days=random.choice((1, 1, 1, 40, 70)))


def _order(world: World, number: int) -> None:
    random, day = world.random, world.day()
    order = {
        "order_id": f"R{number}",
        **_buyer(world),
        "kind": random.choice(("order", "invoice", "")),
        "currency_code": _currency(world),
        "original_order_id": "",
        "order_date": day,
    }
    revenue = world.amount() if world.chance(0.9) else random.choice(("0.00", ""))
    for line in range(random.choice((1, 1, 2))):
        cost = random.choice(("", "0.00", "60.00", "333.33"))
        world.add("orders", **{**order, "line_id": line + 1, "revenue": revenue, "cogs": cost})
    if world.chance(0.3):
        part = revenue if world.chance(0.5) else "10.00"
        world.add(
            "orders",
            **{
                **order,
                "order_id": f"R{number}-back",
                "line_id": 1,
                "kind": "credit_note",
                "original_order_id": f"R{number}" if world.chance(0.7) else "",
                "revenue": random.choice(("", "-")) + part if part else "",
                "cogs": random.choice(("", "5.00")),
                "order_date": day + timedelta(days=random.choice((0, 3, 40))),
            },
        )


def _cost(world: World, number: int) -> None:
    kinds = ("salaries", "tools", "agency", "events", "overhead", "commissions", "media")
    world.add(
        "costs",
        month=world.day().replace(day=1),
        channel=world.random.choice(("", "paid_search", "event")),
        campaign="",
        cost_type=kinds[number % len(kinds)],
        amount=world.amount(),
        currency_code=_currency(world),
    )


def _later(day: date, months: int) -> date:
    place = day.year * 12 + day.month - 1 + months
    return date(place // 12, place % 12 + 1, 1)
