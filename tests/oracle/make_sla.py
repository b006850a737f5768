"""What sales does about the leads of a random company.

Likely on purpose: answers at the very instant of the MQL, on its due date, before the assignment,
on holidays and weekends; leads that nobody owns; several findings at one instant; calendars in
other zones, and promises that change.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from tests.oracle.make import World

OWNERS = {"owner_sales": "S", "owner_marketing": "M", "reason": "Random"}
ALWAYS = {"version": 1, "valid_from": "1900-01-01", "valid_to": "9999-12-31", **OWNERS}
ANSWERS = ("yes", "yes", "no", "unknown", "?", "")


def make(world: World) -> None:
    """Add activities, findings, owners and reasons, targets, and the promises."""
    random = world.random
    reps = [f"S{number}" for number in range(1, random.randint(2, 5))]
    known = {str(row["sales_rep_id"]) for row in world.tables.get("sales_reps", [])}
    for rep in reps:
        if rep not in known and world.chance(0.8):
            world.add(
                "sales_reps", sales_rep_id=rep, sales_rep=f"Rep {rep}",
                team=random.choice(("Inside", "Field", "")),
                region=random.choice(("EMEA", "", "")),
            )  # fmt: skip
    for row in world.tables.get("leads", []):
        if row["source_system"] == "generic" and world.chance(0.7):
            row["sales_rep_id"] = random.choice(reps)
            row["assigned_at"] = _text(world.instant()) if world.chance(0.5) else ""
    for row in world.tables.get("stage_events", []):
        if world.chance(0.2):
            row["sales_rep_id"] = random.choice(reps)
        row["reason"] = random.choice(("", "", "No Budget", "no_need", "Timing", "Moved to Mars"))
    if world.chance(0.9):
        _activities(world, reps)
    _findings(world)
    _targets(world)
    _definitions(world, reps)


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _moments(world: World) -> list[datetime]:
    """Instants at which something happened to somebody."""
    rows = world.tables.get("stage_events", [])
    return [datetime.fromisoformat(str(row["changed_at"])[:19]) for row in rows]


def _activities(world: World, reps: list[str]) -> None:
    random, moments = world.random, _moments(world)
    for number in range(random.randint(1, 80)):
        human = random.choice(world.people)
        if not human.record_ids:
            continue
        at = random.choice(moments) if moments and world.chance(0.7) else world.instant()
        at += timedelta(
            seconds=random.choice((0, 0, 60, 240, 3600, 28_800, 86_400, 86_401, 250_000))
        )
        world.add(
            "activities", activity_id=f"T{number}", source_system="generic",
            activity_type=random.choice(("call", "call", "email", "email", "meeting", "task")),
            direction=random.choice(("", "outbound", "inbound")),
            person_record_id=random.choice(human.record_ids),
            sales_rep_id=random.choice((*reps, "")),
            is_completed=random.choice(("", "", "yes", "no")), occurred_at=_text(at),
        )  # fmt: skip


def _findings(world: World) -> None:
    random, moments = world.random, _moments(world)
    seen = set()
    for _ in range(random.randint(0, 40)):
        human = random.choice(world.people)
        if not human.record_ids:
            continue
        record = random.choice(human.record_ids)
        at = random.choice(moments) if moments and world.chance(0.6) else world.instant()
        if (record, at) in seen:
            continue
        seen.add((record, at))
        world.add(
            "qualification", record_id=record, source_system="generic",
            budget=random.choice(ANSWERS), authority=random.choice(ANSWERS),
            need=random.choice(ANSWERS), timeline_months=random.choice(("", 1, 6, 6.5, 12)),
            assessed_at=_text(at),
        )  # fmt: skip


def _targets(world: World) -> None:
    months, day = [], world.first_day.replace(day=1)
    while day <= world.as_of:
        months.append(day)
        day = (day + timedelta(days=31)).replace(day=1)
    taken = {
        (row.get("metric"), str(row.get("month"))[:7]) for row in world.tables.get("targets", [])
    }
    targets = (("mqls", 7), ("sqls", 3), ("sql_to_opportunity_rate", "0.4"))
    for metric, target in targets:
        for start in months:
            if world.chance(0.6) and (metric, f"{start:%Y-%m}") not in taken:
                world.add(
                    "targets", metric=metric, month=f"{start:%Y-%m-%d}", period_months=1,
                    target=target,
                )  # fmt: skip


def _definitions(world: World, reps: list[str]) -> None:
    random, turn = world.random, world.day()
    world.definitions["reject_reasons"] = [
        {"source_system": "generic", "source_reason": "timing", "reject_reason": "bad_timing"}
        | ALWAYS
    ]
    world.definitions["business_hours"] = [
        {"calendar": calendar, "weekday": weekday, "opens": opens, "closes": closes,
         "time_zone": zone, **ALWAYS}
        for calendar, opens, closes, zone, weekdays in (
            ("default", "09:00", "17:00", "", range(1, 6)),
            ("east", "10:30", "18:00", "Asia/Kolkata", range(1, 7)),
            ("west", "00:00", "08:00", "America/New_York", (2, 7)),
        )
        for weekday in weekdays
    ]  # fmt: skip
    world.definitions["holidays"] = [
        {"calendar": random.choice(("default", "east")), "day": day, "holiday": "H", **OWNERS}
        for day in sorted({_day(world.day()) for _ in range(12)})
    ]
    world.definitions["rep_calendars"] = [
        {"match_on": match_on, "value": value, "calendar": calendar, **ALWAYS}
        for match_on, value, calendar in (
            ("sales_rep_id", f"generic:{reps[0]}", "west"),
            ("team", "inside", "east"),
            ("region", "EMEA", "west"),
        )
        if world.chance(0.7)
    ] or [{"match_on": "team", "value": "Nobody", "calendar": "east", **ALWAYS}]
    promises = [
        ("mql_volume", "marketing", "volume", "mqls", "", "", "count", ""),
        ("sql_volume", "marketing", "volume", "sqls", "", random.choice(("", 4)), "count", ""),
        ("mql_response", "both", "response", "", "mql", random.choice((1, 24, 24)), "hours",
         random.choice(("clock", "business"))),
        ("lead_decision", "sales", "decision", "", "assignment", random.choice((1, 5)), "days",
         random.choice(("clock", "business"))),
        ("sql_to_opportunity", "sales", "conversion", "sql_to_opportunity_rate", "", "", "ratio",
         ""),
        ("opportunity_to_won", "sales", "conversion", "opportunity_to_won_rate", "", "0.5",
         "ratio", ""),
    ]  # fmt: skip
    names = (
        "commitment", "owner", "kind", "metric", "starts_at", "committed", "unit", "calendar",
    )  # fmt: skip
    rows = [dict(zip(names, promise, strict=True)) | ALWAYS for promise in promises]
    for version, hours, calendar in ((1, 24, "clock"), (2, 8, "business")):
        rows.append(
            dict(
                zip(
                    names,
                    ("first_response", "sales", "response", "sla_response_rate", "assignment",
                     hours, "hours", calendar),
                    strict=True,
                )
            )
            | ALWAYS
            | {
                "version": version,
                "valid_from": "1900-01-01" if version == 1 else _day(turn),
                "valid_to": _day(turn) if version == 1 else "9999-12-31",
            }
        )  # fmt: skip
    world.definitions["sla"] = rows


def _day(day: date) -> str:
    return day.isoformat()
