"""Every metric as code, asked through MetricFlow, against the number of the mart that holds it."""

from __future__ import annotations

import csv
import datetime
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt_metricflow.cli.dbt_connectors.adapter_backed_client import SupportedAdapterTypes
from metricflow.data_table.mf_table import MetricFlowDataTable
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow_semantics.model.dbt_manifest_parser import (
    parse_manifest_from_dbt_generated_manifest,
)
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

from orchestration.transform import project_state, read_manifest
from orchestration.workspace import PROJECT_ROOT

pytestmark = pytest.mark.slow

# Metrics of which the scorecard shows several numbers: each is a metric, named with its variant.
SEVERAL = {"cac", "cac_payback_months", "clv", "coverage", "sla_volume_attainment"}
# Defined metrics that are none here, and why.
NOT_A_METRIC = {
    "campaign_lift": "one number per experiment: neither time nor experiments add up to another",
}
# What else is a metric: the mart that says the same, the number in it, and which of its rows.
SALES, RECURRING = "rpt_sales_monthly", "rpt_recurring_revenue_monthly"
ECONOMICS, MOVEMENTS = "rpt_unit_economics_monthly", "fct_mrr_movements"
TEAM, ALL, HEADLINE = "sales_rep_id = 'all'", "channel = 'all'", "variant = 'fully_loaded'"
CHANNELS, COHORTS = "rpt_channel_performance", "rpt_channel_cohort"
CAC, CAMPAIGNS, AUDIENCE = "rpt_cac_monthly", "rpt_campaign_performance", "rpt_audience_monthly"
LOGGED = "source = 'events'"
OTHERS = {
    "decided": (SALES, "won + lost", TEAM),
    "won_amount": (SALES, "won_amount", TEAM),
    "decided_amount": (SALES, "won_amount + lost_amount", TEAM),
    "open_opportunities": (SALES, "open_opportunities", TEAM),
    "open_pipeline": (SALES, "open_pipeline", TEAM),
    "quota": (SALES, "quota", TEAM),
    "team_new_bookings": (SALES, "new_bookings", TEAM),
    "period_start_pipeline": (SALES, "coverage_start_pipeline", TEAM),
    "period_quota": (SALES, "period_quota", TEAM),
    "period_now_pipeline": (SALES, "coverage_now_pipeline", TEAM),
    "remaining_quota": (SALES, "remaining_quota", TEAM),
    "renewal_rate": (SALES, "renewal_rate", TEAM),
    "renewals_won": (SALES, "renewals_won", TEAM),
    "renewals_due": (SALES, "renewals_due", TEAM),
    "ad_impressions": (CHANNELS, "impressions", ALL),
    "ad_clicks": (CHANNELS, "clicks", ALL),
    "costs": ("fct_costs", "amount", "true"),
    "cohort_spend": (COHORTS, "spend", ALL),
    "cohort_leads": (COHORTS, "leads", ALL),
    "new_customers": (CAC, "new_customers", f"{ALL} and lag_months = 0 and {HEADLINE}"),
    "variant_cost": (CAC, "cost", f"{ALL} and lag_months = 0"),
    "variant_customers": (CAC, "new_customers", f"{ALL} and lag_months = 0"),
    "variant_margin": (CAC, "new_mrr * gross_margin", f"{ALL} and lag_months = 0"),
    "variant_unknown_costs": (CAC, "(cost is null)::int", f"not {ALL} and lag_months = 0"),
    "campaign_spend": (CAMPAIGNS, "spend", "is_headline"),
    "credited_amount": (CAMPAIGNS, "credited_amount", "campaign_id != 'unattributed'"),
    "credited_margin": (CAMPAIGNS, "credited_margin", "campaign_id != 'unattributed'"),
    "unknown_credited_margins": (
        CAMPAIGNS,
        "(credited_margin is null)::int",
        "campaign_id != 'unattributed'",
    ),
    "margin": ("rpt_products_monthly", "margin", "product_id = 'all'"),
    "revenue_with_known_cost": (
        "rpt_products_monthly",
        "revenue - revenue_without_cogs",
        "product_id = 'all'",
    ),
    "arr": (RECURRING, "arr", "true"),
    "customers": (RECURRING, "customers_end", "true"),
    "new_mrr": (RECURRING, "new_mrr", "true"),
    "reactivation_mrr": (RECURRING, "reactivation_mrr", "true"),
    "expansion_mrr": (RECURRING, "expansion_mrr", "true"),
    "contraction_mrr": (RECURRING, "contraction_mrr", "true"),
    "churn_mrr": (RECURRING, "churn_mrr", "true"),
    "fx_mrr": (RECURRING, "fx_mrr", "true"),
    "mrr_a_year_ago": (RECURRING, "start_mrr_12m", "true"),
    "mrr_of_them_now": (RECURRING, "end_mrr_12m", "true"),
    "mrr_retained": (RECURRING, "retained_mrr_12m", "true"),
    "customers_a_year_ago": (RECURRING, "customers_start_12m", "true"),
    "customers_of_them_lost": (RECURRING, "customers_lost_12m", "true"),
    "quarter_opening_mrr": (RECURRING, "quarter_opening_mrr", "is_quarter_end"),
    "quarter_mrr_change": (RECURRING, "closing_mrr - quarter_opening_mrr", "is_quarter_end"),
    "cac_fully_loaded_12m": (ECONOMICS, "cac_fully_loaded", "true"),
    "repeat_purchase_rate": (ECONOMICS, "repeat_purchase_rate", "true"),
    "buyers_first": (ECONOMICS, "first_buyers", "true"),
    "buyers_again": (ECONOMICS, "repeat_buyers", "true"),
    "page_views": (AUDIENCE, "page_views", ALL),
    "engagements": (AUDIENCE, "engagements", ALL),
    "post_impressions": (AUDIENCE, "post_impressions", ALL),
    "emails_delivered": ("rpt_email_campaigns", "delivered", LOGGED),
    "email_opens_human": ("rpt_email_campaigns", "opens_human", LOGGED),
    "email_clicks_human": ("rpt_email_campaigns", "clicks_human", LOGGED),
    "carts_abandoned": ("rpt_cart_recovery_monthly", "abandoned", "true"),
    "carts_recovered": ("rpt_cart_recovery_monthly", "recovered", "true"),
    "cart_recovery_rate": ("rpt_cart_recovery_monthly", "recovery_rate", "true"),
    "stages_entered": ("rpt_funnel_conversion", "entered", "true"),
    "stages_converted": ("rpt_funnel_conversion", "converted", "true"),
    "promises_met": ("rpt_sla_monthly", "met", "true"),
    "promises_due": ("rpt_sla_monthly", "met + breached", "true"),
    "volume_delivered": ("rpt_sla_monthly", "delivered", "true"),
    "volume_committed": ("rpt_sla_monthly", "committed", "true"),
    "rejected_leads": ("rpt_lead_feedback", "rejected", "campaign_id = 'all'"),
    "decided_leads": ("rpt_lead_feedback", "decided", "campaign_id = 'all'"),
    "customer_margin": ("rpt_customer_value", "clv_historical", "true"),
    "customers_with_margin": ("rpt_customer_value", "(clv_historical is not null)::int", "true"),
}
DATED = {
    "rpt_funnel_conversion": "cohort_month",
    "rpt_email_campaigns": "date_trunc('month', sent_date)",
    "rpt_customer_value": "date_trunc('month', became_customer_date)",
}
# Metrics by month and something else: the mart that has the same rows, and the number in it.
SLICES = [
    ("leads", "channel", "rpt_funnel_monthly", "case when stage = 'lead' then entries end"),
    ("mqls", "channel", CHANNELS, "mqls"),
    ("sqls", "channel", CHANNELS, "sqls"),
    ("opportunities", "channel", CHANNELS, "opportunities"),
    ("pipeline_created", "channel", CHANNELS, "pipeline_created"),
    ("won", "channel", CHANNELS, "won"),
    ("won_amount", "channel", CHANNELS, "won_amount"),
    ("ad_spend", "campaign__channel", CHANNELS, "spend"),
    ("cpl", "channel", COHORTS, "cpl"),
    ("won", "sales_rep", SALES, "won"),
    ("new_bookings", "sales_rep", SALES, "new_bookings"),
    ("open_pipeline", "sales_rep", SALES, "open_pipeline"),
    ("win_rate", "sales_rep", SALES, "win_rate"),
    ("lead_rejection_rate", "campaign", "rpt_lead_feedback", "rejection_rate"),
    ("roas", "campaign", CAMPAIGNS, "case when campaign_id != 'unattributed' then roas end"),
]
Row = tuple[Any, ...]


