"""The pipeline over time: snapshots, velocity, coverage, waterfall, forecast and attainment
(METRICS B6, B7, B15 and B16)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import pairwise

from tests.oracle.company import Company, Row
from tests.oracle.funnel import Deal, cents, deals

Rows = list[tuple[object, ...]]
Target = tuple[int, date, date, date, Fraction, date]
"""Less its months, since when it holds, since when it says so, first day of its period, value, day
after the period."""
NONE = "unattributed"
CATEGORIES = ("commit", "best_case", "pipeline", "omitted", "closed")
FORECASTS = {
    "commit": ("commit",),
    "best_case": ("commit", "best_case"),
    "pipeline": (*CATEGORIES, "unmapped", ""),
}

QUERIES = {
    "daily": """
        select opportunity_id, date_day, sales_rep_id, kind, currency_code,
            coalesce(forecast_category, ''), next_day_status, amount_original, amount,
            probability, weighted_amount, expected_close_date, is_first_day
        from marts.fct_pipeline_daily""",
    "velocity": """
        select month, sales_rep_id, open_opportunities, open_pipeline, n_open_no_amount,
            trailing_won, trailing_decided, round(trailing_win_rate + 1e-12, 9),
            round(trailing_deal_size + 1e-9, 6), round(trailing_cycle_days + 1e-12, 9),
            round(velocity_per_day + 1e-9, 6)
        from marts.rpt_sales_monthly where open_opportunities > 0 or trailing_decided > 0""",
    "coverage": """
        select month, sales_rep_id, period_quota, period_won, round(period_attainment + 1e-12, 9),
            coverage_start_pipeline, round(coverage_start + 1e-12, 9),
            round(coverage_start_weighted + 1e-12, 9), coverage_now_pipeline, remaining_quota,
            round(coverage_now + 1e-12, 9), round(coverage_now_weighted + 1e-12, 9), is_no_quota
        from marts.rpt_sales_monthly where period_won is not null""",
    "quota": """
        select month, sales_rep_id, quota, quota_of_reps, round(attainment + 1e-12, 9)
        from marts.rpt_sales_monthly where quota is not null""",
    "waterfall": """
        select quarter_start, quarter_end, movement, amount, opportunities, is_complete
        from marts.rpt_pipeline_waterfall""",
    "forecast": """
        select period_start, sales_rep_id, forecast_category, forecast_day_1,
            forecast_mid_period, actual, round(error_day_1 + 1e-12, 9),
            round(error_mid_period + 1e-12, 9),
            round(accuracy + 1e-12, 9), slipped_amount, round(slippage + 1e-12, 9)
        from marts.rpt_forecast""",
    "attainment": """
        select quarter_start, sales_rep_id, tenure_months, round(ramp_share + 1e-12, 9), full_quota,
            quota, credited_bookings, round(attainment + 1e-12, 9), bonus, time_to_first_full_month,
            reps_with_quota, reps_at_quota, round(share_at_quota + 1e-12, 9)
        from marts.rpt_rep_attainment""",
}


@dataclass(frozen=True)
class State:
    """A deal as it stood from an instant on."""

    at: datetime
    place: int
    state_id: str
    status: str
    rep: str | None
    currency: str
    category: str
    amount: Decimal | None
    probability: Decimal | None
    close: date | None

    @property
    def order(self) -> tuple[datetime, int, str]:
        """States of one instant: of the creation, of the history, of today."""
        return self.at, self.place, self.state_id


@dataclass(frozen=True)
class Snapshot:
    """An open deal at the end of a day."""

    deal: Deal
    day: date
    state: State
    category: str
    amount: Decimal | None
    worth: Decimal | None
    """The rate of the day."""
    next_status: str
    is_first: bool
    owner: str | None

    @property
    def rep(self) -> str:
        """Who owned it that day."""
        return self.owner or NONE

    @property
    def weighted(self) -> Decimal | None:
        """The amount by its probability."""
        if self.amount is None or self.state.probability is None:
            return None
        return cents(self.amount * self.state.probability / 100)

    def is_due(self, first: date, last: date) -> bool:
        """Is it expected to close then?"""
        return self.state.close is not None and first <= self.state.close <= last


@dataclass(frozen=True)
class Booking:
    """Money that a rep is credited with, renewals left out."""

    rep: str
    day: date
    amount: Decimal | None


@dataclass(frozen=True)
class Quota:
    """A rep's quota of a month, and of the whole period."""

    share: Fraction
    first: date
    last: date
    whole: Decimal


