"""The demo company: the same bytes for the same seed, the right shapes, a truth that adds up.

Whether the truth follows from the exports is the question of test_demo_recount.py.
"""

from __future__ import annotations

import ast
import csv
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

import orchestration.demo
from orchestration import pipeline
from orchestration.demo import generate
from orchestration.demo.write import Folder

SMALL = 0.02
STAGES = {"lead", "mql", "sal", "sql", "opportunity", "won", "lost", "rejected", "recycled"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    generate(folder, SMALL)
    return folder


@pytest.fixture(scope="module")
def truth(demo: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((demo / "truth.json").read_text(encoding="utf-8"))
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.hazard("crashes")
def test_a_demo_whose_writing_was_killed_is_written_anew(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "DEMO_ROOT", tmp_path)
    monkeypatch.setattr(pipeline, "make_demo", lambda root, monitor: generate(root, SMALL))
    write = Folder.text

    def killed(folder: Folder, name: str, *args: Any) -> None:
        if name == "truth.json":
            raise KeyboardInterrupt
        write(folder, name, *args)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Folder, "text", killed)
        pipeline.ensure_demo(tmp_path, pipeline.Monitor())
    pipeline.ensure_demo(tmp_path, pipeline.Monitor())

    assert contents(tmp_path) == contents(demo)
    written = (tmp_path / "truth.json").stat().st_mtime_ns
    pipeline.ensure_demo(tmp_path, pipeline.Monitor())
    assert (tmp_path / "truth.json").stat().st_mtime_ns == written


def export(demo: Path, pattern: str) -> Path:
    (path,) = (demo / "exports").glob(pattern)
    return path


def counts_published(demo: Path, name: str) -> list[int]:
    """Leads and MQLs today of the month that a publish, named by its day, was the first to hold."""
    year, month = int(Path(name).name[:4]), int(Path(name).name[4:6])
    first_held = f"{year}-{month - 1:02d}" if month > 1 else f"{year - 1}-12"
    funnel = json.loads((demo / "truth.json").read_text(encoding="utf-8"))["funnel"]
    channels = funnel[first_held].values()
    return [sum(stages.get(s, [0])[0] for stages in channels) for s in ("lead", "mql")]


def added(rows: list[list[int]]) -> list[int]:
    return [sum(column) for column in zip(*rows, strict=True)]


@pytest.mark.hazard("zones of machines")
def test_same_seed_gives_the_same_bytes_in_another_time_zone(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        generate(tmp_path, SMALL)
    finally:
        monkeypatch.undo()
        time.tzset()

    assert contents(tmp_path) == contents(demo)


def test_another_seed_gives_other_numbers(demo: Path, tmp_path: Path) -> None:
    generate(tmp_path, SMALL, seed=7)

    ours, theirs = contents(demo), contents(tmp_path)
    assert ours.keys() == theirs.keys()
    same = {name for name in ours if ours[name] == theirs[name]}
    # What was published of a month is the same only where its numbers happen to be.
    published = {name for name in ours if name.startswith("history/published/")}
    assert not published <= same
    for name in published & same:
        assert counts_published(demo, name) == counts_published(tmp_path, name), name
    # Agreements, catalogues and set-ups of accounts: nobody's doings, whatever the seed.
    assert same - published <= {
        "workspace.yml",
        "definitions/business_hours.csv",
        "definitions/commission_rates.csv",
        "definitions/exchange_rates.csv",
        "definitions/exclusions.csv",
        "definitions/holidays.csv",
        "definitions/market_sizes.csv",
        "definitions/mql_rules.csv",
        "definitions/quota_ramps.csv",
        "definitions/rep_calendars.csv",
        "definitions/rivals.csv",
        "definitions/sla.csv",
        "exports/finance/products-2026-10-31.csv",
        "exports/fivetran/mailchimp/2026-10-31/list.csv",
        "exports/fivetran_google_ads/2026-10-31/account_history.csv",
        "exports/fivetran_google_ads/2026-10-31/campaign_history.csv",
        "exports/fivetran_hubspot/2026-10-31/owner.csv",
        "exports/meta_ads/Larkmoor-Lab-Ads-1-Aug-2026-31-Oct-2026_exported-2026-10-31.csv",
        "exports/salesforce/2026-10-31/OpportunitySplitType.csv",
        "exports/salesforce/2026-10-31/Product2.csv",
        "exports/tiktok_ads/2026-10-31/TIKTOK_ADVERTISER_DATA.csv",
        "exports/tiktok_ads/2026-10-31/TIKTOK_CAMPAIGN_HISTORY.csv",
    }


def test_generate_tells_what_it_does(tmp_path: Path) -> None:
    heard: list[str] = []

    generate(tmp_path, SMALL, progress=heard.append)

    assert heard == ["people and deals", "ads, mailings and money", "exports", "truth"]


def test_generator_uses_nothing_else_of_the_project() -> None:
    modules = list(Path(orchestration.demo.__file__).parent.glob("*.py"))

    imported = {
        name
        for path in modules
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }

    assert {n for n in imported if n.startswith("orchestration")} <= {
        f"orchestration.demo.{path.stem}" for path in modules
    }
    # Parquet is written by the library that this project has for it, and by write.py alone.
    assert not {n for n in imported if n.split(".")[0] in ("models", "expectations")}
    assert [p.stem for p in modules if "import duckdb" in p.read_text("utf-8")] == ["write"]


@pytest.mark.parametrize(
    ("pattern", "start"),
    [
        ("salesforce/2026-10-31/Lead.csv", b'"Id","IsDeleted","MasterRecordId","Salutation",'),
        ("salesforce/2026-10-31/OpportunityHistory.csv", b'"Id","OpportunityId","CreatedById",'),
        ("hubspot/hubspot-crm-exports-all-contacts-*", b'"Record ID","First Name","Last Name","Em'),
        ("hubspot/hubspot-crm-exports-all-deals-*.csv", b'"Record ID","Deal Name","Deal Stage","P'),
        ("hubspot/hubspot-crm-exports-all-companies-*", b'"Record ID","Company name","Company own'),
        ("fivetran_hubspot/*/owner.csv", b"owner_id,_fivetran_synced,created_at,portal_id,type,"),
        ("google_ads/*_exported-2025-02-02.csv", b'Campaign report\n"November 1, 2024 - Jan'),
        ("google_ads/*_exported-2025-11-02.csv", b"\xff\xfeC\0a\0m\0p\0a\0i\0g\0n\0"),
        ("google_ads/campaign-report-2024-10_*.csv", b'Campaign report\n"October 1, 2024 - Octo'),
        ("google_ads/ad-report-*.csv", b'Ad report\n"October 25, 2026 - October 31, 2026"\nAd st'),
        ("linkedin_ads/*_campaign_performance_report.csv", b"\xff\xfeC\0a\0m\0p\0a\0i\0g\0n\0"),
        ("linkedin_ads/*_creative_performance_report.csv", b"Creative Performance Report (in "),
        ("tiktok_ads/*/TIKTOK_CAMPAIGN_REPORT_HOURLY.csv", b"CAMPAIGN_ID,STAT_TIME_HOUR,CPC,"),
        ("fivetran_google_ads/*/account_history.csv", b"id,updated_at,currency_code,descriptive"),
        ("meta_ads/*-1-Nov-2024-31-Jan-2025*.csv", b'"Reporting starts","Reporting ends",Day,'),
        ("mailchimp/campaigns-report-*.csv", b'Title,Subject,Audience,"Send Date",'),
        ("shopify/*/orders_export_1.csv", b"Name,Email,Financial Status,Paid at,Fulfillment St"),
        ("shopify/*/checkouts_export_1.csv", b"Name,Email,Financial Status,Paid at,Fulfillment"),
        ("stripe/*/subscriptions.csv", b"id,Customer ID,Customer Description,Customer Email,Pl"),
        ("stripe/*/invoices.csv", b"id,Amount Due,Amount Paid,Billing,Closed,Currency,Customer"),
        ("klaviyo/campaigns-*.csv", b"Campaign Name,Tags,Subject,List,Send Time,Send Weekday,T"),
        ("mailchimp/audience_export_*.zip", b"PK\x03\x04"),
        ("ga4/reports-snapshot_*.csv", b"# ----------------------------------------\n# Reports sn"),
        ("meta_business/facebook-content_2026-10-31.csv", b"Post ID,Page ID,Page name,Title,De"),
        ("linkedin_page/*.csv", b"Date,Impressions (organic),Impressions (sponsored),Impression"),
        ("billing/invoices-*.csv", b"Belegnr;Position;Belegart;Kundennr;Belegdatum;Produkt;Menge"),
    ],
)
def test_files_begin_as_the_vendor_writes_them(demo: Path, pattern: str, start: bytes) -> None:
    content = export(demo, pattern).read_bytes()

    assert content.startswith(start)
    assert b"\r" not in content


def test_salesforce_quotes_every_field_and_writes_utc(demo: Path) -> None:
    path = export(demo, "salesforce/2026-10-31/Opportunity.csv")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    first = path.read_text(encoding="utf-8").splitlines()[1]
    assert first.count('","') == len(rows[0]) - 1
    assert all(row["CloseDate"].endswith(" 00:00:00") for row in rows)
    assert all(len(row["Id"]) == 18 and len(row["CreatedDate"]) == 19 for row in rows)
    assert {row["CampaignId"] for row in rows} >= {"000000000000000AAA"}


def test_google_total_is_the_sum_of_the_rows(demo: Path) -> None:
    lines = export(demo, "google_ads/*_exported-2025-02-02.csv").read_text("utf-8").splitlines()
    rows = list(csv.DictReader(lines[2:]))

    spend = [int(row["Cost"].replace(",", "").replace(".", "")) for row in rows]

    totals = [row["Campaign status"] for row in rows[-3:]]
    assert totals == ["Total: Campaigns", "Total: Account", "Total: Search"]
    assert spend[-3:] == [sum(spend[:-3])] * 3


def test_meta_starts_with_a_nameless_total(demo: Path) -> None:
    path = export(demo, "meta_ads/Larkmoor-Ads-1-Nov-2024*.csv")
    with path.open(newline="", encoding="utf-8") as file:
        total, *rows = csv.DictReader(file)

    assert (total["Campaign name"], total["Day"]) == ("", "")
    assert all(row["Campaign name"] and row["Day"] for row in rows)


def test_invoices_are_of_windows_and_german(demo: Path) -> None:
    text = export(demo, "billing/invoices-*.csv").read_bytes().decode("cp1252")

    rows = list(csv.DictReader(text.splitlines(), delimiter=";"))
    assert {row["Belegart"] for row in rows} == {"Rechnung", "Gutschrift"}
    assert {row["Währung"] for row in rows} == {"USD", "EUR"}
    assert all("," in row["Nettoerlös"] for row in rows)


def test_no_address_could_be_someones(demo: Path) -> None:
    domains = set()
    for pattern in (
        "salesforce/2026-10-31/Lead.csv",
        "salesforce/*/Contact.csv",
        "hubspot/hubspot-*contacts*.csv",
    ):
        with export(demo, pattern).open(newline="", encoding="utf-8") as file:
            addresses = [row["Email"].strip().lower() for row in csv.DictReader(file)]
            domains |= {address.split("@")[1] for address in addresses if address}

    free = {"gmail.com", "outlook.com"}
    assert all(domain.endswith(".example") for domain in domains - free)
    assert "larkmoor.example" in domains


def test_every_export_is_in_the_truth_with_its_rows(demo: Path, truth: dict[str, Any]) -> None:
    exports = demo / "exports"
    tables = [*exports.rglob("*.csv"), *exports.rglob("*.parquet")]
    found = {path.relative_to(exports).as_posix() for path in tables}
    for path in exports.rglob("*.zip"):
        with zipfile.ZipFile(path) as archive:
            name = path.relative_to(exports).as_posix()
            found |= {f"{name}/{member}" for member in archive.namelist()}

    assert found == set(truth["files"])
    for name, file in truth["files"].items():
        assert file["accepted"] + file["rejected"] + file["skipped"] == file["rows"], name
        # Only the second account of Meta is without any ad, on purpose.
        assert (file["rows"] == 0) == name.startswith("meta_ads/Larkmoor-Lab-Ads-"), name
    for name in ("Lead", "Opportunity", "LeadHistory"):
        with (exports / f"salesforce/2026-10-31/{name}.csv").open(newline="") as rows:
            expected = truth["files"][f"salesforce/2026-10-31/{name}.csv"]["rows"]
            assert sum(1 for _ in csv.reader(rows)) - 1 == expected


def test_funnel_adds_up(truth: dict[str, Any]) -> None:
    rows: dict[str, list[list[int]]] = {stage: [] for stage in STAGES}
    for channels in truth["funnel"].values():
        for stages in channels.values():
            for stage, row in stages.items():
                rows[stage].append(row)
    totals = {stage: added(found) for stage, found in rows.items()}

    people, cycles = truth["totals"]["people"], truth["totals"]["cycles"]
    deals = truth["totals"]["deals"]
    assert totals["lead"] == [people, people + truth["mess"]["imputed_lead"], people]
    assert totals["lead"][1] <= cycles
    assert totals["opportunity"][0] == sum(deals.values())
    for status in ("won", "lost"):
        assert totals[status][0] == sum(n for k, n in deals.items() if k.endswith(status))
    for entries, with_imputed, new_people in totals.values():
        assert entries <= with_imputed
        assert new_people <= with_imputed
    ladder = [totals[stage][1] for stage in ("lead", "mql", "sal", "sql")]
    assert ladder == sorted(ladder, reverse=True)


def test_conversions_add_up(truth: dict[str, Any]) -> None:
    pairs = set()
    for month in truth["conversions"].values():
        for pair, channels in month.items():
            pairs.add(pair)
            parts = [row for channel, row in channels.items() if channel != "all"]
            assert added(parts) == channels["all"]
            assert all(entered >= ever >= within >= 0 for entered, within, ever in parts)

    assert len(pairs) == 8


def test_sales_add_up(truth: dict[str, Any]) -> None:
    for reps in truth["sales"].values():
        everyone = reps.pop("all", {})
        for column, value in everyone.items():
            parts = [row.get(column, [] if column == "cycle_days" else 0) for row in reps.values()]
            if column == "cycle_days":
                assert sorted(day for days in parts for day in days) == value
            else:
                assert sum(parts) == value


def test_money_adds_up(truth: dict[str, Any]) -> None:
    customers = sum(sum(month.values()) for month in truth["new_customers"].values())
    months, accounts = truth["revenue"]["months"], truth["revenue"]["accounts"]
    costs = sum(row["amount_cents"] for row in truth["costs"])
    cac = truth["cac"].values()

    assert customers == truth["totals"]["customers"]
    assert sum(m["revenue_cents"] for m in months.values()) == sum(a for a, *_ in accounts.values())
    assert sum(row["fully_loaded_cents"] - row["media_cents"] for row in cac) == costs
    for platform, by_month in truth["ads"].items():
        whole = sum(row["spend_millionths"] for row in by_month.values())
        assert whole == sum(truth["ad_campaigns"][platform].values())


def test_mailings_add_up(truth: dict[str, Any]) -> None:
    for row in truth["email"].values():
        if "delivered" in row:
            assert row["sent"] >= row["delivered"] >= row["opens_raw"]
        if row["source"] == "events":
            assert row["opens_raw"] >= row["opens_human"] >= row["clicks_human"]

    assert {row["source"] for row in truth["email"].values()} == {"events", "report"}


def test_every_kind_of_mess_occurs(truth: dict[str, Any]) -> None:
    assert len(truth["mess"]) > 45
    assert [kind for kind, number in truth["mess"].items() if number < 1] == []


def test_small_truth_names_each_person(truth: dict[str, Any]) -> None:
    assert len(truth["ledger"]) == truth["totals"]["people"]
    assert sum(len(person["cycles"]) for person in truth["ledger"]) == truth["totals"]["cycles"]
