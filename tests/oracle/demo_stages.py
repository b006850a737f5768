"""The demo's changes of stage and lead scores as rows of the generic entities.

Statuses of leads come from Salesforce's history alone: what could be told by comparing its two
exports is of leads whose history is complete.
"""

from __future__ import annotations

from tests.oracle.company import Company, read_csv
from tests.oracle.demo_people import utc


def add(company: Company) -> None:
    """Add `stage_events`, `lead_scores`, and `campaign_types` (of Salesforce)."""
    exports = company.root / "exports"
    hubspot = exports / "hubspot"
    day = company.as_of.isoformat()
    found: dict[tuple[str, str, str, str], None] = {}
    for row in read_csv(hubspot / f"lifecycle-history-{day}.csv"):
        if row["Property"] == "lifecyclestage" and row["Changed At"]:
            at = utc(row["Changed At"], company.zone)
            found["hubspot", row["Record ID"], row["Value"], at] = None
    dates = {
        "Became a Marketing Qualified Lead Date": "marketingqualifiedlead",
        "Became a Sales Qualified Lead Date": "salesqualifiedlead",
    }
    for row in read_csv(hubspot / f"hubspot-crm-exports-all-contacts-{day}.csv"):
        for column, stage in dates.items():
            if row[column]:
                at = utc(row[column], company.zone)
                found["hubspot", row["Record ID"], stage, at] = None
    for row in read_csv(exports / "salesforce" / day / "LeadHistory.csv"):
        if row["Field"] == "Status":
            found["salesforce", row["LeadId"], row["NewValue"], row["CreatedDate"]] = None
    company.tables["stage_events"] = [
        {
            "source_system": system,
            "record_id": record,
            "stage": stage,
            "changed_at": at,
            "campaign": "",
            "reason": "",
        }
        for system, record, stage, at in found
    ]
    company.tables["campaign_types"] = [
        {"campaign_id": row["Id"], "campaign_type": row["Type"]}
        for row in read_csv(exports / "salesforce" / day / "Campaign.csv")
    ]
    company.tables["lead_scores"] = [
        {
            "source_system": "hubspot",
            "record_id": row["Record ID"],
            "score": row["HubSpot Score"],
            "scored_at": row["Changed At"],
        }
        for row in read_csv(hubspot / f"lead-score-history-{day}.csv")
    ]
