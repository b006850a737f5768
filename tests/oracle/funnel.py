"""The stage ledger and what is counted from it (METRICS B, B1, B4 and B5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

from tests.oracle.company import Company, Row, once
from tests.oracle.identity import (
    Person,
    address_of,
    exclusion_rules,
    instant,
    matches,
    people,
)
from tests.oracle.qualification import findings

RUNGS = ("lead", "mql", "sal", "sql", "opportunity", "won")
STAGES = (*RUNGS, "lost", "rejected", "recycled")
EXITS = ("rejected", "recycled")
OF_DEALS = ("opportunity", "won", "lost")
KINDS = ("new", "upsell", "cross_sell")
LATE = datetime(9999, 12, 31)


@dataclass(eq=False)
class Deal:
    """An opportunity: what it is, who carries it, what it is worth."""

    opportunity_id: str
    row: Row
    status: str
    created: datetime | None
    created_date: date | None
    close: date | None
    closed_at: datetime | None
    """The last second of the day of its close; none while it is open."""
    original: Decimal | None
    account: str = ""
    kind: str = ""
    amount: Decimal | None = None
    acv: Decimal | None = None
    is_loss_excluded: bool = False
    carrier: str | None = None

    @property
    def in_funnel(self) -> bool:
        """Renewals and refunds pass no ladder."""
        return self.kind in KINDS

    @property
    def rep(self) -> str:
        """The sales rep, or the bucket of those without."""
        rep = self.row.get("sales_rep_id", "")
        return f"{self.row['source_system']}:{rep}" if rep else "unattributed"

    @property
    def known(self) -> datetime | None:
        """When the deal is known to exist: never after its own close."""
        return min((t for t in (self.created, self.closed_at) if t), default=None)


@dataclass(frozen=True)
class Event:
    """Something that happened to a person on the ladder."""

    at: datetime
    stage: str
    deal: Deal | None = None
    is_observed: bool = True
    evidence: str = ""

    @property
    def order(self) -> tuple[datetime, int, str]:
        """Equal instants: rungs in ladder order, then exits."""
        return self.at, STAGES.index(self.stage), self.deal.opportunity_id if self.deal else ""


@dataclass(eq=False)
class Cycle:
    """One pass of a person through the ladder."""

    person_id: str
    number: int
    began_after: datetime | None
    """When the cycle before it ended."""
    events: list[Event] = field(default_factory=list)
    ended: datetime | None = None

    def observed(self, stage: str) -> Event | None:
        """The first record of a stage."""
        found = [e for e in self.events if e.stage == stage and e.is_observed]
        return min(found, key=lambda event: event.at, default=None)

    def entries(self) -> dict[str, tuple[datetime, bool]]:
        """Each stage: when it was entered, and whether nobody recorded that."""
        found: dict[str, tuple[datetime, bool]] = {}
        for place, rung in enumerate(RUNGS):
            proving = [e.at for e in self.events if _proves(e.stage) >= place]
            if proving:
                found[rung] = (min(proving), self.observed(rung) is None)
        for stage in ("lost", *EXITS):
            if event := self.observed(stage):
                found[stage] = (event.at, False)
        return found


def _proves(stage: str) -> int:
    """The place of the highest rung that an event of the stage proves; none is -1."""
    if stage == "lost":
        return RUNGS.index("opportunity")
    return RUNGS.index(stage) if stage in RUNGS else -1


# What the exports say.


@once
def record_persons(company: Company) -> dict[str, Person]:
    """The person of each record."""
    return {r.record_id: person for person in people(company).values() for r in person.records}


def day_end(company: Company, day: date) -> datetime:
    """The last second of a local day, in UTC."""
    midnight = datetime.combine(day + timedelta(days=1), time(0), tzinfo=company.zone)
    return midnight.astimezone(UTC).replace(tzinfo=None) - timedelta(seconds=1)


def rate(company: Company, currency: str, day: date) -> Decimal | None:
    """What one of a currency is worth on a day; none where nobody said."""
    if currency in ("", company.currency):
        return Decimal(1)
    found = company.in_force("exchange_rates", day, currency_code=currency)
    return Decimal(found[0]["rate"]) if found else None


def cents(value: Decimal | Fraction) -> Decimal:
    """Rounded to cents, half away from zero."""
    exact = Fraction(value) * 100
    whole = int(abs(exact) + Fraction(1, 2))
    return Decimal(whole if exact >= 0 else -whole) / 100


def deals(company: Company) -> list[Deal]:
    """Every opportunity."""
    carriers = _carriers(company)
    found = []
    for row in company.rows("opportunities"):
        system = row["source_system"]
        created = instant(row["created_at"])
        close = date.fromisoformat(row["close_date"]) if row["close_date"] else None
        status = row["status"].lower()
        deal = Deal(
            opportunity_id=f"{system}:{row['opportunity_id']}",
            row=row,
            status=status,
            created=created,
            created_date=company.local_date(created) if created else None,
            close=close,
            closed_at=day_end(company, close) if close and status != "open" else None,
            original=Decimal(row["amount"]) if row["amount"] else None,
        )
        deal.carrier = carriers.get(deal.opportunity_id)
        deal.account = row.get("account", "") or (
            f"{system}:{row['account_id']}" if row["account_id"] else ""
        )
        deal.is_loss_excluded = _is_excluded_loss(company, deal)
        found.append(deal)
    known = {deal.opportunity_id: deal for deal in found}
    matched = matches(company)
    for deal in found:
        if not deal.account and deal.carrier:
            deal.account = matched[deal.carrier].account_id
    _set_kinds(company, found)
    for deal in found:
        _set_value(company, deal, known)
    return found


def _is_excluded_loss(company: Company, deal: Deal) -> bool:
    reason = deal.row.get("loss_reason", "").lower()
    day = deal.close or company.as_of
    for row in company.in_force("loss_reasons", day, source_system=deal.row["source_system"]):
        if row["source_reason"].lower() == reason:
            return row["is_excluded"].lower() == "true"
    return reason in ("duplicate", "invalid", "test")


def _set_kinds(company: Company, found: Sequence[Deal]) -> None:
    """The kind as named; of an unknown kind is `new` who has won nothing before."""
    for deal in found:
        deal.kind = deal.row["kind"]
        day = deal.close or company.as_of
        for row in company.in_force(
            "opportunity_kinds", day, source_system=deal.row["source_system"]
        ):
            if row["source_type"].lower() == deal.row["kind"].lower():
                deal.kind = row["kind"]
    wins: dict[str, date] = {}
    for deal in found:
        is_win = deal.status == "won" and (deal.original or 0) > 0 and deal.kind != "refund"
        if is_win and deal.close and deal.account:
            wins[deal.account] = min(deal.close, wins.get(deal.account, deal.close))
    for deal in found:
        if (deal.original or 0) < 0:
            deal.kind = "refund"
        elif not deal.kind:
            won = wins.get(deal.account)
            deal.kind = "upsell" if won and deal.close and won < deal.close else "new"


def _set_value(company: Company, deal: Deal, known: dict[str, Deal]) -> None:
    day = company.as_of if deal.status == "open" else deal.close
    original = deal.row.get("original_opportunity_id", "")
    if deal.kind == "refund":
        booking = known.get(f"{deal.row['source_system']}:{original}") if original else None
        day = booking.close if booking and booking.close else deal.close
    worth = rate(company, deal.row["currency_code"], day) if day else None
    if deal.row["currency_code"] in ("", company.currency):
        worth = Decimal(1) if day else None
    if deal.original is None or worth is None:
        return
    deal.amount = deal.acv = cents(deal.original * worth)
    months = int(deal.row.get("contract_months") or 0)
    if months >= 12:
        deal.acv = cents(Fraction(deal.amount) * 12 / months)


def _carriers(company: Company) -> dict[str, str]:
    """The person of each deal: the primary contact, else who has been there longest."""
    persons = record_persons(company)
    links = defaultdict(list)
    for row in company.rows("opportunity_contacts"):
        system = row["source_system"]
        is_primary = row["is_primary"].lower() in ("1", "true")
        since = instant(row["created_at"]) or LATE
        links[f"{system}:{row['opportunity_id']}"].append(
            (not is_primary, 1, since, f"{system}:{row['person_record_id']}")
        )
    for row in company.rows("opportunities"):
        if row["person_record_id"]:
            system = row["source_system"]
            # Salesforce's own field for one contact says less than the list of them.
            says_less = system == "salesforce"
            since = instant(row["created_at"]) or LATE
            links[f"{system}:{row['opportunity_id']}"].append(
                (says_less, 2, since, f"{system}:{row['person_record_id']}")
            )
    found = {}
    for opportunity_id, named in links.items():
        known = [link for link in named if link[3] in persons]
        if known:
            found[opportunity_id] = persons[min(known)[3]].person_id
    return found


# What made whom an MQL.


def mapped_stage(company: Company, row: Row, day: date) -> str:
    """What a stage as written means on a day: a stage of the ladder, or nothing."""
    written = row["stage"].lower()
    for mapped in company.in_force("stage_map", day, source_system=row["source_system"]):
        if mapped["source_stage"].lower() == written:
            return mapped["stage"] if mapped["stage"] != "none" else ""
    return written if written in STAGES and written not in OF_DEALS else ""


def rule_for(
    company: Company, evidence: str, system: str, day: date, text: str | None = None
) -> Row | None:
    """The rule of MQLs for a system on a day; one of its own comes before one for all."""
    found = [
        rule
        for rule in company.in_force("mql_rules", day, evidence=evidence)
        if rule["source_system"] in (system, "*")
        and (text is None or rule["value"].lower() == text.lower())
    ]
    found.sort(key=lambda rule: (rule["source_system"] == "*", rule["rule"]))
    return found[0] if found else None


def mqls(company: Company) -> Iterator[tuple[str, datetime, str, int]]:
    """Person, instant, evidence, and version of the rule."""
    persons = record_persons(company)
    readings: dict[str, dict[datetime, float]] = defaultdict(dict)
    systems = {}
    for row in company.rows("lead_scores"):
        record = f"{row['source_system']}:{row['record_id']}"
        at = instant(row["scored_at"])
        assert at
        systems[record] = row["source_system"]
        readings[record][at] = max(float(row["score"]), readings[record].get(at, float("-inf")))
    scored = set()
    for record, scores in readings.items():
        before: tuple[float, float] | None = None
        for at, score in sorted(scores.items()):
            rule = rule_for(company, "score", systems[record], company.local_date(at), "")
            if rule is None:
                continue
            scored.add(record)
            asked = float(rule["threshold"])
            was_below = before is None or before[0] < max(asked, before[1])
            if score >= asked and was_below and record in persons:
                yield persons[record].person_id, at, "score", int(rule["version"])
            before = (score, asked)
    by_address = {}
    for person in people(company).values():
        for known in person.records:
            if known.address:
                by_address[known.address] = person.person_id
    for row in company.rows("touchpoints"):
        if row.get("is_machine", "").lower() in ("true", "1", "yes"):
            continue
        at = instant(row["touched_at"])
        assert at
        number = row.get("record_id") or row.get("person_record_id")
        named = persons.get(f"{row['source_system']}:{number}")
        who = named.person_id if named else by_address.get(address_of(row.get("email", "")))
        rule = rule_for(
            company, "hand_raise", row["source_system"], company.local_date(at), row["touch_type"]
        )
        if who and rule:
            yield who, at, "hand_raise", int(rule["version"])
    for row in company.rows("stage_events"):
        record = f"{row['source_system']}:{row['record_id']}"
        at = instant(row["changed_at"])
        if at is None or record not in persons:
            continue
        day, who = company.local_date(at), persons[record].person_id
        rule = rule_for(company, "hand_raise", row["source_system"], day, row["stage"])
        if rule:
            yield who, at, "hand_raise", int(rule["version"])
        rule = rule_for(company, "lifecycle", row["source_system"], day)
        if rule and record not in scored and mapped_stage(company, row, day) == "mql":
            yield who, at, "lifecycle", int(rule["version"])


# The ledger.


def events(company: Company, of_deals: Sequence[Deal]) -> dict[str, list[Event]]:
    """What happened to each person, in order; the same at one instant is one event."""
    persons = record_persons(company)
    found: dict[str, set[Event]] = defaultdict(set)
    for person in people(company).values():
        if person.created:
            found[person.person_id].add(Event(person.created, "lead"))
    for row in company.rows("stage_events"):
        record = f"{row['source_system']}:{row['record_id']}"
        at = instant(row["changed_at"])
        if at and record in persons:
            stage = mapped_stage(company, row, company.local_date(at))
            if stage and stage != "mql":
                found[persons[record].person_id].add(Event(at, stage))
    evidence: dict[tuple[str, datetime], set[str]] = defaultdict(set)
    for who, at, kind, _ in mqls(company):
        evidence[who, at].add(kind)
    for (who, at), kinds in evidence.items():
        found[who].add(Event(at, "mql", evidence=min(kinds)))
    for who, known in findings(company).items():
        found[who] |= {Event(finding.at, "sql") for finding in known if finding.is_sql}
    for deal in of_deals:
        if not deal.carrier or not deal.in_funnel:
            continue
        mine = found[deal.carrier]
        if deal.known:
            for stage in ("sql", "opportunity"):
                mine.add(Event(deal.known, stage, deal, is_observed=deal.created is not None))
        if deal.closed_at:
            mine.add(Event(deal.closed_at, deal.status, deal))
    return {who: sorted(mine, key=lambda event: event.order) for who, mine in found.items()}


def cycles_of(person_id: str, mine: Sequence[Event]) -> list[Cycle]:
    """Rule 1: a rung after the end of a cycle begins the next one."""
    found: list[Cycle] = []
    home: dict[Deal, Cycle] = {}
    still_open: set[Deal] = set()
    for event in mine:
        if event.deal and event.stage in ("won", "lost"):
            cycle = home[event.deal]
            if cycle is found[-1] and event.deal in still_open:
                still_open.discard(event.deal)
                if not still_open:
                    cycle.ended = event.at
        elif event.stage in EXITS:
            if not found:
                found.append(Cycle(person_id, 1, None))
            cycle = found[-1]
            cycle.ended = event.at
            still_open = set()
        else:
            if not found or found[-1].ended:
                before = found[-1].ended if found else None
                found.append(Cycle(person_id, len(found) + 1, before))
                still_open = set()
            cycle = found[-1]
            if event.deal:
                home[event.deal] = cycle
                if event.stage == "opportunity":
                    still_open.add(event.deal)
        cycle.events.append(event)
    return found


def cycles(company: Company) -> list[Cycle]:
    """The cycles of everybody who counts."""
    return ledger(company)[1]


def ledger(company: Company) -> tuple[list[Deal], list[Cycle]]:
    """The deals, and the cycles of everybody who counts."""
    of_deals = deals(company)
    left_out = {who for who, rule in exclusion_rules(company).items() if rule}
    found = [
        cycle
        for who, mine in events(company, of_deals).items()
        if who not in left_out
        for cycle in cycles_of(who, mine)
    ]
    return of_deals, found


@dataclass
class Entry:
    """A person's first entry into a stage within a cycle."""

    person_id: str
    cycle: int
    stage: str
    at: datetime
    day: date
    is_imputed: bool
    is_after_deal: bool
    """A lead whose deal was there before."""
    evidence: str


