"""Guards of the guards: every expectation about a mart finds the fault it is there for."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.quality import CheckResult, check, mart_names, mart_suites
from orchestration.workspace import PROJECT_ROOT

AS_OF = "2026-03-31"
LATE = "2026-05-02"
NAN = float("nan")

# Rows with faults, as they would stand in each mart; what is not given is null. Together they break
# every expectation of the mart.
FAULTS: dict[str, list[dict[str, Any]]] = {
    "dim_account": [
        {
            "account_id": "a",
            "parent_account_id": "gone",
            "people": 0,
            "match_score": 0.9,
            "is_customer": False,
            "became_customer_date": LATE,
        }
    ],
    "dim_campaign": [{"campaign_id": "c", "channel": "billboards", "campaign_name": " "}],
    "dim_channel": [
        {"channel": "tv", "channel_group": "broadcast", "is_paid": True},
        {"channel": "forum", "is_paid": False},
    ],
    "dim_date": [
        {
            "date_day": "2026-01-01",
            "fiscal_quarter_start": "2026-01-01",
            "fiscal_quarter_end": "2026-03-31",
        },
        {"date_day": "2026-01-03"},
    ],
    "dim_definition": [
        {"metric": "leads", "valid_from": "2026-01-01", "valid_to": "2026-01-01", "owner_sales": ""}
    ],
    "dim_person": [
        {"person_id": "p", "channel": "tv!", "is_excluded": True, "created_date": LATE},
        {
            "person_id": "q",
            "channel": "unmapped",
            "is_excluded": False,
            "account_match_method": "domain",
            "account_match_tie_breaker": "id",
            "unmatched_reason": "free_mail",
        },
        *[{"created_date": "2026-03-30", "is_excluded": True, "exclusion_rule": "spam"}] * 20,
        *[{"person_id": "r", "created_date": "2026-03-10", "is_excluded": False}] * 20,
    ],
    "dim_product": [{"product_id": "p", "list_price": -1}],
    "dim_sales_rep": [{"sales_rep_id": "r", "sales_rep": ""}],
    "fct_ad_performance_daily": [
        {
            "campaign_id": "gone",
            "impressions": -1,
            "clicks": 5,
            "spend": -3,
            "date_day": LATE,
        }
    ],
    "fct_ad_performance_period": [
        {
            "period_start": "2026-02-01",
            "period_end": "2026-01-01",
            "clicks": -1,
            "is_covered_by_daily": True,
        }
    ],
    "fct_bookings": [
        {"opportunity_id": "o", "event": "won", "amount": -5, "event_date": LATE},
        {"opportunity_id": "o", "event": "refund", "amount": 7},
    ],
    "fct_costs": [{"cost_type": "lunch", "channel": "tv!", "amount": -1, "month": "2026-01-02"}],
    "fct_email_campaign_totals": [{"sent": 1, "delivered": 2, "complaints": -1}],
    "fct_email_messages": [
        {"is_opened": False, "is_opened_human": True, "is_delivered": False, "sent_at": LATE},
        {"is_delivered": True, "bounce_type": "hard"},
    ],
    "fct_funnel_stages": [
        {
            "person_id": "p",
            "cycle_number": 1,
            "stage": "won",
            "entered_date": LATE,
            "channel": "tv!",
            "is_imputed": True,
        },
        {
            "person_id": "q",
            "cycle_number": 1,
            "stage": "nirvana",
            "entered_date": LATE,
            "channel": "tv",
            "is_imputed": True,
        },
        {
            "person_id": "q",
            "cycle_number": 2,
            "stage": "mql",
            "entered_date": "2026-01-01",
            "channel": "tv",
            "is_imputed": False,
        },
    ],
    "fct_opportunities": [
        {"opportunity_id": "o", "status": "dreaming", "sales_rep_id": "gone", "probability": 101},
        {"opportunity_id": "p", "status": "won", "amount": 0, "kind": "new", "is_funnel": True},
        {"opportunity_id": "q", "status": "won", "close_date": LATE, "has_date_issue": True},
        {"opportunity_id": "r", "status": "open", "kind": "new"},
    ],
    "fct_opportunity_lines": [
        {
            "opportunity_id": "gone",
            "product_id": "gone",
            "discountable_amount": 5,
            "amount_up_to_list": 6,
        }
    ],
    "fct_opportunity_splits": [
        {"opportunity_id": "o", "split_type": "revenue", "share": -0.5, "amount": 1}
    ],
    "fct_revenue": [
        {
            "account_id": "a",
            "kind": "credit_note",
            "revenue": 5,
            "cogs": 1,
            "margin": 5,
            "date_day": LATE,
        },
        {"kind": "gift"},
    ],
    "fct_social_daily": [
        {"channel": "tv!", "reach": 5, "impressions": 4, "date_day": LATE},
        {"mentions": 1, "positive_mentions": 1, "negative_mentions": 1},
        {"mentions": 0},
    ],
    "fct_touchpoints": [
        {
            "person_id": "gone",
            "channel": "tv!",
            "campaign_id": "gone",
            "repeats": -1,
            "touched_at": LATE,
        },
        {"person_id": "p", "channel": "forum", "evidence": "click_id"},
    ],
    "fct_web_traffic_daily": [
        {"channel": "tv!", "sessions": 1, "engaged_sessions": 2, "date_day": LATE},
        {"channel": "all", "sessions": 5, "visitors": -1},
        {"search_clicks": 3, "search_impressions": 2, "search_position": 0.5},
        {"search_position": NAN},
    ],
    "fct_mrr_movements": [
        {
            "account_id": "a",
            "month": "2026-01-01",
            "opening": 7,
            "new": -1,
            "reactivation": 0,
            "expansion": 0,
            "contraction": 0,
            "churn": 0,
            "fx": 0,
            "closing": -5,
            "subscriptions_not_valued": 1,
        },
        {"account_id": "a", "month": LATE, "new": 3},
    ],
    "fct_pipeline_daily": [
        {"opportunity_id": "o", "amount": -1, "probability": 101, "date_day": LATE},
        {"opportunity_id": "gone", "date_day": AS_OF, "next_day_status": "open"},
        {
            "opportunity_id": "gone",
            "date_day": "2026-01-01",
            "next_day_status": "open",
            "amount": 3,
            "is_funnel": True,
            "expected_close_date": "2026-02-01",
        },
    ],
    "rpt_audience_monthly": [
        {
            "channel": "all",
            "month": "2026-01-01",
            "visitors": 6,
            "sessions": 5,
            "impressions": 3,
            "reach": 4,
            "frequency": 0.5,
            "share_of_voice": 1.5,
            "net_sentiment": 2,
        },
        {
            "channel": "tv!",
            "month": "2026-01-01",
            "visitors": 7,
            "page_views": -1,
            "engagement_rate": NAN,
            "market_share": NAN,
        },
    ],
    "rpt_cac_monthly": [
        {
            "channel": "all",
            "month": "2026-01-01",
            "variant": "paid",
            "lag_months": 0,
            "cost": 5,
            "new_customers": 0,
            "cac": NAN,
            "new_mrr": 9,
            "payback_months": -1,
            "payback_reason": "never_pays_back",
            "is_headline": True,
        },
        {
            "channel": "all",
            "month": "2026-01-01",
            "variant": "blended",
            "lag_months": 0,
            "cac": -1,
            "is_headline": True,
        },
    ],
    "rpt_campaign_lift": [
        {
            "tested": 1,
            "converted_tested": 2,
            "tested_rate": NAN,
            "lift": 0.5,
            "ci_low": -0.1,
            "ci_high": 0.1,
            "incremental_cac": NAN,
        }
    ],
    "rpt_campaign_performance": [
        {
            "month": "2026-01-01",
            "spend": 9,
            "credited_won": 9,
            "credited_amount": 1,
            "is_headline": True,
        },
        {"month": "2026-01-01", "spend": 0, "roas": NAN, "is_headline": False},
    ],
    "rpt_cart_recovery_monthly": [
        {
            "month": "2025-11-01",
            "carts": 1,
            "abandoned": 2,
            "recovered": 3,
            "recovered_assisted": 4,
            "recovery_rate": NAN,
        },
        {"month": "2026-01-01"},
    ],
    "rpt_channel_cohort": [
        {"channel": "all", "month": "2025-11-01", "leads": 3, "cpl": NAN, "lead_to_mql_rate": 1.1},
        {"channel": "tv", "month": "2025-11-01", "leads": 2},
        {"channel": "tv", "month": "2026-01-01"},
    ],
    "rpt_channel_performance": [
        {"channel": "all", "month": "2025-11-01", "mqls": 4, "leads": 3, "spend": 1, "cpc": NAN},
        {"channel": "tv", "month": "2025-11-01", "leads": 2, "ctr": 1.5},
        {"channel": "tv", "month": "2025-11-01", "flow_cost_per_opportunity": NAN},
        {"channel": "tv", "month": "2026-01-01"},
    ],
    "rpt_clv_cohort": [
        {"cohort": "2026-01", "channel": "all", "age_months": -1, "customers": 2, "clv": NAN},
        {"cohort": "2026-01", "channel": "all", "age_months": 0, "customers": 3},
        {"cohort": "2026-01", "channel": "tv", "age_months": 0, "customers": 1},
        {"cohort": "all", "channel": "all", "is_mature": False},
    ],
    "rpt_customer_value": [
        {
            "account_id": "a",
            "orders": 0,
            "revenue": 9,
            "segment": "gold",
            "first_order_date": LATE,
        }
    ],
    "rpt_definitions": [
        {"from_version": 2, "to_version": 1, "value_moved": NAN, "months_affected": 0}
    ],
    "rpt_email_campaigns": [
        {
            "sent": 1,
            "delivered": 2,
            "opens_raw": 2,
            "opens_human": 3,
            "open_rate_human": 1.5,
            "complaint_rate": 0.01,
            "click_to_open_rate": NAN,
        }
    ],
    "rpt_forecast": [
        {
            "sales_rep_id": "all",
            "period_start": "2026-01-01",
            "forecast_category": "commit",
            "forecast_day_1": 9,
            "actual": 1,
            "error_day_1": NAN,
            "slippage": 1.5,
        },
        {
            "sales_rep_id": "all",
            "period_start": "2026-01-01",
            "forecast_category": "best_case",
            "forecast_day_1": 8,
        },
    ],
    "rpt_funnel_conversion": [
        {
            "entered": 1,
            "converted": 3,
            "converted_ever": 2,
            "conversion_rate": 3,
            "ci_low": 0,
            "ci_high": 1,
            "lag_median_days": 9,
            "lag_p90_days": 8,
        },
        {"conversion_ever_rate": NAN},
    ],
    "rpt_funnel_monthly": [
        {
            "stage": "mql",
            "month": "2025-10-01",
            "entries": 5,
            "entries_incl_imputed": 4,
            "new_people": 6,
        },
        {"stage": "mql", "month": "2026-01-01", "entries": 7, "entries_incl_imputed": 7},
        {"stage": "mql", "month": "2026-01-01", "flow_ratio": NAN},
    ],
    "rpt_lead_feedback": [
        {
            "campaign_id": "all",
            "month": "2025-11-01",
            "decided": 3,
            "accepted": 1,
            "rejected": 1,
            "recycled": 0,
            "pending": 0,
            "rejection_rate": 1.5,
            "ci_low": NAN,
            "bant_score_avg": NAN,
            "no_budget": 1,
            "no_authority": 1,
            "no_need": 0,
            "bad_timing": 0,
            "not_icp": 0,
            "bad_data": 0,
            "duplicate": 0,
            "competitor": 0,
            "unreachable": 0,
            "other": 0,
            "not_given": 0,
        },
        {"campaign_id": "c", "month": "2026-01-01"},
    ],
    "rpt_pipeline_waterfall": [
        {"quarter_start": "2026-01-01", "movement": "opening", "amount": -1},
        {"quarter_start": "2026-01-01", "movement": "won", "amount": 5},
    ],
    "rpt_products_monthly": [
        {
            "product_id": "all",
            "month": "2026-01-01",
            "units": 1,
            "new_amount": 1,
            "attach_rate": 1.5,
            "discount_rate": -0.2,
            "net_discount_rate": -0.1,
            "upsell_share": NAN,
        },
        {"product_id": "p", "month": "2026-01-01", "attach_rate": NAN},
    ],
    "rpt_reconciliation": [{"status": "failed"}, {"status": "noted"}],
    "rpt_recurring_revenue_monthly": [
        {
            "month": "2026-01-01",
            "opening_mrr": 1,
            "new_mrr": 0,
            "reactivation_mrr": 0,
            "expansion_mrr": 0,
            "contraction_mrr": 0,
            "churn_mrr": 0,
            "fx_mrr": 0,
            "closing_mrr": 5,
            "arr": 7,
            "nrr_12m": 1.1,
            "grr_12m": 1.2,
            "logo_churn_12m": 1.5,
            "logo_churn_12m_ci_low": 0.1,
            "logo_churn_12m_ci_high": 0.9,
            "growth": NAN,
        },
        {"month": "2026-03-01"},
    ],
    "rpt_rep_attainment": [
        {
            "sales_rep_id": "all",
            "quarter_start": "2026-01-01",
            "full_quota": 1,
            "quota": 2,
            "attainment": NAN,
            "share_at_quota": 1.5,
        }
    ],
    "rpt_restatements": [{"cause": "whim", "value_before": NAN, "value_after": NAN}],
    "rpt_sales_monthly": [
        {
            "sales_rep_id": "all",
            "month": "2025-11-01",
            "won": 7,
            "win_rate": NAN,
            "cycle_median_days": 5,
            "cycle_p90_days": 4,
            "open_opportunities": 5,
            "trailing_win_rate": NAN,
            "period_attainment": NAN,
            "coverage_now": -1,
            "coverage_now_pipeline": 3,
            "renewals_due": 1,
            "renewals_won": 2,
            "renewal_rate": NAN,
        },
        {"sales_rep_id": "r", "month": "2026-01-01", "win_rate": 1.1, "median_deal_size": NAN},
        {"sales_rep_id": "r", "month": "2026-01-01", "discount_rate": NAN, "touches_per_won": NAN},
    ],
    "rpt_sla_monthly": [
        {
            "owner": "nobody",
            "kind": "response",
            "attainment": NAN,
            "met": 0,
            "breached": 0,
            "pending": 0,
            "met_rate": 0.5,
            "ci_low": 0.6,
            "ci_high": NAN,
            "leads": 3,
            "answered": 2,
            "within_24h": 3,
            "share_within_5min": 1.5,
            "share_within_24h": NAN,
            "median_routing_minutes": NAN,
        }
    ],
    "rpt_unit_economics_monthly": [
        {
            "month": "2026-01-01",
            "closing_mrr": 9,
            "arpa": NAN,
            "gross_margin": 1.2,
            "monthly_churn": 1.5,
            "monthly_churn_ci_low": NAN,
            "clv_formula": 5,
            "clv_first_margin_now": 4,
            "cac_fully_loaded": NAN,
            "payback_months": -1,
            "magic_number": NAN,
            "magic_number_reason": "no_spend",
            "repeat_purchase_ci_low": NAN,
        },
        {"month": LATE},
    ],
    "rpt_scorecard": [
        {"metric": "won", "value": 9, "month": LATE},
        {"metric": "opportunities", "value": 8, "month": "2025-01-01", "ci_low": 0.1},
        {"metric": "win_rate", "value": NAN, "month": "2025-01-01"},
        {"metric": "win_rate", "value_restated": NAN, "month": "2025-01-01"},
    ],
}
# Broken by a mart without rows, not by a row.
BROKEN_BY_NOTHING = {("marts.rpt_scorecard", "there is a number to sign")}


def contracts() -> Iterable[dict[str, Any]]:
    """The marts as their YAML promises them."""
    for path in sorted((PROJECT_ROOT / "models" / "marts").rglob("*.yml")):
        yield from yaml.safe_load(path.read_text(encoding="utf-8")).get("models", [])


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[CheckResult]:
    """What the suites say of marts full of faults."""
    path = tmp_path_factory.mktemp("faults") / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        connection.execute("create schema raw")
        connection.execute(f"create view raw.plumbline__settings as select date '{AS_OF}' as as_of")
        for model in contracts():
            columns = ", ".join(f"{c['name']} {c['data_type']}" for c in model["columns"])
            connection.execute(f"create table marts.{model['name']} ({columns})")
            for row in FAULTS.get(model["name"], []):
                connection.execute(
                    f"insert into marts.{model['name']} ({', '.join(row)}) "
                    f"values ({', '.join('?' * len(row))})",
                    list(row.values()),
                )
    return check(path, mart_suites())


def test_every_mart_has_a_module_and_every_module_a_mart() -> None:
    assert mart_names() == sorted(model["name"] for model in contracts())
    assert {suite.table for suite in mart_suites()} == {f"marts.{name}" for name in mart_names()}


def test_every_expectation_finds_its_fault(results: list[CheckResult]) -> None:
    blind = {
        (result.table, result.expectation)
        for result in results
        if result.success or result.problem is not None
    }

    assert blind == BROKEN_BY_NOTHING


def test_every_expectation_says_what_it_expects(results: list[CheckResult]) -> None:
    assert all(len(result.expectation.split()) > 2 for result in results)


@pytest.mark.hazard("division by zero")
@pytest.mark.parametrize("value", ["inf", "-inf", "nan"])
def test_no_ratio_of_any_mart_may_be_infinite(value: str) -> None:
    unheld, ratios = [], 0
    for model in contracts():
        module = importlib.import_module(f"expectations.{model['name']}")
        for column in model["columns"]:
            if column["data_type"] == "double":
                ratios += 1
                found = _found(model, column["name"], f"'{value}'", module.EXPECTATIONS)
                if not found - _found(model, column["name"], "null", module.EXPECTATIONS):
                    unheld.append(f"{model['name']}.{column['name']}")

    assert unheld == []
    assert ratios > 30


def _found(model: dict[str, Any], column: str, value: str, expectations: list[Any]) -> set[int]:
    """Which expectations find something in a mart of one row that holds nothing but this value."""
    found = set()
    with duckdb.connect() as connection:
        columns = ", ".join(f"{c['name']} {c['data_type']}" for c in model["columns"])
        connection.execute(f"create table mart ({columns})")
        connection.execute("create schema raw")
        connection.execute(f"create view raw.plumbline__settings as select date '{AS_OF}' as as_of")
        connection.execute(f"insert into mart ({column}) values ({value})")
        for place, expectation in enumerate(expectations):
            query = str(getattr(expectation, "unexpected_rows_query", ""))
            try:
                if query and connection.execute(query.replace("{batch}", "mart")).fetchall():
                    found.add(place)
            except duckdb.Error:
                continue  # it looks into other marts
    return found
