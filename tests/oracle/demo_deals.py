"""The demo's deals as rows of the generic entities: Salesforce's weekly export, and HubSpot's.

The early export of Salesforce, the report and the extract say nothing that the weekly export does
not: what they alone hold is a deal that was deleted since.

`opportunities`, `opportunity_history` and `opportunity_contacts` get the contract's columns,
`opportunity_owners` the changes of owner that only Salesforce's field history tells. Ids
are those of their system, named in `source_system`; beside them stand `account`, an account's whole
id (a HubSpot company is the Salesforce account of its domain), and `state_id`, the order of states
of one instant.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tests.oracle.company import Company, read_csv

KINDS = {
    "New Business": "new",
    "Upsell": "upsell",
    "Cross-Sell": "cross_sell",
    "Renewal": "renewal",
    "Refund": "refund",
    "": "",
}
STATUSES = {"Closed Won": "won", "Closed Lost": "lost"}
NULL_ID = "000000000000000AAA"
ENTERED = re.compile(r'Date entered "(.*) \(EMEA Pipeline\)"')


def add(company: Company) -> None:
    """Add the entities."""
    for name in ("opportunities", "opportunity_history", "opportunity_contacts"):
        company.tables.setdefault(name, [])
    _add_salesforce(company)
    _add_hubspot(company)
    _add_targets(company)


def _add_salesforce(company: Company) -> None:
    folder = company.root / "exports" / "salesforce" / company.as_of.isoformat()
    currencies = {}
    for row in read_csv(folder / "Opportunity.csv"):
        if row["IsDeleted"] == "1":
            continue
        currencies[row["Id"]] = row["CurrencyIsoCode"]
        company.tables["opportunities"].append(
            {
                "source_system": "salesforce",
                "opportunity_id": row["Id"],
                "account_id": row["AccountId"],
                "account": f"salesforce:{row['AccountId']}",
                "person_record_id": _id(row["ContactId"]),
                "sales_rep_id": row["OwnerId"],
                "original_opportunity_id": row["Original_Opportunity__c"],
                "opportunity_name": row["Name"],
                "stage_name": row["StageName"],
                "status": STATUSES.get(row["StageName"], "open"),
                "kind": KINDS[row["Type"]],
                "currency_code": row["CurrencyIsoCode"],
                "forecast_category": row["ForecastCategory"],
                "loss_reason": row["Loss_Reason__c"],
                "channel_source": row["LeadSource"],
                "campaign": _id(row["CampaignId"]),
                "amount": row["Amount"],
                "list_amount": row["List_Amount__c"],
                "contract_months": row["Contract_Months__c"],
                "probability": row["Probability"],
                "close_date": row["CloseDate"][:10],
                "created_at": row["CreatedDate"],
            }
        )
    for row in read_csv(folder / "OpportunityHistory.csv"):
        if row["IsDeleted"] == "1" or row["OpportunityId"] not in currencies:
            continue
        company.tables["opportunity_history"].append(
            {
                "source_system": "salesforce",
                "opportunity_id": row["OpportunityId"],
                "state_id": row["Id"],
                "stage_name": row["StageName"],
                "status": STATUSES.get(row["StageName"], "open"),
                "amount": row["Amount"],
                "currency_code": row["CurrencyIsoCode"],
                "probability": row["Probability"],
                "forecast_category": row["ForecastCategory"],
                "sales_rep_id": "",
                "close_date": row["CloseDate"][:10],
                "changed_at": row["CreatedDate"],
            }
        )
    company.tables["opportunity_owners"] = [
        {
            "source_system": "salesforce",
            "opportunity_id": row["OpportunityId"],
            "old": row["OldValue"],
            "new": row["NewValue"],
            "changed_at": row["CreatedDate"],
        }
        for row in read_csv(folder / "OpportunityFieldHistory.csv")
        if row["Field"] == "Owner" and row["NewValue"].startswith("005")
    ]
    for row in read_csv(folder / "OpportunityContactRole.csv"):
        if row["IsDeleted"] == "1":
            continue
        company.tables["opportunity_contacts"].append(
            {
                "source_system": "salesforce",
                "opportunity_id": row["OpportunityId"],
                "person_record_id": row["ContactId"],
                "is_primary": row["IsPrimary"],
                "created_at": row["CreatedDate"],
            }
        )


def _add_hubspot(company: Company) -> None:
    exports = company.root / "exports"
    day = company.as_of.isoformat()
    accounts = _accounts_of_companies(company)
    contacts = exports / "hubspot" / f"hubspot-crm-exports-all-contacts-{day}.csv"
    known_since = {row["Record ID"]: _utc(row["Create Date"]) for row in read_csv(contacts)}
    owners = {
        f"{row['first_name']} {row['last_name']}": row["owner_id"]
        for row in read_csv(exports / "fivetran_hubspot" / day / "owner.csv")
    }
    for row in read_csv(exports / "hubspot" / f"hubspot-crm-exports-all-deals-{day}.csv"):
        stage = row["Deal Stage"].removesuffix(" (EMEA Pipeline)")
        status = STATUSES.get(stage, "open")
        deal = {
            "source_system": "hubspot",
            "opportunity_id": row["Record ID"],
            "account_id": row["Associated Company IDs"],
            "account": accounts.get(row["Associated Company IDs"], ""),
            "person_record_id": "",
            "sales_rep_id": owners[row["Deal owner"]],
            "original_opportunity_id": row["Original Deal ID"],
            "opportunity_name": row["Deal Name"],
            "stage_name": row["Deal Stage"],
            "status": status,
            "kind": KINDS[row["Deal Type"]],
            "currency_code": row["Currency"],
            "forecast_category": "",
            "loss_reason": row["Closed Lost Reason"] if status == "lost" else "",
            "channel_source": "",
            "campaign": "",
            "amount": row["Amount"],
            "list_amount": row["List Amount"],
            "contract_months": row["Contract Months"],
            "probability": "",
            "close_date": row["Close Date"][:10],
            "created_at": _utc(row["Create Date"]),
        }
        company.tables["opportunities"].append(deal)
        for column, entered in row.items():
            told = ENTERED.fullmatch(column)
            if told is None or not entered:
                continue
            entered_status = STATUSES.get(told[1], "open")
            # HubSpot dates stages alone: amount and expected close are those of today.
            at = _utc(entered)
            company.tables["opportunity_history"].append(
                {
                    **{key: deal[key] for key in ("source_system", "opportunity_id", "amount")},
                    "state_id": ("0" if entered_status == "open" else "1") + told[1],
                    "stage_name": f"{told[1]} (EMEA Pipeline)",
                    "status": entered_status,
                    "currency_code": row["Currency"],
                    "probability": "",
                    "forecast_category": "",
                    "sales_rep_id": "",
                    "close_date": deal["close_date"] if entered_status == "open" else entered[:10],
                    "changed_at": at,
                }
            )
        for contact in filter(None, row["Associated Contact IDs"].split(";")):
            company.tables["opportunity_contacts"].append(
                {
                    "source_system": "hubspot",
                    "opportunity_id": row["Record ID"],
                    "person_record_id": contact,
                    "is_primary": "",
                    "created_at": known_since.get(contact, ""),
                }
            )


def _add_targets(company: Company) -> None:
    """Targets, and the sellers with what sales operations knows of them."""
    exports, day = company.root / "exports", company.as_of.isoformat()
    blank = dict.fromkeys(("channel", "sales_rep_id", "owner", "valid_from"), "")
    company.tables["targets"] = [
        blank | row
        for name in ("targets", "quota-changes")
        for row in read_csv(exports / "finance" / f"{name}-{day}.csv")
    ]
    listed = {
        row["Salesforce User ID"]: row["Selling since"]
        for row in read_csv(exports / "people" / f"sales-team-{day}.csv")
    }
    sellers = [
        ("salesforce", row["Id"], row["Name"], row["Department"])
        for row in read_csv(exports / "salesforce" / day / "User.csv")
    ] + [
        ("hubspot", row["owner_id"], f"{row['first_name']} {row['last_name']}", "")
        for row in read_csv(exports / "fivetran_hubspot" / day / "owner.csv")
    ]
    for system, rep, name, team in sellers:
        since = listed.get(rep, "")
        started = datetime.strptime(since, "%m/%d/%Y").date().isoformat() if since else ""
        company.tables.setdefault("quota_carriers", []).append(
            {
                "source_system": system,
                "sales_rep_id": rep,
                "sales_rep": name,
                "team": team,
                "started_on": started,
            }
        )


def _accounts_of_companies(company: Company) -> dict[str, str]:
    """The account's whole id by HubSpot's number of the company: that of the same domain."""
    exports, day = company.root / "exports", company.as_of.isoformat()
    found: dict[str, list[str]] = {}
    for row in read_csv(exports / "salesforce" / day / "Account.csv"):
        domain = re.sub(r"^(https?://)?(www\.)?", "", row["Website"]).rstrip("/").lower()
        if domain and row["IsDeleted"] == "0":
            found.setdefault(domain, []).append(row["Id"])
    accounts = {}
    for row in read_csv(exports / "hubspot" / f"hubspot-crm-exports-all-companies-{day}.csv"):
        known = found.get(row["Company Domain Name"], [])
        own = f"hubspot:{row['Record ID']}"
        accounts[row["Record ID"]] = f"salesforce:{known[0]}" if len(known) == 1 else own
    return accounts


def _id(value: str) -> str:
    return "" if value == NULL_ID else value


def _utc(minute: str) -> str:
    """An instant in UTC of the wall clock of New York."""
    local = datetime.strptime(minute, "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo("America/New_York"))
    return local.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
