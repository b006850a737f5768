"""The demo's people and companies as rows of the generic entities: accounts, leads, contacts.

Instants become UTC text. Beside the contract's columns a row may have `linked_record_id`: the
record of another system that its own system names. Numbers of mailing lists are none of their own
but stand for the address, so that such a record is named by the address's keyed hash.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import zipfile
from collections.abc import Iterator
from csv import DictReader
from datetime import UTC, datetime
from pathlib import Path
from unicodedata import normalize
from zoneinfo import ZoneInfo

from tests.oracle.company import Company, Row, read_csv

KEY = hashlib.sha256(b"plumbline: the identity key of the demo company").digest()
NO_ID = "000000000000000AAA"


def add(company: Company) -> None:
    """Add the rows of all systems that know people."""
    exports = company.root / "exports"
    company.tables["accounts"] = [
        *_salesforce_accounts(exports),
        *_hubspot_companies(exports),
        *_erp_accounts(exports),
    ]
    company.tables["leads"] = [
        *_salesforce_leads(exports),
        *_hubspot_contacts(exports, company.zone),
        *_mailchimp_members(exports),
        *_klaviyo_profiles(exports, company.zone),
    ]
    company.tables["contacts"] = list(_salesforce_contacts(exports))


def utc(text: str, zone: ZoneInfo, form: str = "%Y-%m-%d %H:%M") -> str:
    """A wall time as UTC text."""
    instant = datetime.strptime(text, form).replace(tzinfo=zone).astimezone(UTC)
    return f"{instant:%Y-%m-%d %H:%M:%S}"


def hashed(address: str) -> str:
    """What stands for an address in the demo's warehouse."""
    return hmac.new(KEY, normalize("NFC", address.strip().lower()).encode(), "sha256").hexdigest()


def _id(text: str) -> str:
    return "" if text == NO_ID else text


def _salesforce_accounts(exports: Path) -> Iterator[Row]:
    for row in read_csv(exports / "salesforce/2026-10-31/Account.csv"):
        yield {
            "source_system": "salesforce",
            "account_id": row["Id"],
            "parent_account_id": _id(row["ParentId"]),
            "account_name": row["Name"],
            "domain": row["Website"],
            "created_at": row["CreatedDate"],
            "is_deleted": row["IsDeleted"],
        }


def _hubspot_companies(exports: Path) -> Iterator[Row]:
    for row in read_csv(exports / "hubspot/hubspot-crm-exports-all-companies-2026-10-31.csv"):
        yield {
            "source_system": "hubspot",
            "account_id": row["Record ID"],
            "account_name": row["Company name"],
            "domain": row["Company Domain Name"],
        }


def _erp_accounts(exports: Path) -> Iterator[Row]:
    with (exports / "erp/accounts-2026-10-31.csv").open(encoding="utf-8") as file:
        for row in DictReader(file, delimiter=";"):
            yield {
                "source_system": "erp",
                "account_id": row["Account"],
                "account_name": row["Name"],
                "domain": row["Web site"],
                "created_at": row["Since"],
            }


def _salesforce_leads(exports: Path) -> Iterator[Row]:
    """The newest export is a full one: who is only in an older one has been deleted."""
    old = {row["Id"]: row for row in read_csv(exports / "salesforce/2024-11-30/Lead.csv")}
    new = {row["Id"]: row for row in read_csv(exports / "salesforce/2026-10-31/Lead.csv")}
    for number, row in (old | new).items():
        yield {
            "source_system": "salesforce",
            "lead_id": number,
            "email": row["Email"],
            "name": f"{row['FirstName']} {row['LastName']}",
            "company": row["Company"],
            "channel_source": row["LeadSource"],
            "created_at": row["CreatedDate"],
            "account_id": _id(row["ConvertedAccountId"]),
            "converted_contact_id": _id(row["ConvertedContactId"]),
            "master_record_id": row["MasterRecordId"],
            "is_deleted": row["IsDeleted"] if number in new else "1",
        }


def _salesforce_contacts(exports: Path) -> Iterator[Row]:
    for row in read_csv(exports / "salesforce/2026-10-31/Contact.csv"):
        yield {
            "source_system": "salesforce",
            "contact_id": row["Id"],
            "account_id": _id(row["AccountId"]),
            "email": row["Email"],
            "name": f"{row['FirstName']} {row['LastName']}",
            "channel_source": row["LeadSource"],
            "created_at": row["CreatedDate"],
            "master_record_id": row["MasterRecordId"],
            "is_deleted": row["IsDeleted"],
        }


def _hubspot_contacts(exports: Path, zone: ZoneInfo) -> Iterator[Row]:
    for row in read_csv(exports / "hubspot/hubspot-crm-exports-all-contacts-2026-10-31.csv"):
        linked = row["Salesforce Contact ID"]
        yield {
            "source_system": "hubspot",
            "lead_id": row["Record ID"],
            "email": row["Email"],
            "name": f"{row['First Name']} {row['Last Name']}",
            "company": row["Company Name"],
            "channel_source": row["Original Source"],
            "campaign": row["Original Source Drill-Down 1"],
            "created_at": utc(row["Create Date"], zone),
            "account_id": row["Associated Company IDs"],
            "linked_record_id": f"salesforce:{linked}" if linked else "",
        }


def _mailchimp_members(exports: Path) -> Iterator[Row]:
    """One per address: there since the first time that any audience knows of."""
    found: dict[str, Row] = {}
    with zipfile.ZipFile(exports / "mailchimp/audience_export_5c1d09e7a4.zip") as archive:
        members = [
            (row["Email Address"], row["First Name"], row["Last Name"],
             row["OPTIN_TIME"] or row["CONFIRM_TIME"])
            for name in archive.namelist()
            for row in DictReader(io.StringIO(archive.read(name).decode()))
        ]  # fmt: skip
    for row in read_csv(exports / "fivetran/mailchimp/2026-10-31/member.csv"):
        joined = row["timestamp_signup"] or row["timestamp_opt"]
        members.append((row["email_address"], row["merge_fname"], row["merge_lname"], joined))
    for address, first, last, joined in members:
        key = hashed(address)
        row = found.setdefault(
            key,
            {
                "source_system": "mailchimp",
                "lead_id": key,
                "email": address,
                "name": "",
                "created_at": joined,
            },
        )
        row["name"] += f" {first} {last}"
        row["created_at"] = min(filter(None, (row["created_at"], joined)), default="")
    yield from found.values()


def _klaviyo_profiles(exports: Path, zone: ZoneInfo) -> Iterator[Row]:
    for row in read_csv(exports / "klaviyo/members-customers-2026-10-31.csv"):
        created = row["Profile Created On"] or row["Date Added"]
        yield {
            "source_system": "klaviyo",
            "lead_id": row["Klaviyo ID"],
            "email": row["Email"],
            "name": f"{row['First Name']} {row['Last Name']}",
            "created_at": utc(created, zone, "%Y-%m-%d %H:%M:%S") if created else "",
        }
