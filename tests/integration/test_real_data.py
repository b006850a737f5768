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
            "fivetran_salesforce": "fivetran_seeds/salesforce",
            "google_ads": "google_ads_ui",
            "meta_ads": "meta_ads_ui",
            "mailchimp": "mailchimp_native",
            "ga4": "ga4_ui",
            "fivetran_mailchimp": "fivetran_seeds/mailchimp",
        }.items()
        for path in sorted((DATA / source).glob("*.csv"))
    }
    root = tmp_path_factory.mktemp("vendors")
    with run_workspace("vendors", exports, root) as connection:
        yield connection


@pytest.fixture
def tables(vendors: duckdb.DuckDBPyConnection) -> Path:
    """The warehouse behind what was published."""
    [(published,)] = _rows(vendors, "select path from duckdb_databases() where path is not null")
    return Path(published).parents[1] / "warehouse.duckdb"


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


def test_salesforce_leads_and_a_history_in_which_no_stage_changes(tables: Path) -> None:
    with duckdb.connect(tables, read_only=True) as warehouse:
        found = _rows(
            warehouse,
            """
            select
                (select count(*) from staging.stg_salesforce__leads where deleted_at is null),
                (select count(*) from intermediate.int_salesforce_stage_history
                    where state_id like 'history:%'),
                (select count(*) from intermediate.int_opportunity_status_changes
                    inner join staging.stg_salesforce__opportunities as deals
                        on int_opportunity_status_changes.opportunity_id
                            = 'salesforce:' || deals.opportunity_id
                    where change_number > 1)
            """,
        )

    assert found == [(22, 62, 0)]


def test_leads_whose_status_has_no_date_are_told(vendors: duckdb.DuckDBPyConnection) -> None:
    # 12 are worked on and 4 turned down, and a single export does not say since when.
    [found] = _rows(
        vendors,
        """
        select left_value, right_value, status from marts.rpt_reconciliation
        where check_name = 'lead_statuses_undated'
        """,
    )

    assert found == (16, 0, "noted")


def test_salesforce_by_its_connector_has_no_live_deal(tables: Path) -> None:
    with duckdb.connect(tables, read_only=True) as warehouse:
        found = _rows(
            warehouse,
            """
            select count(*), count(*) filter (not is_deleted)
            from intermediate.int_salesforce_opportunities where opportunity_id not in (
                select opportunity_id from staging.stg_salesforce__opportunities
            )
            """,
        )

    assert found == [(10, 0)]


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