class Pipeline:
    """What all the metrics here are computed from."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.deals = deals(company)
        self.by_id = {deal.opportunity_id: deal for deal in self.deals}
        self.history: dict[str, list[Row]] = defaultdict(list)
        for row in company.rows("opportunity_history"):
            self.history[f"{row['source_system']}:{row['opportunity_id']}"].append(row)
        for rows in self.history.values():
            rows.sort(key=lambda row: (row["changed_at"], row.get("state_id", "")))
        self.handovers: dict[str, list[Row]] = defaultdict(list)
        for row in sorted(company.rows("opportunity_owners"), key=lambda row: row["changed_at"]):
            self.handovers[f"{row['source_system']}:{row['opportunity_id']}"].append(row)
        self.rates = company.definitions("exchange_rates")
        self.categories = company.definitions("forecast_categories")
        self.worth = cache(self._worth)
        self.states = {
            deal.opportunity_id: self._states(deal) for deal in self.deals if deal.kind != "refund"
        }
        self.snapshots = [
            snapshot
            for opportunity_id, states in self.states.items()
            for snapshot in self._snapshots(self.by_id[opportunity_id], states)
        ]
        self.counted = [s for s in self.snapshots if s.deal.in_funnel]
        self.by_day: dict[date, list[Snapshot]] = defaultdict(list)
        for snapshot in self.counted:
            self.by_day[snapshot.day].append(snapshot)
        self.first_snapshot = min(self.by_day, default=None)
        self.bookings = list(self._bookings())
        self.quotas = self._quotas()

    def _worth(self, currency: str, day: date) -> Decimal | None:
        if currency in ("", self.company.currency):
            return Decimal(1)
        for row in self.rates:
            if row["currency_code"] == currency and row["valid_from"] <= str(day) < row["valid_to"]:
                return Decimal(row["rate"])
        return None

    def start_of_day(self, day: date) -> datetime:
        """The instant at which a local day begins, in UTC."""
        local = datetime.combine(day, time(0), tzinfo=self.company.zone)
        return local.astimezone(UTC).replace(tzinfo=None)

    def _states(self, deal: Deal) -> list[State]:
        """From its history, completed at its begin and by what it is today."""
        system, today = deal.row["source_system"], self._today(deal)
        told: list[State] = []
        for row in self.history[deal.opportunity_id]:
            rep = row.get("sales_rep_id", "")
            told.append(
                State(
                    at=datetime.fromisoformat(row["changed_at"]),
                    place=2,
                    state_id=row.get("state_id", ""),
                    status=row["status"].lower(),
                    rep=f"{system}:{rep}" if rep else today.rep,
                    currency=row.get("currency_code", "") or today.currency,
                    category=row.get("forecast_category", ""),
                    amount=_decimal(row["amount"]),
                    probability=_decimal(row.get("probability", "")),
                    close=_day(row["close_date"]),
                )
            )
        states = list(told)
        if not told:
            if deal.created or deal.status == "open":
                at = deal.created or self.start_of_day(self.company.as_of)
                is_open = deal.status == "open"
                states.append(
                    State(
                        at, 1, "created", "open", today.rep, today.currency,
                        today.category if is_open else "", today.amount,
                        today.probability if is_open else None, today.close,
                    )
                )  # fmt: skip
        elif deal.created and told[0].at > deal.created:
            first = told[0]
            is_open = first.status == "open"
            states.append(
                State(
                    deal.created, 1, "created", "open", first.rep, first.currency,
                    first.category if is_open else "", first.amount,
                    first.probability if is_open else None, first.close or today.close,
                )
            )  # fmt: skip
        ended = told[-1].status if told else "open"
        last = told[-1].at if told else deal.created
        if deal.status != "open" and ended == "open" and deal.closed_at:
            states.append(_at(today, max(deal.closed_at, last or deal.closed_at)))
        elif deal.status == "open" and ended != "open" and last:
            states.append(_at(today, max(self.start_of_day(self.company.as_of), last)))
        return sorted(states, key=lambda state: state.order)

    def _today(self, deal: Deal) -> State:
        row = deal.row
        return State(
            at=datetime.max,
            place=3,
            state_id="today",
            status=deal.status,
            rep=None if deal.rep == NONE else deal.rep,
            currency=row["currency_code"] or self.company.currency,
            category=row.get("forecast_category", ""),
            amount=deal.original,
            probability=_decimal(row.get("probability", "")),
            close=deal.close,
        )

    def _snapshots(self, deal: Deal, states: list[State]) -> Iterator[Snapshot]:
        """Each day at whose end the deal is open."""
        last_of_day: dict[date, State] = {}
        for state in states:
            last_of_day[self.company.local_date(state.at)] = state
        now: State | None = None
        is_first = True
        day = min(last_of_day, default=self.company.as_of)
        while day <= self.company.as_of:
            now = last_of_day.get(day, now)
            if now and now.status == "open":
                follows = last_of_day.get(day + timedelta(days=1), now)
                worth = self.worth(now.currency, day)
                known = now.amount is not None and worth is not None
                yield Snapshot(
                    deal=deal,
                    day=day,
                    state=now,
                    category=self._category(deal, now.category, day),
                    amount=cents(now.amount * worth) if known else None,  # type: ignore[operator]
                    worth=worth,
                    next_status=follows.status,
                    is_first=is_first,
                    owner=self._owner(deal, day) or now.rep,
                )
                is_first = False
            elif now:
                is_first = False
            day += timedelta(days=1)

    def _owner(self, deal: Deal, day: date) -> str | None:
        """Who owned a deal at the end of a day, of one that is known to have been handed over."""
        changes = self.handovers[deal.opportunity_id]
        owner = changes[0]["old"] if changes else None
        for change in changes:
            if self.company.local_date(datetime.fromisoformat(change["changed_at"])) <= day:
                owner = change["new"]
        return f"{deal.row['source_system']}:{owner}" if owner else None

    def _category(self, deal: Deal, written: str, day: date) -> str:
        for row in self.categories:
            if (
                row["source_system"] == deal.row["source_system"]
                and row["source_category"].lower() == written.lower()
                and row["valid_from"] <= str(day) < row["valid_to"]
            ):
                return row["forecast_category"]
        if not written:
            return ""
        return written.lower() if written.lower() in CATEGORIES else "unmapped"

    def _bookings(self) -> Iterator[Booking]:
        """Wins, wins that were taken back, and refunds, each of its own date."""
        for deal in self.deals:
            if deal.kind == "refund":
                if deal.status == "won" and deal.close:
                    yield from self._refund(deal, deal.close)
                continue
            if deal.kind == "renewal":
                continue
            if deal.status == "won" and deal.close:
                yield self._booking(deal, deal.original, deal.close, deal.close)
            changes: list[Row] = []
            for row in self.history[deal.opportunity_id]:
                if not changes or changes[-1]["status"].lower() != row["status"].lower():
                    changes.append(row)
            for won, next_one in pairwise(changes):
                if won["status"].lower() != "won":
                    continue
                back = self.company.local_date(datetime.fromisoformat(next_one["changed_at"]))
                day = _day(won["close_date"]) or back
                amount = _decimal(won["amount"])
                yield self._booking(deal, amount, day, day)
                yield self._booking(deal, None if amount is None else -amount, back, day)

    def _refund(self, deal: Deal, day: date) -> Iterator[Booking]:
        original = deal.row.get("original_opportunity_id", "")
        booked = self.by_id.get(f"{deal.row['source_system']}:{original}") if original else None
        own_kind = deal.row["kind"] if deal.row["kind"] != "refund" else "refund"
        if (booked.kind if booked else own_kind) == "renewal":
            return
        amount = None if deal.original is None else -abs(deal.original)
        yield self._booking(deal, amount, day, booked.close if booked and booked.close else day)

    def _booking(self, deal: Deal, amount: Decimal | None, day: date, rate_day: date) -> Booking:
        worth = self.worth(deal.row["currency_code"], rate_day)
        known = amount is not None and worth is not None
        return Booking(deal.rep, day, cents(amount * worth) if known else None)  # type: ignore[operator]

    def _quotas(self) -> dict[tuple[str, date], Quota]:
        """By rep (`all` is the team) and month."""
        of_day: dict[tuple[str, date], Target] = {}
        for row in self.company.rows("targets"):
            if row["metric"].lower() != "quota" or row.get("channel", "") not in ("", "all"):
                continue
            first = _first(date.fromisoformat((row["month"] + "-01")[:10]))
            months = int(row.get("period_months") or 1)
            after = _months_later(first, months)
            since = max(first, _day(row.get("valid_from", "")) or first)
            rep = row.get("sales_rep_id", "") or "all"
            day = since
            while day < after:
                stated = _day(row.get("valid_from", "")) or date.min
                rank: Target = (-months, since, stated, first, Fraction(row["target"]), after)
                known = of_day.get((rep, day))
                if known is None or rank[:4] > known[:4]:
                    of_day[rep, day] = rank
                day += timedelta(days=1)
        shares: dict[tuple[str, date], Fraction] = defaultdict(Fraction)
        wholes: dict[tuple[str, date, date], Fraction] = defaultdict(Fraction)
        periods: dict[tuple[str, date], tuple[date, date]] = {}
        for (rep, day), (_, _, _, first, target, after) in sorted(of_day.items()):
            part = target / (after - first).days
            shares[rep, _first(day)] += part
            wholes[rep, first, after] += part
            periods[rep, _first(day)] = (first, after)
        found: dict[tuple[str, date], Quota] = {}
        for (spelling, month), share in shares.items():
            first, after = periods[spelling, month]
            rep = self._rep(spelling)
            whole = cents(wholes[spelling, first, after])
            found[rep, month] = Quota(share, first, after - timedelta(days=1), whole)
        return found

    def carriers(self) -> list[Row]:
        """The reps that a list names."""
        return self.company.rows("quota_carriers") or self.company.rows("sales_reps")

    def _rep(self, spelling: str) -> str:
        """The rep whom a target names: by id, else by id within a system, else by name."""
        if spelling == "all":
            return spelling
        ids = {f"{row['source_system']}:{row['sales_rep_id']}" for row in self.carriers()}
        ids |= {deal.rep for deal in self.deals if deal.rep != NONE}
        ids |= {s.rep for states in self.states.values() for s in states if s.rep}
        if spelling in ids:
            return spelling
        local = [rep for rep in ids if rep.split(":")[1] == spelling]
        named = [
            f"{row['source_system']}:{row['sales_rep_id']}"
            for row in self.carriers()
            if row["sales_rep"] == spelling
        ]
        return min(local or named or [spelling])

    def quarter(self, day: date) -> tuple[date, date]:
        """The fiscal quarter of a day: its first and last."""
        past = (day.month - self.company.fiscal_year_start_month) % 3
        first = _months_later(_first(day), -past)
        return first, _months_later(first, 3) - timedelta(days=1)

    def months(self) -> list[date]:
        """Months from the first thing on, with the last day known of each."""
        firsts = [d.created_date or d.close for d in self.deals]
        firsts += [b.day for b in self.bookings] + [month for _, month in self.quotas]
        month = _first(min([day for day in firsts if day], default=self.company.as_of))
        found = []
        while month <= self.company.as_of:
            found.append(month)
            month = _months_later(month, 1)
        return found

    def end(self, month: date) -> date:
        """The last day of a month, or today."""
        return min(_months_later(month, 1) - timedelta(days=1), self.company.as_of)


def expected(company: Company) -> dict[str, Rows]:
    """The rows of every query."""
    pipeline = Pipeline(company)
    return {
        "daily": daily(pipeline),
        "velocity": velocity(pipeline),
        "coverage": coverage(pipeline),
        "quota": quota(pipeline),
        "waterfall": waterfall(pipeline),
        "forecast": forecast(pipeline),
        "attainment": attainment(pipeline),
    }


def daily(pipeline: Pipeline) -> Rows:
    """Every open deal of every day."""
    return [
        (
            s.deal.opportunity_id, s.day, s.owner, s.deal.kind, s.state.currency, s.category,
            s.next_status, s.state.amount, s.amount, s.state.probability, s.weighted,
            s.state.close, s.is_first,
        )
        for s in pipeline.snapshots
    ]  # fmt: skip


def velocity(pipeline: Pipeline) -> Rows:
    """Open deals x win rate x deal size / cycle, of the trailing days up to each month's end."""
    company = pipeline.company
    rows: Rows = []
    for month in pipeline.months():
        last = pipeline.end(month)
        definition = company.in_force("metric_definitions", last, metric="velocity")[0]
        trailing = json.loads(definition["parameters"])["trailing_days"]
        decided = [
            deal
            for deal in pipeline.deals
            if deal.in_funnel
            and deal.close
            and last - timedelta(days=trailing) < deal.close <= last
            and (deal.status == "won" or (deal.status == "lost" and not deal.is_loss_excluded))
        ]
        there = pipeline.by_day[last]
        for rep in {"all"} | {d.rep for d in decided} | {s.rep for s in there}:
            mine = [d for d in decided if rep in ("all", d.rep)]
            still_open = [s for s in there if rep in ("all", s.rep)]
            if not mine and not still_open:
                continue
            won = [d for d in mine if d.status == "won"]
            sizes = [Fraction(d.acv) for d in won if d.acv and d.acv > 0]
            cycles = [
                (d.close - d.created_date).days
                for d in won
                if d.close and d.created_date and d.close >= d.created_date
            ]
            rate = _share(len(won), len(mine))
            size = _share(sum(sizes), len(sizes))
            cycle = _share(sum(cycles), len(cycles))
            a_day = None
            if rate is not None and size is not None and cycle:
                a_day = len(still_open) * rate * size / cycle
            rows.append(
                (
                    month, rep, len(still_open),
                    sum((s.amount or Decimal(0) for s in still_open), Decimal(0)),
                    sum(s.amount is None for s in still_open),
                    len(won), len(mine), _float(rate), _float(size, 6), _float(cycle),
                    _float(a_day, 6),
                )
            )  # fmt: skip
    return rows


