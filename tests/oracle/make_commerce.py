"""Random products with prices that change, lines, splits, carts, creators and experiments.

Likely on purpose: lines without a list price, above it, or for nothing; thirds, parts that are not
the whole, refunds of shared deals; renewals that bring more than was due; carts at the very end of
their hour and of their week, and several that one order recovers; people drawn twice.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from tests.oracle.make import World

OWNERS = {"owner_sales": "S", "owner_marketing": "M", "reason": "Random"}
ALWAYS = {"version": 1, "valid_from": "1900-01-01", "valid_to": "9999-12-31", **OWNERS}
PRODUCTS = ("P1", "P2", "P3")
ROLES = ("SDR", "Account Executive", "Customer Success", "", "", "Wizard")


def make(world: World) -> None:
    """Add everything that deals, carts and experiments need."""
    _products(world)
    for deal in world.opportunities:
        deal["created_by_role"] = world.random.choice(ROLES)
        deal["partner_registered"] = world.random.choice(("", "", "", "no", "yes"))
        if world.reps and world.chance(0.7):
            deal["created_by"] = world.random.choice(world.reps)
    for rep in world.tables.get("sales_reps", []):
        rep["title"] = world.random.choice(
            ("Account executive", "Sales Development Rep", "CSM", "")
        )
    _renewals(world)
    for deal in world.opportunities:
        _lines(world, str(deal["opportunity_id"]))
        _splits(world, str(deal["opportunity_id"]))
    _carts(world)
    _experiments(world)


def _products(world: World) -> None:
    for product in PRODUCTS:
        if world.chance(0.3):
            continue
        starts = ["", world.day()] if world.chance(0.5) else [""]
        for start in starts:
            world.add(
                "products",
                product_id=product,
                product=f"Product {product}",
                list_price=world.random.choice(("100.00", "99.99", "333.33", "0.00")),
                unit_cost=world.random.choice(("", "40.00")),
                currency_code=world.random.choice(("", "", "EUR", "USD")),
                valid_from=start,
            )


def _renewals(world: World) -> None:
    """Renewals that name the deal they renew, for more, less or longer."""
    won = [d for d in world.opportunities if d["status"] == "won" and d["kind"] == "new"]
    for number, deal in enumerate(won[:2]):
        close = date.fromisoformat(str(deal["close_date"]))
        if close >= world.as_of or deal["amount"] in ("", "0.00"):
            continue
        world.opportunities.append(
            world.add(
                "opportunities",
                **{
                    **deal,
                    "opportunity_id": f"N{number}",
                    "original_opportunity_id": deal["opportunity_id"],
                    "kind": "renewal",
                    "amount": world.amount(),
                    "contract_months": world.random.choice(("", 12, 24)),
                    "created_at": f"{close} 10:00:00",
                    "close_date": world.day(close),
                },
            )
        )


def _lines(world: World, opportunity_id: str) -> None:
    for number in range(world.random.choice((0, 0, 1, 1, 2, 3))):
        listed = world.random.choice(("", "", "0.00", "100.00", "250.00", "999.99"))
        world.add(
            "line_items",
            opportunity_id=opportunity_id,
            line_id=number,
            product=world.random.choice((*PRODUCTS, "product p1", "Something else")),
            quantity=world.random.choice(("", 1, 2, "1.5")),
            list_amount=listed,
            amount=world.random.choice(("", "0.00", "90.00", "120.00", "333.33", "1000.01")),
        )


def _splits(world: World, opportunity_id: str) -> None:
    if not world.reps or not world.chance(0.4):
        return
    reps = [f"{world.random.choice(world.reps)}{extra}" for extra in ("", "x", "y")]
    shares = world.random.choice((
        ("0.3333333333",) * 3, ("0.7", "0.3"), ("0.6", "0.3"), ("1",), ("0.5", "0.5", "0.5"),
    ))  # fmt: skip
    for rep, share in zip(reps, shares, strict=False):
        world.add(
            "opportunity_splits",
            opportunity_id=opportunity_id, sales_rep_id=rep, split_type="revenue", share=share,
        )  # fmt: skip
    if world.chance(0.3):
        world.add(
            "opportunity_splits",
            opportunity_id=opportunity_id, sales_rep_id=reps[0], split_type="overlay",
            share=world.random.choice(("0.5", "1", "0.3333333333")),
        )  # fmt: skip


def _carts(world: World) -> None:
    steps = (
        timedelta(minutes=20), timedelta(minutes=60), timedelta(minutes=60, seconds=1),
        timedelta(hours=5), timedelta(days=7, minutes=60), timedelta(days=7, minutes=60, seconds=1),
        timedelta(days=12),
    )  # fmt: skip
    for number in range(world.random.randint(0, 12)):
        begun = world.instant()
        ordered = begun + world.random.choice(steps) if world.chance(0.7) else None
        order = f"S{world.random.randint(1, 4)}" if ordered and world.chance(0.3) else ""
        reminded: datetime | str = ""
        if world.chance(0.4):
            reminded = begun + timedelta(hours=2)
            if ordered and world.chance(0.3):
                reminded = ordered
        world.add(
            "carts",
            cart_id=number,
            order_id=order,
            currency_code=world.random.choice(("", world.currency, "EUR", "USD", "GBP")),
            reached_checkout=world.random.choice(("yes", "yes", "yes", "no")),
            created_at=begun,
            order_at=ordered or "",
            reminder_at=reminded,
            order_value=world.amount() if ordered else "",
        )


def _experiments(world: World) -> None:
    rows: list[dict[str, object]] = []
    for number in range(world.random.randint(1, 2)):
        starts = world.day()
        rows.append(
            {
                "experiment": f"Try {number}",
                "campaign_id": "generic:c1",
                "conversion_stage": world.random.choice(("mql", "sql", "opportunity", "won")),
                "starts_on": starts,
                "ends_on": starts + timedelta(days=world.random.choice((10, 60, 200))),
                "spend": world.random.choice(("0.00", "500.00", "333.33")),
                "currency_code": world.random.choice(("", "EUR", "USD")),
                **ALWAYS,
            }
        )
        for person in world.people:
            for _ in range(world.random.choice((0, 1, 1, 1, 2))):
                _draw(world, f"Try {number}", starts, person.email, person.record_ids)
        world.add("experiment_members", experiment=f"try {number}", email="no@one.example",
                  person_record_id="", group="test", assigned_at="")  # fmt: skip
    world.definitions["experiments"] = rows


def _draw(world: World, name: str, starts: date, email: str, records: list[str]) -> None:
    by_record = bool(records) and world.chance(0.4)
    if not by_record and not email:
        return
    drawn = datetime(starts.year, starts.month, starts.day, world.random.randint(0, 23))
    row = {
        "experiment": name,
        "email": "" if by_record else email.strip().lower(),
        "person_record_id": world.random.choice(records) if by_record else "",
        "assigned_at": drawn if world.chance(0.7) else "",
    }
    # The same draw twice in one file would be a row too many.
    if not any(
        row.items() <= other.items() for other in world.tables.get("experiment_members", [])
    ):
        world.add("experiment_members", group=world.random.choice(("test", "holdout")), **row)