def semantic_manifest(demo: Path) -> str:
    """What dbt wrote of the semantic models when the project was parsed."""
    read_manifest(demo)
    folder = PROJECT_ROOT / ".cache" / "dbt" / project_state()[:32]
    return (folder / "semantic_manifest.json").read_text(encoding="utf-8")


class PublishedFile:
    """What MetricFlow asks: the published file, under the name that the warehouse has for dbt."""

    sql_engine_type = SqlEngine.DUCKDB
    sql_plan_renderer = SupportedAdapterTypes.DUCKDB.sql_plan_renderer

    def __init__(self, path: Path) -> None:
        self.connection = duckdb.connect()
        self.connection.execute(f"attach '{path}' as warehouse (read_only)")

    def query(self, stmt: str, sql_bind_parameter_set: object) -> MetricFlowDataTable:
        found = self.connection.execute(stmt)
        names = [column[0] for column in found.description]
        return MetricFlowDataTable.create_from_rows(column_names=names, rows=found.fetchall())


class Asked:
    """The marts of the demo: asked by metric, and in SQL."""

    def __init__(self, demo: Path) -> None:
        self.manifest = parse_manifest_from_dbt_generated_manifest(
            manifest_json_string=semantic_manifest(demo)
        )
        self.file = PublishedFile(demo / "published" / "plumbline.duckdb")
        client: Any = self.file  # the rest of MetricFlow's protocol is never called
        self.engine = MetricFlowEngine(SemanticManifestLookup(self.manifest), client)
        self.metrics = {metric.name: metric for metric in self.manifest.metrics}

    def metric(self, name: str, *group_by: str) -> dict[Row, float | None]:
        """What it is, by the keys asked for."""
        result = self.engine.query(
            MetricFlowQueryRequest.create(metric_names=[name], group_by_names=group_by)
        ).result_df
        assert result is not None
        keys = [result.column_name_index(key) for key in group_by]
        value = result.column_name_index(name)
        rows: list[Row] = list(result.rows)
        return {
            tuple(_day(row[key]) for key in keys): None if row[value] is None else float(row[value])
            for row in rows
        }

    def sql(self, statement: str) -> dict[Row, float | None]:
        """The last column, by those before it."""
        return {
            tuple(_day(key) for key in row[:-1]): None if row[-1] is None else float(row[-1])
            for row in self.file.connection.execute(statement).fetchall()
        }