def coverage(pipeline: Pipeline) -> Rows:
    """The pipeline due in the quota period of each month, against the quota."""
    company = pipeline.company
    rows: Rows = []
    reps = {s.rep for s in pipeline.counted} | {b.rep for b in pipeline.bookings}
    reps |= {rep for rep, _ in pipeline.quotas if rep != "all"}
    for month in pipeline.months():
        last, is_now = pipeline.end(month), month == _first(company.as_of)
        team = pipeline.quotas.get(("all", month))
        parts: dict[str, dict[str, Decimal | None]] = {}
        for rep in reps:
            own = pipeline.quotas.get((rep, month))
            period = own or team
            first, end = (period.first, period.last) if period else pipeline.quarter(month)
            started = [s for s in pipeline.by_day[first] if s.rep == rep and s.is_due(first, end)]
            running = [s for s in pipeline.by_day[last] if s.rep == rep and s.is_due(first, end)]
            won = [b for b in pipeline.bookings if b.rep == rep and first <= b.day <= last]
            if not (own or started or won or (is_now and running)):
                continue
            has_start = pipeline.first_snapshot is not None and first >= pipeline.first_snapshot
            parts[rep] = {
                "quota": own.whole if own else None,
                "start": _sum(s.amount for s in started) if has_start else None,
                "start_weighted": _sum(s.weighted for s in started) if has_start else None,
                "now": _sum(s.amount for s in running) if is_now else None,
                "now_weighted": _sum(s.weighted for s in running) if is_now else None,
                "won": _sum(b.amount for b in won),
            }
        if not parts:
            continue
        names = ("quota", "start", "start_weighted", "now", "now_weighted", "won")
        total = {name: _known_sum(part[name] for part in parts.values()) for name in names}
        if total["quota"] is None and team:
            total["quota"] = team.whole
        for rep, part in {**parts, "all": total}.items():
            rows.append((month, rep, *_covered(part, is_now)))
    return rows


