"""Recurring revenue, unit economics, customer value, payback, renewals (METRICS C2 to C16)."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import yaml

from tests.oracle.company import Company, Row
from tests.oracle.funnel import Deal, cents, deals, month, rate
from tests.oracle.identity import (
    _accounts_of_domains,
    account_ids,
    accounts,
    address_of,
    domain_of,
    matches,
    people,
    persons_by_address,
)

Rows = list[tuple[object, ...]]
NOTHING_PAID = ("trialing", "trial", "unpaid", "paused", "incomplete", "incomplete_expired")
A_MONTH = {
    "month": Fraction(1),
    "quarter": Fraction(1, 3),
    "half_year": Fraction(1, 6),
    "year": Fraction(1, 12),
    "week": Fraction(52, 12),
    "day": Fraction(365, 12),
}
MOVEMENTS = ("new", "reactivation", "expansion", "contraction", "churn")
Z = Fraction("1.959964")


# Days and numbers.


def later(day: date, months: int) -> date:
    """So many months later, on the last day of the month where it has no such day."""
    place = day.year * 12 + day.month - 1 + months
    first = date(place // 12, place % 12 + 1, 1)
    after = date((place + 1) // 12, (place + 1) % 12 + 1, 1)
    return min(first + timedelta(days=day.day - 1), after - timedelta(days=1))


def last_day(first: date) -> date:
    """The last day of a month."""
    return later(first, 1) - timedelta(days=1)


def span(first: date, last: date) -> list[date]:
    """The months from one to another."""
    found = []
    while first <= last:
        found.append(first)
        first = later(first, 1)
    return found


def into_year(company: Company, day: date) -> int:
    """How many months of the fiscal year lie before a month."""
    return (day.month - company.fiscal_year_start_month) % 12


def quarter_start(company: Company, day: date) -> date:
    """The first month of a month's fiscal quarter."""
    return later(day, -(into_year(company, day) % 3))


def divided(over: Fraction | Decimal | int | None, under: Fraction | Decimal | int | None,
            digits: int = 9) -> float | None:  # fmt: skip
    """A ratio; none where there is nothing to divide by."""
    if over is None or not under:
        return None
    return round(float(Fraction(over) / Fraction(under)), digits)


def shown(value: Fraction | None, digits: int = 9) -> float | None:
    """A number as it is compared."""
    return None if value is None else round(float(value), digits)


def wilson(successes: int, trials: int) -> tuple[float | None, float | None]:
    """The 95 % interval of a rate."""
    if not trials:
        return None, None
    p, z, n = successes / trials, float(Z), trials
    centre, spread = p + z * z / (2 * n), z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    bounds = [(centre + sign * spread) / (1 + z * z / n) for sign in (-1, 1)]
    return round(max(0.0, bounds[0]), 9), round(min(1.0, bounds[1]), 9)


def parameter(company: Company, metric: str, name: str, day: date) -> Fraction:
    """A knob of a metric, as it was set on a day."""
    [row] = company.in_force("metric_definitions", day, metric=metric)
    return Fraction(str(json.loads(row["parameters"])[name]))


# Who buys.


def buyers(company: Company) -> dict[tuple[str, str, str], str]:
    """The account behind a system, a number and an address, as sales name them together."""
    listed, everyone, by_person = accounts(company), people(company), matches(company)
    free = {row["domain"] for row in company.definitions("free_mail_domains")}
    there = [a for a in listed.values() if not a.is_deleted and a.domain not in free]
    domains = {
        domain: account
        for domain, (account, _, _) in _accounts_of_domains(
            company, there, everyone, account_ids(company)
        ).items()
    }
    for row in company.in_force("account_parents", company.as_of, match_on="domain"):
        domains[row["value"].lower()] = row["parent_account_id"]
    known = {
        address: by_person[person].account_id
        for address, person in persons_by_address(company).items()
    }
    mentions = {
        key_of(row) for table in ("orders", "subscriptions", "carts") for row in company.rows(table)
    }
    of_number = defaultdict(list)
    for system, number, address in mentions:
        of_number[system, number.removeprefix("provider ")].append(address)

    def first(values: Iterable[str | None]) -> str | None:
        return min(filter(None, values), default=None)

    def corporate(address: str) -> str | None:
        domain = domain_of(address)
        return domain if domain and domain not in free else None

    found = {}
    for system, number, address in mentions:
        plain, is_own = number.removeprefix("provider "), not number.startswith("provider ")
        same = of_number[system, plain] if plain else [address]
        ways = (
            f"{system}:{plain}" if is_own and f"{system}:{plain}" in listed else None,
            first(known.get(other) for other in same),
            known.get(address),
            first(domains.get(domain_of(other)) for other in same),
            domains.get(domain_of(address)),
            f"{system}:{plain}" if is_own and plain else None,
            _prefixed("domain:", first(map(corporate, same)) or corporate(address)),
            _prefixed("buyer:", first(hashed(company, other) for other in same)),
            f"{system}:{plain}" if plain else None,
            "unattributed",
        )
        found[system, number, address] = next(filter(None, ways))
    return found


