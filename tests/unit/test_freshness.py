"""Which sources are overdue, and who says how old an export may become."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from orchestration import assets, freshness, status
from orchestration.contracts import Contract, ContractError, read_contracts
from orchestration.ingest import look
from orchestration.transform import read_manifest
from orchestration.workspace import DEMO_ROOT, Workspace, WorkspaceError, open_workspace


@pytest.fixture(scope="module")
def contracts() -> Mapping[str, Contract]:
    return read_contracts()


def place(root: Path, settings: str = "as_of: 2026-10-31\n") -> Workspace:
    (root / "workspace.yml").write_text(f"company: Acme\n{settings}", encoding="utf-8")
    return open_workspace(root)


def file(contract: str, name: str, on: date) -> dict[str, Any]:
    source, table = contract.split(".")
    at = datetime(on.year, on.month, on.day, 9)
    return {"source_name": source, "table_name": table, "file_name": name, "exported_at": at}


def test_the_newest_export_counts_and_is_held_against_its_contract(
    tmp_path: Path, contracts: Mapping[str, Contract]
) -> None:
    files = [
        file("google_ads.campaigns_daily", "new.csv", date(2026, 10, 22)),
        file("google_ads.campaigns_daily", "old.csv", date(2026, 1, 1)),
        file("stripe.invoices", "invoices.csv", date(2026, 10, 25)),
        file("generic.targets", "targets.csv", date(2025, 1, 1)),
        file("definitions.stage_map", "stage_map.csv", date(2000, 1, 1)),
    ]

    found = freshness.newest(place(tmp_path), contracts, files)

    assert found.keys() == {"google_ads.campaigns_daily", "stripe.invoices"}
    assert not found["stripe.invoices"].is_overdue
    late = found["google_ads.campaigns_daily"]
    assert late.is_overdue
    assert late.advice == (
        "newest export of google_ads.campaigns_daily is 9 days old (new.csv, 2026-10-22); "
        "one is expected every 2 days: export it again"
    )


@pytest.mark.parametrize(("age", "overdue"), [(2, False), (3, True)])
def test_an_export_may_be_as_old_as_its_contract_says(
    tmp_path: Path, contracts: Mapping[str, Contract], age: int, overdue: bool
) -> None:
    files = [file("google_ads.campaigns_daily", "x.csv", date(2026, 10, 31) - timedelta(age))]

    [found] = freshness.newest(place(tmp_path), contracts, files).values()

    assert found.is_overdue == overdue


def test_without_a_stated_day_the_clock_of_the_company_counts(tmp_path: Path) -> None:
    now = datetime.now(UTC)

    days = {
        freshness.today(place(tmp_path, f"timezone: {zone}\n"))
        for zone in ("Pacific/Kiritimati", "Etc/GMT+12")  # 26 hours apart
    }

    assert len(days) == 2
    assert all(abs((day - now.date()).days) <= 1 for day in days)


def test_a_workspace_may_say_otherwise_of_a_source_or_a_table(
    tmp_path: Path, contracts: Mapping[str, Contract]
) -> None:
    settings = "freshness: {google_ads: 30, google_ads.account_daily: any, generic.targets: 400}\n"
    own = place(tmp_path, settings)

    limits = {
        name: freshness.limit(own, contracts[name])
        for name in (
            "google_ads.campaigns_daily",
            "google_ads.account_daily",
            "generic.targets",
            "meta_ads.ads_daily",
        )
    }

    assert list(limits.values()) == [30, None, 400, 2]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("{gogle_ads: 3}", "line 2: freshness.gogle_ads: .*the nearest is 'google_ads'"),
        ("{definitions: 3}", "no source or contract"),
        ("{google_ads: soon}", "like `google_ads: 8`, or any"),
        ("{google_ads: 0}", "like `google_ads: 8`, or any"),
        ("[google_ads]", "number of days"),
    ],
)
def test_a_setting_that_means_nothing_is_refused(
    tmp_path: Path, contracts: Mapping[str, Contract], settings: str, told: str
) -> None:
    with pytest.raises(WorkspaceError, match=told):
        look(place(tmp_path, f"freshness: {settings}\n"), contracts)


@pytest.mark.parametrize(
    "stated",
    [
        {"warn_after": {"count": 0, "period": "day"}},
        {"warn_after": {"count": 12, "period": "hour"}},
        {"error_after": {"count": 3, "period": "day"}},
        {"warn_after": {"count": 3, "period": "day"}, "filter": "true"},
    ],
)
def test_a_contract_that_states_no_age_in_days_is_refused(
    tmp_path: Path, stated: dict[str, Any]
) -> None:
    config = {"meta": {"match": ["*.csv"]}, "freshness": stated}
    table = {"name": "rows", "config": config, "columns": []}
    document = {"sources": [{"name": "crm", "tables": [table]}]}
    (tmp_path / "_crm__sources.yml").write_text(yaml.safe_dump(document), encoding="utf-8")

    with pytest.raises(ContractError, match=r"crm\.rows: freshness"):
        read_contracts(tmp_path)


def test_dbt_reads_the_same_of_every_contract(contracts: Mapping[str, Contract]) -> None:
    of_dbt = {}
    for source in read_manifest(DEMO_ROOT)["sources"].values():
        stated = (source["freshness"] or {}).get("warn_after") or {}
        of_dbt[f"{source['source_name']}.{source['name']}"] = stated.get("count")
        assert not stated.get("count") or source["loaded_at_field"] == "_exported_at"

    ours = {name: c.freshness.days if c.freshness else None for name, c in contracts.items()}

    assert sum(days is not None for days in ours.values()) > 100
    assert {name: days for name, days in of_dbt.items() if name in ours} == ours


def test_an_overdue_source_is_a_warning_that_keeps_nothing_back() -> None:
    key = dg.AssetKey(["google_ads", "campaigns_daily"])
    on = date(2026, 10, 22)

    late, fresh, none = (
        assets._freshness_result(key, newest)
        for newest in (
            freshness.Newest("google_ads.campaigns_daily", "x.csv", on, 9, 2),
            freshness.Newest("google_ads.campaigns_daily", "x.csv", on, 2, 2),
            None,
        )
    )

    assert (late.passed, fresh.passed, none.passed) == (False, True, True)
    assert late.severity == dg.AssetCheckSeverity.WARN
    assert "export it again" in (late.description or "")
    assert "export it again" not in (fresh.description or "")


def test_status_tells_what_is_overdue(tmp_path: Path, contracts: Mapping[str, Contract]) -> None:
    from orchestration.ingest import ingest

    own = place(tmp_path, "demo: true\nas_of: 2026-10-31\n")
    path = own.exports / "generic" / "orders-2026-10-01.csv"
    path.parent.mkdir(parents=True)
    path.write_text("order_id,order_date,revenue\no1,2026-03-05,10\n", encoding="utf-8")
    ingest(own, contracts)

    [source] = status.read(own, contracts).sources

    assert source.overdue == (
        "newest export of generic.orders is 30 days old (generic/orders-2026-10-01.csv, "
        "2026-10-01); one is expected every 8 days: export it again",
    )
