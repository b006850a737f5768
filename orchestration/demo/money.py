"""Invoices, the cost ledger, the plan, the price list and the exchange rates.

Deals belong in deals.py, ad spend in ads.py: the ledger holds what no ad platform reports.
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.demo.clock import (
    FIRST_DAY,
    HOUR,
    LAST_DAY,
    MONTH_STARTS,
    MONTHS,
    N_MONTHS,
    date_of,
    day_of,
    day_text,
    month_of,
    workday,
)
from orchestration.demo.company import (
    EURO_RATES,
    OWN_DOMAIN,
    PRODUCTS,
    World,
    in_dollars,
)
from orchestration.demo.records import Books, Opportunity
from orchestration.demo.shop import Shop
from orchestration.demo.write import Folder, cents_text, quoted_if_needed

INVOICES = f"billing/invoices-{day_text(LAST_DAY)}.csv"
COSTS = f"finance/marketing-costs-{day_text(LAST_DAY)}.csv"
TARGETS = f"finance/targets-{day_text(LAST_DAY)}.csv"
PRICE_LIST = f"finance/products-{day_text(LAST_DAY)}.csv"


NO_DATES = ["31.02.2026", "00.00.0000", "20.13.2025"]


@dataclass(slots=True)
class Invoice:
    """One line of an invoice or a credit note."""

    number: str
    account_id: str
    day: int
    kind: str  # invoice, credit_note
    product: int
    quantity: int
    cents: int
    cost_cents: int
    list_cents: int
    currency: str
    original: Invoice | None = None
    sale: int = 0  # which win it is for
    months: int = 12  # that it pays for
    is_by_card: bool = False  # then Stripe has it, which does not know what it cost

    @property
    def second(self) -> int:
        """The second of its day, now and then late in the evening: tomorrow already in UTC."""
        return (21 if self.cents % 5 == 0 else 11) * HOUR

    @property
    def rate_day(self) -> int:
        """The day whose rate counts: a credit note takes that of its invoice, and nets to zero."""
        return self.original.day if self.original else self.day


@dataclass(slots=True)
class Cost:
    """What a channel, or nobody in particular, cost in a month."""

    month: int
    channel: str
    campaign: str
    kind: str
    cents: int
    currency: str = "USD"


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A month's costs of one type, channel and campaign, in cents of a dollar."""

    month: str
    channel: str
    campaign: str
    cost_type: str
    amount_cents: int