def entries(company: Company, of_deals: Sequence[Deal], found: Sequence[Cycle]) -> list[Entry]:
    """The ledger's rows, of those who carry what they did."""
    first_deals: dict[str, date] = {}
    for deal in of_deals:
        if deal.carrier and deal.in_funnel and deal.created_date:
            known = first_deals.get(deal.carrier, deal.created_date)
            first_deals[deal.carrier] = min(known, deal.created_date)
    created = {
        who: company.local_date(person.created)
        for who, person in people(company).items()
        if person.created
    }
    listed = []
    for cycle in found:
        who = cycle.person_id
        late = who in created and who in first_deals and first_deals[who] < created[who]
        for stage, (at, is_imputed) in cycle.entries().items():
            own = cycle.observed(stage)
            listed.append(
                Entry(
                    who, cycle.number, stage, at, company.local_date(at), is_imputed,
                    stage == "lead" and late, own.evidence if own and not is_imputed else "",
                )
            )  # fmt: skip
    return listed


# What is counted.

Rows = list[tuple[object, ...]]


def month(day: date) -> date:
    """The first day of a month."""
    return day.replace(day=1)


def share(numerator: Fraction | int, denominator: Fraction | int) -> float | None:
    """A ratio; none where there is nothing to divide by."""
    return round(float(Fraction(numerator) / Fraction(denominator)), 9) if denominator else None


