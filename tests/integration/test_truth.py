"""The marts against what the demo company's simulation knows to be true, exactly.

`truth.json` is counted by the simulation while it decides, before its exports are made messy, and
by code that shares nothing with the loader or the models. Amounts are whole cents on both sides.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import pytest


@pytest.fixture(scope="module")
def truth(demo: Path) -> dict[str, Any]:
    """What the simulation counted."""
    return dict(json.loads((demo / "truth.json").read_text()))


@pytest.fixture(scope="module")
def marts(demo: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published file of the demo."""
    with duckdb.connect(demo / "published" / "plumbline.duckdb", read_only=True) as connection:
        yield connection


def test_funnel_counts_by_month_channel_and_stage(
    marts: duckdb.DuckDBPyConnection, truth: dict[str, Any]
) -> None:
    found = {
        (month, channel, stage): counts
        for month, channel, stage, *counts in _rows(
            marts,
            """
            select
                strftime(month, '%Y-%m'), channel, stage,
                entries, entries_incl_imputed, new_people
            from marts.rpt_funnel_monthly
            """,
        )
    }

    assert found == {
        (month, channel, stage): counts
        for month, channels in truth["funnel"].items()
        for channel, stages in channels.items()
        for stage, counts in stages.items()
    }


def test_conversions_by_cohort_channel_and_pair(
    marts: duckdb.DuckDBPyConnection, truth: dict[str, Any]
) -> None:
    found = {
        (month, pair, channel): counts
        for month, pair, channel, *counts in _rows(
            marts,
            """
            select
                strftime(cohort_month, '%Y-%m'), from_stage || '>' || to_stage, channel,
                entered, converted, converted_ever
            from marts.rpt_funnel_conversion
            """,
        )
    }

    assert found == {
        (month, pair, channel): counts
        for month, pairs in truth["conversions"].items()
        for pair, channels in pairs.items()
        for channel, counts in channels.items()
        if channel != "all"
    }


SALES = {
    "opportunities_created": "opportunities_created",
    "pipeline_created_cents": "pipeline_created",
    "created_without_amount": "n_no_acv",
    "won": "won",
    "won_amount_cents": "won_amount",
    "won_above_zero": "deals_sized",
    "lost": "lost",
    "lost_amount_cents": "lost_amount",
    "lost_left_out": "lost_excluded",
    "n_no_amount": "n_no_amount",
    "net_bookings_cents": "net_bookings",
    "new_bookings_cents": "new_bookings",
    "date_issues": "date_issues",
}


@pytest.mark.parametrize(("counted", "column"), SALES.items())
def test_sales_by_month_and_rep(
    marts: duckdb.DuckDBPyConnection, truth: dict[str, Any], counted: str, column: str
) -> None:
    found = _rows(
        marts,
        f"""
        select strftime(month, '%Y-%m'), split_part(sales_rep_id, ':', -1), {column}
        from marts.rpt_sales_monthly
        """,
    )

    assert {
        (month, rep): _cents(value) if counted.endswith("_cents") else value
        for month, rep, value in found
        if value
    } == {
        (month, rep): numbers[counted]
        for month, reps in truth["sales"].items()
        for rep, numbers in reps.items()
        if numbers.get(counted)
    }


def test_median_sales_cycle_by_month_and_rep(
    marts: duckdb.DuckDBPyConnection, truth: dict[str, Any]
) -> None:
    found = _rows(
        marts,
        """
        select
            strftime(month, '%Y-%m'), split_part(sales_rep_id, ':', -1),
            cycles, cycle_median_days
        from marts.rpt_sales_monthly where cycles > 0
        """,
    )

    assert {(month, rep): (cycles, days) for month, rep, cycles, days in found} == {
        (month, rep): (len(numbers["cycle_days"]), median(numbers["cycle_days"]))
        for month, reps in truth["sales"].items()
        for rep, numbers in reps.items()
        if numbers.get("cycle_days")
    }