@pytest.fixture(scope="module")
def ads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Ad platforms: cards and reports of screens, and the tables of connectors, all of them."""
    exports = {
        f"{folder}/{path.name}": str(path.relative_to(DATA))
        for folder, source in {
            "google_ads": "google_ads_ui",
            "google_ads/cards": "google_ads_ui/overview_cards",
            "microsoft_ads": "microsoft_ads_native_sample",
            "fivetran/google_ads": "fivetran_seeds/google_ads",
            "fivetran/facebook_ads": "fivetran_seeds/facebook_ads",
        }.items()
        for path in sorted((DATA / source).glob("*.csv"))
    }
    root = tmp_path_factory.mktemp("ads")
    with run_workspace("vendors", exports, root) as connection:
        yield connection


def test_google_days_count_at_one_level_each(ads: duckdb.DuckDBPyConnection) -> None:
    found = _rows(
        ads,
        """
        select
            level, ad_account, currency_code, year(date_day), count(distinct date_day), sum(spend),
            sum(clicks)
        from marts.fct_ad_performance_daily where platform = 'google_ads' group by all order by 1, 4
        """,
    )
    levels_a_day = _rows(
        ads,
        """
        select max(levels) from (
            select count(distinct level) as levels from marts.fct_ad_performance_daily
            group by platform, ad_account, date_day
        )
        """,
    )

    account = ("2121450128", "USD")
    # Of 15 days with ad groups 1 has campaigns, too; of 10 with ads 2 have ad groups.
    assert found == [
        ("account", *account, 2021, 15, Decimal("1632.333323"), 9742),
        ("account", *account, 2026, 6, Decimal("139.67"), 91),
        ("ad", *account, 2021, 8, Decimal(0), 0),
        ("ad_group", *account, 2020, 1, Decimal("321.74"), 35),
        ("ad_group", *account, 2021, 13, Decimal("2625.75"), 538),
        ("campaign", *account, 2021, 16, Decimal("231.33"), 280),
    ]
    assert levels_a_day == [(1,)]


def test_facebook_ads_of_a_connector(ads: duckdb.DuckDBPyConnection) -> None:
    found = _rows(
        ads,
        """
        select
            level, ad_account, sum(spend), sum(clicks), count(distinct campaign_id), count(*),
            count(*) filter (where campaign_id like '%unknown' or ad_group_name = '')
        from marts.fct_ad_performance_daily where platform = 'meta_ads' group by all
        """,
    )

    assert found == [("ad", "1700252260223815", Decimal("643.63"), 149, 4, 10, 0)]


def test_reports_of_a_period_keep_to_their_currency(ads: duckdb.DuckDBPyConnection) -> None:
    found = _rows(
        ads,
        """
        select
            platform, ad_account, currency_code, cast(period_start as varchar),
            cast(period_end as varchar), sum(spend), sum(clicks), bool_or(is_covered_by_daily)
        from marts.fct_ad_performance_period group by all order by 1, 3
        """,
    )

    sample = ("microsoft_ads", "YourAccountId", "USD", "2020-02-07", "2020-02-07")
    assert found == [
        ("google_ads", "unknown", "EUR", "2026-03-27", "2026-04-23", Decimal(0), 0, False),
        (
            "google_ads",
            "unknown",
            "GBP",
            "2026-01-27",
            "2026-02-23",
            Decimal("1164.10"),
            867,
            False,
        ),
        (*sample, None, 171, False),
    ]


@pytest.fixture(scope="module")
def hubspot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """HubSpot by its connector: all 56 tables, most of which say nothing of the funnel."""
    exports = {
        f"fivetran_hubspot/{path.name}": str(path.relative_to(DATA))
        for path in sorted((DATA / "fivetran_seeds" / "hubspot").glob("*.csv"))
    }
    root = tmp_path_factory.mktemp("hubspot")
    with run_workspace("vendors", exports, root):
        pass
    with duckdb.connect(root / "warehouse.duckdb", read_only=True) as connection:
        yield connection


def test_hubspot_deals_and_contacts_that_live(hubspot: duckdb.DuckDBPyConnection) -> None:
    """No deal was merged away, and three of the 22 contacts were."""
    found = _rows(
        hubspot,
        """
        select
            (select count(*) from marts.fct_opportunities where status = 'open'),
            (select count(*) from intermediate.int_hubspot_deals where is_deleted),
            (select count(*) from intermediate.int_hubspot_contacts),
            (select count(*) from intermediate.int_hubspot_contacts where is_deleted),
            (select count(*) from marts.dim_person where not is_excluded)
        """,
    )
    by_rep = _rows(
        hubspot,
        """
        select sales_rep_id, count(*) from marts.fct_opportunities group by 1 order by 2 desc, 1
        """,
    )
    won_stages = _rows(
        hubspot,
        """
        select status, count(*) from intermediate.int_hubspot_stages
        where stage_text != lower(stage_name) group by 1 order by 1
        """,
    )

    assert found == [(44, 0, 22, 3, 19)]
    assert by_rep == [
        (None, 22),
        ("hubspot:35252170", 19),
        ("hubspot:40706000", 2),
        ("hubspot:37790786", 1),
    ]
    assert won_stages == [("open", 66), ("won", 5)]


def test_what_hubspot_filters_is_done_by_bots(hubspot: duckdb.DuckDBPyConnection) -> None:
    found = _rows(
        hubspot,
        """
        select event, count(*), count(*) filter (is_machine)
        from staging.stg_fivetran_hubspot__email_events group by 1 order by 1
        """,
    )
    messages = _rows(hubspot, "select count(*) from marts.fct_email_messages")

    assert found == [("delivered", 3, 0), ("open", 90, 0), ("processed", 3, 3), ("sent", 4, 0)]
    # 22 sendings are told of; what was only processed is none.
    assert messages == [(22,)]


def test_mailchimp_open_rates(vendors: duckdb.DuckDBPyConnection) -> None:
    found = _rows(
        vendors,
        """
        select round(100 * open_rate_raw, 2), open_rate_human
        from marts.rpt_email_campaigns where source = 'report' order by sent_at
        """,
    )

    assert found == [(27.78, None), (22.39, None)]


def test_mailchimp_by_its_connector(vendors: duckdb.DuckDBPyConnection, tables: Path) -> None:
    with duckdb.connect(tables, read_only=True) as warehouse:
        found = _rows(
            warehouse,
            """
            select event, count(*), count(distinct recipient_id) from intermediate.int_email_events
            where campaign_id = 'c2b4c1c0d9' and event in ('open', 'click') group by all order by 1
            """,
        )
    campaign = _rows(
        vendors,
        """
        select sent, delivered, opens_human, clicks_human from marts.rpt_email_campaigns
        where campaign_id = 'mailchimp:c2b4c1c0d9'
        """,
    )

    assert found == [("click", 5, 2), ("open", 12, 7)]
    # One of the two clicked four months after the campaign was sent.
    assert campaign == [(10, 10, 7, 1)]


def test_no_plain_hash_of_an_address_is_published(vendors: duckdb.DuckDBPyConnection) -> None:
    found = _rows(
        vendors,
        """
        select recipient_id from marts.fct_email_messages
        where length(recipient_id) != 64 and recipient_id not like 'recipient %'
        """,
    )

    assert found == []


def test_ga4_events_of_a_period_are_read_and_not_dated(
    vendors: duckdb.DuckDBPyConnection, tables: Path
) -> None:
    with duckdb.connect(tables, read_only=True) as warehouse:
        found = _rows(
            warehouse,
            """
            select
                web_property, cast(period_start as varchar), cast(period_end as varchar),
                cast(sum(events) as bigint), sum(events) filter (event_name = 'session_start')
            from staging.stg_ga4__events_period group by all
            """,
        )
    told = _rows(
        vendors,
        """
        select left_value, status from marts.rpt_reconciliation
        where check_name = 'web_reports_without_a_day'
        """,
    )

    assert found == [("Ten10 GA4", "2025-10-15", "2026-01-12", 137560, 18390)]
    assert told == [(21, "noted")]
    assert _rows(vendors, "select count(*) from marts.fct_web_traffic_daily") == [(0,)]


@pytest.fixture(scope="module")
def subscriptions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Subscription periods of the MRR playbook."""
    exports = {"subscription_periods.csv": "dbt_labs_mrr/subscription_periods.csv"}
    root = tmp_path_factory.mktemp("subscriptions")
    with run_workspace("dbt_labs_mrr", exports, root) as connection:
        yield connection


def test_recurring_revenue_at_month_ends_of_half_open_periods(
    subscriptions: duckdb.DuckDBPyConnection,
) -> None:
    """A period that ends on the first of a month is what was paid for the one before."""
    query = """
        select strftime(month, '%Y-%m'), cast(sum({column}) as integer) from marts.{mart}
        where strftime(month, '%Y-%m') in ('2019-01', '2019-06', '2019-11', '2019-12', '2020-01')
        group by 1
    """
    told = {
        "2019-01": 620,
        "2019-06": 1135,
        "2019-11": 1840,
        "2019-12": 1255,
        "2020-01": 175,
    }

    for column, mart in (
        ("closing", "fct_mrr_movements"),
        ("closing_mrr", "rpt_recurring_revenue_monthly"),
    ):
        found = _rows(subscriptions, query.format(column=column, mart=mart))
        assert dict(found) == told


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()