def monthly(of_deals: Sequence[Deal], listed: Sequence[Entry]) -> Rows:
    """B1: month, stage; entries, with imputed ones, new people; by lifecycle dates, late leads."""
    found: dict[tuple[date, str], list[int]] = defaultdict(lambda: [0] * 5)
    seen = set()
    for entry in sorted(listed, key=lambda e: (e.at, e.cycle)):
        row = found[month(entry.day), entry.stage]
        if (entry.person_id, entry.stage) not in seen:
            seen.add((entry.person_id, entry.stage))
            row[2] += 1
        if entry.stage not in OF_DEALS:
            row[0] += not entry.is_imputed
            row[1] += 1
            row[3] += entry.evidence == "lifecycle"
            row[4] += entry.is_after_deal and not entry.is_imputed
    for deal in of_deals:
        if not deal.in_funnel:
            continue
        if deal.created_date or (deal.status != "open" and deal.close):
            row = found[month(deal.created_date or deal.close or date.min), "opportunity"]
            row[0] += deal.created_date is not None
            row[1] += 1
        if deal.status != "open" and deal.close:
            row = found[month(deal.close), deal.status]
            row[0] += 1
            row[1] += 1
    return [(*key, *row) for key, row in found.items()]


def percentile(values: Sequence[Decimal | int], p: Fraction) -> float | None:
    """Interpolated between the two nearest."""
    ordered = sorted(Fraction(value) for value in values)
    if not ordered:
        return None
    place = p * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    exact = ordered[below] + (ordered[above] - ordered[below]) * (place - below)
    return round(float(exact), 6)