def test_new_customers_by_month_and_channel(
    marts: duckdb.DuckDBPyConnection, truth: dict[str, Any]
) -> None:
    found = _rows(
        marts,
        """
        select strftime(month, '%Y-%m'), channel, new_customers from marts.rpt_cac_monthly
        where variant = 'blended' and lag_months = 0 and channel != 'all' and new_customers > 0
        """,
    )

    assert {(month, channel): customers for month, channel, customers in found} == {
        (month, channel): customers
        for month, channels in truth["new_customers"].items()
        for channel, customers in channels.items()
    }


def test_cac_parts_by_month_and_variant(
    marts: duckdb.DuckDBPyConnection, truth: dict[str, Any]
) -> None:
    found = _rows(
        marts,
        """
        select strftime(month, '%Y-%m'), variant, cost, new_customers from marts.rpt_cac_monthly
        where channel = 'all' and lag_months = 0
        """,
    )

    expected = {}
    for month, parts in truth["cac"].items():
        expected[month, "paid"] = (parts["paid_cents"], parts["new_customers_paid"])
        expected[month, "blended"] = (parts["paid_cents"], parts["new_customers"])
        expected[month, "fully_loaded"] = (parts["fully_loaded_cents"], parts["new_customers"])
    assert {(month, variant): (_cents(cost), n) for month, variant, cost, n in found} == expected


def test_ad_spend_by_platform_and_month_to_the_millionth(
    marts: duckdb.DuckDBPyConnection, truth: dict[str, Any]
) -> None:
    found = _rows(
        marts,
        """
        select
            platform, strftime(date_day, '%Y-%m'), cast(sum(spend) * 1000000 as bigint),
            cast(sum(spend_original) * 100 as bigint), sum(impressions), sum(clicks)
        from marts.fct_ad_performance_daily group by all
        """,
    )

    assert {(platform, month): tuple(numbers) for platform, month, *numbers in found} == {
        (platform, month): (
            numbers["spend_millionths"],
            numbers["spend_original_cents"],
            numbers["impressions"],
            numbers["clicks"],
        )
        for platform, months in truth["ads"].items()
        for month, numbers in months.items()
    }


def test_ad_campaigns_to_the_millionth(
    marts: duckdb.DuckDBPyConnection, truth: dict[str, Any]
) -> None:
    found = _rows(
        marts,
        """
        select platform, split_part(campaign_id, ':', 2), cast(sum(spend) * 1000000 as bigint)
        from marts.fct_ad_performance_daily group by all
        """,
    )

    assert {(platform, campaign): spend for platform, campaign, spend in found} == {
        (platform, campaign): spend
        for platform, campaigns in truth["ad_campaigns"].items()
        for campaign, spend in campaigns.items()
    }


def test_ad_reports_without_days_are_kept_as_periods(
    marts: duckdb.DuckDBPyConnection, truth: dict[str, Any]
) -> None:
    found = _rows(
        marts,
        """
        select
            platform, cast(period_start as varchar), count(*), sum(clicks), sum(impressions),
            sum(spend), bool_or(is_covered_by_daily)
        from marts.fct_ad_performance_period group by all
        """,
    )

    assert [(*row[:5], _cents(row[5]), row[6]) for row in found] == [
        (
            platform,
            start,
            counted["campaigns"],
            counted["clicks"],
            counted["impressions"],
            counted["spend_cents"],
            False,
        )
        for platform, periods in truth["ad_periods"].items()
        for start, counted in periods.items()
    ]


