"""Real companies' files, through contracts and mappings alone, against figures counted elsewhere.

The files are not ours and are not in the project: without them these tests are skipped.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.workspace import PROJECT_ROOT
from tests.integration.conftest import plumbline

DATA = Path(os.environ.get("PLUMBLINE_SHARED_DATA", PROJECT_ROOT.parent / "shared" / "data"))
WORKSPACES = PROJECT_ROOT / "tests" / "workspaces"

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="real data are absent; PLUMBLINE_SHARED_DATA names their folder"
)


def run_workspace(name: str, exports: dict[str, str], root: Path) -> duckdb.DuckDBPyConnection:
    """Copy the `exports` (path in the workspace: path in the data), run, open what it published."""
    shutil.copytree(WORKSPACES / name, root, dirs_exist_ok=True)
    for target, source in exports.items():
        path = root / "exports" / target
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(DATA / source, path)
    plumbline("run", "--workspace", root, PLUMBLINE_IDENTITY_KEY="5e" * 32)
    return duckdb.connect(root / "published" / "plumbline.duckdb", read_only=True)


@pytest.fixture(scope="module")
def olist(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """8,000 qualified leads of a marketplace, and the 842 deals won from them."""
    names = ["olist_marketing_qualified_leads_dataset.csv", "olist_closed_deals_dataset.csv"]
    exports = {name: f"olist/{name}" for name in names}
    with run_workspace("olist", exports, tmp_path_factory.mktemp("olist")) as connection:
        yield connection


def test_olist_qualified_leads_and_wins_by_origin(olist: duckdb.DuckDBPyConnection) -> None:
    found = _rows(
        olist,
        """
        select
            channel,
            cast(sum(case when stage = 'mql' then entries else 0 end) as bigint),
            cast(sum(case when stage = 'won' then entries else 0 end) as bigint)
        from marts.rpt_funnel_monthly group by channel
        """,
    )

    assert {channel: (mqls, won) for channel, mqls, won in found} == {
        "organic_search": (2296, 271),
        "paid_search": (1586, 195),
        "social": (1350, 75),
        "unknown": (1099, 179),
        "direct_traffic": (499, 56),
        "email": (493, 15),
        "referral": (284, 24),
        "other": (150, 4),
        "display": (118, 6),
        "other_publicities": (65, 3),
        "unattributed": (60, 14),
    }


def test_olist_qualified_leads_by_month(olist: duckdb.DuckDBPyConnection) -> None:
    found = _rows(
        olist,
        """
        select cast(sum(entries) as bigint) from marts.rpt_funnel_monthly
        where stage = 'mql' group by month order by month
        """,
    )

    months = [4, 239, 386, 312, 416, 445, 200, 1141, 1028, 1174, 1352, 1303]
    assert [count for (count,) in found] == months
    assert sum(months) == 8000


def test_olist_days_from_first_contact_to_win(olist: duckdb.DuckDBPyConnection) -> None:
    found = _rows(
        olist,
        """
        with lags as (
            select date_diff('day', persons.created_date, deals.close_date) as days
            from marts.fct_opportunities as deals
            inner join marts.dim_person as persons using (person_id)
        )
        select count(*), median(days), round(avg(days), 4), count(*) filter (days < 0) from lags
        """,
    )

    assert found == [(842, 14.0, 48.4406, 1)]


@pytest.fixture(scope="module")
def maven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """8,800 opportunities of a hardware reseller."""
    names = ["accounts.csv", "products.csv", "sales_pipeline.csv", "sales_teams.csv"]
    exports = {name: f"maven_crm/{name}" for name in names}
    with run_workspace("maven_crm", exports, tmp_path_factory.mktemp("maven")) as connection:
        yield connection


def test_maven_opportunities_by_status(maven: duckdb.DuckDBPyConnection) -> None:
    found = _rows(
        maven,
        """
        select status, stage_name, count(*), sum(amount)
        from marts.fct_opportunities group by all order by 1, 2
        """,
    )

    assert found == [
        ("lost", "Lost", 2473, Decimal(0)),
        ("open", "Engaging", 1589, None),
        ("open", "Prospecting", 500, None),
        ("won", "Won", 4238, Decimal(10005534)),
    ]


def test_maven_win_rate_deal_size_and_cycle(maven: duckdb.DuckDBPyConnection) -> None:
    found = _rows(
        maven,
        """
        select
            round(100.0 * sum(won) / sum(won + lost), 4),
            round(sum(won_amount) / sum(deals_sized), 4)
        from marts.rpt_sales_monthly where sales_rep_id = 'all'
        """,
    )
    cycles = _rows(
        maven,
        """
        select round(avg(sales_cycle_days), 3), median(sales_cycle_days)
        from marts.fct_opportunities
        """,
    )

    assert found == [(63.1501, 2360.9094)]
    assert cycles == [(51.782, 57.0)]


def test_maven_wins_by_quarter(maven: duckdb.DuckDBPyConnection) -> None:
    found = _rows(
        maven,
        """
        select quarter(month), cast(sum(won) as bigint) from marts.rpt_sales_monthly
        where sales_rep_id = 'all' and year(month) = 2017 group by 1 order by 1
        """,
    )

    assert found == [(1, 531), (2, 1254), (3, 1257), (4, 1196)]


def test_maven_a_product_nobody_lists_loses_no_revenue_and_is_reported(
    maven: duckdb.DuckDBPyConnection,
) -> None:
    found = _rows(
        maven,
        """
        select left_value, round(100 * difference / left_value, 1), status
        from marts.rpt_reconciliation where check_name = 'products_unknown'
        """,
    )

    assert found == [(Decimal(10005534), 35.1, "noted")]


@pytest.fixture(scope="module")
def vendors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Files as the screens of the vendors gave them."""
    exports = {
        f"{folder}/{path.name}": str(path.relative_to(DATA))
        for folder, source in {
            "salesforce": "salesforce_data_export",
            "google_ads": "google_ads_ui",
            "meta_ads": "meta_ads_ui",
            "mailchimp": "mailchimp_native",
        }.items()
        for path in sorted((DATA / source).glob("*.csv"))
    }
    root = tmp_path_factory.mktemp("vendors")
    with run_workspace("vendors", exports, root) as connection:
        yield connection


