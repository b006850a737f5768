"""Who brought deals, the touches until they were won, and what campaigns brought (B12, B13, C4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from tests.oracle.audience import Touch, facts_of, touches
from tests.oracle.company import Company
from tests.oracle.funnel import (
    Cycle,
    Deal,
    cents,
    cycles_of,
    deals,
    events,
    percentile,
    rate,
)
from tests.oracle.identity import people
from tests.oracle.recurring import buyers, customers, lines, margin_of

Rows = list[tuple[object, ...]]
SOURCES = ("marketing", "sdr", "sales", "partner", "customer_success", "unknown")
SQL_SOURCES = ", ".join(f"opportunities_{s}, pipeline_{s}" for s in SOURCES)

QUERIES = {
    "origins": """
        select opportunity_id, coalesce(created_by_role, ''), sourced_by, is_influenced
        from marts.fct_opportunities""",
    "created": f"""
        select month, sales_rep_id, {SQL_SOURCES}, opportunities_influenced, pipeline_influenced
        from marts.rpt_sales_monthly where opportunities_created > 0""",
    "touched": """
        select month, sales_rep_id, touches_of_won, contacts_of_won, round(touches_per_won, 9),
            round(contacts_per_won, 9), round(touches_per_won_median, 6),
            round(contacts_per_won_median, 6)
        from marts.rpt_sales_monthly where won > 0""",
    "campaigns": """
        select month, cast(sum(spend) as decimal(18, 2)),
            cast(sum(credited_opportunities) as bigint), cast(sum(credited_won) as bigint),
            cast(sum(credited_pipeline) as decimal(18, 2)),
            cast(sum(credited_amount) as decimal(18, 2)), max(window_days), bool_and(is_mature)
        from marts.rpt_campaign_performance where is_headline group by month""",
    "margins": """
        select month, round(cast(sum(credited_margin) as double), 0)
        from marts.rpt_campaign_performance where is_headline
        group by month having count(credited_margin) = count(*)""",
}


def expected(company: Company) -> dict[str, Rows]:
    """All of the above."""
    found = Sourcing(company)
    return {
        "origins": [
            (d.opportunity_id, found.roles[d.opportunity_id], *found.origins[d.opportunity_id])
            for d in found.deals
        ],
        "created": found.created(),
        "touched": found.touched(),
        "campaigns": found.campaigns(),
        "margins": found.margins(),
    }


@dataclass(frozen=True)
class Credit:
    """A deal's creation or win, in the month that it counts for."""

    deal: Deal
    is_win: bool
    month: date
    converted: date


