"""The funnel by channel: volumes, conversions, pace and growth (METRICS B1 to B3, B13, B14)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import sqrt

from tests.oracle.audience import Sourced, channel_of, facts_of
from tests.oracle.company import Company
from tests.oracle.funnel import (
    OF_DEALS,
    Deal,
    Entry,
    Rows,
    cycles_of,
    events,
    month,
    percentile,
    share,
)

Z = 1.959964


class Channels:
    """The channel of each cycle and of each deal (B, rule 8)."""

    def __init__(self, company: Company) -> None:
        self.facts = facts_of(company)
        self.sourced = Sourced(self.facts)
        self.deals, self.entries = self.sourced.deals, self.sourced.entries
        self.of_cycles: dict[tuple[str, int], str] = {}
        self.of_deals: dict[str, str] = {}
        cycles = {
            deal: cycle
            for who, mine in events(company, self.deals).items()
            for cycle in cycles_of(who, mine)
            for deal in {e.deal for e in cycle.events if e.deal and e.stage == "opportunity"}
        }
        for cycle in self.sourced.cycles:
            self.of_cycles[cycle.person_id, cycle.number] = self.sourced.of_cycle(cycle)
        persons = {p.person_id: p for p in self.facts.persons.values()}
        types = {row["campaign_id"]: row["campaign_type"] for row in company.rows("campaign_types")}
        for deal in self.deals:
            created = persons[deal.carrier].created if deal.carrier else None
            known = company.local_date(created) if created else None
            is_late = known and deal.created_date and known > deal.created_date
            campaign = deal.row.get("campaign", "")
            if deal.carrier and not is_late:
                found = (
                    self.sourced.of_cycle(cycles[deal])
                    if deal in cycles
                    else self.sourced.of_person(deal.carrier)
                )
            elif campaign in types:
                found = channel_of(
                    self.facts, "salesforce_campaign", types[campaign], company.as_of
                )
            else:
                text = deal.row.get("channel_source", "")
                day = deal.created_date or company.as_of
                found = channel_of(self.facts, deal.row["source_system"], text, day)
            self.of_deals[deal.opportunity_id] = found

    def of_entry(self, entry: Entry) -> str:
        """The channel of the entry's cycle."""
        return self.of_cycles[entry.person_id, entry.cycle]


def monthly(channels: Channels) -> Rows:
    """B1: month, channel, stage; entries, with imputed ones, and new people."""
    found: dict[tuple[date, str, str], list[int]] = defaultdict(lambda: [0] * 3)
    seen = set()
    for entry in sorted(channels.entries, key=lambda e: (e.at, e.cycle)):
        row = found[month(entry.day), channels.of_entry(entry), entry.stage]
        if (entry.person_id, entry.stage) not in seen:
            seen.add((entry.person_id, entry.stage))
            row[2] += 1
        if entry.stage not in OF_DEALS:
            row[0] += not entry.is_imputed
            row[1] += 1
    for deal in channels.deals:
        channel = channels.of_deals[deal.opportunity_id]
        if not deal.in_funnel:
            continue
        known = deal.created_date or (deal.close if deal.status != "open" else None)
        if known:
            row = found[month(known), channel, "opportunity"]
            row[0] += deal.created_date is not None
            row[1] += 1
        if deal.status != "open" and deal.close:
            row = found[month(deal.close), channel, deal.status]
            row[0] += 1
            row[1] += 1
    mqls = {key[:2]: row[0] for key, row in found.items() if key[2] == "mql"}
    return [
        (*key, *row, mqls.get(key[:2]), share(row[0], mqls.get(key[:2]) or 0))
        for key, row in found.items()
        # A deal alone makes no row for a person's stage, nor the other way round.
        if key[2] in OF_DEALS or row[1]
    ]


@dataclass
class Unit:
    """Somebody or something that entered a stage, and when it reached another."""

    pair: tuple[str, str]
    channel: str
    window: int
    entered: date
    converted: date | None

    @property
    def lag(self) -> int | None:
        """Days from one to the other."""
        return (self.converted - self.entered).days if self.converted else None