def test_salesforce_deals(vendors: duckdb.DuckDBPyConnection) -> None:
    found = _rows(
        vendors,
        """
        select
            count(*), sum(amount), count(*) filter (status = 'won'),
            sum(amount) filter (status = 'won'),
            count(*) filter (status != 'open' and not has_date_issue), max(n_reopens)
        from marts.fct_opportunities
        """,
    )

    assert found == [(31, Decimal(5760000), 18, Decimal(3645000), 0, 0)]


def test_ad_reports_without_a_day_are_never_dated(vendors: duckdb.DuckDBPyConnection) -> None:
    found = _rows(
        vendors,
        """
        select
            platform, currency_code, cast(period_start as varchar), sum(spend), sum(clicks),
            sum(impressions)
        from marts.fct_ad_performance_period group by all order by 1, 2, 3
        """,
    )
    daily = _rows(vendors, "select count(*) from marts.fct_ad_performance_daily")

    assert [row[:4] for row in found] == [
        ("google_ads", "EUR", "2026-03-27", Decimal(0)),
        ("google_ads", "GBP", "2026-01-27", Decimal("1164.10")),
        ("meta_ads", "USD", "2026-05-24", Decimal("11069.74")),
        ("meta_ads", "USD", "2026-07-18", Decimal("59.04")),
    ]
    assert found[1][4:] == (867, 40585)
    assert daily == [(0,)]


def test_mailchimp_open_rates(vendors: duckdb.DuckDBPyConnection) -> None:
    found = _rows(
        vendors,
        """
        select round(100 * open_rate_raw, 2), open_rate_human
        from marts.rpt_email_campaigns order by sent_at
        """,
    )

    assert found == [(27.78, None), (22.39, None)]


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()
