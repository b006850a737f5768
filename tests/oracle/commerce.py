"""Products in deals, who shares them, carts and experiments (METRICS 0.3, B4, C8, C9, C10, C17)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import sqrt

from tests.oracle.company import Company, Row
from tests.oracle.funnel import Deal, cents, deals, entries, ledger, rate
from tests.oracle.identity import address_of, instant, persons, persons_by_address

Rows = list[tuple[object, ...]]
NONE = "unattributed"
Z = 1.959964

QUERIES = {
    "lines": """
        select opportunity_id, product_id, lines, round(cast(quantity as double), 4), list_amount,
            amount, discountable_list_amount, discountable_amount, amount_up_to_list
        from marts.fct_opportunity_lines""",
    "splits": """
        select opportunity_id, sales_rep_id, split_type, round(cast(share as double), 9), amount
        from marts.fct_opportunity_splits""",
    "split_sums": """
        select opportunity_id, cast(sum(share) as double), sum(amount)
        from marts.fct_opportunity_splits where split_type = 'revenue' group by opportunity_id""",
    "products": """
        select month, product_id, round(cast(units as double), 4), n_attached, n_attachable,
            round(attach_rate, 9), list_amount, amount, amount_up_to_list, new_amount,
            upsell_amount, cross_sell_amount, renewal_amount, round(discount_rate, 9),
            round(net_discount_rate, 9), round(upsell_share, 9), round(upsell_share_of_bookings, 9)
        from marts.rpt_products_monthly
        where units != 0 or list_amount != 0 or new_amount != 0 or upsell_amount != 0
            or cross_sell_amount != 0 or renewal_amount != 0""",
    "discounts": """
        select month, sales_rep_id, discountable_list_amount, discountable_amount,
            amount_up_to_list, round(discount_rate, 9), round(net_discount_rate, 9)
        from marts.rpt_sales_monthly where discountable_list_amount != 0""",
    "carts": """
        select month, carts, abandoned, recovered, recovered_assisted, browse_abandoned,
            recovered_value, round(abandonment_rate, 9), round(recovery_rate, 9), is_mature
        from marts.rpt_cart_recovery_monthly""",
    "lift": """
        select experiment, tested, converted_tested, held_out, converted_held_out, spend,
            round(lift, 9), round(ci_low, 9), round(ci_high, 9), round(incremental_conversions, 6),
            round(incremental_cac, 6)
        from marts.rpt_campaign_lift""",
}


def expected(company: Company) -> dict[str, Rows]:
    """All of the above."""
    found = Commerce(company)
    return {
        "lines": found.lines_by_product(),
        "splits": found.splits(),
        "split_sums": found.split_sums(),
        "products": found.products(),
        "discounts": found.discounts(),
        "carts": carts(company),
        "lift": lift(company),
    }


class Line:
    """A product line of a deal, in the reporting currency."""

    def __init__(self, deal: Deal, product: str, row: Row) -> None:
        self.deal = deal
        self.product = product
        self.quantity = _decimal(row.get("quantity", ""))
        self.net: Decimal | None = None
        self.listed: Decimal | None = None

    @property
    def counts(self) -> bool:
        """Whether it has a discount: something by list, and an amount."""
        return self.listed is not None and self.listed > 0 and self.net is not None


class Commerce:
    """Deals with what is in them."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.deals = deals(company)
        self.by_id = {deal.opportunity_id: deal for deal in self.deals}
        self.names = _names(company)
        self.lines = list(self._lines())
        self.shares = self._shares()

    def _lines(self) -> Iterator[Line]:
        for row in self.company.rows("line_items"):
            deal = self.by_id.get(f"{row['source_system']}:{row['opportunity_id']}")
            if deal is None:
                continue
            text = row["product"]
            line = Line(deal, self.names.get(text.lower(), text), row)
            worth = self._worth(deal)
            net, by_list = _decimal(row.get("amount", "")), _decimal(row.get("list_amount", ""))
            if net is not None and worth is not None:
                line.net = cents(net * worth)
            if by_list is not None:
                line.listed = cents(by_list * worth) if worth is not None else None
            elif line.quantity is not None:
                line.listed = self._by_price_list(line, row)
            yield line

    def _worth(self, deal: Deal) -> Decimal | None:
        day = self._rate_day(deal)
        return rate(self.company, deal.row["currency_code"], day) if day else None

    def _rate_day(self, deal: Deal) -> date | None:
        if deal.kind == "refund":
            booking = self._booking_of(deal)
            return booking.close if booking and booking.close else deal.close
        return self.company.as_of if deal.status == "open" else deal.close

    def _booking_of(self, deal: Deal) -> Deal | None:
        original = deal.row.get("original_opportunity_id", "")
        return self.by_id.get(f"{deal.row['source_system']}:{original}") if original else None

    def _by_price_list(self, line: Line, row: Row) -> Decimal | None:
        """What the price list of the day of the quote says."""
        written = row.get("created_at", "")
        quoted = self.company.local_date(datetime.fromisoformat(written)) if written else None
        day, rate_day = quoted or line.deal.created_date, self._rate_day(line.deal)
        prices = [p for p in self.company.rows("products") if p["product_id"] == line.product]
        held = [
            p for p in prices if day and (p.get("valid_from") or "1900-01-01") <= day.isoformat()
        ]
        if not held or line.quantity is None or rate_day is None:
            return None
        price = max(held, key=lambda p: p.get("valid_from") or "1900-01-01")
        worth = rate(self.company, price.get("currency_code", ""), rate_day)
        if not price["list_price"] or worth is None:
            return None
        return cents(cents(line.quantity * Decimal(price["list_price"])) * worth)

    def lines_by_product(self) -> Rows:
        """Added up by deal and product."""
        groups = defaultdict(list)
        for line in self.lines:
            groups[line.deal.opportunity_id, line.product].append(line)
        return [
            (
                opportunity_id, product, len(lines), _float(_sum(x.quantity for x in lines)),
                _sum(x.listed for x in lines), _sum(x.net for x in lines), *_discounted(lines),
            )
            for (opportunity_id, product), lines in groups.items()
        ]  # fmt: skip

    # Who shares a deal.

    def _shares(self) -> dict[str, list[tuple[str, str, Fraction]]]:
        """By deal: sales rep, type, share."""
        stated: dict[tuple[str, str, str], Fraction] = defaultdict(Fraction)
        for row in self.company.rows("opportunity_splits"):
            share, system = Fraction(row["share"]), row["source_system"]
            if share > 0:
                kind = row.get("split_type") or "revenue"
                key = (f"{system}:{row['opportunity_id']}", f"{system}:{row['sales_rep_id']}", kind)
                stated[key] += share
        of_deals = defaultdict(list)
        for (opportunity_id, rep, kind), share in stated.items():
            of_deals[opportunity_id].append((rep, kind, share))
        found = {}
        for deal in self.deals:
            own = of_deals.get(deal.opportunity_id, [])
            overlays = [split for split in own if split[1] == "overlay"]
            revenue = [split for split in own if split[1] == "revenue"]
            booking = self._booking_of(deal) if deal.kind == "refund" else None
            if not revenue and booking:
                splits = of_deals.get(booking.opportunity_id, [])
                revenue = [split for split in splits if split[1] == "revenue"]
            if not revenue:
                revenue = [(deal.rep, "revenue", Fraction(1))]
            weights = [share for *_, share in sorted(revenue)]
            exact = _parts(10**10, weights)
            found[deal.opportunity_id] = overlays + [
                (rep, kind, Fraction(units, 10**10))
                for (rep, kind, _), units in zip(sorted(revenue), exact, strict=True)
            ]
        return found

    def splits(self) -> Rows:
        """Each part of a deal, to the cent."""
        found: Rows = []
        for deal in self.deals:
            splits = self.shares[deal.opportunity_id]
            revenue = [split for split in splits if split[1] == "revenue"]
            amounts = _split(deal.amount, [share for *_, share in revenue])
            for (rep, kind, share), amount in zip(revenue, amounts, strict=True):
                found.append((deal.opportunity_id, rep, kind, _float(share), amount))
            for rep, kind, share in splits:
                if kind == "overlay":
                    part = None if deal.amount is None else cents(Fraction(deal.amount) * share)
                    found.append((deal.opportunity_id, rep, kind, _float(share), part))
        return found

    def split_sums(self) -> Rows:
        """The parts of a deal are the whole of it."""
        return [(deal.opportunity_id, 1.0, deal.amount) for deal in self.deals]

    # By month.

    def _won(self) -> Iterator[tuple[date, Line]]:
        for line in self.lines:
            if line.deal.status == "won" and line.deal.kind != "refund" and line.deal.close:
                yield line.deal.close.replace(day=1), line

    def discounts(self) -> Rows:
        """What won lines gave off their list price, by sales rep."""
        groups = defaultdict(list)
        for month, line in self._won():
            if line.counts:
                groups[month, line.deal.rep].append(line)
                groups[month, "all"].append(line)
        return [
            (month, rep, *_discounted(lines), *_rates(lines))
            for (month, rep), lines in groups.items()
        ]

    def _bookings(self) -> Iterator[tuple[Deal, Deal | None, str, date, Decimal]]:
        """Deal, the deal whose lines count beside its own, kind, day, amount."""
        history: dict[str, list[Row]] = defaultdict(list)
        for row in self.company.rows("opportunity_history"):
            history[f"{row['source_system']}:{row['opportunity_id']}"].append(row)
        for deal in self.deals:
            if deal.kind == "refund":
                yield from self._refund(deal)
                continue
            if deal.status == "won" and deal.close and deal.amount is not None:
                yield from self._win(deal)
            changes: list[Row] = []
            told = history[deal.opportunity_id]
            for row in sorted(told, key=lambda r: (r["changed_at"], r.get("state_id", ""))):
                if not changes or changes[-1]["status"].lower() != row["status"].lower():
                    changes.append(row)
            for won, after in pairwise(changes):
                amount = _decimal(won["amount"])
                if won["status"].lower() != "won" or amount is None:
                    continue
                back = self.company.local_date(datetime.fromisoformat(after["changed_at"]))
                day = date.fromisoformat(won["close_date"]) if won["close_date"] else back
                worth = rate(self.company, deal.row["currency_code"], day)
                if worth is not None:
                    booked = cents(amount * worth)
                    yield from self._win(deal, booked, day)
                    yield deal, None, deal.kind, back, -booked

    def _win(
        self, deal: Deal, amount: Decimal | None = None, day: date | None = None
    ) -> Iterator[tuple[Deal, Deal | None, str, date, Decimal]]:
        """A win; of a renewal what it brings beyond what was due is upsell."""
        booked, on = deal.amount if amount is None else amount, day or deal.close
        assert booked is not None and on is not None
        base = self._due(deal) if deal.kind == "renewal" else None
        if base is not None and booked > base:
            yield deal, None, "upsell", on, booked - base
            booked = base
        yield deal, None, deal.kind, on, booked

    def _due(self, deal: Deal) -> Decimal | None:
        """The years of a renewal at what was agreed before."""
        before = self._booking_of(deal)
        if before is None or before.status != "won" or not deal.amount or deal.amount <= 0:
            return None
        yearly = before.acv
        if before.row["currency_code"] == deal.row["currency_code"]:
            worth = self._worth(deal)
            months = int(before.row.get("contract_months") or 0)
            if before.original is None or worth is None:
                return None
            yearly = cents(before.original * worth)
            yearly = cents(Fraction(yearly) * 12 / months) if months >= 12 else yearly
        if yearly is None or yearly <= 0:
            return None
        years = Fraction(max(int(deal.row.get("contract_months") or 12), 12), 12)
        return min(deal.amount, cents(Fraction(yearly) * years))

    def _refund(self, deal: Deal) -> Iterator[tuple[Deal, Deal | None, str, date, Decimal]]:
        if deal.status != "won" or not deal.close or deal.amount is None:
            return
        booking, named = self._booking_of(deal), deal.row["kind"]
        kind = booking.kind if booking else named if named not in ("", "refund") else "refund"
        yield deal, booking, kind, deal.close, -abs(deal.amount)

    def _booked(self) -> Iterator[tuple[date, str, str, Decimal]]:
        """Month, product, kind and amount: bookings shared by what the lines are worth."""
        worth: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for line in self.lines:
            if line.net is not None:
                worth[line.deal.opportunity_id][line.product] += line.net
        for deal, booking, kind, day, amount in self._bookings():
            products = [(p, v) for p, v in worth[deal.opportunity_id].items() if v > 0]
            if not products and booking:
                products = [(p, v) for p, v in worth[booking.opportunity_id].items() if v > 0]
            products = sorted(products) or [(NONE, Decimal(1))]
            shares = _parts(10**10, [Fraction(value) for _, value in products])
            amounts = _split(amount, [Fraction(share, 10**10) for share in shares])
            for (product, _), part in zip(products, amounts, strict=True):
                assert part is not None
                yield day.replace(day=1), product, kind, part

    def _ordered(self) -> Iterator[tuple[date, str, str, Decimal | None]]:
        """Month, order, product and quantity of what was ordered."""
        rows = self.company.rows("order_lines") or self.company.rows("orders")
        for row in rows:
            if (row.get("kind") or "order").lower() == "order" and row["order_date"]:
                text = row.get("product", "")
                product = self.names.get(text.lower(), text) or NONE
                month = date.fromisoformat(row["order_date"]).replace(day=1)
                order = f"{row['source_system']}:{row['order_id']}"
                yield month, order, product, _decimal(row.get("quantity", ""))

    def products(self) -> Rows:
        """What was sold and booked of each product, where anything was."""
        baskets: dict[date, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        units: dict[tuple[date, str], Decimal] = defaultdict(Decimal)
        lines: dict[tuple[date, str], list[Line]] = defaultdict(list)
        booked: dict[tuple[date, str, str], Decimal] = defaultdict(Decimal)
        for month, line in self._won():
            for product in (line.product, "all"):
                units[month, product] += line.quantity or 0
                lines[month, product].append(line)
            if line.product != NONE:
                baskets[month][f"deal {line.deal.opportunity_id}"].add(line.product)
        for month, order, product, quantity in self._ordered():
            for name in (product, "all"):
                units[month, name] += quantity or 0
            if product not in (NONE, "shipping"):
                baskets[month][order].add(product)
        for month, product, kind, amount in self._booked():
            for name in (product, "all"):
                booked[month, name, kind] += amount
        found: Rows = []
        for month, product in {*units, *((m, p) for m, p, _ in booked)}:
            of_lines = [line for line in lines[month, product] if line.counts]
            parts = [
                booked.get((month, product, kind), Decimal(0))
                for kind in ("new", "upsell", "cross_sell", "renewal")
            ]
            if not (units[month, product] or of_lines or any(parts)):
                continue
            whole = sum(v for (m, p, _), v in booked.items() if (m, p) == (month, product))
            several = parts[1] + parts[2]
            attached = _attached(baskets[month], product)
            found.append((
                month, product, _float(units[month, product]), *attached, _share(*attached),
                *(value or Decimal(0) for value in _discounted(of_lines)), *parts,
                *_rates(of_lines), _share(several, whole - parts[3]), _share(several, whole),
            ))  # fmt: skip
        return found


def _attached(baskets: dict[str, set[str]], product: str) -> tuple[int | None, int | None]:
    """Baskets with the product and another one, and baskets with any other one."""
    if not baskets or product in (NONE, "shipping"):
        return None, None
    if product == "all":
        return sum(len(basket) > 1 for basket in baskets.values()), len(baskets)
    others = [basket for basket in baskets.values() if basket - {product}]
    return sum(product in basket for basket in others), len(others)


def _names(company: Company) -> dict[str, str]:
    """What a text in lower case means: ids first, then names that one product alone has."""
    ids = {row["product_id"].lower(): row["product_id"] for row in company.rows("products")}
    meant: dict[str, set[str]] = defaultdict(set)
    for row in company.rows("products"):
        meant[row["product"].lower()].add(row["product_id"])
    for row in company.rows("catalog"):
        product = ids.setdefault(row["code"].lower(), row["code"])
        meant[row["name"].lower()].add(product)
    return {text: next(iter(p)) for text, p in meant.items() if text and len(p) == 1} | ids


def _discounted(lines: Iterable[Line]) -> tuple[Decimal | None, ...]:
    """List price, price as sold, and price at most at list, of lines that have a discount."""
    counted = [line for line in lines if line.counts]
    capped = [
        min(line.net, line.listed) for line in counted if line.net is not None and line.listed
    ]
    return (
        _sum(line.listed for line in counted),
        _sum(line.net for line in counted),
        _sum(capped),
    )


def _rates(lines: Iterable[Line]) -> tuple[float | None, float | None]:
    listed, net, capped = _discounted(lines)
    if not listed or net is None or capped is None:
        return None, None
    return _share(listed - capped, listed), _share(listed - net, listed)


@dataclass
class Cart:
    """A cart, and what became of it."""

    begun: datetime
    name: str
    reached: bool
    is_left: bool
    is_back: bool
    is_assisted: bool
    value: Decimal | None
    days: int


def carts(company: Company) -> Rows:
    """What became of carts, by the month they were begun."""
    months: dict[date, list[Cart]] = defaultdict(list)
    orders: dict[str, list[Cart]] = defaultdict(list)
    for row in company.rows("carts"):
        cart = _cart(company, row)
        months[company.local_date(cart.begun).replace(day=1)].append(cart)
        if cart.is_back:
            order = row.get("order_id", "") or f"cart {row['cart_id']}"
            orders[f"{row['source_system']}:{order}"].append(cart)
    for recovered in orders.values():
        for cart in sorted(recovered, key=lambda c: (c.begun, c.name))[:-1]:
            cart.value = None
    found: Rows = []
    for month, of_month in months.items():
        reached = sum(c.reached for c in of_month)
        is_left = sum(c.is_left for c in of_month)
        is_back = sum(c.is_back for c in of_month)
        value = _sum(c.value for c in of_month if c.is_back) or Decimal(0)
        days = max(c.days for c in of_month)
        ends = (month + timedelta(days=32)).replace(day=1) + timedelta(days=days)
        found.append((
            month, reached, is_left, is_back, sum(c.is_assisted for c in of_month),
            len(of_month) - reached, value, _share(is_left, reached), _share(is_back, is_left),
            company.as_of > ends,
        ))  # fmt: skip
    return found


def _cart(company: Company, row: Row) -> Cart:
    begun = datetime.fromisoformat(row["created_at"])
    day = company.local_date(begun)
    [rule] = company.in_force("metric_definitions", day, metric="cart_recovery_rate")
    knobs = json.loads(rule["parameters"])
    left = begun + timedelta(minutes=knobs["abandon_minutes"])
    ordered, reminded = instant(row.get("order_at", "")), instant(row.get("reminder_at", ""))
    reached = row["reached_checkout"].lower() in ("1", "true", "yes")
    is_left = reached and (ordered is None or ordered > left)
    until = left + timedelta(days=knobs["recovery_days"])
    is_back = is_left and ordered is not None and ordered <= until
    value = _decimal(row.get("order_value", ""))
    worth = rate(company, row.get("currency_code", ""), company.local_date(ordered or begun))
    return Cart(
        begun=begun,
        name=f"{row['source_system']}:{row['cart_id']}",
        reached=reached,
        is_left=is_left,
        is_back=is_back,
        is_assisted=is_back and bool(reminded and ordered and ordered >= reminded),
        value=cents(value * worth) if value is not None and worth is not None else None,
        days=knobs["recovery_days"],
    )


def lift(company: Company) -> Rows:
    """What campaigns caused, by the groups that were drawn."""
    of_records, by_address = persons(company), persons_by_address(company)
    of_deals, found_cycles = ledger(company)
    entered = entries(company, of_deals, found_cycles)
    found: Rows = []
    for plan in company.definitions("experiments"):
        first, last = (date.fromisoformat(plan[c]) for c in ("starts_on", "ends_on"))
        if first > company.as_of or not plan["valid_from"] <= plan["starts_on"] < plan["valid_to"]:
            continue
        midnight = datetime.combine(first, time(0), tzinfo=company.zone).astimezone(UTC)
        drawn: dict[str, tuple[datetime, str]] = {}
        for row in company.rows("experiment_members"):
            if row["experiment"].lower() != plan["experiment"].lower():
                continue
            record, address = row.get("person_record_id", ""), address_of(row.get("email", ""))
            who = of_records.get(f"{row['source_system']}:{record}") or by_address.get(address)
            who = who or f"unknown {address or record}"
            at = instant(row.get("assigned_at", "")) or midnight.replace(tzinfo=None)
            drawn[who] = min(drawn.get(who, (at, row["group"])), (at, row["group"]))
        converted = {
            entry.person_id
            for entry in entered
            if entry.stage == plan["conversion_stage"]
            and entry.person_id in drawn
            and entry.at >= drawn[entry.person_id][0]
            and first <= entry.day <= last
        }
        counts = []
        for group in ("test", "holdout"):
            members = [who for who, (_, drawn_into) in drawn.items() if drawn_into == group]
            counts += [len(members), sum(who in converted for who in members)]
        found.append((plan["experiment"], *counts, *_lifted(company, plan, counts)))
    return found


def _lifted(company: Company, plan: Row, counts: Sequence[int]) -> tuple[object, ...]:
    n1, k1, n2, k2 = counts
    spend = None
    if plan["spend"]:
        day = date.fromisoformat(plan["starts_on"])
        worth = rate(company, plan["currency_code"], day)
        spend = None if worth is None else cents(Decimal(plan["spend"]) * worth)
    if not n1 or not n2:
        return spend, None, None, None, None, None
    p1, p2 = k1 / n1, k2 / n2
    (l1, u1), (l2, u2) = _wilson(k1, n1), _wilson(k2, n2)
    low = p1 - p2 - sqrt((p1 - l1) ** 2 + (u2 - p2) ** 2)
    high = p1 - p2 + sqrt((u1 - p1) ** 2 + (p2 - l2) ** 2)
    more = (p1 - p2) * n1
    cac = None
    if spend and low > 0 and spend > 0 and plan["conversion_stage"] == "won":
        cac = round(float(spend) / more, 6)
    return spend, round(p1 - p2, 9), round(low, 9), round(high, 9), round(more, 6), cac


def _wilson(k: int, n: int) -> tuple[float, float]:
    p = k / n
    middle, spread = p + Z * Z / (2 * n), Z * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    return (max(0.0, (middle - spread) / (1 + Z * Z / n)),
            min(1.0, (middle + spread) / (1 + Z * Z / n)))  # fmt: skip


# Small change.


def _parts(units: int, weights: Sequence[Fraction]) -> list[int]:
    """Whole units by weight: rounded down, the missing ones to the largest remainders."""
    whole = sum(weights, Fraction(0))
    exact = [units * weight / whole for weight in weights]
    parts = [int(value) for value in exact]
    order = sorted(range(len(parts)), key=lambda place: (parts[place] - exact[place], place))
    for place in order[: units - sum(parts)]:
        parts[place] += 1
    return parts


def _split(amount: Decimal | None, shares: Sequence[Fraction]) -> list[Decimal | None]:
    """An amount by shares, to the cent; the sign comes back at the end."""
    if amount is None:
        return [None] * len(shares)
    sign = -1 if amount < 0 else 1
    return [Decimal(sign * part) / 100 for part in _parts(int(abs(amount) * 100), shares)]


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _sum(values: Iterable[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if known else None


def _float(value: Decimal | Fraction | None) -> float | None:
    return None if value is None else round(float(value), 9)


def _share(part: Decimal | int | None, whole: Decimal | int | None) -> float | None:
    if part is None or not whole:
        return None
    return round(float(Fraction(part) / Fraction(whole)), 9)
