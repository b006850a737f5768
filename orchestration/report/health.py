"""The section on the data themselves: what was loaded, left out, checked, reconciled, restated.

Read from the published marts, and from what the last run recorded of its loads and checks.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from orchestration import record
from orchestration.report.marts import Marts
from orchestration.report.parts import Chart, Column, Section, Table, words

READ = ("loaded", "unchanged")
UNREAD = ("refused", "unmatched")


def left_out(runs: Path) -> str:
    """What the page does not know of, in a line; empty if it knows all."""
    files = _files(runs)
    unread = len({file["file_name"] for file in files if file["status"] in UNREAD})
    rejected = sum(file["rejected"] for file in files if file["status"] in READ)
    parts = []
    if unread:
        parts.append(f"{unread:,} {'file was' if unread == 1 else 'files were'} not read")
    if rejected:
        parts.append(f"{rejected:,} {'row was' if rejected == 1 else 'rows were'} set aside")
    return ", ".join(parts)


def section(marts: Marts, runs: Path) -> Section:
    """Freshness, rejects, checks, reconciliation and restatements."""
    files = _files(runs)
    sources = _sources(files, marts.card.as_of)
    checks = record.read(runs, "check_exports", []) + record.read(runs, "check_marts", [])
    unmet = [check for check in checks if not check["success"]]
    tests = [n for n in record.read(runs, "build", []) if n["unique_id"].startswith("test.")]
    reconciliation = marts.rows(
        "select * from marts.rpt_reconciliation order by "
        "array_position(['failed', 'noted', 'compared', 'ok'], status) nulls first, check_name"
    )
    for row in reconciliation:
        row["check"] = words(row["check_name"])
    parts: list[Chart | Table] = [
        Table(
            "Sources: how fresh they are, and what was set aside",
            [
                Column("Source", "source", "text"),
                Column("Newest export", "newest", "date"),
                Column("Days old", "age", "count"),
                Column("Files", "files"),
                Column("Rows", "rows"),
                Column("Set aside", "rejected"),
                Column("Why", "why", "note"),
            ],
            sources,
            note="– where the files do not say when they were exported.",
            shown=30,
        ),
        Table(
            "Files that were not read",
            [
                Column("File", "file_name", "text"),
                Column("Status", "status", "status"),
                Column("Why", "message", "note"),
            ],
            [file for file in files if file["status"] in UNREAD],
            shown=30,
        ),
        Table(
            "Expectations that are not met",
            [
                Column("Table", "table", "text"),
                Column("Severity", "severity", "status"),
                Column("Expectation", "expectation", "note"),
                Column("Rows", "unexpected"),
            ],
            unmet,
            note="A critical one would have stopped the publishing.",
            shown=30,
        ),
        Table(
            "Reconciliation: what went in, and what came out",
            [
                Column("Check", "check", "text"),
                Column("Status", "status", "status"),
                Column("What went in", "left_name", "note"),
                Column("Was", "left_value", "exact"),
                Column("What came out", "right_name", "note"),
                Column("Is", "right_value", "exact"),
                Column("Difference", "difference", "exact"),
            ],
            reconciliation,
            note="Noted: not equal, nothing is lost unseen. Compared: of two kinds, never equal.",
            shown=12,
        ),
        Table(
            "Restatements: published numbers that have changed since",
            [
                Column("Metric", "words", "text"),
                Column("Of", "month", "month"),
                Column("Was", "value_before", "unit"),
                Column("Is", "value_after", "unit"),
                Column("Because of", "cause", "text"),
                Column("Published", "published_at", "date"),
            ],
            _restatements(marts),
            shown=10,
        ),
        Table(
            "What changed definitions move",
            [
                Column("Definition", "definition", "name"),
                Column("Metric", "words", "text"),
                Column("From version", "from_version"),
                Column("To version", "to_version"),
                Column("Was", "value_from", "unit"),
                Column("Would be", "value_to", "unit"),
                Column("Events moved", "events_moved"),
                Column("Months", "months_affected"),
            ],
            _definitions(marts),
            shown=10,
        ),
    ]
    return Section(
        "data-health",
        "Data health",
        "Data health",
        parts,
        finding=_finding(files, checks, unmet, len(tests)),
        note="What the last run loaded and what it left out, and what was checked before this was "
        "published.",
    )


def _finding(files: list[Any], checks: list[Any], unmet: list[Any], tests: int) -> str:
    found = []
    if checks:
        met = len(checks) - len(unmet)
        found.append(
            f"{met:,} of {len(checks):,} expectations are met, {tests:,} data tests passed"
        )
    read = [file for file in files if file["status"] in READ]
    if read:
        rows = sum(file["rows"] for file in read)
        rejected = sum(file["rejected"] for file in read)
        found.append(f"{rejected:,} of {rows + rejected:,} rows were set aside")
    return f"{'; '.join(found)}." if found else ""


def _files(runs: Path) -> list[dict[str, Any]]:
    files: list[dict[str, Any]] = record.read(runs, "load", {"files": []})["files"]
    return files


def _sources(files: list[dict[str, Any]], as_of: date) -> list[dict[str, Any]]:
    """One row for each source; the definitions are none."""
    of_source = defaultdict(list)
    for file in files:
        if file["status"] in READ and file["source"] != "definitions":
            of_source[file["source"]].append(file)
    rows = []
    for source, own in sorted(of_source.items()):
        told = [
            datetime.fromisoformat(file["exported_at"]).date()
            for file in own
            if file.get("exported_at") and file.get("exported_at_from") != "file time"
        ]
        newest = max(told, default=None)
        reasons: dict[str, int] = defaultdict(int)
        for file in own:
            for reason, count in file["rejects"].items():
                reasons[reason] += count
        rows.append(
            {
                "source": source,
                "newest": newest,
                "age": max((as_of - newest).days, 0) if newest else None,
                # One file may feed several tables, each with a load of its own.
                "files": len({file["file_name"] for file in own}),
                "rows": sum(file["rows"] for file in own),
                "rejected": sum(file["rejected"] for file in own),
                "why": ", ".join(f"{count} {reason}" for reason, count in reasons.items()),
            }
        )
    return rows


def _restatements(marts: Marts) -> list[dict[str, Any]]:
    lines = {(line.metric, line.variant): line for line in marts.card.lines}
    rows = marts.rows("select * from marts.rpt_restatements order by published_at desc, month desc")
    for row in rows:
        line = lines.get((row["metric"], row["variant"]))
        row["words"] = line.words if line else row["metric"]
        row["unit"] = line.unit if line else "count"
    return rows


def _definitions(marts: Marts) -> list[dict[str, Any]]:
    lines = {(line.metric, line.variant): line for line in marts.card.lines}
    rows = marts.rows("select * from marts.rpt_definitions order by definition, metric, variant")
    for row in rows:
        line = lines.get((row["metric"], row["variant"]))
        row["words"] = line.words if line else row["metric"]
    return rows