def sales(of_deals: Sequence[Deal]) -> Rows:
    """B4 and B5: a row for each month and sales rep, and one of all."""
    created, closed = defaultdict(list), defaultdict(list)
    for deal in of_deals:
        for rep in (deal.rep, "all"):
            if deal.in_funnel and deal.created_date:
                created[month(deal.created_date), rep].append(deal)
            if deal.in_funnel and deal.status != "open" and deal.close:
                closed[month(deal.close), rep].append(deal)
    rows: Rows = []
    for key in {*created, *closed}:
        new, done = created[key], closed[key]
        won = [d for d in done if d.status == "won"]
        lost = [d for d in done if d.status == "lost" and not d.is_loss_excluded]
        values = [sum((Fraction(d.amount or 0) for d in part), Fraction(0)) for part in (won, lost)]
        sized = [d.acv for d in won if d.acv is not None and d.acv > 0]
        issues = [d for d in won if d.close and d.created_date and d.close < d.created_date]
        cycle_days = [
            (d.close - d.created_date).days
            for d in won
            if d.close and d.created_date and d.close >= d.created_date
        ]
        cohort_won = sum(d.status == "won" for d in new)
        decided = cohort_won + sum(d.status == "lost" and not d.is_loss_excluded for d in new)
        rows.append(
            (
                *key,
                len(new),
                sum(d.acv is None for d in new),
                cents(sum((Fraction(d.acv or 0) for d in new), Fraction(0))),
                len(won),
                len(lost),
                sum(d.is_loss_excluded for d in done),
                *map(cents, values),
                sum(d.amount is None and not d.is_loss_excluded for d in done),
                share(len(won), len(won) + len(lost)),
                share(values[0], values[0] + values[1]),
                cohort_won,
                decided,
                share(cohort_won, decided),
                len(sized),
                round(float(sum(map(Fraction, sized)) / len(sized)), 6) if sized else None,
                percentile(sized, Fraction(1, 2)),
                len(cycle_days),
                percentile(cycle_days, Fraction(1, 2)),
                round(float(Fraction(sum(cycle_days), len(cycle_days))), 6) if cycle_days else None,
                percentile(cycle_days, Fraction(9, 10)),
                len(issues),
            )
        )
    return rows


