"""The small shop of the demo company: mugs and caps for its customers' people, sold on Shopify.

Its exports are written here too: Shopify's columns, one row per line of an order, cut into two
files in the middle of an order, by two colleagues in different time zones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from orchestration.demo.clock import (
    DAY,
    HOUR,
    LAST_DAY,
    MINUTE,
    MONTH_STARTS,
    any_hour,
    day_text,
    local_day,
    utc_text,
)
from orchestration.demo.company import Company, World
from orchestration.demo.names import FIRST_NAMES, LAST_NAMES, NAME_HEADS, NAME_TAILS
from orchestration.demo.records import Books
from orchestration.demo.write import Folder, cents_text, quoted_if_needed

FOLDER = f"shopify/{day_text(LAST_DAY)}"
OFFSETS = (4 * HOUR, -4 * HOUR)  # of the two who exported
OPENED = MONTH_STARTS[12]
FREE_SHIPPING = 10_000

# sku, name, price, former price, in cents
GOODS = [
    ("LK-MUG", "Lighthouse Mug", 1_450, 0),
    ("LK-CAP", "Harbor Cap - Navy", 2_200, 2_600),
    ("LK-NB5", 'Notebook, A5, "Logbook"', 1_250, 0),
    ("LK-STK", "Sticker Set", 499, 0),
    ("LK-HOOD", "Fog Hoodie - L", 4_833, 0),
    ("LK-PACK", "Pilot Backpack", 7_900, 8_900),
]

HEADER = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,"
    "Accepts Marketing,Currency,"
    "Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,"
    "Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,"
    "Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,Billing Name,"
    "Billing Street,Billing Address1,Billing Address2,Billing Company,Billing City,Billing Zip,"
    "Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street,"
    "Shipping Address1,"
    "Shipping Address2,Shipping Company,Shipping City,Shipping Zip,Shipping Province,"
    "Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,"
    "Payment Reference,Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,"
    "Tags,Risk Level,Source,Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,"
    "Tax 3 Name,Tax 3 Value,Tax 4 Name,Tax 4 Value,Tax 5 Name,Tax 5 Value,Phone,Receipt Number,"
    "Duties,Billing Province Name,Shipping Province Name,Payment ID,Payment Terms Name,"
    "Next Payment Due At,Payment References"
)
COLUMNS = HEADER.split(",")


@dataclass(frozen=True, slots=True)
class Buyer:
    """Someone who buys: for whom the warehouse should find this account."""

    email: str
    name: str
    account: str
    is_european: bool
    is_stranger: bool
    since: int  # day from which the account is a customer, or the shop is open


@dataclass(slots=True)
class Sale:
    """An order, or a checkout that was left."""

    buyer: Buyer
    instant: int
    lines: list[tuple[int, int]]  # which of the goods, how many
    code: str = ""
    discount: int = 0
    subtotal: int = 0
    shipping: int = 0
    tax: int = 0
    total: int = 0
    number: int = 0
    status: str = "paid"
    payment: str = "Shopify Payments"
    refunded: int = 0
    cancelled: int | None = None

    @property
    def net(self) -> int:
        """Without tax."""
        return self.total - self.tax

    @property
    def counts(self) -> bool:
        """Whether anything was sold: not to the shop's own test, nor where no money was taken."""
        return self.status != "voided" and "Bogus" not in self.payment

    @property
    def parts(self) -> int:
        """Its lines, and the shipping if there is any."""
        return len(self.lines) + (self.shipping > 0)


@dataclass(frozen=True, slots=True)
class ShopLine:
    """What a sale adds to the revenue of a day, in so many rows."""

    account: str
    day: int
    cents: int
    rows: int