class Money:
    """What was billed, spent and planned."""

    def __init__(self, world: World, books: Books) -> None:
        self.world = world
        self.books = books
        self.dice = world.dice("money")
        self.invoices: list[Invoice] = []
        self.costs: list[Cost] = []
        self.targets: list[tuple[str, int, int, str, int, str]] = []
        self._number = 100_000
        self._sale = 0
        self._bill()
        self._spend()
        self._plan()

    def _bill(self) -> None:
        """A win is billed a year at a time, or quarter by quarter; refunds become credit notes."""
        billed: dict[str, list[Invoice]] = {}
        deals = sorted(self.books.opportunities, key=lambda d: (d.close_day, d.id))
        for deal in deals:
            wins = [b for b in deal.bookings if b.event == "won"]
            for place, win in enumerate(wins):
                if win.cents <= 0:
                    continue
                lost_again = [b for b in deal.bookings[2 * place + 1 :] if b.event == "reopened"]
                self._bill_win(deal, win.day, win.cents, billed.setdefault(deal.id, []))
                if lost_again:
                    for invoice in billed[deal.id]:
                        if invoice.kind == "invoice" and invoice.day <= lost_again[0].day:
                            self._credit(invoice, lost_again[0].day + 2, invoice.cents)
                    billed[deal.id].clear()
        for deal in deals:
            if deal.kind == "refund" and deal.cents:
                rest = -deal.cents
                of_win = billed.get(deal.original.id, []) if deal.original else []
                for invoice in of_win:
                    if rest > 0 and invoice.day <= deal.close_day:
                        back = min(rest, invoice.cents)
                        self._credit(invoice, deal.close_day, back)
                        rest -= back
        self.invoices = [i for i in self.invoices if i.day <= LAST_DAY]
        self.invoices.sort(key=lambda i: (i.day, i.number))

    def _bill_win(self, deal: Opportunity, day: int, cents: int, billed: list[Invoice]) -> None:
        years = (deal.months or 12) // 12 if (deal.months or 12) >= 24 else 1
        quarterly = self.dice.random() < 0.3
        parts = years * 4 if quarterly else years
        gap = 91 if quarterly else 365
        _, _, price, unit_cost = PRODUCTS[deal.product]
        self._sale += 1
        for part in range(parts):
            amount = cents // parts + (cents % parts if part == 0 else 0)
            seats = max(1, amount * (4 if quarterly else 1) // (price * 100))
            self._number += 1 + self.dice.randrange(3)
            invoice = Invoice(
                number=f"RE{self._number}",
                account_id=deal.account.account_id,
                day=workday(day + 4 + gap * part),
                kind="invoice",
                product=deal.product,
                quantity=seats,
                cents=amount,
                cost_cents=amount * (unit_cost + self.dice.randrange(-300, 300)) // price,
                list_cents=max(amount, price * 100 * seats // (4 if quarterly else 1)),
                currency=deal.account.currency,
                sale=self._sale,
                months=3 if quarterly else 12,
            )
            if deal.reopens and part:
                break  # only the first part was billed before the deal was opened again
            self.invoices.append(invoice)
            billed.append(invoice)

    def _credit(self, invoice: Invoice, day: int, cents: int) -> None:
        self._number += 1
        self.invoices.append(
            Invoice(
                number=f"GS{self._number}",
                account_id=invoice.account_id,
                day=max(workday(day), invoice.day + 1),
                kind="credit_note",
                product=invoice.product,
                quantity=-invoice.quantity if cents == invoice.cents else 0,
                cents=-cents,
                cost_cents=-(invoice.cost_cents * cents // invoice.cents),
                list_cents=-(invoice.list_cents * cents // invoice.cents),
                currency=invoice.currency,
                original=invoice,
                sale=invoice.sale,
            )
        )

    def _spend(self) -> None:
        """The ledger: whole amounts a month, growing with the company."""
        dice, scale = self.dice, self.world.scale
        growth = 1.0
        for month in range(N_MONTHS):
            plan: list[tuple[str, str, str, float, str]] = [
                ("paid_search", "", "agency", 3_200, "USD"),
                ("paid_social", "", "agency", 2_400, "EUR"),
                ("email", "", "tools", 1_400, "USD"),
                ("", "", "tools", 13_500, "USD"),
                ("webinar", "", "events", 3_300, "USD"),
                ("organic_search", "", "agency", 1_900, "USD"),
                ("", "", "salaries", 138_000 * growth, "USD"),  # marketing and sales
                ("", "", "overhead", 14_000 * growth, "USD"),
            ]
            shows = [c for c in self.world.campaigns if c.channel == "event" and c.cost]
            for show in shows:
                if month_of(show.day) == month:
                    plan.append(("event", show.name, "events", show.cost / 100, "USD"))
            for channel, campaign, kind, amount, currency in plan:
                cents = round(amount * scale * (94 + dice.randrange(13))) + dice.randrange(100)
                self.costs.append(Cost(month, channel, campaign, kind, cents, currency))
            booked = sum(
                in_dollars(b.cents, d.account.currency, b.rate_day)
                for d in self.books.opportunities
                for b in d.bookings
                if b.event == "won" and MONTH_STARTS[month] <= b.day < MONTH_STARTS[month + 1]
            )
            self.costs.append(Cost(month, "", "", "commissions", booked * 9 // 100))
            growth *= 1.018

    def _plan(self) -> None:
        """Monthly targets of the company, and a quota a quarter for each seller."""
        scale = self.world.scale
        for month, _, _, demand in self.world.months():
            plan = [
                ("mqls", round(88 * demand * scale), "VP Marketing"),
                ("sqls", round(38 * demand * scale), "VP Marketing"),
                ("won", max(1, round((7 + month * 0.5) * scale)), "VP Sales"),
                ("new_bookings", round((160_000 + 14_000 * month) * scale), "VP Sales"),
                ("pipeline_created", round(680_000 * demand * scale), "VP Sales"),
                ("ad_spend", round(36_000 * (1 + month / 60) * scale), "VP Marketing"),
            ]
            for metric, target, owner in plan:
                self.targets.append((metric, MONTH_STARTS[month], 1, "", target * 100, owner))
            self.targets.append(("ad_spend", MONTH_STARTS[month], 1, "paid_search",
                                 round(24_000 * scale) * 100, "VP Marketing"))  # fmt: skip
        for year in (2025, 2026):
            for quarter in range(4):
                start = day_of(date_of(FIRST_DAY).replace(year=year, month=3 * quarter + 1, day=1))
                for seller in self.world.sellers:
                    if seller.starts > start or (seller.ends and seller.ends <= start):
                        continue
                    quota = (52_000 + 6_000 * (4 * (year - 2025) + quarter)) * 100
                    rep = seller.hubspot_id or seller.id
                    self.targets.append(("quota", start, 3, rep, quota, "VP Sales"))

    def truth_of_revenue(self, shop: Shop) -> dict[str, object]:
        """Revenue, cost of goods and lines, by the day of each line, in dollars.

        Accounts: revenue, its cost, and how much of the revenue nobody knows the cost of.
        """
        months: dict[str, dict[str, int]] = {
            month: {"revenue_cents": 0, "cogs_cents": 0, "lines": 0, "invoices": 0}
            for month in MONTHS
        }
        accounts: dict[str, list[int]] = {}

        def add(name: str, day: int, revenue: int, cost: int | None, lines: int) -> None:
            month = months[MONTHS[month_of(day)]]
            month["revenue_cents"] += revenue
            month["cogs_cents"] += cost or 0
            month["lines"] += lines
            account = accounts.setdefault(name, [0, 0, 0])
            account[0] += revenue
            account[1] += cost or 0
            account[2] += revenue if cost is None else 0

        for invoice in self.invoices:
            revenue = in_dollars(invoice.cents, invoice.currency, invoice.rate_day)
            cost = in_dollars(invoice.cost_cents, invoice.currency, invoice.rate_day)
            known = None if invoice.is_by_card else cost
            add(invoice.account_id, invoice.day, revenue, known, 1)
            months[MONTHS[month_of(invoice.day)]]["invoices"] += invoice.kind == "invoice"
        for line in shop.lines():
            add(line.account, line.day, line.cents, None, line.rows)
        return {"months": months, "accounts": dict(sorted(accounts.items()))}

    def truth_of_costs(self) -> list[LedgerRow]:
        """The ledger by month, channel, campaign and type, in dollars by the first of the month."""
        found: dict[tuple[str, str, str, str], int] = {}
        for cost in self.costs:
            key = (MONTHS[cost.month], cost.channel or "unattributed", cost.campaign, cost.kind)
            dollars = in_dollars(cost.cents, cost.currency, MONTH_STARTS[cost.month])
            found[key] = found.get(key, 0) + dollars
        return [LedgerRow(*key, amount) for key, amount in sorted(found.items())]

    def write(self, folder: Folder) -> None:
        """The files of billing and finance, and the definitions of this company."""
        self._write_invoices(folder)
        self._write_costs(folder)
        lines = ["metric,month,period_months,channel,sales_rep_id,target,owner"]
        for metric, start, months, who, cents, owner in self.targets:
            channel, rep = ("", who) if metric == "quota" else (who, "")
            lines.append(
                f"{metric},{day_text(start)},{months},{channel},{rep},{cents // 100},{owner}"
            )
        for year in (2025, 2026):  # recurring revenue is to grow by 15 % a quarter
            for month in (1, 4, 7, 10):
                lines.append(f"mrr_growth,{year}-{month:02d}-01,3,,,0.15,VP Sales")
        folder.lines(f"exports/{TARGETS}", lines)
        folder.expect(TARGETS, "generic.targets", len(lines) - 1)

        lines = ["product_id,product,list_price,unit_cost"]
        lines += [f"{key},{name},{price}.00,{cost}.00" for key, name, price, cost in PRODUCTS]
        folder.lines(f"exports/{PRICE_LIST}", lines)
        folder.expect(PRICE_LIST, "generic.products", len(lines) - 1)
        self._write_definitions(folder)

    def _write_invoices(self, folder: Folder) -> None:
        """A German billing system's way: semicolons, decimal commas, Windows letters."""
        lines = [
            "Belegnr;Position;Belegart;Kundennr;Belegdatum;Produkt;Menge;Nettoerlös;"
            "Wareneinsatz;Listenpreis;Währung;Bezug auf"
        ]
        for invoice in self.invoices:
            if invoice.is_by_card:
                continue
            kind = "Rechnung" if invoice.kind == "invoice" else "Gutschrift"
            lines.append(
                f"{invoice.number};1;{kind};{invoice.account_id};{_german(invoice.day)};"
                f"{PRODUCTS[invoice.product][0]};{invoice.quantity};{_comma(invoice.cents)};"
                f"{_comma(invoice.cost_cents)};{_comma(invoice.list_cents)};{invoice.currency};"
                f"{invoice.original.number if invoice.original else ''}"
            )
        bad = min(3, max(1, len(lines) // 40))
        for place in range(bad):
            parts = lines[1 + place * (len(lines) // 4)].split(";")
            parts[0], parts[4] = f"RE{place + 1:06d}", NO_DATES[place]
            lines.insert(2 + place * (len(lines) // 4), ";".join(parts))
        self.world.note("invoices_with_a_bad_date", bad)
        folder.lines(f"exports/{INVOICES}", lines, "cp1252")
        folder.expect(INVOICES, "generic.orders", len(lines) - 1, rejected=bad)

    def _write_costs(self, folder: Folder) -> None:
        lines = ["Month,Channel,Campaign,Cost type,Amount,Currency,Note"]
        for cost in self.costs:
            amount = f"{cost.cents // 100:,}.{cost.cents % 100:02d}"
            note = "approx., see contract" if cost.kind == "agency" and cost.month == 4 else ""
            lines.append(
                f"{MONTHS[cost.month]}-01,{cost.channel},{quoted_if_needed(cost.campaign)},"
                f"{cost.kind},{quoted_if_needed(amount)},{cost.currency},{quoted_if_needed(note)}"
            )
        lines.append("2026-02-01,event,,events,tbd,USD,")
        lines.append('2026-03-01,,,tools,"12.400,00",USD,typed the German way')
        self.world.note("costs_with_a_bad_number", 2)
        folder.lines(f"exports/{COSTS}", lines)
        folder.expect(COSTS, "generic.costs", len(lines) - 1, rejected=2)

    def _write_definitions(self, folder: Folder) -> None:
        lines = ["currency_code,valid_from,valid_to,rate,source"]
        for month, rate in enumerate(EURO_RATES):
            until = day_text(MONTH_STARTS[month + 1]) if month + 1 < N_MONTHS else "9999-12-31"
            lines.append(
                f"EUR,{day_text(MONTH_STARTS[month])},{until},"
                f"{rate // 10_000}.{rate % 10_000:04d},Treasury"
            )
        folder.lines("definitions/exchange_rates.csv", lines)
        owners = "1,1900-01-01,9999-12-31,VP Sales,VP Marketing"
        folder.lines(
            "definitions/exclusions.csv",
            [
                "rule,match_on,value,version,valid_from,valid_to,owner_sales,owner_marketing,reason",
                f"own_domain,email_domain,{OWN_DOMAIN},{owners},Our own people",
                f"test_name,test_flag,true,{owners},A name says it is a test",
                "spam,email_domain,spam-offers.example,1,2025-07-01,9999-12-31,VP Sales,"
                "VP Marketing,Offers nobody asked for",
            ],
        )


def _comma(cents: int) -> str:
    """`1.234,50`."""
    whole, rest = cents_text(cents).split(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    return f"{sign}{int(digits):,}".replace(",", ".") + f",{rest}"


def _german(day: int) -> str:
    return f"{date_of(day):%d.%m.%Y}"