def test_ad_spend_exported_at_two_levels_is_reported_and_counts_once(
    marts: duckdb.DuckDBPyConnection, truth: dict[str, Any]
) -> None:
    found = dict(
        _rows(
            marts,
            """
            select check_name, difference from marts.rpt_reconciliation
            where check_name like 'ad_spend_reported_twice_%' and difference != 0
            """,
        )
    )
    levels = _rows(
        marts,
        """
        select platform, string_agg(distinct level, ' ' order by level)
        from marts.fct_ad_performance_daily group by all order by 1
        """,
    )
    october = truth["ads"]["linkedin_ads"]["2026-10"]

    assert sorted(found) == [
        "ad_spend_reported_twice_google_ads",
        "ad_spend_reported_twice_linkedin_ads",
    ]
    assert _cents(found["ad_spend_reported_twice_linkedin_ads"]) == october["spend_original_cents"]
    assert levels == [
        ("google_ads", "ad_group campaign"),
        ("linkedin_ads", "campaign"),
        ("meta_ads", "ad"),
        ("microsoft_ads", "campaign"),
        ("tiktok_ads", "campaign"),
    ]


def test_email_campaigns(marts: duckdb.DuckDBPyConnection, truth: dict[str, Any]) -> None:
    columns = [
        *("source", "sent", "delivered", "opens_raw", "opens_human", "clicks_human", "clicks_raw"),
        *("unsubscribes", "complaints"),
    ]
    found = _rows(
        marts,
        f"""
        select split_part(campaign_id, ':', -1), cast(sent_date as varchar), {", ".join(columns)}
        from marts.rpt_email_campaigns
        """,
    )

    assert {
        campaign: {"sent_date": sent_date, **dict(zip(columns, numbers, strict=True))}
        for campaign, sent_date, *numbers in found
    } == {
        campaign: {**dict.fromkeys(columns), **numbers}
        for campaign, numbers in truth["email"].items()
    }


def test_web_traffic_by_month_and_channel(
    marts: duckdb.DuckDBPyConnection, truth: dict[str, Any]
) -> None:
    columns = ", ".join(f"sum({column})" for column in truth["web"]["columns"])
    found = _rows(
        marts,
        f"""
        select strftime(date_day, '%Y-%m'), channel, {columns} from marts.fct_web_traffic_daily
        where source_system = 'ga4' and channel != 'all' group by all
        """,
    )

    assert {(month, channel): sums for month, channel, *sums in found} == {
        (month, channel): sums
        for month, channels in truth["web"]["months"].items()
        for channel, sums in channels.items()
    }


def test_visitors_of_the_website_by_day(
    marts: duckdb.DuckDBPyConnection, truth: dict[str, Any]
) -> None:
    found = _rows(
        marts,
        """
        select cast(date_day as varchar), visitors from marts.fct_web_traffic_daily
        where channel = 'all'
        """,
    )

    assert dict(found) == truth["web"]["visitors"]


def test_searches_by_month(marts: duckdb.DuckDBPyConnection, truth: dict[str, Any]) -> None:
    columns = ", ".join(f"sum({column})" for column in truth["web"]["search_columns"])
    found = _rows(
        marts,
        f"""
        select strftime(date_day, '%Y-%m'), {columns} from marts.fct_web_traffic_daily
        where source_system = 'search_console' group by 1
        """,
    )

    assert {month: sums for month, *sums in found} == truth["web"]["searches"]


def test_social_posts_by_month_and_network(
    marts: duckdb.DuckDBPyConnection, truth: dict[str, Any]
) -> None:
    columns = ", ".join(f"sum({column})" for column in truth["social"]["columns"])
    found = _rows(
        marts,
        f"""
        select strftime(date_day, '%Y-%m'), platform, {columns} from marts.fct_social_daily
        where channel = 'organic_social' group by all
        """,
    )

    assert {(month, network): sums for month, network, *sums in found} == {
        (month, network): sums
        for month, networks in truth["social"]["months"].items()
        for network, sums in networks.items()
    }