def key_of(row: Row) -> tuple[str, str, str]:
    """How a sale names its buyer."""
    number = row.get("account_id", "")
    if not number and row.get("customer_number"):
        number = f"provider {row['customer_number']}"
    return row["source_system"], number, address_of(row.get("email", ""))


def hashed(company: Company, address: str) -> str | None:
    """What stands for an address in the warehouse."""
    if not address:
        return None
    is_demo = yaml.safe_load((company.root / "workspace.yml").read_text()).get("demo")
    key = (
        hashlib.sha256(b"plumbline: the identity key of the demo company").digest()
        if is_demo
        else bytes.fromhex("0" * 63 + "1")
    )
    return hmac.new(key, address.encode(), "sha256").hexdigest()


def _prefixed(prefix: str, value: str | None) -> str | None:
    return prefix + value if value else None


# What is subscribed to.


@dataclass
class Period:
    """A time in which a customer paid the same a month."""

    account: str
    currency: str
    monthly: Fraction | None
    start: date
    end: date | None


def periods(company: Company, who: dict[tuple[str, str, str], str]) -> list[Period]:
    """The periods of all subscriptions."""
    found = []
    for row in company.rows("subscriptions"):
        monthly = None
        if row.get("monthly_amount"):
            monthly = Fraction(row["monthly_amount"])
        elif row.get("yearly_amount"):
            monthly = Fraction(row["yearly_amount"]) / 12
        elif row.get("amount") and row.get("billing_interval"):
            monthly = Fraction(row["amount"]) * A_MONTH[row["billing_interval"]]
        if monthly is not None:  # millionths
            size = int(abs(monthly) * 1_000_000 + Fraction(1, 2))
            monthly = Fraction(size if monthly >= 0 else -size, 1_000_000)
        if row.get("status", "").lower() in NOTHING_PAID:
            monthly = Fraction(0)
        end = date.fromisoformat(row["end_date"]) if row.get("end_date") else None
        if end is None and row.get("last_date"):
            end = date.fromisoformat(row["last_date"]) + timedelta(days=1)
        found.append(
            Period(
                who[key_of(row)],
                row.get("currency_code") or company.currency,
                monthly,
                date.fromisoformat(row["start_date"]),
                end,
            )
        )
    return found


def yearly_rate(company: Company, currency: str, day: date) -> Fraction | None:
    """The first rate of the fiscal year of a month."""
    if currency == company.currency:
        return Fraction(1)
    first = later(day, -into_year(company, day))
    rates = [
        (row["valid_from"], row["rate"])
        for row in company.definitions("exchange_rates")
        if row["currency_code"] == currency
        and row["valid_to"] > first.isoformat()
        and row["valid_from"] < later(first, 12).isoformat()
    ]
    return Fraction(min(rates)[1]) if rates else None


