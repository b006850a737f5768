"""Shop exports as Shopify's admin writes them, under the project's own contracts."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from orchestration.contracts import Contract

from .conftest import Lab

HEADER = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,"
    "Accepts Marketing,Currency,"
    "Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,"
    "Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,"
    "Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,Billing Name,"
    "Billing Street,Notes,Cancelled at,Payment Method,Refunded Amount,Vendor,Outstanding Balance,"
    "Id,Tags,Source,Lineitem discount,Phone,Duties"
)
FIRST = (
    "#1001,Ann@Acme.example,paid,2026-04-05 19:50:40 +0400,fulfilled,2026-04-06 10:00:00 +0400,yes,"
    'USD,90.00,5.00,7.60,"1,102.60",TEN,10.00,Standard,2026-04-05 19:50:32 +0400,2,'
    '"Mug, large",45.00,50.00,MUG-L,true,true,fulfilled,Ann Archer,"1 Road\nFlat 2",,,Shopify '
    "Payments,0.00,Beacon,0.00,5012,,web,0.00,'+15550100,"
)
NEXT = (
    "#1001,Ann@Acme.example,,,,,,,,,,,,,,2026-04-05 19:50:32 +0400,1,Cap,10.00,,CAP,true,true,"
    "fulfilled,,,,,,,Beacon,,,,,0.00,,"
)


@pytest.fixture
def shop(lab: Lab, vendors: dict[str, Contract]) -> Lab:
    lab.contracts = vendors
    return lab


def written(*lines: str) -> str:
    return "\n".join([HEADER, *lines]) + "\n"


def test_only_the_first_row_of_an_order_has_its_totals(shop: Lab) -> None:
    shop.export("shopify/orders_export_1.csv", written(FIRST, NEXT))

    [result] = shop.ingest().files

    assert (result.contract, result.rows, result.rejected) == ("shopify.orders", 2, 0)
    found = shop.query(
        "select order_name, source_system, subtotal, total, lineitem_sku, lineitem_quantity, "
        "length(email_key), email_domain, created_at, paid_at "
        "from read_parquet('{raw}/shopify/orders/*.parquet') order by total nulls last"
    )
    created = datetime(2026, 4, 5, 15, 50, 32)
    assert found == [
        ("#1001", "shopify", Decimal("90.00"), Decimal("1102.60"), "MUG-L", Decimal("2.0000"),
         64, "acme.example", created, datetime(2026, 4, 5, 15, 50, 40)),
        ("#1001", "shopify", None, None, "CAP", Decimal("1.0000"),
         64, "acme.example", created, None),
    ]  # fmt: skip


def test_the_offset_of_whoever_exported_decides_the_instant(shop: Lab) -> None:
    shop.export("shopify/orders_export_1.csv", written(FIRST))
    shop.export("shopify/orders_export_2.csv", written(NEXT.replace("+0400", "-0400")))

    shop.ingest()

    found = shop.query(
        "select created_at from read_parquet('{raw}/shopify/orders/*.parquet') "
        "where order_name is not null order by 1"
    )
    assert found == [(datetime(2026, 4, 5, 15, 50, 32),), (datetime(2026, 4, 5, 23, 50, 32),)]


def test_a_time_without_its_offset_is_set_aside(shop: Lab) -> None:
    shop.settings = {
        "files": [
            {"match": "*.csv", "contract": "shopify.orders", "max_reject_share": 1},
        ]
    }
    shop.export("shopify/orders_export_1.csv", written(FIRST, NEXT.replace(" +0400", "")))

    [result] = shop.ingest().files

    assert result.rejects == {"bad_date/created_at": 1}


@pytest.mark.parametrize(
    ("name", "contract"),
    [
        ("shopify/orders_export_1.csv", "shopify.orders"),
        ("shopify/checkouts_export_1.csv", "shopify.abandoned_checkouts"),
        ("downloads/orders_export.csv", "shopify.orders"),
        ("downloads/checkouts_export.csv", "shopify.abandoned_checkouts"),
    ],
)
def test_the_name_tells_orders_from_checkouts_as_their_headers_are_alike(
    shop: Lab, name: str, contract: str
) -> None:
    shop.export(name, written(FIRST, NEXT))

    [result] = shop.ingest().files

    assert (result.contract, result.rows) == (contract, 2)


def test_an_export_without_tax_is_refused(shop: Lab) -> None:
    shop.contracts = {n: c for n, c in shop.contracts.items() if c.source == "shopify"}
    shop.export("shopify/orders_export_1.csv", written(FIRST).replace("Taxes,", "Levies,"))

    [result] = shop.ingest().files

    assert result.status == "refused"
    assert "lacks the column 'Taxes'" in result.message
