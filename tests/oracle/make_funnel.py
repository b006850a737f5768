"""Random changes of stage and lead scores.

Likely on purpose: several changes at one instant; stages that are skipped, repeated, recorded late
or gone back from; exits without an entry and twice; people who are recorded after what they did;
words that mean another stage from some day on; scores at a threshold, between the two of them, and
hands raised whatever the score.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from tests.oracle.make import World

OWNERS = {"owner_sales": "S", "owner_marketing": "M", "reason": "Random"}
FOREVER = "9999-12-31"
STAGES = ("mql", "mql", "Engaged", "sal", "sal", "sql", "lead", "Parked", "Wants a demo")
EXITS = ("rejected", "recycled", "Nurture")


def make(world: World) -> None:
    """Add `stage_events` and `lead_scores`, and the definitions that judge them."""
    _definitions(world)
    for human in world.people:
        for record in human.record_ids:
            if world.chance(0.8):
                _changes(world, record)
            if world.chance(0.4):
                _scores(world, record)


def _definitions(world: World) -> None:
    """Two versions of what `Engaged` means, of the score that is asked for, and of one window."""
    turn = world.day()
    world.definitions["stage_map"] = [
        _row(turn, 1, source_system="generic", source_stage="Engaged", stage="sal"),
        _row(turn, 2, source_system="generic", source_stage="engaged", stage="mql"),
        _row(None, 1, source_system="generic", source_stage="Parked", stage="none"),
        _row(None, 1, source_system="generic", source_stage="Nurture", stage="recycled"),
    ]
    raised = world.random.choice((65, 65, 40))
    rules = [
        _rule(turn, 1, rule="score", evidence="score", threshold=50),
        _rule(turn, 2, rule="score", evidence="score", threshold=raised),
        _rule(None, 1, rule="demo", evidence="hand_raise", value="wants a demo"),
        _rule(None, 1, rule="ask", evidence="hand_raise", value="demo_request"),
    ]
    if world.chance(0.8):
        rules.append(_rule(None, 1, rule="dates", evidence="lifecycle"))
    world.definitions["mql_rules"] = rules
    pairs = {
        ("lead", "mql"): 30,
        ("mql", "sal"): 14,
        ("mql", "sql"): 30,
        ("sql", "opportunity"): 30,
        ("lead", "opportunity"): 90,
        ("opportunity", "won"): 180,
        ("lead", "won"): 365,
    }
    metrics = {
        ("lead", "mql"): "lead_to_mql_rate",
        ("mql", "sal"): "mql_to_sal_rate",
        ("mql", "sql"): "mql_to_sql_rate",
        ("sql", "opportunity"): "sql_to_opportunity_rate",
        ("opportunity", "won"): "opportunity_to_won_rate",
        ("lead", "won"): "lead_to_won_rate",
    }
    world.definitions["conversion_windows"] = [
        {
            "from_stage": start,
            "to_stage": goal,
            "metric": metrics.get((start, goal), ""),
            "window_days": days if version == 1 else days + 7,
            **_dated(turn, version),
        }
        for (start, goal), days in pairs.items()
        for version in (1, 2)
    ]


def _dated(turn: date | None, version: int) -> dict[str, object]:
    first = "1900-01-01" if version == 1 else turn
    last = turn if version == 1 and turn else FOREVER
    return {"version": version, "valid_from": first, "valid_to": last, **OWNERS}


def _row(turn: date | None, version: int, **columns: object) -> dict[str, object]:
    return {**columns, **_dated(turn, version)}


def _rule(turn: date | None, version: int, **columns: object) -> dict[str, object]:
    blank = {"source_system": "*", "threshold": "", "value": ""}
    return {**blank, **columns, **_dated(turn, version)}


def _changes(world: World, record: str) -> None:
    random, at = world.random, world.instant()
    told = set()
    for _ in range(random.randint(1, 8)):
        stage = random.choice(EXITS if world.chance(0.25) else STAGES)
        if (stage, at) not in told:
            world.add(
                "stage_events",
                record_id=record,
                stage=stage,
                changed_at=at.isoformat(sep=" "),
            )
        told.add((stage, at))
        at += timedelta(hours=random.choice((0, 0, 1, 5, 24, 24 * 10, 24 * 14, 24 * 30, 24 * 31)))
        if at.date() > world.as_of:
            return


def _scores(world: World, record: str) -> None:
    random, at = world.random, world.instant()
    seen: set[datetime] = set()
    for _ in range(random.randint(1, 7)):
        if at.date() <= world.as_of and at not in seen:
            score = random.choice((10, 39.5, 40, 49, 50, 55, 64, 65, 66, 90))
            world.add("lead_scores", record_id=record, score=score, scored_at=at.isoformat(sep=" "))
        seen.add(at)
        at += timedelta(hours=random.choice((1, 24, 24 * 9, 24 * 40)))