class Recurring:
    """Monthly recurring revenue by customer and month, in original amounts by currency."""

    def __init__(self, company: Company, of_periods: list[Period]) -> None:
        self.company = company
        begun = [p for p in of_periods if p.start <= company.as_of]
        first = min((month(p.start) for p in begun), default=None)
        self.months = span(first, month(company.as_of)) if first else []
        self.rates = {
            (currency, at): yearly_rate(company, currency, at)
            for currency in {p.currency for p in of_periods}
            for at in self.months
        }
        self.amounts: dict[date, dict[str, dict[str, Fraction]]] = {}
        self.not_valued: dict[tuple[date, str], int] = defaultdict(int)
        for at in self.months:
            on, amounts = (
                min(last_day(at), company.as_of),
                defaultdict[str, dict[str, Fraction]](dict),
            )
            for p in begun:
                if p.start <= on and (p.end is None or p.end > on):
                    of_currency = amounts[p.account]
                    before = of_currency.get(p.currency, Fraction(0))
                    of_currency[p.currency] = before + (p.monthly or 0)
                    if p.monthly is None or self.rates[p.currency, at] is None:
                        self.not_valued[at, p.account] += 1
            self.amounts[at] = amounts

    def value(self, account: str, at: date, as_in: date | None = None) -> Decimal:
        """What an account paid at a month's end, at the rate of a month's fiscal year."""
        amounts = self.amounts.get(at, {}).get(account, {})
        worth = [
            amount * (self.rates[currency, as_in or at] or 0)
            for currency, amount in amounts.items()
        ]
        return cents(sum(worth, Fraction(0)))

    def movements(self) -> dict[tuple[str, date], dict[str, Decimal]]:
        """What became of each customer's revenue, month by month."""
        found = {}
        for account in {account for amounts in self.amounts.values() for account in amounts}:
            had = False
            for at in self.months:
                before = later(at, -1)
                opening, now = self.value(account, before), self.value(account, at)
                opening_now = self.value(account, before, at)
                row = dict.fromkeys(MOVEMENTS, Decimal(0))
                change = now - opening_now
                if opening_now <= 0 < now:
                    row["reactivation" if had else "new"] = change
                elif now <= 0 < opening_now:
                    row["churn"] = change
                else:
                    row["expansion" if change > 0 else "contraction"] = change
                had = had or now > 0
                row |= {"opening": opening, "closing": now, "fx": opening_now - opening}
                if opening or opening_now or now or self.not_valued[at, account]:
                    found[account, at] = row
        return found

    def retention(
        self, at: date, months: int
    ) -> tuple[int, int, Decimal, Decimal, Decimal, Decimal]:
        """Customers, lost ones; what they paid, pay, pay at most as before; what the lost paid."""
        before = later(at, -months)
        pairs = [
            (self.value(account, before, at), self.value(account, at))
            for account in self.amounts.get(before, {})
        ]
        pairs = [(then, now) for then, now in pairs if then > 0]
        return (
            len(pairs),
            sum(now <= 0 for _, now in pairs),
            sum((then for then, _ in pairs), Decimal(0)),
            sum((now for _, now in pairs), Decimal(0)),
            sum((min(pair) for pair in pairs), Decimal(0)),
            sum((then for then, now in pairs if now <= 0), Decimal(0)),
        )


# What is charged.


@dataclass
class Line:
    """A line of an order, an invoice or a credit note."""

    account: str
    order: str
    of_order: str
    kind: str
    day: date
    original: Decimal | None
    revenue: Decimal | None
    cogs: Decimal | None

    @property
    def margin(self) -> Decimal | None:
        """What is left of it."""
        if self.revenue is None or self.cogs is None:
            return None
        return self.revenue - self.cogs


def lines(company: Company, who: dict[tuple[str, str, str], str]) -> list[Line]:
    """All that was charged, in the reporting currency."""
    first_day: dict[str, str] = {}
    for row in company.rows("orders"):
        key = f"{row['source_system']}:{row['order_id']}"
        first_day[key] = min(row["order_date"], first_day.get(key, row["order_date"]))
    found = []
    for row in company.rows("orders"):
        system, named = row["source_system"], row.get("original_order_id", "")
        of_order = f"{system}:{named}" if named else ""
        rate_day = date.fromisoformat(first_day.get(of_order, row["order_date"]))
        worth = rate(company, row.get("currency_code", ""), rate_day)
        kind = row.get("kind") or "order"
        charged, cost = (
            Decimal(row[column]) if row.get(column) else None for column in ("revenue", "cogs")
        )
        if kind == "credit_note":
            charged = -abs(charged) if charged is not None else None
            cost = -abs(cost) if cost is not None else None
        found.append(
            Line(
                who[key_of(row)],
                f"{system}:{row['order_id']}",
                of_order,
                kind,
                date.fromisoformat(row["order_date"]),
                charged,
                None if charged is None or worth is None else cents(charged * worth),
                None if cost is None or worth is None else cents(cost * worth),
            )
        )
    return found