def _day(value: Any) -> Any:
    return value.date() if isinstance(value, datetime.datetime) else value


@pytest.fixture(scope="module")
def asked(demo: Path) -> Iterator[Asked]:
    warehouse = Asked(demo)
    yield warehouse
    warehouse.file.connection.close()


def name_of(metric: str, variant: str) -> str:
    return f"{metric}_{variant}" if metric in SEVERAL else metric


def unequal(
    found: dict[Row, float | None], expected: dict[Row, float | None], cent: float = 0.0
) -> dict[Row, tuple[float | None, float | None]]:
    """Where they differ by more than 1e-9 or the cents given. A sum of nothing is 0."""
    return {
        key: (found.get(key), expected.get(key))
        for key in found.keys() | expected.keys()
        if not _equal(found.get(key), expected.get(key), cent)
    }


def _equal(left: float | None, right: float | None, cent: float) -> bool:
    if left is None or right is None:
        return left is right
    return abs(left - right) <= max(1e-9 * max(1.0, abs(right)), cent + 1e-9)


def without_zeros(values: dict[Row, float | None]) -> dict[Row, float | None]:
    """Without what says nothing: a mart has a row of it where MetricFlow has none."""
    return {key: value for key, value in values.items() if value}


def test_every_number_of_the_scorecard_is_a_metric_with_its_value_in_every_month(
    asked: Asked,
) -> None:
    rows = asked.file.connection.execute(
        "select metric, variant, unit, month, value from warehouse.marts.rpt_scorecard"
    ).fetchall()
    expected: dict[str, dict[Row, float | None]] = {}
    units = {}
    for metric, variant, unit, month, value in rows:
        expected.setdefault(name_of(metric, variant), {})[(month,)] = value
        units[name_of(metric, variant)] = unit
    # To date, so it stands in the month of today alone: asked without a time.
    historical = expected.pop("clv_historical")

    wrong = {}
    for name, values in expected.items():
        found = asked.metric(name, "metric_time__month")
        cent = 0.005 if units[name] == "currency" else 0.0
        if units[name] in ("count", "currency"):
            found, values = without_zeros(found), without_zeros(values)
        known = {key: value for key, value in found.items() if value is not None or key in values}
        if difference := unequal(known, values, cent):
            wrong[name] = difference
    assert wrong == {}
    assert [*asked.metric("clv_historical").values()] == pytest.approx([*historical.values()])
    assert len(expected) > 50


