"""The demo's products, lines, splits, carts and experiments as rows of the generic entities.

Deals of Salesforce get `created_by` and `partner_registered`, `users` are its users, `campaigns`
the ids of its campaigns. `catalog` holds Salesforce's own products (code, name), `order_lines` what
is on the shop's orders, without its revenue. The order of a left checkout is the first that its
buyer placed later; an order that no left checkout leads to is a cart that was ordered at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from tests.oracle.company import Company, Row, read_csv


def add(company: Company) -> None:
    """Add the entities."""
    exports, day = company.root / "exports", company.as_of.isoformat()
    salesforce = exports / "salesforce" / day
    company.tables["products"] = [
        row for path in (exports / "finance").glob("products-*.csv") for row in read_csv(path)
    ]
    company.tables["catalog"] = [
        {"code": row["ProductCode"], "name": row["Name"]}
        for row in read_csv(salesforce / "Product2.csv")
    ]
    company.tables["line_items"] = [
        {
            "source_system": "salesforce",
            "opportunity_id": row["OpportunityId"],
            "product": row["ProductCode"],
            "quantity": row["Quantity"],
            "list_amount": str(Decimal(row["Quantity"]) * Decimal(row["ListPrice"]))
            if row["ListPrice"]
            else "",
            "amount": row["TotalPrice"],
            "created_at": row["CreatedDate"],
        }
        for row in read_csv(salesforce / "OpportunityLineItem.csv")
        if row["IsDeleted"] == "0"
    ]
    types = {
        row["Id"]: "revenue" if row["IsTotalValidated"] == "1" else "overlay"
        for row in read_csv(salesforce / "OpportunitySplitType.csv")
    }
    company.tables["opportunity_splits"] = [
        {
            "source_system": "salesforce",
            "opportunity_id": row["OpportunityId"],
            "sales_rep_id": row["SplitOwnerId"],
            "split_type": types[row["SplitTypeId"]],
            "share": str(Decimal(row["SplitPercentage"]) / 100),
        }
        for row in read_csv(salesforce / "OpportunitySplit.csv")
    ]
    company.tables["experiment_members"] = list(_members(company))
    company.tables["users"] = [
        {
            "source_system": "salesforce",
            "sales_rep_id": row["Id"],
            "title": row["Title"],
            "team": row["Department"],
        }
        for row in read_csv(salesforce / "User.csv")
    ]
    company.tables["campaigns"] = [
        {"campaign_id": row["Id"]} for row in read_csv(salesforce / "Campaign.csv")
    ]
    entered = {row["Id"]: row for row in read_csv(salesforce / "Opportunity.csv")}
    for deal in company.rows("opportunities"):
        if deal["source_system"] == "salesforce":
            row = entered[deal["opportunity_id"]]
            deal["created_by"] = row["CreatedById"]
            deal["partner_registered"] = row["Partner_Registered__c"]
    company.tables["order_lines"], company.tables["carts"] = [], []
    _shop(company)


def _members(company: Company) -> Iterator[Row]:
    [path] = (company.root / "exports" / "experiments").glob("experiment-members-*.csv")
    for row in read_csv(path):
        at = row["assigned_at"]
        if at:
            local = datetime.fromisoformat(at).replace(tzinfo=company.zone)
            at = local.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")
        yield row | {"source_system": "generic", "assigned_at": at}


def _utc(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S %z").astimezone(UTC).replace(tzinfo=None)


def _shop(company: Company) -> None:
    folder = company.root / "exports" / "shopify" / company.as_of.isoformat()
    rows = [row for path in sorted(folder.glob("orders_export_*")) for row in read_csv(path)]
    orders = {
        row["Name"]: row
        for row in rows
        if row["Total"]
        and row["Financial Status"] != "voided"
        and "Bogus" not in row["Payment Method"]
    }
    for row in rows:
        order = orders.get(row["Name"])
        if order:
            company.tables["order_lines"].append(
                {
                    "source_system": "shopify",
                    "order_id": row["Name"],
                    "kind": "order",
                    "product": row["Lineitem sku"],
                    "quantity": row["Lineitem quantity"],
                    "order_date": company.local_date(_utc(order["Created at"])).isoformat(),
                }
            )
    by_buyer: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for name, order in orders.items():
        by_buyer[order["Email"].lower()].append((_utc(order["Created at"]), name))
    closed = set()
    for row in read_csv(folder / "checkouts_export_1.csv"):
        if not row["Total"]:
            continue
        begun = _utc(row["Created at"])
        later = sorted(found for found in by_buyer[row["Email"].lower()] if found[0] > begun)[:1]
        closed |= {name for _, name in later}
        company.tables["carts"].append(_cart(row["Name"], begun, row, later, orders))
    for name, order in orders.items():
        if name not in closed:
            begun = _utc(order["Created at"])
            company.tables["carts"].append(_cart(name, begun, order, [(begun, name)], orders))


def _cart(
    name: str, begun: datetime, row: Row, later: list[tuple[datetime, str]], orders: dict[str, Row]
) -> Row:
    order = orders[later[0][1]] if later else None
    return {
        "source_system": "shopify",
        "cart_id": name,
        "order_id": later[0][1] if later else "",
        "currency_code": row["Currency"],
        "reached_checkout": "true",
        "created_at": begun.isoformat(sep=" "),
        "order_at": later[0][0].isoformat(sep=" ") if later else "",
        "order_value": str(Decimal(order["Total"]) - Decimal(order["Taxes"])) if order else "",
        "reminder_at": "",
    }