def margin_of(company: Company, of_lines: list[Line], at: date) -> tuple[Fraction | None, str]:
    """The gross margin of a month, and where it comes from."""
    after = later(at, -int(parameter(company, "gross_margin", "trailing_months", at)))
    told = [
        line
        for line in of_lines
        if line.cogs is not None and line.margin is not None and after < month(line.day) <= at
    ]
    charged = sum((line.revenue or Decimal(0) for line in told), Decimal(0))
    if charged > 0:
        return Fraction(sum((line.margin or Decimal(0) for line in told), Decimal(0))) / Fraction(
            charged
        ), "measured"
    agreed = company.in_force("margins", at)
    return (Fraction(agreed[0]["gross_margin"]), "agreed") if agreed else (None, "unknown")


def purchases(of_lines: list[Line]) -> dict[str, list[date]]:
    """The days on which each customer bought something and kept any of it."""
    charged, days = defaultdict[str, Decimal](Decimal), defaultdict[str, list[date]](list)
    buyer = {}
    for line in of_lines:
        if line.kind == "credit_note":
            charged[line.of_order] += line.original or 0
        else:
            charged[line.order] += line.original or 0
            if line.account != "unattributed":
                buyer[line.order] = line.account
            if (line.original or 0) > 0:
                days[line.order].append(line.day)
    found = defaultdict[str, set[date]](set)
    for order, account in buyer.items():
        if charged[order] > 0:
            found[account].add(min(days[order]))
    return {account: sorted(on) for account, on in found.items()}


def customers(of_deals: list[Deal], of_lines: list[Line]) -> dict[str, date]:
    """When each account became a customer."""
    firsts = defaultdict[str, list[date]](list)
    for deal in of_deals:
        is_win = deal.status == "won" and (deal.original or 0) > 0 and deal.kind != "refund"
        if is_win and deal.account and deal.close:
            firsts[deal.account].append(deal.close)
    for line in of_lines:
        if (line.original or 0) > 0 and line.account != "unattributed":
            firsts[line.account].append(line.day)
    return {account: min(days) for account, days in firsts.items()}


def costs(company: Company) -> dict[date, Decimal | None]:
    """All cost of sales and marketing by month; media from the ad platforms alone. None where a
    cost of the month has no exchange rate: unknown is not 0 (0.2)."""
    found = defaultdict[date, Fraction](Fraction)
    unknown = set[date]()

    def counts(kind: str, at: date) -> bool:
        keys = {"variant": "fully_loaded", "cost_type": kind}
        return bool(company.in_force("cac_cost_types", at, **keys))

    for row in company.rows("costs"):
        day, kind = date.fromisoformat(row["month"]), row["cost_type"].lower()
        worth = rate(company, row.get("currency_code", ""), day)
        if kind != "media" and counts(kind, month(day)):
            value = cents(Decimal(row["amount"]) * worth) if worth is not None else Decimal(0)
            found[month(day)] += Fraction(value)
            unknown |= {month(day)} if worth is None else set()
    for row in company.rows("ad_spend"):
        day = date.fromisoformat(row["date"])
        worth = rate(company, row.get("currency", ""), day)
        if row.get("spend") and counts("media", month(day)):
            found[month(day)] += Fraction(Decimal(row["spend"]) * (worth or 0))
            unknown |= {month(day)} if worth is None else set()
    return {at: None if at in unknown else cents(value) for at, value in found.items()}


# What is due.