def test_every_other_metric_is_what_its_mart_says(asked: Asked) -> None:
    wrong = {}
    for name, (mart, number, rows) in OTHERS.items():
        expected = asked.sql(
            f"select {DATED.get(mart, 'month')} as month, sum({number}) from warehouse.marts.{mart}"
            f" where {rows} group by 1"
        )
        found = asked.metric(name, "metric_time__month")
        if difference := unequal(without_zeros(found), without_zeros(expected)):
            wrong[name] = difference

    assert wrong == {}


@pytest.mark.parametrize(
    ("metric", "key", "mart", "number"),
    SLICES,
    ids=[f"{metric}_by_{key}" for metric, key, *_ in SLICES],
)
def test_a_slice_is_the_row_of_the_mart(
    asked: Asked, metric: str, key: str, mart: str, number: str
) -> None:
    column = {"sales_rep": "sales_rep_id", "campaign": "campaign_id"}.get(key, "channel")
    expected = asked.sql(
        f"select nullif({column}, 'unattributed'), month, sum({number})"
        f" from warehouse.marts.{mart} where {column} != 'all' group by 1, 2"
    )
    found = {
        (None if name == "unattributed" else name, month): value
        for (name, month), value in asked.metric(metric, key, "metric_time__month").items()
    }

    # The rows of a month are rounded so that they add up: one may be a cent from its own sum.
    cent = 0.01 if metric == "ad_spend" else 0.0
    assert unequal(without_zeros(found), without_zeros(expected), cent) == {}
    assert found


def test_every_metric_is_compared_with_a_mart(asked: Asked) -> None:
    shown = asked.file.connection.execute(
        "select distinct metric, variant from warehouse.marts.rpt_scorecard"
    ).fetchall()

    assert set(asked.metrics) == {name_of(*row) for row in shown} | set(OTHERS)


def test_every_defined_metric_can_be_asked_for(asked: Asked) -> None:
    path = PROJECT_ROOT / "seeds" / "definitions" / "metric_definitions.csv"
    with path.open(encoding="utf-8") as file:
        defined = {row["metric"] for row in csv.DictReader(file)}

    missing = {
        metric
        for metric in defined
        if not any(name == metric or name.startswith(f"{metric}_") for name in asked.metrics)
    }
    assert missing == set(NOT_A_METRIC)


def test_a_metric_has_the_owner_that_the_teams_agreed_on(asked: Asked) -> None:
    owners = asked.file.connection.execute(
        "select distinct metric, variant, owner from warehouse.marts.rpt_scorecard"
    ).fetchall()

    wrong = {}
    for metric, variant, owner in owners:
        config = asked.metrics[name_of(metric, variant)].config
        if config is None or config.meta.get("owner") != owner:
            wrong[name_of(metric, variant)] = owner
    assert wrong == {}


def test_metrics_of_days_can_be_asked_for_by_fiscal_quarter(asked: Asked) -> None:
    expected = asked.sql(
        "select fiscal_quarter_start, sum(amount) from warehouse.marts.fct_bookings"
        " inner join warehouse.marts.dim_date on event_date = date_day"
        " where kind != 'renewal' group by 1"
    )

    found = asked.metric("new_bookings", "metric_time__fiscal_quarter")

    assert unequal(found, expected) == {}


def test_a_stock_of_a_quarter_is_that_of_its_last_month(asked: Asked) -> None:
    expected = asked.sql(
        "select date_trunc('quarter', month), arg_max(closing_mrr, month)"
        f" from warehouse.marts.{RECURRING} group by 1"
    )

    assert unequal(asked.metric("mrr", "metric_time__quarter"), expected) == {}


def test_metricflow_finds_nothing_wrong_with_the_published_file(demo: Path, tmp_path: Path) -> None:
    for name in ("dbt_project.yml", "profiles.yml", "models", "macros", "seeds", "tests"):
        (tmp_path / name).symlink_to(PROJECT_ROOT / name)
    # It reads target/ below the project. A parse for the published file has that file's name in it.
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "semantic_manifest.json").write_text(
        semantic_manifest(demo).replace(r"\"warehouse\".", r"\"plumbline\"."), encoding="utf-8"
    )

    done = subprocess.run(
        [Path(sys.executable).with_name("mf"), "validate-configs"],
        cwd=tmp_path,
        env={
            **os.environ,
            "PLUMBLINE_WORKSPACE": str(demo),
            "DBT_TARGET": "published",
            "DBT_LOG_PATH": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    # Of the manifest, and of semantic models, dimensions, entities, measures and metrics.
    assert done.stdout.count("(ERRORS: 0, FUTURE_ERRORS: 0, WARNINGS: 0)") == 6, done.stdout
