"""What small customers pay by card: their subscriptions and invoices are kept in Stripe.

No sale is made up here: the invoices are those of money.py, written by another system, in the
columns of its dashboard and, for credit notes, of its API.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestration.demo.clock import (
    HOUR,
    LAST_DAY,
    MINUTE,
    at,
    day_text,
    utc_text,
)
from orchestration.demo.company import PRODUCTS, Company, World
from orchestration.demo.money import Invoice, Money
from orchestration.demo.records import Books
from orchestration.demo.write import Folder, cents_text

FOLDER = f"stripe/{day_text(LAST_DAY)}"
SMALL = 100  # employees up to which a customer pays by card
TAX = {"USD": 0, "EUR": 19}  # per cent, added to the price

SUBSCRIPTIONS = (
    "id,Customer ID,Customer Description,Customer Email,Plan,Product,Quantity,Currency,"
    "Interval,Amount,"
    "Status,Created (UTC),Start Date (UTC),Current Period Start (UTC),Current Period End (UTC),"
    "Trial Start (UTC),Trial End (UTC),Application Fee Percent,Coupon,Tax Percent,"
    "Canceled At (UTC),"
    "Ended At (UTC)"
)
INVOICES = (
    "id,Amount Due,Amount Paid,Billing,Closed,Currency,Customer,Date (UTC),"
    "Due Date (UTC),Number,Paid,"
    "Subscription,Subtotal,Tax,Tax Percent,Total,Status"
)
PAYMENTS = (
    "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,"
    "Converted Amount Refunded,Converted Currency,Decline Reason,Description,Fee,"
    "Refunded date (UTC),"
    "Statement Descriptor,Status,Seller Message,Taxes On Fee,Card ID,Customer ID,"
    "Customer Description,"
    "Customer Email,Invoice ID,Transfer"
)
CUSTOMERS = "id,Description,Email,Name,Created (UTC),Delinquent,Card ID,Plan,Status"
CREDIT_NOTES = (
    "id,amount,created,currency,customer,discount_amount,invoice,number,reason,status,"
    "subtotal,total,"
    "total_excluding_tax"
)


@dataclass(slots=True)
class Subscription:
    """A year, or some, of a product: one for each deal that is invoiced here."""

    id: str
    company: Company
    first: Invoice
    parts: list[Invoice] = field(default_factory=list)
    taken_back: int | None = None  # the day on which the last part was credited

    @property
    def end(self) -> int:
        """The first day that is not paid for any more."""
        paid = self.parts[-1].day + (91 if self.first.months == 3 else 365)
        return min(paid, self.taken_back or paid)

    @property
    def cents(self) -> int:
        """Price of a part. The first one has the cents that do not divide."""
        return self.parts[-1].cents


class Stripe:
    """The part of the billing that is done by card."""

    def __init__(self, world: World, books: Books, money: Money) -> None:
        self.world = world
        self.dice = world.dice("stripe")
        contacts = {
            person.company.number: person
            for person in books.people
            if person.company and person.contact and person.contact.email and not person.rule
        }
        companies = {c.account_id: c for c in world.companies if c.account_id}
        self.customers: dict[str, tuple[str, str, str]] = {}  # account: id, address, name
        self.subscriptions: dict[int, Subscription] = {}
        self.invoices: list[tuple[Invoice, str]] = []  # with its id
        self.credits: list[Invoice] = []
        self.without_note: list[Invoice] = []  # paid back, and nothing written about it
        ids: dict[str, str] = {}
        for invoice in money.invoices:
            company = companies[invoice.account_id]
            person = contacts.get(company.number)
            if company.employees > SMALL or person is None or person.contact is None:
                continue
            invoice.is_by_card = True
            if invoice.account_id not in self.customers:
                name = f"{person.first_name} {person.last_name}"
                self.customers[invoice.account_id] = (self._id("cus"), person.contact.email, name)
            if invoice.kind == "credit_note":
                self._credit(invoice)
                continue
            ids[invoice.number] = self._id("in")
            self.invoices.append((invoice, ids[invoice.number]))
            subscription = self.subscriptions.get(invoice.sale)
            if subscription is None:
                subscription = Subscription(self._id("sub"), company, invoice)
                self.subscriptions[invoice.sale] = subscription
            subscription.parts.append(invoice)
        self.ids = ids

    def _credit(self, credit: Invoice) -> None:
        original = credit.original
        assert original, "money.py credits invoices alone"
        is_whole = credit.cents == -original.cents
        if is_whole and len(self.credits) > len(self.without_note):
            self.without_note.append(credit)
            self.world.note("card_payments_paid_back_without_a_credit_note")
        else:
            self.credits.append(credit)
        subscription = self.subscriptions[credit.sale]
        if is_whole and subscription.parts[-1] is original:
            subscription.taken_back = credit.day

    def _id(self, kind: str) -> str:
        letters = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz"
        return f"{kind}_1" + "".join(letters[self.dice.randrange(len(letters))] for _ in range(13))

    def truth_of_subscriptions(self) -> dict[str, dict[str, int]]:
        """Running at the end, by currency: how many, and what they pay a month in millionths."""
        found: dict[str, dict[str, int]] = {}
        for subscription in self.subscriptions.values():
            row = found.setdefault(
                subscription.first.currency,
                {"subscriptions": 0, "running": 0, "monthly_millionths": 0},
            )
            row["subscriptions"] += 1
            if subscription.end > LAST_DAY:
                months = subscription.first.months
                row["running"] += 1
                # Half a millionth is rounded up.
                row["monthly_millionths"] += (20_000 * subscription.cents + months) // (2 * months)
        return found

    def write(self, folder: Folder) -> None:
        """Five exports of one day."""
        self._put(folder, "customers", CUSTOMERS, self._customer_rows())
        self._put(folder, "subscriptions", SUBSCRIPTIONS, self._subscription_rows())
        self._put(folder, "invoices", INVOICES, self._invoice_rows())
        self._put(folder, "unified_payments", PAYMENTS, self._payment_rows(), "payments")
        self._put(folder, "credit_notes", CREDIT_NOTES, self._credit_rows(), "api_credit_notes")

    @staticmethod
    def _put(folder: Folder, name: str, header: str, rows: list[str], contract: str = "") -> None:
        folder.lines(f"exports/{FOLDER}/{name}.csv", [header, *rows])
        folder.expect(f"{FOLDER}/{name}.csv", f"stripe.{contract or name}", len(rows))

    def _customer_rows(self) -> list[str]:
        first: dict[str, int] = {}
        for invoice, _ in self.invoices:
            first.setdefault(invoice.account_id, invoice.day)
        return [
            f"{key},,{email},{name},{_minute(first.get(account, LAST_DAY))},false,,,"
            for account, (key, email, name) in self.customers.items()
        ]

    def _subscription_rows(self) -> list[str]:
        rows = []
        for subscription in self.subscriptions.values():
            first, last = subscription.parts[0], subscription.parts[-1]
            customer, email, _ = self.customers[first.account_id]
            has_ended = subscription.end <= LAST_DAY
            sku, name, _, _ = PRODUCTS[first.product]
            rows.append(
                f"{subscription.id},{customer},,{email},price_{sku.lower()},{name},1,"
                f"{first.currency.lower()},{'3 months' if first.months == 3 else 'year'},"
                f"{cents_text(subscription.cents)},{'canceled' if has_ended else 'active'},"
                f"{_minute(first.day)},{_minute(first.day)},{_minute(last.day)},"
                f"{_minute(subscription.end)},,,,,{TAX[first.currency]}.0,"
                f"{_minute(subscription.end - 20) if has_ended else ''},"
                f"{_minute(subscription.end) if has_ended else ''}"
            )
        return rows

    def _invoice_rows(self) -> list[str]:
        rows = []
        for place, (invoice, key) in enumerate(self.invoices):
            customer, _, _ = self.customers[invoice.account_id]
            tax = _tax(invoice.cents, invoice.currency)
            total = cents_text(invoice.cents + tax)
            subscription = self.subscriptions[invoice.sale].id
            rows.append(
                f"{key},{total},{total},charge_automatically,true,"
                f"{invoice.currency.lower()},{customer},"
                f"{_minute(invoice.day, invoice.second)},,LKM-{place + 1:04d},true,{subscription},"
                f"{cents_text(invoice.cents)},{cents_text(tax) if tax else ''},"
                f"{f'{TAX[invoice.currency]}.0' if tax else ''},{total},paid"
            )
            if place % 12 == 5:  # written by mistake, and taken back at once
                rows.append(
                    f"{self._id('in')},{total},0.00,charge_automatically,true,"
                    f"{invoice.currency.lower()},{customer},{_minute(invoice.day)},,,false,,"
                    f"{cents_text(invoice.cents)},{cents_text(tax) if tax else ''},,{total},void"
                )
                self.world.note("card_invoices_that_are_void")
        return rows

    def _payment_rows(self) -> list[str]:
        back: dict[str, tuple[int, int]] = {}
        for credit in [*self.credits, *self.without_note]:
            if credit.original:
                total = -credit.cents + _tax(-credit.cents, credit.currency)
                before, _ = back.get(credit.original.number, (0, 0))
                back[credit.original.number] = (before + total, credit.day)
        rows = []
        for place, (invoice, key) in enumerate(self.invoices):
            customer, email, _ = self.customers[invoice.account_id]
            total = invoice.cents + _tax(invoice.cents, invoice.currency)
            refunded, on = back.get(invoice.number, (0, 0))
            currency, paid = invoice.currency.lower(), invoice.second + 2 * MINUTE
            status = "Refunded" if refunded >= total else "Paid"
            if place % 9 == 4:  # the card was declined at first
                rows.append(
                    f"{self._id('ch')},{_second(invoice.day, paid - MINUTE)},"
                    f"{cents_text(total)},0.00,"
                    f"{currency},false,,,,insufficient_funds,Subscription update,0.00,,"
                    f"LARKMOOR,Failed,,"
                    f"0.00,,{customer},,{email},{key},"
                )
                self.world.note("card_payments_that_failed")
            rows.append(
                f"{self._id('ch')},{_second(invoice.day, paid)},{cents_text(total)},"
                f"{cents_text(refunded)},{currency},true,{cents_text(total)},"
                f"{cents_text(refunded)},"
                f"{currency},,Subscription update,{cents_text(total * 29 // 1000 + 30)},"
                f"{_second(on, 12 * HOUR) if refunded else ''},LARKMOOR,{status},Payment complete.,"
                f"0.00,,{customer},,{email},{key},"
            )
        return rows

    def _credit_rows(self) -> list[str]:
        rows = []
        for place, credit in enumerate(self.credits):
            if credit.original is None:
                continue
            customer, _, _ = self.customers[credit.account_id]
            cents = -credit.cents
            total = cents + _tax(cents, credit.currency)
            # Notes of a whole invoice do not say what they are without tax.
            net = "" if credit.cents == -credit.original.cents else str(cents)
            rows.append(
                f"{self._id('cn')},{total},{_second(credit.day, 12 * HOUR)},"
                f"{credit.currency.lower()},"
                f"{customer},0,{self.ids[credit.original.number]},LKM-CN-{place + 1:02d},"
                f"order_change,"
                f"issued,{cents},{total},{net}"
            )
        return rows


def _tax(cents: int, currency: str) -> int:
    return (2 * cents * TAX[currency] + 100) // 200


def _minute(day: int, second: int = 12 * HOUR) -> str:
    return utc_text(at(day, second))[:16]


def _second(day: int, second: int) -> str:
    return utc_text(at(day, second))