def renewals(company: Company, of_deals: list[Deal]) -> Rows:
    """Month and rep: due, renewed, pending; what was due and what was kept of it."""
    known = {deal.opportunity_id: deal for deal in of_deals}
    found = defaultdict[tuple[date, str], list[Decimal]](lambda: [Decimal(0)] * 5)
    for deal in of_deals:
        if deal.kind != "renewal":
            continue
        named = f"{deal.row['source_system']}:{deal.row.get('original_opportunity_id', '')}"
        original = known.get(named)
        if original and original.status != "won":
            original = None
        months = int(original.row.get("contract_months") or 0) if original else 0
        due = deal.close
        if original and original.close and months:
            due = later(original.close, months)
        if due is None or due > company.as_of:
            continue
        worth = deal.acv
        if original:
            own = deal.row["currency_code"] or company.currency
            on = company.as_of if deal.status == "open" else deal.close
            at = rate(company, own, on) if on else None
            if own != (original.row["currency_code"] or company.currency):
                worth = original.acv
            elif original.original is None or at is None:
                worth = None
            else:
                worth = cents(original.original * at)
                worth = cents(Fraction(worth) * 12 / months) if months >= 12 else worth
        grace = int(parameter(company, "renewal_rate", "grace_days", due))
        is_open = deal.status == "open" and company.as_of <= due + timedelta(days=grace)
        kept = deal.acv if deal.status == "won" else Decimal(0)
        for rep in (deal.rep, "all"):
            row = found[month(due), rep]
            row[2] += is_open
            if not is_open:
                row[0] += 1
                row[1] += deal.status == "won"
                if worth is not None and kept is not None:
                    row[3] += worth
                    row[4] += min(worth, kept)
    return [
        (at, rep, *map(int, row[:3]), *row[3:], divided(row[1], row[0]), divided(row[4], row[3]))
        for (at, rep), row in found.items()
    ]


# The reports.