QUERIES = {
    "ledger": """
        select person_id, cycle_number, stage, entered_at, entered_date, is_imputed,
            is_lead_after_opportunity, coalesce(mql_evidence, '')
        from marts.fct_funnel_stages where not via_account
    """,
    "monthly": """
        select month, stage, sum(entries)::bigint, sum(entries_incl_imputed)::bigint,
            sum(new_people)::bigint, sum(entries_by_lifecycle_date)::bigint,
            sum(n_lead_after_opp)::bigint
        from marts.rpt_funnel_monthly group by month, stage
    """,
    "sales": """
        select month, sales_rep_id, opportunities_created, n_no_acv, pipeline_created, won, lost,
            lost_excluded, won_amount, lost_amount, n_no_amount, round(win_rate, 9),
            round(win_rate_value, 9), cohort_won, cohort_decided, round(win_rate_cohort, 9),
            deals_sized, round(average_deal_size, 6), round(median_deal_size, 6), cycles,
            round(cycle_median_days, 6), round(cycle_mean_days, 6), round(cycle_p90_days, 6),
            date_issues
        from marts.rpt_sales_monthly
        where opportunities_created > 0 or won + lost + lost_excluded > 0
    """,
}


def expected(company: Company) -> dict[str, Rows]:
    """The rows of each query."""
    of_deals, of_cycles = ledger(company)
    listed = entries(company, of_deals, of_cycles)
    return {
        "ledger": [
            (e.person_id, e.cycle, e.stage, e.at, e.day, e.is_imputed, e.is_after_deal, e.evidence)
            for e in listed
        ],
        "monthly": monthly(of_deals, listed),
        "sales": sales(of_deals),
    }
