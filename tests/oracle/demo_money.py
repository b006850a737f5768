"""The demo's money as rows of the generic entities: orders, subscriptions and costs.

An order of the shop or of Stripe is one row, net of tax. Beside the contract's columns stands
`customer_number`, the number that a payment provider gives.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

from tests.oracle.company import Company, Row, read_csv

INTERVALS = {
    "Jahr": "year",
    "Quartal": "quarter",
    "Monat": "month",
    "year": "year",
    "3 months": "quarter",
}
STATUSES = {
    "aktiv": "active",
    "überfällig": "past_due",
    "Testphase": "trialing",
    "pausiert": "paused",
    "gekündigt": "canceled",
}


def add(company: Company) -> None:
    """Add the entities."""
    company.tables["orders"] = [*_billed(company), *_by_card(company), *_of_the_shop(company)]
    company.tables["subscriptions"] = [*_invoiced(company), *_paid_by_card(company)]
    company.tables["costs"] = list(_ledger(company))


def _number(german: str) -> str:
    return german.replace(".", "").replace(",", ".")


def _date(german: str) -> str:
    return datetime.strptime(german, "%d.%m.%Y").date().isoformat() if german else ""


def _semicolons(company: Company, pattern: str) -> Iterator[Row]:
    [path] = (company.root / "exports" / "billing").glob(pattern)
    yield from csv.DictReader(path.read_text("cp1252").splitlines(), delimiter=";")


def _billed(company: Company) -> Iterator[Row]:
    for row in _semicolons(company, "invoices-*.csv"):
        with suppress(ValueError):  # a day that no calendar has
            yield {
                "source_system": "salesforce",
                "order_id": row["Belegnr"],
                "line_id": row["Position"],
                "account_id": row["Kundennr"],
                "original_order_id": row["Bezug auf"],
                "kind": {"Rechnung": "invoice", "Gutschrift": "credit_note"}[row["Belegart"]],
                "product": row["Produkt"],
                "currency_code": row["Währung"],
                "quantity": _number(row["Menge"]),
                "revenue": _number(row["Nettoerlös"]),
                "cogs": _number(row["Wareneinsatz"]),
                "list_amount": _number(row["Listenpreis"]),
                "order_date": _date(row["Belegdatum"]),
            }


def _invoiced(company: Company) -> Iterator[Row]:
    for row in _semicolons(company, "subscriptions-*.csv"):
        with suppress(ValueError):
            yield {
                "source_system": "salesforce",
                "subscription_id": row["Abonr"],
                "account_id": row["Kundennr"],
                "currency_code": row["Währung"],
                "billing_interval": INTERVALS[row["Intervall"]],
                "status": STATUSES[row["Status"]],
                "amount": _number(row["Betrag"]),
                "start_date": _date(row["Von"]),
                "last_date": _date(row["Bis"]),
            }


def _local(company: Company, text: str) -> str:
    return company.local_date(datetime.fromisoformat(text)).isoformat() if text else ""


def _paid_by_card(company: Company) -> Iterator[Row]:
    folder = company.root / "exports" / "stripe" / company.as_of.isoformat()
    for row in read_csv(folder / "subscriptions.csv"):
        yield {
            "source_system": "stripe",
            "subscription_id": row["id"],
            "account_id": "",
            "customer_number": row["Customer ID"],
            "email": row["Customer Email"],
            "currency_code": row["Currency"].upper(),
            "billing_interval": INTERVALS[row["Interval"]],
            "status": row["Status"],
            "amount": row["Amount"],
            "start_date": _local(company, row["Start Date (UTC)"]),
            "end_date": _local(company, row["Ended At (UTC)"]),
        }


def _by_card(company: Company) -> Iterator[Row]:
    """Invoices that are not void, and what was credited, else paid back."""
    folder = company.root / "exports" / "stripe" / company.as_of.isoformat()
    emails = {row["id"]: row["Email"] for row in read_csv(folder / "customers.csv")}
    notes = list(read_csv(folder / "credit_notes.csv"))
    credited = {note["invoice"] for note in notes}
    invoices = {
        row["id"]: row for row in read_csv(folder / "invoices.csv") if row["Status"] != "void"
    }

    def line(key: str, kind: str, invoice: Row, net: Decimal, instant: str) -> Row:
        return {
            "source_system": "stripe",
            "order_id": key,
            "line_id": "1",
            "account_id": "",
            "customer_number": invoice["Customer"],
            "email": emails[invoice["Customer"]],
            "original_order_id": invoice["id"] if kind == "credit_note" else "",
            "kind": kind,
            "currency_code": invoice["Currency"].upper(),
            "revenue": str(net),
            "cogs": "",
            "order_date": _local(company, instant),
        }

    for invoice in invoices.values():
        net = _net(invoice, Decimal(invoice["Total"]))
        yield line(invoice["id"], "invoice", invoice, net, invoice["Date (UTC)"])
    for note in notes:
        invoice = invoices[note["invoice"]]
        stated = note["total_excluding_tax"]
        back = Decimal(stated) / 100 if stated else _net(invoice, Decimal(note["total"]) / 100)
        yield line(note["id"], "credit_note", invoice, -back, note["created"])
    for payment in read_csv(folder / "unified_payments.csv"):
        refunded = Decimal(payment["Amount Refunded"])
        if refunded and payment["Invoice ID"] not in credited:
            invoice = invoices[payment["Invoice ID"]]
            key, on = f"{payment['id']}:refund", payment["Refunded date (UTC)"]
            yield line(key, "credit_note", invoice, -_net(invoice, refunded), on)


def _net(invoice: Row, gross: Decimal) -> Decimal:
    """The part of an amount that is not tax."""
    total = Decimal(invoice["Total"])
    share = gross * (total - Decimal(invoice["Tax"] or 0)) / total
    return share.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _of_the_shop(company: Company) -> Iterator[Row]:
    """What the first row of each order says; the others only have lines."""
    folder = company.root / "exports" / "shopify" / company.as_of.isoformat()
    for path in sorted(folder.glob("orders_export_*.csv")):
        for row in read_csv(path):
            is_none = row["Financial Status"] == "voided" or "Bogus" in row["Payment Method"]
            if not row["Total"] or is_none:
                continue
            total = Decimal(row["Total"])
            net = total - Decimal(row["Taxes"])
            order = {
                "source_system": "shopify",
                "order_id": row["Name"],
                "line_id": "1",
                "account_id": "",
                "email": row["Email"],
                "original_order_id": "",
                "kind": "order",
                "currency_code": row["Currency"],
                "revenue": str(net),
                "cogs": "",
                "order_date": _day(company, row["Created at"]),
            }
            yield order
            back = Decimal(row["Refunded Amount"] or 0)
            if back:
                share = (back * net / total).quantize(Decimal("0.01"), ROUND_HALF_UP)
                yield order | {
                    "order_id": f"{row['Name']}:refund",
                    "original_order_id": row["Name"],
                    "kind": "credit_note",
                    "revenue": str(-share),
                    "order_date": _day(company, row["Cancelled at"] or row["Created at"]),
                }


def _day(company: Company, text: str) -> str:
    instant = datetime.strptime(text, "%Y-%m-%d %H:%M:%S %z").astimezone(UTC).replace(tzinfo=None)
    return company.local_date(instant).isoformat()


def _ledger(company: Company) -> Iterator[Row]:
    [path] = (company.root / "exports" / "finance").glob("marketing-costs-*.csv")
    for row in read_csv(path):
        text = row["Amount"]
        is_german = "," in text and text.find(".") < text.find(",")
        if text != "tbd" and not is_german:
            yield {
                "source_system": "generic",
                "month": row["Month"],
                "channel": row["Channel"],
                "campaign": row["Campaign"],
                "cost_type": row["Cost type"],
                "amount": text.replace(",", ""),
                "currency_code": row["Currency"],
            }