def test_mentions_by_month_and_brand(
    marts: duckdb.DuckDBPyConnection, truth: dict[str, Any]
) -> None:
    columns = ", ".join(f"sum({column})" for column in truth["social"]["mention_columns"])
    found = _rows(
        marts,
        f"""
        select strftime(date_day, '%Y-%m'), brand, {columns} from marts.fct_social_daily
        where mentions is not null group by all
        """,
    )

    assert {(month, brand): sums for month, brand, *sums in found} == {
        (month, brand): sums
        for month, brands in truth["social"]["mentions"].items()
        for brand, sums in brands.items()
    }


def test_touchpoints_by_channel(demo: Path, truth: dict[str, Any]) -> None:
    with duckdb.connect(demo / "warehouse.duckdb", read_only=True) as warehouse:
        found = _rows(
            warehouse,
            """
            select channel, count(*) from intermediate.int_touches
            where touch_type = 'touchpoint' group by channel
            """,
        )

    assert dict(found) == truth["touchpoints"]


def test_cost_ledger(marts: duckdb.DuckDBPyConnection, truth: dict[str, Any]) -> None:
    found: Counter[tuple[str, str, str]] = Counter()
    for month, channel, cost_type, amount in _rows(
        marts,
        """
        select strftime(month, '%Y-%m'), channel, cost_type, amount
        from marts.fct_costs where cost_type != 'media'
        """,
    ):
        found[month, channel, cost_type] += _cents(amount)

    expected: Counter[tuple[str, str, str]] = Counter()
    for cost in truth["costs"]:
        channel = cost["channel"] or "unattributed"
        expected[cost["month"], channel, cost["cost_type"]] += cost["amount_cents"]
    assert found == expected


def test_revenue_by_month(marts: duckdb.DuckDBPyConnection, truth: dict[str, Any]) -> None:
    found = _rows(
        marts,
        """
        select strftime(date_day, '%Y-%m'), sum(revenue), sum(cogs), count(*)
        from marts.fct_revenue group by all
        """,
    )

    assert {month: (_cents(revenue), _cents(cogs), n) for month, revenue, cogs, n in found} == {
        month: (numbers["revenue_cents"], numbers["cogs_cents"], numbers["lines"])
        for month, numbers in truth["revenue"]["months"].items()
    }


def test_historical_value_by_customer(
    marts: duckdb.DuckDBPyConnection, truth: dict[str, Any]
) -> None:
    found = _rows(
        marts,
        """
        select split_part(account_id, ':', -1), revenue, clv_historical
        from marts.rpt_customer_value where orders > 0
        """,
    )

    assert {account: (_cents(revenue), _cents(value)) for account, revenue, value in found} == {
        account: (revenue, revenue - of_unknown_cost - cogs)
        for account, (revenue, cogs, of_unknown_cost) in truth["revenue"]["accounts"].items()
    }


def test_left_checkouts_and_the_orders_of_the_shop(demo: Path, truth: dict[str, Any]) -> None:
    with duckdb.connect(demo / "warehouse.duckdb", read_only=True) as warehouse:
        [found] = _rows(
            warehouse,
            """
            select
                count(*) filter (where is_left),
                sum(cart_value) filter (where is_left),
                count(order_id) filter (where is_left),
                sum(order_value) filter (where is_left),
                count(*) filter (where not is_left),
                sum(order_value) filter (where not is_left)
            from (select *, cart_id like '%:checkout:%' as is_left from intermediate.int_carts)
            """,
        )

    carts = truth["carts"]
    left, left_value, later, later_value, at_once, value = found
    assert (left, _cents(left_value)) == (carts["left"], carts["left_value_cents"])
    assert (later, _cents(later_value)) == (
        carts["left_ordered_later"],
        carts["left_order_value_cents"],
    )
    assert (at_once, _cents(value)) == (
        carts["ordered_at_once"],
        carts["ordered_at_once_value_cents"],
    )