class Report:
    """Everything of one company."""

    def __init__(self, company: Company) -> None:
        self.company = company
        who = buyers(company)
        self.deals = deals(company)
        self.lines = lines(company, who)
        self.recurring = Recurring(company, periods(company, who))
        self.movements = self.recurring.movements()
        self.customers = customers(self.deals, self.lines)
        self.purchases = purchases(self.lines)
        self.costs = costs(company)
        self.today = month(company.as_of)

    def sums(self, at: date) -> dict[str, Decimal]:
        """The movements of a month."""
        names = ("opening", *MOVEMENTS, "fx", "closing")
        rows = [row for (_, when), row in self.movements.items() if when == at]
        return {name: sum((row[name] for row in rows), Decimal(0)) for name in names}

    def paying(self, at: date) -> int:
        """Customers with recurring revenue at the end of a month."""
        return sum(row["closing"] > 0 for (_, when), row in self.movements.items() if when == at)

    def is_over(self, at: date) -> bool:
        """Whether a month is over."""
        return last_day(at) <= self.company.as_of

    def target(self, at: date) -> Fraction | None:
        """The growth that was agreed for a month; of two targets that of the shorter period."""
        agreed = []
        for row in self.company.rows("targets"):
            if (
                row["metric"].lower() != "mrr_growth"
                or row.get("channel")
                or row.get("sales_rep_id")
            ):
                continue
            first, months = (
                month(date.fromisoformat(row["month"])),
                int(row.get("period_months") or 1),
            )
            if first <= at < later(first, months):
                agreed.append((months, -first.toordinal(), Fraction(row["target"])))
        return min(agreed)[2] if agreed else None

    def recurring_months(self) -> Rows:
        """C5, C6 and C7."""
        found: Rows = []
        for at in self.recurring.months:
            sums, start = self.sums(at), quarter_start(self.company, at)
            opening = self.sums(start)["opening"] if start in self.recurring.months else None
            growth = Fraction(sums["closing"] - opening) / Fraction(opening) if opening else None
            target = self.target(start)
            retained: list[object] = []
            for window in (1, 12):
                if later(at, -window) not in self.recurring.months:
                    retained += [0, 0] if window == 1 else [None, None]
                    retained += [None] * 9
                    continue
                n, lost, then, now, kept, gone = self.recurring.retention(at, window)
                retained += [n, lost, then, now, kept, divided(now, then), divided(kept, then)]
                retained += [divided(lost, n), divided(then - kept, then), divided(gone, then)]
                retained += [wilson(lost, n)[1]]
                if window == 1:  # the share of the lost is told of twelve months alone
                    retained[-2] = None
            found.append(
                (at, *sums.values(), 12 * sums["closing"], self.paying(at), *retained, opening,
                 shown(growth), shown(target), divided(growth, target),
                 later(start, 2) == at and self.is_over(at))
            )  # fmt: skip
        return found

    def won(self, at: date) -> int:
        """Accounts that became customers in a month."""
        return sum(month(day) == at for day in self.customers.values())

    def cac_months(self) -> list[date]:
        """Months with cost, new customers or new recurring revenue."""
        found = {*self.costs, *map(month, self.customers.values())}
        found |= {at for (_, at), row in self.movements.items() if row["new"]}
        return sorted(at for at in found if at <= self.company.as_of)

    def cac(self) -> Rows:
        """C2 and C3: fully loaded, of all channels and the same month."""
        return [(at, *self.payback(at)) for at in self.cac_months()]

    def payback(self, at: date) -> tuple[object, ...]:
        """Cost, customers, cost of one; new revenue and its customers; margin, months, why not."""
        stated, margin = self.costs.get(at, Decimal(0)), margin_of(self.company, self.lines, at)[0]
        cost = stated or Decimal(0)
        new = [row["new"] for (_, when), row in self.movements.items() if when == at and row["new"]]
        total = sum(new, Decimal(0))
        gain = None if margin is None or not self.movements else Fraction(total) * margin
        months = divided(cost, gain, 6) if gain is not None and gain > 0 and cost > 0 else None
        never = gain is not None and gain <= 0 and cost > 0
        return (
            stated, self.won(at), divided(cost, self.won(at), 6) if cost > 0 else None,
            total if self.movements else None, len(new) if self.movements else None,
            shown(margin), months, "never_pays_back" if never else None,
        )  # fmt: skip

    def economics(self) -> Rows:
        """C12, C14 to C16."""
        cac_months = self.cac_months()
        months = {*self.recurring.months, *cac_months}
        months |= {
            month(days[0]) for days in self.purchases.values() if days[0] <= self.company.as_of
        }
        return [self._economics(at, cac_months) for at in months]

    def _economics(self, at: date, cac_months: list[date]) -> tuple[object, ...]:
        company, recurring = self.company, at in self.recurring.months
        sums, paying = self.sums(at), self.paying(at)
        arpa = Fraction(sums["closing"]) / paying if recurring and paying else None
        margin, source = margin_of(company, self.lines, at)

        trailing = int(parameter(company, "clv", "trailing_months", at))
        starts = lost = 0
        for when in self.recurring.months:
            if later(at, -trailing) < when <= at:
                starts += self.recurring.retention(when, 1)[0]
                lost += self.recurring.retention(when, 1)[1]
        told = lost >= parameter(company, "clv", "min_customers_lost", at) and starts > 0
        churn = Fraction(lost, starts) if told else None
        discount = parameter(company, "clv", "annual_discount_rate", at) / 12
        clv = simple = at_once = None
        if arpa is not None and margin is not None and churn is not None:
            earned = arpa * margin
            simple = earned / churn if churn else None
            if churn + discount:
                clv = earned * (1 - churn) / (churn + discount)
                at_once = earned * (1 + discount) / (churn + discount)

        trailing = int(parameter(company, "ltv_to_cac", "trailing_months", at))
        window = [when for when in cac_months if later(at, -trailing) < when <= at]
        cost = self.cost_of(window)
        won = sum(self.won(when) for when in window)
        cac = Fraction(cost) / won if cost is not None and cost > 0 and won else None

        known = any(later(at, -trailing) < when <= at for when in self.recurring.months)
        return (
            at, sums["closing"] if recurring else None, shown(arpa, 6), shown(margin), source,
            starts if known else None, lost if known else None, shown(churn),
            shown(clv, 4), shown(simple, 4), shown(at_once, 4),
            cost if window else None, won if window else None, shown(cac, 6),
            shown(clv / cac if clv is not None and cac else None, 6),
            *(self.payback(at)[-2:] if at in cac_months else (None, None)),
            *self._efficiency(at, cac_months), *self._repeat(at),
        )  # fmt: skip

    def cost_of(self, months: list[date]) -> Decimal | None:
        """The cost of some months together: unknown where that of one is."""
        known = [self.costs.get(when, Decimal(0)) for when in months]
        return None if None in known else sum(filter(None, known), Decimal(0))

    def _efficiency(self, at: date, cac_months: list[date]) -> tuple[object, ...]:
        """Magic number and quick ratio of the quarter that ends, quick ratio of the month."""

        def gained_lost(months: list[date]) -> tuple[Decimal, Decimal]:
            rows = [self.sums(when) for when in months]
            gained = sum((r["new"] + r["reactivation"] + r["expansion"] for r in rows), Decimal(0))
            return gained, -sum((r["contraction"] + r["churn"] for r in rows), Decimal(0))

        start, months = quarter_start(self.company, at), self.recurring.months
        of_quarter = [when for when in months if start <= when <= at]
        magic = reason = quick = quick_reason = None
        if later(start, 2) == at and self.is_over(at) and of_quarter:
            net = sum(
                (r["closing"] - r["opening"] - r["fx"] for r in map(self.sums, of_quarter)),
                Decimal(0),
            )
            before = [when for when in cac_months if later(start, -3) <= when < start]
            cost = self.cost_of(before)
            if cost is not None:
                magic = divided(12 * net, cost) if cost > 0 else None
                reason = None if cost > 0 else "no_spend"
            gained, lost = gained_lost(of_quarter)
            quick, quick_reason = divided(gained, lost, 6), None if lost else "no_losses"
        gained, lost = gained_lost([at]) if at in months else (Decimal(0), Decimal(0))
        monthly = (divided(gained, lost, 6), None if lost or at not in months else "no_losses")
        return magic, reason, quick, quick_reason, *monthly

    def _repeat(self, at: date) -> tuple[object, ...]:
        """First buyers, those who came again, their share, and whether that is final."""
        firsts = [days for days in self.purchases.values() if month(days[0]) == at]
        again, is_mature = 0, bool(firsts)
        for days in firsts:
            window = timedelta(
                days=int(parameter(self.company, "repeat_purchase_rate", "window_days", days[0]))
            )
            again += len(days) > 1 and days[1] <= days[0] + window
            is_mature = is_mature and self.company.as_of >= last_day(at) + window
        return len(firsts), again, divided(again, len(firsts)), is_mature

    def values(self) -> Rows:
        """C11: each customer's value to date, and its part of all."""
        mine = defaultdict[str, list[Line]](list)
        for line in self.lines:
            mine[line.account].append(line)
        margins = {
            account: [line.margin for line in mine[account] if line.margin is not None]
            for account in self.customers
        }
        worth = {account: max(sum(of, Decimal(0)), Decimal(0)) for account, of in margins.items()}
        total, above, segments = sum(worth.values(), Decimal(0)), Decimal(0), {}
        as_of = self.company.as_of
        high = parameter(self.company, "clv", "high_value_share", as_of)
        mid = parameter(self.company, "clv", "mid_value_share", as_of)
        for account in sorted(worth, key=lambda name: (-worth[name], name)):
            segment = "none"
            if worth[account]:
                part = Fraction(above) / Fraction(total)
                segment = "high" if part < high else "mid" if part < mid else "low"
            segments[account] = segment
            above += worth[account]
        found: Rows = []
        for account, since in self.customers.items():
            paid = [line for line in mine[account] if (line.original or 0) > 0]
            known = [line.revenue for line in mine[account] if line.revenue is not None]
            found.append((
                account, since, len({line.order for line in paid}),
                min((line.day for line in paid), default=None),
                sum(known, Decimal(0)) if known else None,
                sum(margins[account], Decimal(0)) if margins[account] else None,
                any(line.cogs is None for line in mine[account]), segments[account],
            ))  # fmt: skip
        return found

    def cohorts(self) -> Rows:
        """C13: by month of acquisition and age, and of all cohorts that have lived through it."""
        members = defaultdict[date, set[str]](set)
        for account, since in self.customers.items():
            members[month(since)].add(account)
        found: Rows = []
        total = defaultdict[int, list[Decimal]](lambda: [Decimal(0), Decimal(0)])
        for first, those in members.items():
            for age, at in enumerate(span(first, self.today)):
                earned = sum(
                    (line.margin or Decimal(0) for line in self.lines
                     if line.account in those and month(line.day) <= at),
                    Decimal(0),
                )  # fmt: skip
                found.append(
                    (f"{first:%Y-%m}", age, len(those), earned, divided(earned, len(those), 6),
                     self.is_over(at))
                )  # fmt: skip
                if self.is_over(at):
                    total[age][0] += len(those)
                    total[age][1] += earned
        for age, (n, earned) in total.items():
            found.append(("all", age, int(n), earned, divided(earned, n, 6), True))
        return found


