"""Random deals with their histories, quotas, ramps and commissions.

Likely on purpose: deals of no amount, of nothing, of a currency without a rate; closes that are
moved into another quarter and back; deals that are re-opened, closed before they were created, or
without any history; refunds with and without their booking; quotas that change while they hold,
and reps without one.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from tests.oracle.make import World

STAGES = {"Qualify": (10, "Pipeline"), "Propose": (50, "BestCase"), "Sign": (80, "Commit")}
KINDS = ("new", "new", "new", "upsell", "cross_sell", "renewal", "")
OWNERS = {"owner_sales": "S", "owner_marketing": "M", "reason": "Random"}
ALWAYS = {"version": 1, "valid_from": "1900-01-01", "valid_to": "9999-12-31", **OWNERS}


def make(world: World) -> None:
    """Add `sales_reps`, `opportunities`, `opportunity_history` and `targets`."""
    _reps(world)
    _rates(world)
    for number in range(world.random.randint(3, 16)):
        _deal(world, f"O{number}")
    _quotas(world)


def _reps(world: World) -> None:
    if not world.reps:
        world.reps = [f"R{number}" for number in range(world.random.randint(1, 4))]
    known = {str(row.get("sales_rep_id")) for row in world.tables.get("sales_reps", [])}
    for rep in world.reps:
        if rep not in known and world.chance(0.8):
            started = world.first_day + timedelta(days=world.random.randint(-500, 200))
            world.add(
                "sales_reps",
                sales_rep_id=rep,
                sales_rep=f"Rep {rep}",
                team=world.random.choice(("East", "West", "")),
                started_on=started if world.chance(0.8) else "",
            )


def _rates(world: World) -> None:
    """Two rates of a foreign currency, the second from some day on; none at all of GBP."""
    if "exchange_rates" in world.definitions:
        return
    other = "EUR" if world.currency == "USD" else "USD"
    change = world.day()
    world.definitions["exchange_rates"] = [
        {"currency_code": other, "valid_from": first, "valid_to": last, "rate": rate, "source": ""}
        for first, last, rate in (
            ("1900-01-01", change, "1.1"),
            (change, "9999-12-31", world.random.choice(("1.25", "0.9137"))),
        )
        if str(first) < str(last)
    ]


def _deal(world: World, key: str) -> None:
    random = world.random
    created = world.instant()
    amount = random.choice(("", "0.00", *[world.amount() for _ in range(8)]))
    deal: dict[str, object] = {
        "opportunity_id": key,
        "account_id": random.choice(world.accounts) if world.accounts and world.chance(0.9) else "",
        "person_record_id": _person(world),
        "sales_rep_id": random.choice(world.reps) if world.chance(0.9) else "",
        "original_opportunity_id": "",
        "stage_name": "Qualify",
        "status": "open",
        "kind": random.choice(KINDS),
        "currency_code": random.choice((world.currency, world.currency, "", "USD", "EUR", "GBP")),
        "forecast_category": "Pipeline",
        "loss_reason": "",
        "amount": amount,
        "list_amount": "",
        "contract_months": random.choice(("", 6, 12, 24)),
        "probability": 10,
        "close_date": _expected(world, created.date()),
        "created_at": created,
    }
    history = [_state(deal, created)]
    for _ in range(random.randint(0, 6)):
        _change(world, deal, history)
    if world.chance(0.05) and deal["status"] != "open":
        deal["close_date"] = created.date() - timedelta(days=3)
        history[-1]["close_date"] = deal["close_date"]
    deal["created_at"] = created.isoformat(sep=" ")
    world.opportunities.append(world.add("opportunities", **deal))
    if world.chance(0.7):
        for state in history[0 if world.chance(0.8) else 1 :]:
            world.add("opportunity_history", **state)
    if deal["status"] == "won" and amount not in ("", "0.00") and world.chance(0.2):
        _refund(world, deal)


def _change(world: World, deal: dict[str, object], history: list[dict[str, object]]) -> None:
    """One change of a deal: its stage, its amount, its date, its owner, its end or a new begin."""
    random = world.random
    last = datetime.fromisoformat(str(history[-1]["changed_at"]))
    at = last + timedelta(hours=random.choice((1, 5, 24, 24 * 10, 24 * 31, 24 * 47)))
    if at.date() >= world.as_of:
        return
    if deal["status"] != "open" and not world.chance(0.3):
        return
    what = random.choice(("stage", "amount", "date", "date", "owner", "end", "end"))
    if deal["status"] != "open" or what == "stage":
        stage = random.choice(list(STAGES))
        deal["status"], deal["stage_name"], deal["loss_reason"] = "open", stage, ""
        deal["probability"], deal["forecast_category"] = STAGES[stage]
        deal["close_date"] = _expected(world, at.date())
    elif what == "amount":
        deal["amount"] = world.amount()
    elif what == "date":
        deal["close_date"] = _expected(world, at.date())
    elif what == "owner":
        deal["sales_rep_id"] = random.choice(world.reps)
    else:
        deal["status"] = random.choice(("won", "won", "lost"))
        deal["stage_name"] = str(deal["status"]).title()
        deal["probability"] = 100 if deal["status"] == "won" else 0
        deal["forecast_category"] = "Closed" if deal["status"] == "won" else "Omitted"
        deal["close_date"] = at.date()
        if deal["status"] == "lost":
            deal["loss_reason"] = random.choice(("price", "duplicate", ""))
    history.append(_state(deal, at))


def _state(deal: dict[str, object], at: datetime) -> dict[str, object]:
    columns = ("opportunity_id", "sales_rep_id", "stage_name", "status", "currency_code")
    values = ("forecast_category", "amount", "probability", "close_date")
    state = {column: deal[column] for column in (*columns, *values)}
    return {**state, "changed_at": at.isoformat(sep=" ")}


def _expected(world: World, day: date) -> date:
    """A day on which a deal may close: often the first or last of a month, now and then past."""
    found = day + timedelta(days=world.random.choice((-5, 3, 20, 45, 80, 120)))
    return found.replace(day=1) if world.chance(0.2) else found


def _refund(world: World, deal: dict[str, object]) -> None:
    day = world.day(date.fromisoformat(str(deal["close_date"])))
    world.opportunities.append(
        world.add(
            "opportunities",
            **{
                **deal,
                "opportunity_id": f"{deal['opportunity_id']}-back",
                "original_opportunity_id": deal["opportunity_id"] if world.chance(0.7) else "",
                "kind": "refund",
                "amount": f"-{deal['amount']}",
                "contract_months": "",
                "close_date": day,
                "created_at": f"{day} 09:00:00",
            },
        )
    )


def _person(world: World) -> str:
    records = [record for human in world.people for record in human.record_ids]
    return world.random.choice(records) if records and world.chance(0.7) else ""


def _quotas(world: World) -> None:
    """A quota of some reps, by month or quarter, in part changed while it holds."""
    random = world.random
    months = random.choice((1, 3, 3, 12))
    start = world.first_day
    while start <= world.as_of:
        for rep in world.reps:
            if world.chance(0.6):
                _quota(world, rep, start, months)
        if world.chance(0.2):
            _quota(world, "", start, months)
        start = _add_months(start, months)
    world.definitions.setdefault(
        "quota_ramps",
        [
            {"tenure_month": month, "ramp_share": share, **ALWAYS}
            for month, share in enumerate(random.choice(((), ("0.25", "0.5", "0.75"), ("0",))))
        ]
        or [],
    )
    if not world.definitions["quota_ramps"]:
        del world.definitions["quota_ramps"]
    if world.chance(0.7):
        world.definitions["commission_rates"] = [
            {"team": team, "rate": rate, "accelerator": "0.0825", **ALWAYS}
            for team, rate in (("all", "0.05"), ("East", "0.0333"))
            if team == "East" or world.chance(0.7)
        ]


def _quota(world: World, rep: str, start: date, months: int) -> None:
    row = {"metric": "quota", "month": start, "period_months": months, "sales_rep_id": rep}
    full = world.random.choice((0, 1000, 5000, 12345))
    world.add("targets", **row, target=full, valid_from="")
    if world.chance(0.3):
        end = _add_months(start, months) - timedelta(days=1)
        world.add("targets", **row, target=full + 1500, valid_from=world.day(start, end))


def _add_months(day: date, months: int) -> date:
    month = day.month - 1 + months
    return date(day.year + month // 12, month % 12 + 1, 1)
