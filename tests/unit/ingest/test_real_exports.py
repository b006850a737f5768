"""Real exports under the project's own contracts: the sums that their makers' totals say."""

from __future__ import annotations

import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.contracts import Contract
from orchestration.ingest import LoadResult

from .conftest import Lab


@pytest.fixture
def real(lab: Lab, vendors: dict[str, Contract]) -> Lab:
    lab.contracts = vendors
    return lab


def load(lab: Lab, file: Path, folder: str, name: str = "") -> LoadResult:
    target = lab.root / "exports" / folder / (name or file.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, target)
    [result] = lab.ingest().files
    assert result.status == "loaded", result.message
    return result


def sums(lab: Lab, relation: str, columns: str) -> tuple[Any, ...]:
    path = relation.replace(".", "/")
    return lab.query(f"select {columns} from read_parquet('{{raw}}/{path}/*.parquet')")[0]


def test_google_ads_report(real: Lab, shared_data: Path) -> None:
    file = shared_data / "google_ads_ui/campaign_report_utf8_comma_en_GB.csv"

    result = load(real, file, "google_ads")

    assert (result.contract, result.rows, result.skipped) == ("google_ads.campaigns_period", 2, 5)
    found = sums(
        real,
        result.contract,
        "sum(spend), sum(clicks), sum(impressions), min(currency_code), min(period_start), "
        "max(period_end)",
    )
    days = (date(2026, 1, 27), date(2026, 2, 23))
    assert found == (Decimal("1164.10"), 867, 40_585, "GBP", *days)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_google_ads_report_of_nothing_with_greek_names(
    real: Lab, shared_data: Path, encoding: str
) -> None:
    file = shared_data / "google_ads_ui/campaign_report_EUR_zero_greek_names.csv"
    copy = real.root / "copy.csv"
    copy.write_text(file.read_text(encoding="utf-8"), encoding=encoding)

    result = load(real, copy, "google_ads")

    assert (result.rows, result.skipped) == (3, 3)
    assert sums(real, result.contract, "sum(spend), max(campaign_name)") == (
        Decimal("0.000000"),
        "Οδοντικά Εμφυτεύματα Αθήνα",
    )


def test_google_ads_report_without_its_last_row_is_refused(real: Lab, shared_data: Path) -> None:
    text = (shared_data / "google_ads_ui/campaign_report_utf8_comma_en_GB.csv").read_text()
    lines = text.splitlines(keepends=True)
    real.export("google_ads/cut.csv", "".join(lines[:4] + lines[5:]))

    [result] = real.ingest().files

    assert result.status == "refused"
    assert "add up to 798.88 of spend, but its own total says 1,164.09" in result.message


@pytest.mark.parametrize(
    ("file", "name", "rows", "skipped", "spend"),
    [
        ("ads_default_export_1row.csv", "", 1, 0, "59.04"),
        ("campaigns_with_account_total_row.csv", "", 3, 1, "11069.74"),
    ],
)
def test_meta_ads_reports(
    real: Lab, shared_data: Path, file: str, name: str, rows: int, skipped: int, spend: str
) -> None:
    result = load(real, shared_data / "meta_ads_ui" / file, "meta_ads", name)

    assert (result.contract, result.rows, result.skipped) == ("meta_ads.ads_period", rows, skipped)
    assert sums(real, result.contract, "sum(spend), min(currency_code)") == (Decimal(spend), "USD")


def test_salesforce_data_export(real: Lab, shared_data: Path) -> None:
    for file in (shared_data / "salesforce_data_export").glob("*.csv"):
        target = real.root / "exports/salesforce/2018-10-14" / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)

    result = real.ingest()

    assert not result.with_status("refused")
    assert sum(r.rejected for r in result.files) == 0
    found = sums(
        real, "salesforce.opportunities", "count(*), sum(amount), min(close_date), max(is_won)"
    )
    assert found[:2] == (31, Decimal("5760000.00"))
    assert result.rows("salesforce.opportunity_history") == 62
    assert result.rows("salesforce.leads") == 22


def test_mailchimp_reports(real: Lab, shared_data: Path) -> None:
    file = shared_data / "mailchimp_native/reports_aggregated_2_campaigns.csv"

    result = load(real, file, "mailchimp")

    found = sums(real, result.contract, "sum(delivered), sum(unique_opens), sum(unique_clicks)")
    assert (result.rows, *found) == (2, 242, 60, 12)
