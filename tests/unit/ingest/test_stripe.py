"""Stripe's exports, from its dashboard and in the shape of its API,"
" under the project's contracts."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from orchestration.contracts import Contract

from .conftest import Lab

SUBSCRIPTIONS = """\
id,Customer ID,Customer Description,Customer Email,Plan,Quantity,Currency,Interval,Amount,Status,\
Created (UTC),Start Date (UTC),Current Period Start (UTC),Current Period End (UTC),\
Trial Start (UTC),\
Trial End (UTC),Application Fee Percent,Coupon,Tax Percent,Canceled At (UTC),Ended At (UTC)
sub_1,cus_1,,ann@acme.example,price_core,3,usd,month,49.00,active,2026-01-05 09:30,\
2026-01-05 09:30,\
2026-03-05 09:30,2026-04-05 09:30,,,,,,,
sub_2,cus_2,,,price_year,1,eur,year,"1,200.00",canceled,2025-01-05 09:30,2025-01-05 09:30,\
2025-01-05 09:30,2026-01-05 09:30,,,,SPRING,,2025-11-02 17:45,2026-01-05 09:30
"""
INVOICES = """\
id,Amount Due,Amount Paid,Billing,Closed,Currency,Customer,Date (UTC),Due Date (UTC),Number,Paid,\
Subscription,Subtotal,Tax,Tax Percent,Total,Status
in_1,118.80,118.80,charge_automatically,true,usd,cus_1,2026-03-05 09:31,,A-0001,true,sub_1,110.00,\
8.80,\
8.0,118.80,paid
in_2,5000,0,send_invoice,false,jpy,cus_2,2026-03-06 09:31,2026-04-05 09:31,A-0002,false,,5000,,,\
5000,open
"""
PAYMENTS = """\
id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,\
Converted Amount Refunded,Converted Currency,Decline Reason,Description,Fee,Refunded date (UTC),\
Statement Descriptor,Status,Seller Message,Taxes On Fee,Card ID,Customer ID,Customer Description,\
Customer Email,Invoice ID,Transfer
ch_1,2026-03-05 09:31:10,118.80,18.80,usd,true,118.80,18.80,usd,,Subscription update,3.75,\
2026-03-20 11:00:00,LARKMOOR,Paid,Payment complete.,0.00,card_1,cus_1,,ann@acme.example,in_1,
ch_2,2026-03-07 12:00:00,20.00,0.00,usd,false,,,,insufficient_funds,,0.00,,,Failed,,0.00,,,,,,
"""
CUSTOMERS = """\
id,Description,Email,Name,Created (UTC),Delinquent,Card ID,Plan,Status
cus_1,,Ann@Acme.example,Ann Archer,2026-01-05 09:29,false,card_1,,
cus_2,,,Test Buyer,2025-01-05 09:29,true,,,
"""
API_INVOICES = """\
id,customer,customer_email,subscription,currency,status,number,subtotal,tax,total,amount_due,\
amount_paid,amount_remaining,created
in_1,cus_1,ann@acme.example,sub_1,usd,paid,A-0001,11000,880,11880,11880,11880,0,2026-03-05T09:31:00Z
in_2,cus_2,,,jpy,open,A-0002,5000,,5000,5000,0,5000,2026-03-06T09:31:00Z
"""
API_SUBSCRIPTIONS = """\
id,customer,status,currency,quantity,plan.id,plan.amount,plan.interval,plan.interval_count,\
current_period_start,current_period_end,cancel_at_period_end,canceled_at,ended_at,start_date
sub_1,cus_1,active,usd,3,price_core,4900,month,1,2026-03-05 09:30:00,2026-04-05 09:30:00,false,,,\
2026-01-05 09:30:00
"""
API_CREDIT_NOTES = """\
id,amount,created,currency,customer,discount_amount,invoice,number,reason,status,subtotal,total,\
total_excluding_tax
cn_1,1188,2026-04-01 10:00:00,usd,cus_1,0,in_1,A-0001-CN-01,order_change,issued,1100,1188,1100
"""


@pytest.fixture
def billing(lab: Lab, vendors: dict[str, Contract]) -> Lab:
    lab.contracts = vendors
    return lab


def values(lab: Lab, relation: str, columns: str) -> list[tuple[Any, ...]]:
    path = relation.replace(".", "/")
    first = columns.partition(",")[0]
    return lab.query(
        f"select {columns} from read_parquet('{{raw}}/{path}/*.parquet') "
        f"where {first} is not null order by 1"
    )


EXPORTS = {
    "stripe.subscriptions": ("subscriptions.csv", SUBSCRIPTIONS, 2),
    "stripe.invoices": ("invoices.csv", INVOICES, 2),
    "stripe.payments": ("unified_payments.csv", PAYMENTS, 2),
    "stripe.customers": ("customers.csv", CUSTOMERS, 2),
    "stripe.api_invoices": ("invoices.csv", API_INVOICES, 2),
    "stripe.api_subscriptions": ("subscriptions.csv", API_SUBSCRIPTIONS, 1),
    "stripe.api_credit_notes": ("credit_notes.csv", API_CREDIT_NOTES, 1),
}


@pytest.mark.parametrize("contract", EXPORTS)
def test_each_export_of_the_folder_is_known_by_its_header(billing: Lab, contract: str) -> None:
    name, text, rows = EXPORTS[contract]
    billing.export(f"stripe/{name}", text)

    [result] = billing.ingest().files

    assert (result.contract, result.rows, result.rejected) == (contract, rows, 0), result.message


@pytest.mark.parametrize("contract", EXPORTS)
def test_elsewhere_words_that_others_use_too_do_not_make_a_file_one_of_stripe(
    billing: Lab, contract: str
) -> None:
    name, text, _ = EXPORTS[contract]
    billing.export(f"billing/{name}", text)

    [result] = billing.ingest().files

    is_telling = contract in ("stripe.subscriptions", "stripe.invoices", "stripe.payments")
    assert result.status == ("loaded" if is_telling else "unmatched"), result.contract
    assert result.contract == (contract if is_telling else ""), result.message


def test_the_dashboard_writes_units_of_the_currency(billing: Lab) -> None:
    billing.export("stripe/subscriptions.csv", SUBSCRIPTIONS)
    billing.export("stripe/invoices.csv", INVOICES)

    billing.ingest()

    assert values(
        billing,
        "stripe.subscriptions",
        "subscription_id, billing_interval, quantity, unit_amount, canceled_at, ended_at",
    ) == [
        ("sub_1", "month", Decimal(3), Decimal("49.00"), None, None),
        ("sub_2", "year", Decimal(1), Decimal("1200.00"), datetime(2025, 11, 2, 17, 45),
         datetime(2026, 1, 5, 9, 30)),
    ]  # fmt: skip
    assert values(billing, "stripe.invoices", "invoice_id, currency_code, tax, total") == [
        ("in_1", "usd", Decimal("8.80"), Decimal("118.80")),
        ("in_2", "jpy", None, Decimal("5000.00")),
    ]


def test_the_api_writes_the_smallest_units(billing: Lab) -> None:
    billing.export("stripe/invoices.csv", API_INVOICES)

    billing.ingest()

    assert values(
        billing, "stripe.api_invoices", "invoice_id, tax_minor, total_minor, invoiced_at"
    ) == [
        ("in_1", 880, 11880, datetime(2026, 3, 5, 9, 31)),
        ("in_2", None, 5000, datetime(2026, 3, 6, 9, 31)),
    ]


def test_an_interval_that_has_no_month_sets_the_row_aside(billing: Lab) -> None:
    text = SUBSCRIPTIONS.replace("usd,month,", "usd,18 months,")
    billing.settings = {
        "files": [{"match": "*", "contract": "stripe.subscriptions", "max_reject_share": 1}]
    }
    billing.export("stripe/subscriptions.csv", text)

    [result] = billing.ingest().files

    assert result.rejects == {"bad_value/billing_interval": 1}


def test_times_in_seconds_are_refused_and_not_taken_for_days(billing: Lab) -> None:
    text = API_INVOICES.replace("2026-03-05T09:31:00Z", "1772703060")
    billing.export("stripe/invoices.csv", text.replace("2026-03-06T09:31:00Z", "1772789460"))

    [result] = billing.ingest().files

    assert result.status == "refused"
    assert "bad_date in invoiced_at" in result.message


def test_invoices_without_tax_need_to_say_that_there_is_none(billing: Lab) -> None:
    text = INVOICES.replace("Tax,Tax Percent,", "Levy,Levy Percent,")
    billing.export("stripe/invoices.csv", text)

    [refused] = billing.ingest().files
    billing.settings = {
        "files": [
            {"match": "*", "contract": "stripe.invoices", "columns": {"tax": {"constant": "0"}}}
        ]
    }
    [loaded] = billing.ingest().files

    assert refused.status == "refused"
    assert "lacks the column 'Tax'" in refused.message
    assert loaded.status == "loaded", loaded.message
    assert values(billing, "stripe.invoices", "tax") == [(Decimal(0),), (Decimal(0),)]
