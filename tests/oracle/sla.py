"""What marketing and sales promise each other, and what sales makes of leads (B8 to B11)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from math import sqrt
from zoneinfo import ZoneInfo

from tests.oracle.company import Company, Row
from tests.oracle.funnel import (
    Cycle,
    Deal,
    Entry,
    cycles_of,
    day_end,
    deals,
    entries,
    events,
    ledger,
    mapped_stage,
    month,
    record_persons,
    share,
)
from tests.oracle.identity import exclusion_rules, instant, people
from tests.oracle.qualification import findings

REASONS = (
    "no_budget", "no_authority", "no_need", "bad_timing", "not_icp", "bad_data", "duplicate",
    "competitor", "unreachable", "other",
)  # fmt: skip
Rows = list[tuple[object, ...]]


@dataclass(eq=False)
class Lead:
    """An MQL that was recorded: one cycle of a person."""

    cycle: Cycle
    mql: datetime
    is_deleted: bool
    deleted: datetime | None
    decision: str = "pending"
    decided: datetime | None = None
    reason: str | None = None
    rep: str = ""
    assigned: datetime | None = None
    response: datetime | None = None
    score: int | None = None
    completeness: int | None = None


@dataclass
class Wait:
    """A promise of a time, and what became of it."""

    lead: Lead
    row: Row
    started: datetime
    answered: datetime | None
    due: datetime
    outcome: str
    minutes: Fraction


def as_of_instant(company: Company) -> datetime:
    """The end of the as-of day, which is the beginning of the next one."""
    return day_end(company, company.as_of) + timedelta(seconds=1)


def leads(company: Company, of_deals: Sequence[Deal]) -> list[Lead]:
    """Every recorded MQL, with whoever had it and what they did."""
    rules, everyone = exclusion_rules(company), people(company)
    gone = _deletions(company)
    found = []
    for who, mine in events(company, of_deals).items():
        if rules[who] not in (None, "deleted"):
            continue
        for cycle in cycles_of(who, mine):
            at, is_imputed = cycle.entries().get("mql", (datetime.max, True))
            if not is_imputed and company.local_date(at) <= company.as_of:
                is_deleted = rules[who] == "deleted"
                deleted = [gone[r.record_id] for r in everyone[who].records if r.record_id in gone]
                found.append(
                    Lead(cycle, at, is_deleted, max(deleted, default=None) if is_deleted else None)
                )
    _decide(company, found)
    _qualify(company, found)
    _assign(company, found)
    _respond(company, found, of_deals)
    return found


def _deletions(company: Company) -> dict[str, datetime]:
    """Since when a record is known to be gone: the export that says so."""
    exported = datetime.combine(company.as_of, time(0))
    found = {}
    for table, key in (("leads", "lead_id"), ("contacts", "contact_id")):
        for row in company.rows(table):
            if row.get("is_deleted", "") in ("1", "true"):
                known = instant(row.get("deleted_at", "")) or exported
                found[f"{row['source_system']}:{row[key]}"] = known
    return found


def _decide(company: Company, found: Sequence[Lead]) -> None:
    reasons = _reasons(company)
    for lead in found:
        entered = {
            stage: at
            for stage, (at, _) in lead.cycle.entries().items()
            if company.local_date(at) <= company.as_of
        }
        for stage, decision in (
            ("sal", "accepted"), ("rejected", "rejected"), ("recycled", "recycled"),
        ):  # fmt: skip
            if stage in entered:
                lead.decision, lead.decided = decision, entered[stage]
                break
        if lead.decision == "rejected":
            assert lead.decided
            lead.reason = reasons.get((lead.cycle.person_id, lead.decided), "not_given")


def _reasons(company: Company) -> dict[tuple[str, datetime], str]:
    """Why somebody was turned down at an instant, in the words of the shared list."""
    persons = record_persons(company)
    found: dict[tuple[str, datetime], str] = {}
    # Told twice, one telling counts: one that gives a reason.
    rows = sorted(
        company.rows("stage_events"), key=lambda row: (row.get("reason", ""), row["source_system"])
    )
    for row in rows:
        at, record = instant(row["changed_at"]), f"{row['source_system']}:{row['record_id']}"
        if at is None or record not in persons or not row.get("reason"):
            continue
        day, text = company.local_date(at), row["reason"].strip()
        if mapped_stage(company, row, day) != "rejected":
            continue
        listed = [
            mapped["reject_reason"]
            for mapped in company.in_force(
                "reject_reasons", day, source_system=row["source_system"]
            )
            if mapped["source_reason"].lower() == text.lower()
        ]
        own = text.lower().replace(" ", "_")
        meant = listed[0] if listed else own if own in REASONS else "other"
        found.setdefault((persons[record].person_id, at), meant)
    return found


def _qualify(company: Company, found: Sequence[Lead]) -> None:
    known = findings(company)
    for lead in found:
        entered = {
            stage: at
            for stage, (at, _) in lead.cycle.entries().items()
            if company.local_date(at) <= company.as_of
        }
        until = next(
            (entered[stage] for stage in ("sql", "rejected", "recycled") if stage in entered),
            datetime.max,
        )
        earlier = [f for f in known.get(lead.cycle.person_id, []) if f.at <= until]
        if earlier:
            lead.score, lead.completeness = earlier[-1].score, earlier[-1].completeness


def _assign(company: Company, found: Sequence[Lead]) -> None:
    """The owner at the MQL has it at once, else the first one after it."""
    persons = record_persons(company)
    owners: dict[str, list[tuple[datetime, str]]] = defaultdict(list)

    def own(row: Row, record: str, at: str) -> None:
        rep, since = row.get("sales_rep_id", ""), instant(at)
        if rep and since and record in persons:
            owners[persons[record].person_id].append((since, f"{row['source_system']}:{rep}"))

    for row in company.rows("leads"):
        since = row.get("assigned_at") or row["created_at"]
        own(row, f"{row['source_system']}:{row['lead_id']}", since)
    for table in ("stage_events", "owner_changes"):
        for row in company.rows(table):
            own(row, f"{row['source_system']}:{row['record_id']}", row["changed_at"])
    for lead, following in _with_next(found):
        known = sorted(owners[lead.cycle.person_id])
        before = [owner for owner in known if owner[0] <= lead.mql]
        after = [owner for owner in known if lead.mql < owner[0] and owner[0] < following]
        if before:
            last = max(at for at, _ in before)
            lead.assigned, lead.rep = lead.mql, min(rep for at, rep in before if at == last)
        elif after:
            lead.assigned, lead.rep = after[0]


def _with_next(found: Sequence[Lead]) -> list[tuple[Lead, datetime]]:
    """Each lead, and when the same person became an MQL again."""
    by_person = defaultdict(list)
    for lead in found:
        by_person[lead.cycle.person_id].append(lead)
    pairs = []
    for mine in by_person.values():
        mine.sort(key=lambda lead: lead.cycle.number)
        following = [lead.mql for lead in mine[1:]] + [datetime.max]
        pairs += list(zip(mine, following, strict=True))
    return pairs


def _respond(company: Company, found: Sequence[Lead], of_deals: Sequence[Deal]) -> None:
    persons = record_persons(company)
    carriers = {deal.opportunity_id: deal.carrier for deal in of_deals}
    responses = defaultdict(list)
    for row in company.rows("activities"):
        kind = row["activity_type"].lower()
        is_answer = kind in ("call", "meeting") or (
            kind == "email" and row.get("direction", "").lower() != "inbound"
        )
        at = instant(row["occurred_at"])
        is_done = row.get("is_completed", "").lower() not in ("false", "no", "0")
        if not is_answer or not is_done or at is None or company.local_date(at) > company.as_of:
            continue
        system = row["source_system"]
        person = persons.get(f"{system}:{row.get('person_record_id', '')}")
        who = person.person_id if person else None
        who = who or carriers.get(f"{system}:{row.get('opportunity_id', '')}")
        if who:
            responses[who].append(at)
    for lead, following in _with_next(found):
        mine = [at for at in responses[lead.cycle.person_id] if lead.mql <= at < following]
        lead.response = min(mine, default=None)


# Whose time runs.


class Calendar:
    """When a calendar is open."""

    def __init__(self, company: Company, name: str) -> None:
        self.rows = [r for r in company.definitions("business_hours") if r["calendar"] == name]
        zones = {row["time_zone"] for row in self.rows if row["time_zone"]}
        self.zone = ZoneInfo(zones.pop()) if zones else company.zone
        self.closed = {
            row["day"] for row in company.definitions("holidays") if row["calendar"] == name
        }
        self._known: dict[date, tuple[datetime, datetime] | None] = {}

    def window(self, day: date) -> tuple[datetime, datetime] | None:
        """When the day opens and closes, in UTC; none where it does not."""
        if day not in self._known:
            self._known[day] = self._window(day)
        return self._known[day]

    def _window(self, day: date) -> tuple[datetime, datetime] | None:
        for row in self.rows:
            if (
                row["valid_from"] <= day.isoformat() < row["valid_to"]
                and int(row["weekday"]) == day.isoweekday()
                and day.isoformat() not in self.closed
            ):
                return self.utc(day, row["opens"]), self.utc(day, row["closes"])
        return None

    def utc(self, day: date, text: str) -> datetime:
        """The instant at which the clock on the wall shows a time."""
        wall = datetime.combine(day, time.fromisoformat(text), tzinfo=self.zone)
        return wall.astimezone(UTC).replace(tzinfo=None)

    def day(self, at: datetime) -> date:
        """The day on the wall."""
        return at.replace(tzinfo=UTC).astimezone(self.zone).date()

    def end(self, day: date) -> datetime:
        """The last second of a day."""
        return self.utc(day + timedelta(days=1), "00:00") - timedelta(seconds=1)

    def open_seconds(self, first: datetime, last: datetime) -> int:
        """How long it was open between two instants."""
        total, day = 0, self.day(first)
        while day <= self.day(last):
            if window := self.window(day):
                overlap = min(last, window[1]) - max(first, window[0])
                total += max(0, int(overlap.total_seconds()))
            day += timedelta(days=1)
        return total

    def after_open(self, start: datetime, seconds: Decimal) -> datetime:
        """The last instant by which it was open for no longer than that."""
        left, day = int(seconds), self.day(start)
        while True:
            if window := self.window(day):
                opens = max(start, window[0])
                length = int((window[1] - opens).total_seconds())
                if length > left:
                    return opens + timedelta(seconds=left)
                left -= max(0, length)
            day += timedelta(days=1)

    def after_days(self, start: datetime, days: Decimal) -> datetime:
        """The end of the last of so many open days after the one of the start."""
        left, day = int(days), self.day(start)
        while left:
            day += timedelta(days=1)
            left -= self.window(day) is not None
        return self.end(day)


def calendar_of(company: Company, rep: str, day: date) -> str:
    """The calendar of a sales rep: their own, else the team's, else the region's."""
    listed: Row = {}
    for row in company.rows("sales_reps"):
        if f"{row.get('source_system') or 'generic'}:{row['sales_rep_id']}" == rep:
            listed = row
    for match_on in ("sales_rep_id", "team", "region"):
        value = rep if match_on == "sales_rep_id" else listed.get(match_on, "")
        named = [
            row["calendar"]
            for row in company.in_force("rep_calendars", day, match_on=match_on)
            if value and row["value"].lower() == value.lower()
        ]
        if named:
            return min(named)
    return "default"


def waits(company: Company, found: Sequence[Lead]) -> list[Wait]:
    """B8 and B10: every promise of a time whose clock has started."""
    now, judged = as_of_instant(company), []
    calendars: dict[str, Calendar] = {}
    for lead in found:
        for row in company.definitions("sla"):
            if row["kind"] not in ("response", "decision"):
                continue
            if row["kind"] == "response" and not company.rows("activities"):
                continue
            started = lead.mql if row["starts_at"] == "mql" else lead.assigned
            if started is None:
                continue
            day = company.local_date(started)
            if not row["valid_from"] <= day.isoformat() < row["valid_to"]:
                continue
            name = calendar_of(company, lead.rep, day)
            calendar = calendars.setdefault(name, Calendar(company, name))
            answered = lead.decided if row["kind"] == "decision" else lead.response
            until = answered or min(lead.deleted or now, now)
            until = max(until, started)
            committed, is_business = Decimal(row["committed"]), row["calendar"] == "business"
            if row["unit"] == "hours":
                due = (
                    calendar.after_open(started, committed * 3600)
                    if is_business
                    else started + timedelta(seconds=int(committed * 3600))
                )
            elif is_business:
                due = calendar.after_days(started, committed)
            else:
                due = calendar.end(calendar.day(started) + timedelta(days=int(committed)))
            seconds = (
                calendar.open_seconds(started, until)
                if is_business
                else int((until - started).total_seconds())
            )
            if answered and answered <= due:
                outcome = "met"
            elif answered is None and lead.deleted and lead.deleted <= due:
                outcome = "void"
            elif answered or due < now:
                outcome = "breached"
            else:
                outcome = "pending"
            judged.append(Wait(lead, row, started, answered, due, outcome, Fraction(seconds, 60)))
    return judged


def percentile(values: Sequence[Fraction], p: Fraction) -> float | None:
    """Interpolated between the two nearest."""
    ordered = sorted(values)
    if not ordered:
        return None
    below = int(p * (len(ordered) - 1))
    above = min(below + 1, len(ordered) - 1)
    part = p * (len(ordered) - 1) - below
    return round(float(ordered[below] + (ordered[above] - ordered[below]) * part), 6)


def kaplan_meier(group: Sequence[Wait], p: Fraction) -> float | None:
    """The shortest wait after which the share without an answer is at most 1 - p."""
    left = Fraction(1)
    for minutes in sorted({wait.minutes for wait in group if wait.answered}):
        at_risk = sum(wait.minutes >= minutes for wait in group)
        answered = sum(wait.minutes == minutes and wait.answered is not None for wait in group)
        left *= 1 - Fraction(answered, at_risk)
        if left <= 1 - p:
            return round(float(minutes), 6)
    return None


def wilson(successes: int, trials: int) -> tuple[float | None, float | None]:
    """The 95 % interval of a rate."""
    if not trials:
        return None, None
    z, n, p = 1.959964, trials, successes / trials
    centre, spread = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = (centre - spread) / (1 + z * z / n), (centre + spread) / (1 + z * z / n)
    return round(max(0.0, low), 6), round(min(1.0, high), 6)


def timed_rows(company: Company, found: Sequence[Lead]) -> Rows:
    """B8: a row for each promise of a time and month."""
    groups = defaultdict(list)
    for wait in waits(company, found):
        groups[wait.row["commitment"], month(company.local_date(wait.started))].append(wait)
    over = (company.as_of + timedelta(days=1)).replace(day=1)
    rows: Rows = []
    for (commitment, start), group in groups.items():
        outcomes = Counter(wait.outcome for wait in group)
        met, due = outcomes["met"], outcomes["met"] + outcomes["breached"]
        counted = due + outcomes["pending"]
        answered = [wait.minutes for wait in group if wait.answered]
        within = [sum(m <= limit for m in answered) for limit in (5, 60, 1440)]
        routing = [
            Fraction(int((w.lead.assigned - w.lead.mql).total_seconds()), 60)
            for w in group
            if w.lead.assigned
        ]
        last = max(group, key=lambda wait: int(wait.row["version"])).row
        rows.append(
            (
                commitment, start, last["owner"], last["kind"], last["unit"], last["calendar"],
                float(last["committed"]), float(due), float(met), share(met, due), None, met,
                outcomes["breached"], outcomes["pending"], outcomes["void"], share(met, due),
                *wilson(met, due), counted, len(answered), share(len(answered), counted),
                kaplan_meier(group, Fraction(1, 2)), kaplan_meier(group, Fraction(9, 10)),
                percentile(answered, Fraction(1, 2)), percentile(answered, Fraction(9, 10)),
                *within, *(share(n, counted) for n in within),
                sum(w.lead.assigned is None for w in group), percentile(routing, Fraction(1, 2)),
                not outcomes["pending"] and start < over,
            )
        )  # fmt: skip
    return rows


def volume_rows(company: Company) -> Rows:
    """B9: a row for each promise of a volume and month with a target or with anything delivered."""
    of_deals, of_cycles = ledger(company)
    recorded = {
        (e.person_id, e.cycle, e.stage): e
        for e in entries(company, of_deals, of_cycles)
        if not e.is_imputed and e.day <= company.as_of
    }
    delivered: Counter[tuple[str, date]] = Counter()
    for (who, cycle, stage), entry in recorded.items():
        if (who, cycle, "mql") in recorded:
            delivered[f"{stage}s", month(entry.day)] += 1
    targets = _company_targets(company)
    calendar, rows = Calendar(company, "default"), Rows()
    first = min((start for name, start in delivered if name == "mqls"), default=date.max)
    for row in company.definitions("sla"):
        if row["kind"] != "volume":
            continue
        months = {start for name, start in {**targets, **delivered} if name == row["metric"]}
        if row["committed"]:
            span = (company.as_of - first).days + 1 if first < date.max else 0
            months |= {month(first + timedelta(days=n)) for n in range(span)}
        for start in months:
            if not first <= start <= company.as_of or not (
                row["valid_from"] <= start.isoformat() < row["valid_to"]
            ):
                continue
            fixed = Fraction(row["committed"]) if row["committed"] else None
            committed = fixed or targets.get((row["metric"], start))
            days = [start + timedelta(days=n) for n in range(31)]
            is_open = [d for d in days if month(d) == start and calendar.window(d)]
            gone = sum(d <= company.as_of for d in is_open)
            came = delivered[row["metric"], start]
            due = committed * Fraction(gone, len(is_open)) if committed is not None else None
            rows.append(
                (
                    row["commitment"], start, row["owner"],
                    float(committed) if committed is not None else None, float(came),
                    share(came, committed or 0), share(came, due or 0),
                )
            )  # fmt: skip
    return rows


def _company_targets(company: Company) -> dict[tuple[str, date], Fraction]:
    """The targets of the whole company by metric and month, of one month each."""
    found = {}
    for row in company.rows("targets"):
        whole = not row.get("channel") and not row.get("sales_rep_id")
        if whole and (row.get("period_months") or "1") == "1":
            start = date.fromisoformat(row["month"][:7] + "-01")
            found[row["metric"].lower(), start] = Fraction(row["target"])
    return found


def conversion_rows(company: Company, found: Sequence[Lead]) -> Rows:
    """B8, conversion side: SQLs of the assigned MQLs that became deals, and their deals won."""
    listed = ledger(company)
    by_cycle = {
        (e.person_id, e.cycle, e.stage): e for e in entries(company, *listed) if not e.is_after_deal
    }
    groups: dict[tuple[str, date], list[str]] = defaultdict(list)
    promised: dict[tuple[str, date], Row] = {}
    for lead in found:
        if lead.assigned is None:
            continue
        day = company.local_date(lead.assigned)
        for row in company.in_force("sla", day, kind="conversion"):
            for pair in company.in_force("conversion_windows", day, metric=row["metric"]):
                for entered, converted in _pairs(lead, pair, by_cycle):
                    windows = company.in_force(
                        "conversion_windows", entered, from_stage=pair["from_stage"],
                        to_stage=pair["to_stage"],
                    )  # fmt: skip
                    last = entered + timedelta(days=int(windows[0]["window_days"]))
                    if entered > company.as_of:
                        continue
                    if converted and converted > company.as_of:
                        converted = None
                    outcome = (
                        "met" if converted and converted <= last
                        else "breached" if converted or company.as_of >= last
                        else "pending"
                    )  # fmt: skip
                    groups[row["commitment"], month(day)].append(outcome)
                    known = promised.get((row["commitment"], month(day)), row)
                    newest = max(known, row, key=lambda r: int(r["version"]))
                    promised[row["commitment"], month(day)] = newest
    targets, rows = _company_targets(company), Rows()
    for (commitment, start), outcomes in groups.items():
        row = promised[commitment, start]
        fixed = Fraction(row["committed"]) if row["committed"] else None
        committed = fixed if fixed is not None else targets.get((row["metric"], start))
        met = outcomes.count("met")
        rate = Fraction(met, len(outcomes))
        rows.append(
            (
                commitment, start, row["owner"],
                float(committed) if committed is not None else None, round(float(rate), 9),
                share(rate, committed or 0), met, outcomes.count("breached"),
                outcomes.count("pending"),
            )
        )  # fmt: skip
    return rows


def _pairs(
    lead: Lead, pair: Row, by_cycle: dict[tuple[str, int, str], Entry]
) -> list[tuple[date, date | None]]:
    """When what the pair is about entered the first stage of it, and when the second."""
    cycle = lead.cycle
    if pair["from_stage"] == "opportunity":
        opened = [e.deal for e in cycle.events if e.stage == "opportunity" and e.deal]
        return [
            (
                min(deal.created_date, deal.close if deal.closed_at and deal.close else date.max),
                deal.close if deal.status == "won" else None,
            )
            for deal in opened
            if deal.created_date and (deal.original or 0) >= 0
        ]
    start = by_cycle.get((cycle.person_id, cycle.number, pair["from_stage"]))
    if start is None or start.is_imputed:
        return []
    goal = by_cycle.get((cycle.person_id, cycle.number, pair["to_stage"]))
    return [(start.day, goal.day if goal else None)]


def feedback_rows(found: Sequence[Lead], company: Company) -> Rows:
    """B10 and B11: a row for each month of the MQL, of all campaigns."""
    groups = defaultdict(list)
    for lead in found:
        if not lead.is_deleted:
            groups[month(company.local_date(lead.mql))].append(lead)
    rows: Rows = []
    for start, group in groups.items():
        made = Counter(lead.decision for lead in group)
        why = Counter(lead.reason for lead in group if lead.reason)
        decided = [lead for lead in group if lead.decision in ("accepted", "rejected")]
        scores = [lead.score for lead in decided if lead.score is not None]
        known = [lead.completeness for lead in decided if lead.completeness is not None]
        given = made["rejected"] - why["not_given"]
        rows.append(
            (
                start, len(decided), made["accepted"], made["rejected"], made["recycled"],
                made["pending"], share(made["rejected"], len(decided)),
                *wilson(made["rejected"], len(decided)), share(given, made["rejected"]),
                *(why[reason] for reason in (*REASONS, "not_given")), len(scores),
                share(sum(scores), len(decided)) if scores else None,
                share(sum(known), len(decided)) if scores else None,
            )
        )  # fmt: skip
    return rows


def breach_rows(company: Company, found: Sequence[Lead]) -> Rows:
    """Each recorded MQL of those who count: to whom it was given, and whether it was answered."""
    headline = {
        wait.lead: wait
        for wait in waits(company, found)
        if wait.row["metric"] == "sla_response_rate"
    }
    return [
        (
            lead.cycle.person_id, lead.cycle.number, lead.rep, lead.assigned, lead.response,
            headline[lead].due if lead in headline else None,
            headline[lead].outcome if lead in headline else None,
        )
        for lead in found
        if not lead.is_deleted
    ]  # fmt: skip


QUERIES = {
    "timed": """
        select commitment, month, owner, kind, unit, calendar, agreed, committed, delivered,
            round(attainment, 9), pacing, met, breached, pending, void, round(met_rate, 9),
            round(ci_low, 6), round(ci_high, 6), leads, answered, round(answered_share, 9),
            round(median_response_minutes_km, 6), round(p90_response_minutes_km, 6),
            round(median_answered_minutes, 6), round(p90_answered_minutes, 6),
            within_5min, within_1h, within_24h, round(share_within_5min, 9),
            round(share_within_1h, 9), round(share_within_24h, 9), unassigned,
            round(median_routing_minutes, 6), is_mature
        from marts.rpt_sla_monthly where kind in ('response', 'decision')
    """,
    "volumes": """
        select commitment, month, owner, committed, delivered, round(attainment, 9),
            round(pacing, 9)
        from marts.rpt_sla_monthly where kind = 'volume'
    """,
    "conversions": """
        select commitment, month, owner, committed, round(delivered, 9), round(attainment, 9), met,
            breached, pending
        from marts.rpt_sla_monthly where kind = 'conversion'
    """,
    "feedback": f"""
        select month, decided, accepted, rejected, recycled, pending, round(rejection_rate, 9),
            round(ci_low, 6), round(ci_high, 6), round(feedback_completeness, 9),
            {", ".join(REASONS)}, not_given, assessed, round(bant_score_avg, 9),
            round(bant_completeness_avg, 9)
        from marts.rpt_lead_feedback
        where campaign_id = 'all' and decided + recycled + pending > 0
    """,
    "breaches": """
        select person_id, cycle_number, coalesce(sla_sales_rep_id, ''), assigned_at,
            first_response_at, sla_due_at, sla_outcome
        from marts.fct_funnel_stages where stage = 'mql' and not is_imputed and not via_account
    """,
}


def expected(company: Company) -> dict[str, Rows]:
    """The rows of each query."""
    found = leads(company, deals(company))
    return {
        "timed": timed_rows(company, found),
        "volumes": volume_rows(company),
        "conversions": conversion_rows(company, found),
        "feedback": feedback_rows(found, company),
        "breaches": breach_rows(company, found),
    }