def _covered(part: dict[str, Decimal | None], is_now: bool) -> tuple[object, ...]:
    quota_of, won = part["quota"], part["won"] or Decimal(0)
    left = (quota_of or Decimal(0)) - won if is_now else None

    def over(name: str, denominator: Decimal | None) -> float | None:
        if denominator is None or denominator <= 0:
            return None
        return _float(_share(part[name], denominator))

    return (
        quota_of, won, _float(_share(won, quota_of)), part["start"], over("start", quota_of),
        over("start_weighted", quota_of), part["now"], left, over("now", left),
        over("now_weighted", left), not quota_of,
    )  # fmt: skip


def quota(pipeline: Pipeline) -> Rows:
    """Each month's quota, and how much of it was booked."""
    rows: Rows = []
    for month in {month for _, month in pipeline.quotas if month <= pipeline.company.as_of}:
        of_reps = {
            rep: cents(known.share)
            for (rep, of), known in pipeline.quotas.items()
            if of == month and rep != "all"
        }
        team = pipeline.quotas.get(("all", month))
        booked: dict[str, Decimal] = defaultdict(Decimal)
        for booking in pipeline.bookings:
            if _first(booking.day) == month:
                booked[booking.rep] += booking.amount or 0
        for rep, share in of_reps.items():
            rows.append((month, rep, share, share, _float(_share(booked[rep], share))))
        total = sum(of_reps.values(), Decimal(0)) if of_reps else None
        shown = cents(team.share) if team else total
        everything = sum(booked.values(), Decimal(0))
        rows.append((month, "all", shown, total, _float(_share(everything, shown))))
    return rows