def units(company: Company, channels: Channels) -> Iterator[Unit]:
    """B2: who was observed entering a stage, judged by the windows of that day."""
    listed = channels.entries
    by_cycle = {(e.person_id, e.cycle, e.stage): e for e in listed}
    by_person = defaultdict(list)
    for entry in listed:
        by_person[entry.person_id, entry.stage].append(entry)
    recorded = [e for e in listed if not e.is_imputed and not e.is_after_deal]
    firsts: dict[str, Entry] = {}
    for entry in recorded:
        if entry.stage == "lead":
            known = firsts.get(entry.person_id, entry)
            firsts[entry.person_id] = min(known, entry, key=lambda e: e.cycle)
    started: list[tuple[str, date, Entry | Deal]] = [(e.stage, e.day, e) for e in recorded]
    for deal in channels.deals:
        if deal.in_funnel and deal.created_date:
            ended = deal.close if deal.status != "open" and deal.close else deal.created_date
            started.append(("opportunity", min(deal.created_date, ended), deal))
    for stage, day, unit in started:
        for row in company.in_force("conversion_windows", day, from_stage=stage):
            goal = row["to_stage"]
            if isinstance(unit, Deal):
                channel = channels.of_deals[unit.opportunity_id]
                converted = unit.close if unit.status == "won" else None
            elif stage == "opportunity":
                continue
            elif stage == "lead" and goal in ("opportunity", "won"):
                if firsts[unit.person_id] is not unit:
                    continue
                channel = channels.of_entry(unit)
                reached = [e.day for e in by_person[unit.person_id, goal] if e.cycle >= unit.cycle]
                converted = min(reached, default=None)
            else:
                channel = channels.of_entry(unit)
                to = by_cycle.get((unit.person_id, unit.cycle, goal))
                converted = to.day if to else None
            if converted and converted > company.as_of:
                converted = None
            if day <= company.as_of:
                yield Unit((stage, goal), channel, int(row["window_days"]), day, converted)


def curve(company: Company, group: Sequence[Unit]) -> dict[int, Fraction]:
    """Kaplan-Meier: the share that has not converted after so many days, where it falls."""
    ages = [
        (unit.lag if unit.lag is not None else (company.as_of - unit.entered).days, unit.converted)
        for unit in group
    ]
    left, found = Fraction(1), {}
    for age in sorted({age for age, converted in ages if converted}):
        at_risk = sum(other >= age for other, _ in ages)
        left *= 1 - Fraction(sum(a == age and c is not None for a, c in ages), at_risk)
        found[age] = left
    return found


def wilson(k: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a rate (0.15)."""
    p, z = k / n, Z
    middle, half = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = ((middle + sign * half) / (1 + z * z / n) for sign in (-1, 1))
    return abs(round(low, 9)), round(high, 9)


def conversions(company: Company, channels: Channels) -> Rows:
    """B2, B3 and B13: a row for each cohort month, channel and pair of stages."""
    cohorts = defaultdict(list)
    for unit in units(company, channels):
        cohorts[month(unit.entered), unit.channel, *unit.pair].append(unit)
    rows: Rows = []
    for key, group in cohorts.items():
        window = max(unit.window for unit in group)
        lags = [unit.lag for unit in group if unit.lag is not None]
        timely = sum(unit.lag is not None and unit.lag <= unit.window for unit in group)
        last = (month(group[0].entered) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        left = curve(company, group)
        rows.append(
            (
                *key,
                len(group),
                timely,
                share(timely, len(group)),
                *wilson(timely, len(group)),
                round(float(1 - min((s for a, s in left.items() if a <= window), default=1)), 9),
                len(lags),
                share(len(lags), len(group)),
                window,
                company.as_of >= last + timedelta(days=window),
                min((age for age, s in left.items() if s <= Fraction(1, 2)), default=None),
                min((age for age, s in left.items() if s <= Fraction(1, 10)), default=None),
                percentile(lags, Fraction(1, 2)),
            )
        )
    return rows


def velocity(company: Company, channels: Channels) -> Rows:
    """B14: months of all channels with MQLs, over those of the month before."""
    mqls: dict[date, int] = defaultdict(int)
    for entry in channels.entries:
        if entry.stage == "mql" and not entry.is_imputed:
            mqls[month(entry.day)] += 1
    rows: Rows = []
    for start, number in mqls.items():
        before = mqls.get(month(start - timedelta(days=1)))
        is_over = month(start + timedelta(days=31)) - timedelta(days=1) <= company.as_of
        rate = share(number - before, before) if before and is_over else None
        rows.append((start, number, rate))
    return rows


QUERIES = {
    "monthly": """
        select month, channel, stage, entries, entries_incl_imputed, new_people, mql_entries,
            round(flow_ratio, 9)
        from marts.rpt_funnel_monthly
    """,
    "conversions": """
        select cohort_month, channel, from_stage, to_stage, entered, converted,
            round(conversion_rate, 9), abs(round(ci_low, 9)), round(ci_high, 9),
            round(conversion_rate_km, 9), converted_ever, round(conversion_ever_rate, 9),
            window_days, is_mature, lag_median_days, lag_p90_days,
            round(lag_median_days_converted, 6)
        from marts.rpt_funnel_conversion
    """,
    "velocity": """
        select month, mqls, round(lead_velocity_rate, 9)
        from marts.rpt_channel_performance where channel = 'all' and mqls > 0
    """,
}


def expected(company: Company) -> dict[str, Rows]:
    """The rows of each query."""
    channels = Channels(company)
    return {
        "monthly": monthly(channels),
        "conversions": conversions(company, channels),
        "velocity": velocity(company, channels),
    }