class Sourcing:
    """Deals with the touches of their people."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.facts = facts_of(company)
        self.deals = deals(company)
        self.touches = touches(self.facts)
        self.people = people(company)
        self.of_account: dict[str, set[str]] = defaultdict(set)
        for who, account in self.facts.accounts.items():
            self.of_account[account].add(who)
        self.contacts: dict[str, set[str]] = defaultdict(set)
        for row in (*company.rows("opportunity_contacts"), *company.rows("opportunities")):
            system, record = row["source_system"], row["person_record_id"]
            person = self.facts.persons.get(f"{system}:{record}")
            if person:
                self.contacts[f"{system}:{row['opportunity_id']}"].add(person.person_id)
        of_lines = lines(company, buyers(company))
        self.lines = of_lines
        self.customers = customers(self.deals, of_lines)
        self.of_deals = {d.opportunity_id: list(self._touches(d)) for d in self.deals}
        self.roles = {d.opportunity_id: self._role(d) for d in self.deals}
        self.origins = {d.opportunity_id: self._origin(d) for d in self.deals}
        self.credits = list(self._credits())

    def _day(self, deal: Deal) -> date:
        return deal.created_date or self.company.as_of

    def _lookback(self, day: date) -> timedelta:
        days = self.facts.parameter("pipeline_created", "lookback_days", day)
        return timedelta(days=int(days))

    def _touches(self, deal: Deal) -> Iterator[Touch]:
        """Those of its contacts and of its account's people, from the lookback to its close."""
        if deal.created is None:
            return
        first = deal.created - self._lookback(self._day(deal))
        for who in self._people(deal) - self.facts.left_out:
            for touch in self.touches.get(who, []):
                in_time = touch.at and first <= touch.at
                if in_time and touch.at and (not deal.closed_at or touch.at <= deal.closed_at):
                    yield touch

    def _people(self, deal: Deal) -> set[str]:
        return self.contacts[deal.opportunity_id] | self.of_account.get(deal.account, set())

    def _is_marketing(self, touch: Touch) -> bool:
        known = self.facts.channels.get(touch.channel)
        return known is not None and known["is_marketing"].lower() == "true"

    def _role(self, deal: Deal) -> str:
        """What the creator does: by the deal, by the title, by the team."""
        row = deal.row
        creator = row.get("created_by", "")
        texts = [row.get("created_by_role", "")]
        for rep in (*self.company.rows("users"), *self.company.rows("sales_reps")):
            is_same = rep.get("source_system") or "generic", rep["sales_rep_id"]
            if creator and is_same == (row["source_system"], creator):
                texts += [rep.get("title", ""), rep.get("team", "")]
        for text in texts:
            for role in self.facts.in_force("sales_roles", self._day(deal)):
                if text and role["source_text"].lower() == text.lower():
                    return role["role"]
        return ""

    def _origin(self, deal: Deal) -> tuple[str, bool]:
        """The first rule that holds, and whether marketing had a part in it."""
        role = self.roles[deal.opportunity_id]
        is_influenced = any(
            self._is_marketing(touch) and touch.at and deal.created and touch.at <= deal.created
            for touch in self.of_deals[deal.opportunity_id]
        )
        since, day = self.customers.get(deal.account), deal.created_date
        if deal.row.get("partner_registered", "").lower() in ("true", "1", "yes"):
            return "partner", is_influenced
        if role == "cs" and since and day and since < day:
            return "customer_success", is_influenced
        if is_influenced:
            return "marketing", True
        return {"sdr": "sdr", "ae": "sales"}.get(role, "unknown"), False

    def created(self) -> Rows:
        """Deals created by month and sales rep, by who brought them."""
        groups = defaultdict(list)
        for deal in self.deals:
            if deal.in_funnel and deal.created_date:
                for rep in (deal.rep, "all"):
                    groups[deal.created_date.replace(day=1), rep].append(deal)
        found: Rows = []
        for (month, rep), of_group in groups.items():
            parts: list[object] = []
            for source in SOURCES:
                mine = [d for d in of_group if self.origins[d.opportunity_id][0] == source]
                parts += [len(mine), _value(mine)]
            touched = [d for d in of_group if self.origins[d.opportunity_id][1]]
            found.append((month, rep, *parts, len(touched), _value(touched)))
        return found

    def touched(self) -> Rows:
        """Touches and contacts of the deals won, by month and sales rep."""
        groups = defaultdict(list)
        for deal in self.deals:
            if deal.in_funnel and deal.status == "won" and deal.close:
                for rep in (deal.rep, "all"):
                    groups[deal.close.replace(day=1), rep].append(deal)
        found: Rows = []
        for (month, rep), won in groups.items():
            n_touches = [len(self.of_deals[d.opportunity_id]) for d in won]
            n_people = [len({t.person_id for t in self.of_deals[d.opportunity_id]}) for d in won]
            found.append((
                month, rep, sum(n_touches), sum(n_people),
                round(sum(n_touches) / len(won), 9), round(sum(n_people) / len(won), 9),
                percentile(n_touches, Fraction(1, 2)), percentile(n_people, Fraction(1, 2)),
            ))  # fmt: skip
        return found

    # Campaigns.

    def _sourcing_touch(self, deal: Deal, of_people: dict[str, list[Cycle]]) -> datetime | None:
        """When the touch that gives the deal its channel and campaign happened."""
        who = deal.carrier
        person = self.people[who] if who else None
        known = self.company.local_date(person.created) if person and person.created else None
        if who is None or (known and deal.created_date and known > deal.created_date):
            campaign = deal.row.get("campaign", "")
            named = {row["campaign_id"] for row in self.company.rows("campaigns")}
            return deal.created if campaign and campaign in named else None
        mine = [touch for touch in self.touches.get(who, []) if touch.names_source and touch.at]
        for cycle in of_people.get(who, []):
            if any(e.deal is deal and e.stage == "opportunity" for e in cycle.events):
                mql = cycle.observed("mql")
                after = cycle.began_after
                fitting = [
                    touch.at
                    for touch in mine
                    if mql and touch.at and touch.at <= mql.at and (not after or touch.at > after)
                ]
                if fitting:
                    return max(fitting)
                break
        return min((touch.at for touch in mine if touch.at), default=None)

    def _window(self, month: date) -> int:
        roi = self.facts.parameter("roas", "window_days", month)
        back = self.facts.parameter("pipeline_created", "lookback_days", month)
        return int(min(roi, back))

    def _credits(self) -> Iterator[Credit]:
        of_people = {
            who: cycles_of(who, mine) for who, mine in events(self.company, self.deals).items()
        }
        for deal in self.deals:
            if not deal.in_funnel:
                continue
            touched = self._sourcing_touch(deal, of_people)
            if deal.created and deal.created_date:
                yield self._credit(deal, touched, deal.created, deal.created_date, False)
            if deal.status == "won" and deal.close and deal.closed_at:
                yield self._credit(deal, touched, deal.closed_at, deal.close, True)

    def _credit(
        self, deal: Deal, touched: datetime | None, at: datetime, day: date, is_win: bool
    ) -> Credit:
        month = day.replace(day=1)
        if touched and deal.created and touched <= at:
            of_touch = self.company.local_date(touched)
            first = of_touch.replace(day=1)
            if (
                touched >= deal.created - self._lookback(first)
                and (day - of_touch).days <= self._window(first)
            ):  # fmt: skip
                month = first
        return Credit(deal, is_win, month, day)

    def _spend(self) -> dict[date, Fraction]:
        """Media and agency by month."""
        found: dict[date, Fraction] = defaultdict(Fraction)
        for row in self.company.rows("ad_spend"):
            day = date.fromisoformat(row.get("date") or row["day"])
            currency = row.get("currency") or row.get("currency_code", "")
            worth = rate(self.company, currency, day)
            if row["spend"] and worth is not None:
                exact = Fraction(row["spend"]) * Fraction(worth)
                found[day.replace(day=1)] += Fraction(_millionths(exact), 1_000_000)
        for row in self.company.rows("costs"):
            day = date.fromisoformat(row["month"])
            worth = rate(self.company, row.get("currency_code", ""), day)
            if row["cost_type"].lower() == "agency" and worth is not None:
                found[day.replace(day=1)] += Fraction(cents(Decimal(row["amount"]) * worth))
        return found

    def campaigns(self) -> Rows:
        """Cost and credited deals of a month, all campaigns together."""
        spend = self._spend()
        found: Rows = []
        for month in {*spend, *(credit.month for credit in self.credits)}:
            mine = [credit for credit in self.credits if credit.month == month]
            made = [credit.deal for credit in mine if not credit.is_win]
            won = [credit.deal for credit in mine if credit.is_win]
            last = (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)
            window = self._window(month)
            found.append((
                month, cents(spend.get(month, Fraction(0))), len(made), len(won), _value(made),
                _value(won), window, self.company.as_of >= last + timedelta(days=window),
            ))  # fmt: skip
        return found

    def margins(self) -> Rows:
        """The margin of a month's wins, where the margin of each is known."""
        found: Rows = []
        for month in {*self._spend(), *(credit.month for credit in self.credits)}:
            won = [credit for credit in self.credits if credit.is_win and credit.month == month]
            total, is_known = Fraction(0), True
            for credit in won:
                share, _ = margin_of(self.company, self.lines, credit.converted.replace(day=1))
                if credit.deal.acv is not None:
                    is_known = is_known and share is not None
                    total += Fraction(credit.deal.acv) * (share or 0)
            if is_known:
                found.append((month, round(float(total), 0)))
        return found


def _millionths(value: Fraction) -> int:
    whole = int(abs(value) * 1_000_000 + Fraction(1, 2))
    return whole if value >= 0 else -whole


def _value(of_deals: list[Deal]) -> Decimal:
    return sum((deal.acv for deal in of_deals if deal.acv is not None), Decimal("0.00"))