def test_running_subscriptions_by_currency(demo: Path, truth: dict[str, Any]) -> None:
    with duckdb.connect(demo / "warehouse.duckdb", read_only=True) as warehouse:
        found = _rows(
            warehouse,
            f"""
            select
                currency_code, count(*), count(*) filter (where is_running),
                cast(1000000 * sum(monthly_amount) filter (where is_running) as bigint)
            from (
                select
                    *, '{truth["as_of"]}' >= start_date
                    and '{truth["as_of"]}' < coalesce(end_date, '9999-12-31') as is_running
                from intermediate.int_subscriptions
            )
            group by currency_code
            """,
        )

    assert {currency: numbers for currency, *numbers in found} == {
        currency: [row["subscriptions"], row["running"], row["monthly_millionths"]]
        for currency, row in truth["subscriptions"].items()
    }


def test_people_and_who_is_left_out(
    marts: duckdb.DuckDBPyConnection, truth: dict[str, Any]
) -> None:
    totals = truth["totals"]
    found = dict(
        _rows(
            marts,
            "select coalesce(exclusion_rule, 'counted'), count(*) from marts.dim_person group by 1",
        )
    )

    assert found["counted"] == totals["people"]
    assert {rule: found[rule] for rule in totals["excluded_people"]} == totals["excluded_people"]


def test_customers(marts: duckdb.DuckDBPyConnection, truth: dict[str, Any]) -> None:
    found = _rows(marts, "select count(*) from marts.dim_account where is_customer")

    assert found == [(truth["totals"]["customers"],)]


@pytest.fixture(scope="module")
def warehouse(demo: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The file that dbt built, for what no mart shows yet."""
    with duckdb.connect(demo / "warehouse.duckdb", read_only=True) as connection:
        yield connection


def test_what_a_later_full_export_lacks_was_deleted_and_what_differs_has_changed(
    warehouse: duckdb.DuckDBPyConnection, truth: dict[str, Any]
) -> None:
    found = _rows(
        warehouse,
        """
        select
            (select count(*) from intermediate.int_salesforce_leads where is_deleted
                and lead_id not in (select lead_id from raw.salesforce__leads where is_deleted)),
            (select count(*) from intermediate.int_salesforce_opportunities where is_deleted
                and opportunity_id not in (
                    select opportunity_id from raw.salesforce__opportunities where is_deleted
                )),
            (select count(*) from intermediate.int_salesforce_lead_changes
                where is_inferred and previous_status is not null)
        """,
    )

    salesforce = truth["salesforce"]
    assert found == [
        (
            salesforce["purged_leads"],
            salesforce["purged_opportunities"],
            salesforce["lead_changes_told_by_comparison"],
        )
    ]


def test_activities_of_sales_by_month_and_kind(
    warehouse: duckdb.DuckDBPyConnection, truth: dict[str, Any]
) -> None:
    found = _rows(
        warehouse,
        """
        select strftime(activity_date, '%Y-%m'), activity_type, count(*)
        from intermediate.int_activities
        where source_system = 'salesforce' and is_completed and not is_deleted
        group by all
        """,
    )

    assert {(month, kind): n for month, kind, n in found} == {
        (month, kind): n
        for month, kinds in truth["salesforce"]["activities"].items()
        for kind, n in kinds.items()
    }


def test_rows_of_every_file(demo: Path, truth: dict[str, Any]) -> None:
    found = {
        file_name: {"accepted": rows, "rejected": rejected, "skipped": skipped}
        for file_name, rows, rejected, skipped in duckdb.sql(
            f"""
            select
                file_name, cast(sum(rows) as bigint), cast(sum(rejected) as bigint),
                cast(sum(skipped) as bigint)
            from read_parquet('{demo / "raw" / "_files.parquet"}')
            where source_name != 'definitions'
            group by file_name
            """
        ).fetchall()
    }

    assert found == {
        name: {key: counted[key] for key in ("accepted", "rejected", "skipped")}
        for name, counted in truth["files"].items()
        if counted["contract"]
    }


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


def _cents(amount: Decimal | None) -> int:
    return int((amount or Decimal(0)) * 100)
