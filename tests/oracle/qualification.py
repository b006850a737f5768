"""Budget, authority, need and timeline (METRICS B11), and the SQLs that they make."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tests.oracle.company import Company
from tests.oracle.identity import people

WORDS = {"y": "yes", "true": "yes", "1": "yes", "n": "no", "false": "no", "0": "no"}
UNKNOWN = ("?", "unknown", "not known")


@dataclass
class Finding:
    """What was known of a person from a moment on."""

    at: datetime
    score: int
    completeness: int
    is_sql: bool


def findings(company: Company) -> dict[str, list[Finding]]:
    """What was known of each person, in order of time."""
    person_of = {r.record_id: p.person_id for p in people(company).values() for r in p.records}
    told = defaultdict(list)
    for row in company.rows("qualification"):
        record = f"{row['source_system']}:{row['record_id']}"
        at = datetime.fromisoformat(row["assessed_at"])
        if record in person_of and company.local_date(at) <= company.as_of:
            told[person_of[record]].append((at, record, row))
    found: dict[str, list[Finding]] = {}
    for who, rows in told.items():
        known = {"budget": "", "authority": "", "need": "", "timeline_months": ""}
        found[who] = []
        for at, _, row in sorted(rows, key=lambda r: r[:2]):
            for name in known:
                value = row.get(name, "").strip().lower()
                if value and name == "timeline_months":
                    known[name] = value
                elif value:
                    known[name] = "unknown" if value in UNKNOWN else WORDS.get(value, value)
            definition = company.in_force(
                "metric_definitions", company.local_date(at), metric="sqls"
            )[0]
            asked = json.loads(definition["parameters"])
            answers = [known[name] for name in ("budget", "authority", "need")]
            months = known["timeline_months"]
            score = answers.count("yes") + (
                months != "" and Decimal(months) <= asked["timeline_max_months"]
            )
            found[who].append(
                Finding(
                    at=at,
                    score=score,
                    completeness=sum(a in ("yes", "no") for a in answers) + (months != ""),
                    is_sql=known["need"] == "yes" and score >= asked["bant_min_score"],
                )
            )
    return found