MOVEMENTS = (
    "opening", "created", "reopened", "pulled_in", "increased", "won", "lost", "decreased",
    "pushed_out", "fx", "closing",
)  # fmt: skip


def waterfall(pipeline: Pipeline) -> Rows:
    """From the first snapshot of each fiscal quarter to its last, deal by deal and day by day."""
    company = pipeline.company
    found: dict[tuple[date, str], list[tuple[str, Decimal]]] = defaultdict(list)
    of_deals: dict[str, dict[date, Snapshot]] = defaultdict(dict)
    for snapshot in pipeline.counted:
        of_deals[snapshot.deal.opportunity_id][snapshot.day] = snapshot
    for opportunity_id, days in of_deals.items():
        for day, now in days.items():
            first, end = pipeline.quarter(day)
            last = min(end, company.as_of)
            value = now.amount or Decimal(0)
            before = days.get(day - timedelta(days=1))

            def note(
                movement: str, amount: Decimal, first: date = first, deal: str = opportunity_id
            ) -> None:
                found[first, movement].append((deal, amount))

            if now.is_due(first, end):
                if day == last:
                    note("closing", value)
                if day < last and now.next_status != "open":
                    note(now.next_status, -value)
            if day == first:
                if now.is_due(first, end):
                    note("opening", value)
            elif before is None:
                if now.is_due(first, end):
                    note("created" if now.is_first else "reopened", value)
            elif now.is_due(first, end) and not before.is_due(first, end):
                note("pulled_in", value)
            elif before.is_due(first, end) and not now.is_due(first, end):
                note("pushed_out", -(before.amount or Decimal(0)))
            elif now.is_due(first, end):
                was = before.amount or Decimal(0)
                at_rate = was
                if before.state.amount is not None and now.worth is not None:
                    at_rate = cents(before.state.amount * now.worth)
                if at_rate != was:
                    note("fx", at_rate - was)
                if value != at_rate:
                    note("increased" if value > at_rate else "decreased", value - at_rate)
    rows: Rows = []
    for first in {first for first, _ in found}:
        end = pipeline.quarter(first)[1]
        for movement in MOVEMENTS:
            moved = found[first, movement]
            rows.append(
                (
                    first, end, movement, sum((amount for _, amount in moved), Decimal(0)),
                    len({deal for deal, _ in moved}), end <= company.as_of,
                )
            )  # fmt: skip
    return rows


