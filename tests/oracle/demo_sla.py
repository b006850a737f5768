"""What the demo's sales people do about leads as rows of the generic entities: `activities`,
`qualification`, `targets`, `sales_reps`, more `stage_events`, and `owner_changes`, which no generic
export has: record, sales rep, and since when.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.oracle.company import Company, Row, read_csv

NO_ID = "000000000000000AAA"


def add(company: Company) -> None:
    """Add the rows, and the reasons of rejections to the changes of stage."""
    exports, day = company.root / "exports", company.as_of.isoformat()
    engagement, salesforce = exports / "engagement", exports / "salesforce" / day
    company.tables["activities"] = [
        *_tasks(salesforce / "Task.csv"),
        *_events(salesforce / "Event.csv"),
        *_engagement(engagement / f"activities-{day}.csv"),
    ]
    company.tables["qualification"] = [
        {
            "source_system": "salesforce",
            "record_id": row["Lead ID"],
            "budget": row["Budget"],
            "authority": row["Authority"],
            "need": row["Need"],
            "timeline_months": row["Timeline (months)"],
            "assessed_at": row["Assessed At"],
        }
        for row in read_csv(engagement / f"qualification-{day}.csv")
    ]
    company.tables.setdefault("stage_events", []).extend(
        {
            "source_system": "salesforce",
            "record_id": row["Lead ID"],
            "sales_rep_id": row["User ID"],
            "stage": row["Status"],
            "changed_at": row["Changed At"],
            "campaign": "",
            "reason": row["Reason"],
        }
        for row in read_csv(engagement / f"rejections-{day}.csv")
    )
    company.tables["owner_changes"] = list(_owners(exports, salesforce))
    company.tables.setdefault("targets", list(read_csv(exports / "finance" / f"targets-{day}.csv")))
    company.tables["sales_reps"] = [
        {
            "source_system": "salesforce",
            "sales_rep_id": row["Id"],
            "sales_rep": row["Name"],
            "team": row["Department"],
            "region": row["Division"],
        }
        for row in read_csv(salesforce / "User.csv")
    ]


def _id(text: str) -> str:
    return "" if text == NO_ID else text


def _deal(text: str) -> str:
    return text if text.startswith("006") else ""


def _activity(row: Row, kind: str, at: str) -> Row:
    return {
        "source_system": "salesforce",
        "activity_id": row["Id"],
        "activity_type": kind,
        "person_record_id": _id(row["WhoId"]),
        "opportunity_id": _deal(row["WhatId"]),
        "occurred_at": at,
    }


def _tasks(path: Path) -> Iterator[Row]:
    for row in read_csv(path):
        if row["IsDeleted"] == "0" and row["IsClosed"] == "1":
            named = row["TaskSubtype"] in ("Call", "Email")
            kind = row["TaskSubtype"] if named else row["Type"] or "task"
            done = row["CompletedDateTime"] or row["CreatedDate"]
            yield _activity(row, kind, done) | {"direction": row["CallType"]}


def _events(path: Path) -> Iterator[Row]:
    for row in read_csv(path):
        if row["IsDeleted"] == "0" and row["IsChild"] == "0":
            yield _activity(row, "meeting", row["StartDateTime"])


def _engagement(path: Path) -> Iterator[Row]:
    for row in read_csv(path):
        yield {
            "source_system": "salesforce",
            "activity_id": row["Activity ID"],
            "activity_type": row["Type"],
            "direction": row["Direction"],
            "person_record_id": row["Lead ID"],
            "occurred_at": row["Started At"],
        }


def _owners(exports: Path, salesforce: Path) -> Iterator[Row]:
    """Whoever owned each lead from its creation, and each who got it later."""
    changes: dict[str, list[tuple[str, str, str]]] = {}
    for row in read_csv(salesforce / "LeadHistory.csv"):
        if row["Field"] == "Owner" and row["NewValue"].startswith("005"):
            change = (row["CreatedDate"], row["OldValue"], row["NewValue"])
            changes.setdefault(row["LeadId"], []).append(change)
    for path in (salesforce / "Lead.csv", exports / "salesforce/2024-11-30/Lead.csv"):
        for row in read_csv(path):
            told = sorted(changes.get(row["Id"], []))
            first = told[0][1] if told else row["OwnerId"]
            for rep, at in [(first, row["CreatedDate"]), *((new, at) for at, _, new in told)]:
                yield {
                    "source_system": "salesforce",
                    "record_id": row["Id"],
                    "sales_rep_id": rep,
                    "changed_at": at,
                }