_WINDOW = (
    "customers_start{a}, customers_lost{a}, start_mrr{b}, end_mrr{b}, retained_mrr{b}, "
    "round(nrr{b}, 9), round(grr{b}, 9), round(logo_churn{b}, 9), "
)

QUERIES = {
    "movements": """
        select account_id, month, opening, new, reactivation, expansion, contraction, churn, fx,
            closing
        from marts.fct_mrr_movements
    """,
    "recurring": f"""
        select
            month, opening_mrr, new_mrr, reactivation_mrr, expansion_mrr, contraction_mrr,
            churn_mrr, fx_mrr, closing_mrr, arr, customers_end,
            {_WINDOW.format(a="", b="_1m")}
            round((start_mrr_1m - retained_mrr_1m) / nullif(cast(start_mrr_1m as double), 0), 9),
            null, round(logo_churn_1m_ci_high, 9),
            {_WINDOW.format(a="_12m", b="_12m")}
            round(gross_revenue_churn_12m, 9), round(churned_mrr_rate_12m, 9),
            round(logo_churn_12m_ci_high, 9),
            quarter_opening_mrr, round(growth, 9), round(growth_target, 9),
            round(growth_attainment, 9), is_quarter_end
        from marts.rpt_recurring_revenue_monthly
    """,
    "cac": """
        select
            month, cost, new_customers, round(cac, 6), new_mrr, new_mrr_customers,
            round(gross_margin, 9), round(payback_months, 6), payback_reason
        from marts.rpt_cac_monthly
        where channel = 'all' and variant = 'fully_loaded' and lag_months = 0
    """,
    "economics": """
        select
            month, closing_mrr, round(arpa, 6), round(gross_margin, 9), gross_margin_source,
            churn_customer_months, churn_customers_lost, round(monthly_churn, 9),
            round(clv_formula, 4), round(clv_simple, 4), round(clv_first_margin_now, 4),
            cac_cost, cac_customers, round(cac_fully_loaded, 6), round(ltv_to_cac, 6),
            round(payback_months, 6), payback_reason, round(magic_number, 9), magic_number_reason,
            round(quick_ratio_quarter, 6), quick_ratio_quarter_reason, round(quick_ratio, 6),
            quick_ratio_reason, first_buyers, repeat_buyers, round(repeat_purchase_rate, 9),
            is_mature
        from marts.rpt_unit_economics_monthly
    """,
    "values": """
        select
            account_id, became_customer_date, orders, first_order_date, revenue, clv_historical,
            lines_without_cogs > 0, segment
        from marts.rpt_customer_value
    """,
    "cohorts": """
        select cohort, age_months, customers, cumulative_margin, round(clv, 6), is_mature
        from marts.rpt_clv_cohort where channel = 'all'
    """,
    "renewals": """
        select
            month, sales_rep_id, renewals_due, renewals_won, renewals_pending, renewal_amount_due,
            renewal_amount_kept, round(renewal_rate, 9), round(renewal_rate_value, 9)
        from marts.rpt_sales_monthly where renewals_due > 0 or renewals_pending > 0
    """,
}


def expected(company: Company) -> dict[str, Rows]:
    """The rows of each query."""
    report = Report(company)
    return {
        "movements": [
            (account, at, row["opening"], *(row[name] for name in MOVEMENTS), row["fx"],
             row["closing"])
            for (account, at), row in report.movements.items()
        ],
        "recurring": report.recurring_months(),
        "cac": report.cac(),
        "economics": report.economics(),
        "values": report.values(),
        "cohorts": report.cohorts(),
        "renewals": renewals(company, report.deals),
    }  # fmt: skip