def forecast(pipeline: Pipeline) -> Rows:
    """What the snapshots of the first day and the middle said of each quarter, and what came."""
    company = pipeline.company
    rows: Rows = []
    wins = [d for d in pipeline.deals if d.in_funnel and d.status == "won" and d.close]
    for first in sorted({pipeline.quarter(month)[0] for month in pipeline.months()}):
        end = pipeline.quarter(first)[1]
        middle = first + timedelta(days=((end - first).days + 1) // 2)
        is_over = end <= company.as_of
        on_day_1 = [s for s in pipeline.by_day[first] if s.is_due(first, end)]
        in_middle = [s for s in pipeline.by_day[middle] if s.is_due(first, end)]
        later = {
            s.deal.opportunity_id
            for s in pipeline.by_day[min(end, company.as_of)]
            if s.state.close and s.state.close > end
        }
        won = [d for d in wins if d.close and first <= d.close <= min(end, company.as_of)]
        reps = {s.rep for s in (*on_day_1, *in_middle)} | {d.rep for d in won}
        for rep in ({"all"} | reps) if reps else ():
            actual = _sum(d.amount for d in won if rep in ("all", d.rep))
            won_by_then = [
                d for d in won if rep in ("all", d.rep) and d.close and d.close <= middle
            ]
            for name, categories in FORECASTS.items():
                mine = [s for s in on_day_1 if rep in ("all", s.rep) and s.category in categories]
                half = [s for s in in_middle if rep in ("all", s.rep) and s.category in categories]
                day_1 = slipped = mid = None
                if pipeline.first_snapshot and first >= pipeline.first_snapshot:
                    day_1 = _sum(s.amount for s in mine)
                    slipped = _sum(s.amount for s in mine if s.deal.opportunity_id in later)
                if pipeline.first_snapshot and pipeline.first_snapshot <= middle <= company.as_of:
                    mid = _sum(s.amount for s in half) + _sum(d.amount for d in won_by_then)
                error = _error(day_1, actual) if is_over else None
                rows.append(
                    (
                        first, rep, name, day_1, mid, actual, _float(error),
                        _float(_error(mid, actual)) if is_over else None,
                        _float(None if error is None else 1 - abs(error)), slipped,
                        _float(_share(slipped, day_1)) if day_1 is not None else None,
                    )
                )  # fmt: skip
    return rows


def attainment(pipeline: Pipeline) -> Rows:
    """Who met the quota of each quarter, and what is earned by it."""
    company = pipeline.company
    known = {f"{row['source_system']}:{row['sales_rep_id']}": row for row in pipeline.carriers()}
    booked: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    for booking in pipeline.bookings:
        booked[booking.rep, _first(booking.day)] += booking.amount or 0
    months = {key for key in pipeline.quotas if key[0] != "all"} | set(booked)
    this_month = _first(company.as_of)
    rows: Rows = []
    quarters = {pipeline.quarter(month)[0] for _, month in months}
    for first in {quarter for quarter in quarters if quarter <= this_month}:
        end = pipeline.quarter(first)[1]
        judged = []
        for rep in {rep for rep, month in months if pipeline.quarter(month)[0] == first}:
            row = known.get(rep, {})
            start = _day(row.get("started_on", ""))
            of_quarter = [_months_later(first, place) for place in range(3)]
            full, asked, has_quota = Fraction(0), Fraction(0), False
            for month in of_quarter:
                if share := pipeline.quotas.get((rep, month)):
                    has_quota = True
                    full += share.share
                    asked += share.share * _ramp(company, start, month)
            credited = sum(
                (booked.get((rep, month), Decimal(0)) for month in of_quarter), Decimal(0)
            )
            quota_of = cents(asked) if has_quota else None
            judged.append(
                (
                    rep, _tenure(start, min(of_quarter[-1], this_month)),
                    cents(full) if has_quota else None, quota_of, credited,
                    _bonus(company, row.get("team", ""), end, quota_of, credited),
                    _first_full(pipeline, rep, start, min(of_quarter[-1], this_month), booked),
                )
            )  # fmt: skip
        with_quota = [line for line in judged if line[3] is not None and line[3] > 0]
        reached = [line for line in with_quota if line[3] is not None and line[4] >= line[3]]
        for rep, tenure, full_quota, asked_quota, credited, bonus, months_to_full in judged:
            has = int(asked_quota is not None and asked_quota > 0)
            met = int(asked_quota is not None and asked_quota > 0 and credited >= asked_quota)
            rows.append(
                (
                    first, rep, tenure, _float(_share(asked_quota, full_quota)), full_quota,
                    asked_quota, credited, _float(_share(credited, asked_quota)), bonus,
                    months_to_full, has, met, _float(_share(met, has)),
                )
            )  # fmt: skip
        full_sum = _known_sum(line[2] for line in judged)
        quota_sum = _known_sum(line[3] for line in judged)
        credited_sum = sum((line[4] for line in judged), Decimal(0))
        rows.append(
            (
                first, "all", None, _float(_share(quota_sum, full_sum)), full_sum, quota_sum,
                credited_sum, _float(_share(credited_sum, quota_sum)),
                _known_sum(line[5] for line in judged), None, len(with_quota), len(reached),
                _float(_share(len(reached), len(with_quota))),
            )
        )  # fmt: skip
    return rows


def _ramp(company: Company, start: date | None, month: date) -> Fraction:
    tenure = _tenure(start, month)
    if tenure is None:
        return Fraction(1)
    found = company.in_force("quota_ramps", month, tenure_month=str(tenure))
    return Fraction(found[0]["ramp_share"]) if found else Fraction(1)


def _bonus(
    company: Company, team: str, day: date, quota_of: Decimal | None, credited: Decimal
) -> Decimal | None:
    found = company.in_force("commission_rates", day, team=team) if team else []
    found = found or company.in_force("commission_rates", day, team="all")
    if not found or quota_of is None or quota_of <= 0:
        return None
    rate, accelerator = Decimal(found[0]["rate"]), Decimal(found[0]["accelerator"])
    return cents(
        rate * min(credited, quota_of) + accelerator * max(credited - quota_of, Decimal(0))
    )


def _first_full(
    pipeline: Pipeline,
    rep: str,
    start: date | None,
    until: date,
    booked: dict[tuple[str, date], Decimal],
) -> int | None:
    """Months from the start to the first in which the whole quota was met, if it was by then."""
    if start is None:
        return None
    month = _first(start)
    while month <= until:
        share = pipeline.quotas.get((rep, month))
        of_month = cents(share.share) if share else Decimal(0)
        if of_month > 0 and booked.get((rep, month), Decimal(0)) >= of_month:
            return _tenure(start, month)
        month = _months_later(month, 1)
    return None


def _tenure(start: date | None, month: date) -> int | None:
    return None if start is None else (month.year - start.year) * 12 + month.month - start.month


def _at(state: State, at: datetime) -> State:
    return State(**{**state.__dict__, "at": at})


def _decimal(value: str) -> Decimal | None:
    return Decimal(value) if value else None


def _day(value: str) -> date | None:
    return date.fromisoformat(value[:10]) if value else None


def _first(day: date) -> date:
    return day.replace(day=1)


def _months_later(month: date, months: int) -> date:
    place = month.year * 12 + month.month - 1 + months
    return date(place // 12, place % 12 + 1, 1)


def _sum(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((amount for amount in amounts if amount is not None), Decimal(0))


def _known_sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None


def _error(guess: Decimal | None, actual: Decimal) -> Fraction | None:
    return _share(guess - actual, actual) if guess is not None else None


def _share(
    numerator: Fraction | Decimal | int | None, denominator: Fraction | Decimal | int | None
) -> Fraction | None:
    if numerator is None or not denominator:
        return None
    return Fraction(numerator) / Fraction(denominator)


def _float(value: Fraction | None, digits: int = 9) -> float | None:
    """Rounded as the queries round: what lies half way is first moved off it, in both paths."""
    if value is None:
        return None
    scaled = value * 10**digits + Fraction(1, 1000)
    whole = int(abs(scaled) + Fraction(1, 2))
    return (whole if scaled >= 0 else -whole) / 10**digits