@dataclass
class Shop:
    """All that was sold, and all that nearly was."""

    world: World
    books: Books
    orders: list[Sale] = field(default_factory=list)
    checkouts: list[Sale] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = self.world.dice("shop")
        buyers = [*self._customers(), *self._strangers()]
        for place in range(self.world.count(80, least=24)):
            buyer = buyers[self.dice.randrange(len(buyers))]
            if place < 2:
                buyer = buyers[-1 - place]  # a stranger buys in the smallest company, too
            self.orders.append(self._sale(buyer, self._instant(buyer)))
        self.orders.sort(key=lambda order: order.instant)
        for place, order in enumerate(self.orders):
            order.number = 1001 + place
            self._settle(order, place)
        self._leave(buyers)

    def _customers(self) -> list[Buyer]:
        """People of customers, and colleagues of theirs whom no system of sales knows."""
        first: dict[int, int] = {}
        for deal in self.books.opportunities:
            if deal.is_deal and deal.status == "won" and deal.cents and not deal.is_deleted:
                number = deal.account.number
                first[number] = min(first.get(number, deal.close_day), deal.close_day)
        found: list[Buyer] = []
        for person in self.books.people:
            company = person.company
            if person.rule or not (person.contact and person.contact.email) or company is None:
                continue
            since = first.get(company.number)
            if since is None or since > LAST_DAY - 60 or not company.account_id:
                continue
            name = f"{person.first_name} {person.last_name}"
            found.append(self._buyer(person.contact.email, name, company, since))
            if len(found) % 4 == 1:
                name, mail = self._name()
                found.append(self._buyer(f"{mail}@{company.domain}", name, company, since))
        return found

    @staticmethod
    def _buyer(email: str, name: str, company: Company, since: int) -> Buyer:
        return Buyer(
            email,
            name,
            company.account_id,
            company.currency == "EUR",
            False,
            max(since + 1, OPENED),
        )

    def _strangers(self) -> list[Buyer]:
        """Companies that only ever bought a mug: their domain is all that is known of them."""
        found = []
        for _ in range(self.world.count(6, least=3)):
            head = NAME_HEADS[self.dice.randrange(len(NAME_HEADS))]
            tail = NAME_TAILS[self.dice.randrange(len(NAME_TAILS))]
            name, mail = self._name()
            domain = f"{head}{tail}.example".lower()
            found.append(Buyer(f"{mail}@{domain}", name, domain, False, True, OPENED))
        return found

    def _name(self) -> tuple[str, str]:
        """A name, and the front of an address that no one of sales' systems has."""
        first = FIRST_NAMES[self.dice.randrange(len(FIRST_NAMES))]
        last = LAST_NAMES[self.dice.randrange(len(LAST_NAMES))]
        return f"{first} {last}", f"{first}_{last}".lower()

    def _instant(self, buyer: Buyer) -> int:
        day = buyer.since + self.dice.randrange(max(1, LAST_DAY - 20 - buyer.since))
        return any_hour(day, self.dice) + self.dice.randrange(MINUTE)

    def _sale(self, buyer: Buyer, instant: int) -> Sale:
        dice = self.dice
        goods = dice.sample(range(len(GOODS)), 1 + dice.randrange(3))
        sale = Sale(buyer, instant, [(place, 1 + dice.randrange(3)) for place in goods])
        price = sum(GOODS[place][2] * quantity for place, quantity in sale.lines)
        if dice.random() < 0.25:
            sale.code, sale.discount = "HARBOR10", (price + 5) // 10
        sale.subtotal = price - sale.discount
        sale.shipping = 0 if sale.subtotal >= FREE_SHIPPING else 695
        sale.total = sale.subtotal + sale.shipping
        if buyer.is_european:
            sale.tax = _half_up(sale.total * 20, 120)  # prices include it
        elif dice.random() < 0.7:
            sale.tax = _half_up(sale.total * 8, 100)  # added to the price
            sale.total += sale.tax
        return sale

    def _settle(self, order: Sale, place: int) -> None:
        """What became of an order: one in a few goes wrong in some way, whatever the scale."""
        later = order.instant + (1 + self.dice.randrange(9)) * DAY
        kind = place % 24
        if kind == 3:  # part of it came back
            item, _ = order.lines[0]
            order.status = "partially_refunded"
            order.refunded = min(GOODS[item][2], order.total - 1)
            self.world.note("shop_orders_paid_back_in_part")
        elif kind == 9:  # all of it was cancelled and paid back
            order.status, order.refunded, order.cancelled = "refunded", order.total, later
            self.world.note("shop_orders_paid_back")
        elif kind == 14:  # the payment was never taken
            order.status, order.cancelled = "voided", later
            self.world.note("shop_orders_never_paid")
        elif kind == 19:
            order.status, order.payment = "pending", "Bank Deposit"
        elif kind == 21:
            order.payment = "(for testing) Bogus Gateway"
            self.world.note("shop_orders_that_are_tests")
        if order.buyer.is_european:
            self.world.note("shop_orders_with_tax_in_the_price")
        if len(order.lines) > 1:
            self.world.note("shop_orders_of_several_lines")

    def _leave(self, buyers: list[Buyer]) -> None:
        """Checkouts that were left; the buyers of some came back to order."""
        for place in range(self.world.count(25, least=8)):
            if place % 5 < 2:
                order = self.orders[self.dice.randrange(len(self.orders))]
                before = 10 * MINUTE + self.dice.randrange(6 * DAY)
                sale = self._sale(order.buyer, order.instant - before)
            else:
                buyer = buyers[self.dice.randrange(len(buyers))]
                sale = self._sale(buyer, self._instant(buyer))
            sale.number = 30_150_000_000 + 90_000 * place + self.dice.randrange(90_000)
            self.checkouts.append(sale)
        self.checkouts.sort(key=lambda sale: sale.instant)

    def lines(self) -> Iterator[ShopLine]:
        """Revenue net of tax: orders by their day, what was paid back on the day of cancellation.

        An order that was not cancelled has no day on which it was paid back but its own.
        """
        for order in self.orders:
            if not order.counts:
                continue
            day = local_day(order.instant)
            yield ShopLine(order.buyer.account, day, order.net, order.parts)
            back = _half_up(order.refunded * order.net, order.total)
            if order.refunded:
                rows = order.parts if order.refunded == order.total else 1
                when = local_day(order.cancelled) if order.cancelled else day
                yield ShopLine(order.buyer.account, when, -back, rows)

    def new_customers(self) -> dict[str, int]:
        """Those whom nobody else knows, and the day of their first order."""
        found: dict[str, int] = {}
        for order in self.orders:
            if order.buyer.is_stranger and order.counts:
                day = local_day(order.instant)
                found[order.buyer.account] = min(found.get(order.buyer.account, day), day)
        return found

    def truth_of_carts(self) -> dict[str, int]:
        """Checkouts left and orders placed at once; left ones whose buyer ordered later."""
        orders = [order for order in self.orders if order.counts]
        closed: set[int] = set()
        ordered_later = 0
        for left in self.checkouts:
            later = [
                order.number
                for order in orders
                if order.buyer.email == left.buyer.email and order.instant > left.instant
            ]
            ordered_later += bool(later)
            closed |= set(later[:1])
        values = {order.number: order.net for order in orders}
        return {
            "left": len(self.checkouts),
            "left_value_cents": sum(left.net for left in self.checkouts),
            "left_ordered_later": ordered_later,
            "left_order_value_cents": sum(values[number] for number in closed),
            "ordered_at_once": len(orders) - len(closed),
            "ordered_at_once_value_cents": sum(
                value for number, value in values.items() if number not in closed
            ),
        }

    def write(self, folder: Folder) -> None:
        """Newest first, as Shopify lists them."""
        rows = [(o, place) for o in reversed(self.orders) for place in range(len(o.lines))]
        # The files part in the middle of an order: the second begins with a line without totals.
        middle = range(len(rows) // 3, len(rows))
        cut = next(number for number in middle if rows[number][1] > 0)
        self.world.note("shop_orders_cut_by_the_end_of_a_file")
        for number, part in enumerate((rows[:cut], rows[cut:])):
            name = f"{FOLDER}/orders_export_{number + 1}.csv"
            lines = [
                _row(order, place, OFFSETS[number], f"#{order.number}") for order, place in part
            ]
            folder.lines(f"exports/{name}", [HEADER, *lines])
            folder.expect(name, "shopify.orders", len(lines))
        name = f"{FOLDER}/checkouts_export_1.csv"
        lines = [
            _row(sale, place, OFFSETS[1], f"#{sale.number}", is_left=True)
            for sale in reversed(self.checkouts)
            for place in range(len(sale.lines))
        ]
        folder.lines(f"exports/{name}", [HEADER, *lines])
        folder.expect(name, "shopify.abandoned_checkouts", len(lines))


def _half_up(product: int, divisor: int) -> int:
    return (2 * product + divisor) // (2 * divisor)


def _time(instant: int | None, offset: int) -> str:
    if instant is None:
        return ""
    sign = "+" if offset > 0 else "-"
    return f"{utc_text(instant + offset)} {sign}{abs(offset) // HOUR:02d}00"


def _row(sale: Sale, place: int, offset: int, name: str, *, is_left: bool = False) -> str:
    sku, goods, price, former = GOODS[sale.lines[place][0]]
    cells = {
        "Name": name,
        "Email": sale.buyer.email,
        "Created at": _time(sale.instant, offset),
        "Lineitem quantity": str(sale.lines[place][1]),
        "Lineitem name": goods,
        "Lineitem price": cents_text(price),
        "Lineitem compare at price": cents_text(former) if former else "",
        "Lineitem sku": sku,
        "Lineitem requires shipping": "true",
        "Lineitem taxable": "true",
        "Lineitem fulfillment status": "pending" if is_left else "fulfilled",
        "Vendor": "Larkmoor Shop",
        "Lineitem discount": "0.00",
    }
    if place == 0:
        cells |= {
            "Accepts Marketing": "no",
            "Currency": "USD",
            "Subtotal": cents_text(sale.subtotal),
            "Shipping": cents_text(sale.shipping),
            "Taxes": cents_text(sale.tax),
            "Total": cents_text(sale.total),
            "Discount Code": sale.code,
            "Discount Amount": cents_text(sale.discount),
            "Shipping Method": "Standard",
            "Billing Name": sale.buyer.name,
            "Shipping Name": sale.buyer.name,
            "Source": "web",
        }
    if place == 0 and not is_left:
        is_paid = sale.status not in ("pending", "voided")
        cells |= {
            "Financial Status": sale.status,
            "Paid at": _time(sale.instant + 40, offset) if is_paid else "",
            "Fulfillment Status": "fulfilled" if is_paid else "unfulfilled",
            "Cancelled at": _time(sale.cancelled, offset),
            "Payment Method": sale.payment,
            "Refunded Amount": cents_text(sale.refunded),
            "Outstanding Balance": cents_text(0 if is_paid else sale.total),
            "Id": str(5_012_000_000_000 + 32_768 * sale.number),
            "Risk Level": "Low",
        }
    return ",".join(quoted_if_needed(cells.get(column, "")) for column in COLUMNS)
