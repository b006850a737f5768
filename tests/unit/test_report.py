from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration import record, report, scorecard

TABLES = """
create table main._build as
select 'b1' as build_id, timestamp '2026-03-31 05:00:00' as published_at,
    '<b>Acme</b> & Co' as company, date '2026-03-31' as as_of, 'EUR' as reporting_currency,
    'Europe/Berlin' as reporting_timezone, 1 as fiscal_year_start_month;

create schema marts;

create table marts.rpt_scorecard as
select
    metric, variant, unit, owner, value::double as value, target::double as target,
    value / nullif(target, 0) as attainment, month, is_mature
from (values
    ('mqls', 'period', 'count', 'marketing', 80.0, 100.0, date '2026-02-01', true),
    ('mqls', 'period', 'count', 'marketing', 120.0, 100.0, date '2026-03-01', true),
    ('new_bookings', 'period', 'currency', 'sales', 1234567.0, null, date '2026-03-01', true),
    ('mql_to_sql_rate', 'cohort', 'ratio', 'both', 0.25, null, date '2026-03-01', false),
    ('cac', 'fully_loaded', 'currency_mean', 'both', 105.0, 100.0, date '2026-03-01', true)
) as t (metric, variant, unit, owner, value, target, month, is_mature);

create table marts.rpt_funnel_monthly as
select * from (values
    ('paid_search', 'mql', 80, date '2026-02-01'),
    ('paid_search', 'mql', 100, date '2026-03-01'),
    ('unmapped', 'mql', 20, date '2026-03-01')
) as t (channel, stage, entries, month);

create table marts.rpt_funnel_conversion as
select 'paid_search' as channel, 'mql' as from_stage, 'sql' as to_stage, 80 as entered,
    20 as converted, 30 as window_days, true as is_mature, date '2026-02-01' as cohort_month;

create table marts.rpt_channel_performance as
select 10 as impressions, 1 as clicks, 5 as leads, 3 as sqls, 2 as opportunities, 1 as won,
    100.00::decimal(18, 2) as pipeline_created, *
from (values
    ('paid_search', 300.00, 180, 900.00, date '2026-03-01'),
    ('all', 300.00, 200, 900.00, date '2026-03-01')
) as t (channel, spend, mqls, won_amount, month);

create table marts.rpt_reconciliation as
select 'spend' as check_name, 'in' as left_name, 300.00::decimal(18, 2) as left_value,
    'out' as right_name, 300.00::decimal(18, 2) as right_value, 0.00::decimal(18, 2) as difference,
    true as is_blocking, 'ok' as status;
"""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("published") / "plumbline.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(TABLES)
    return path


@pytest.fixture(scope="module")
def page(published: Path) -> str:
    runs = published.parent / "runs"
    file = {
        "source": "billing", "file_name": "billing/invoices.csv", "status": "loaded", "rows": 90,
        "rejected": 2, "rejects": {"bad_date/order_date": 2}, "message": "",
    }  # fmt: skip
    refused = file | {"status": "refused", "file_name": "crm/x.csv", "message": "no <Id> column"}
    record.write(runs, "load", {"files": [file, refused]})
    check = {"table": "marts.a", "expectation": "adds up", "severity": "warning", "unexpected": 1}
    record.write(runs, "check_marts", [check | {"success": False}, check | {"success": True}])
    return report.page(published, runs)


def test_the_page_needs_nothing_from_elsewhere(page: str) -> None:
    addresses = set(re.findall(r"https?://[^\"' <)]+", page))

    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert not re.search(r"<(script|link|img|iframe)\b|@import|url\((?!#)", page)


def test_the_page_says_what_was_published(page: str) -> None:
    text = re.sub(r"\s+", " ", re.sub(r"<(style|svg).*?</\1>|<[^>]+>", " ", page, flags=re.S))

    assert "as of 31 March 2026" in text
    assert "120 120% of 100" in text
    assert "€1.2M" in text
    assert "~25.0%" in text
    assert "80 20 30 days 25.0%" in text
    assert "billing 1 90 2 2 bad_date/order_date" in text
    assert "1 of 2 expectations are met" in text
    assert "1 file was not read, 2 rows were set aside: see Data health" in text
    assert "Check Status What went in" in text
    assert "spend ok in 300 out 300 0" in text
    assert "Build b1" in text


@pytest.mark.hazard("names as code")
def test_names_are_text_and_never_markup(page: str) -> None:
    assert "<b>Acme</b>" not in page
    assert "&lt;b&gt;Acme&lt;/b&gt; &amp; Co" in page
    assert "no &lt;Id&gt; column" in page


def test_charts_follow_light_and_dark(page: str) -> None:
    assert 'fill="var(--accent)"' in page
    assert not re.search(r"#0[1-5]0[1-5]0[1-5]", page)


def test_the_scorecard_keeps_the_order_of_the_funnel(published: Path) -> None:
    card = scorecard.read(published, months=2)

    assert card.months == (date(2026, 2, 1), date(2026, 3, 1))
    assert [line.words for line in card.lines] == [
        "MQLs",
        "New bookings",
        "MQL to SQL rate",
        "CAC, fully loaded",
    ]
    assert card.lines[1].cells[0] is None


def test_the_scorecard_shows_the_last_months(published: Path) -> None:
    assert scorecard.read(published, months=1).months == (date(2026, 3, 1),)


def test_more_cost_than_planned_is_not_good(published: Path) -> None:
    lines = {line.metric: line for line in scorecard.read(published, months=1).lines}

    assert [lines["mqls"].is_good(cell) for cell in lines["mqls"].cells if cell] == [True]
    assert [lines["cac"].is_good(cell) for cell in lines["cac"].cells if cell] == [None]


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (None, "count", "–"),
        (1234.0, "count", "1,234"),
        (0.2564, "ratio", "25.6%"),
        (61.4, "days", "61"),
        (0.0, "currency", "€0.00"),
        (61.284, "currency_mean", "€61.28"),
        (9_999.0, "currency", "€9,999"),
        (10_000.0, "currency", "€10.0k"),
        (999_949.0, "currency", "€1.0M"),
        (1_250_000.0, "currency", "€1.2M"),
        (-1_250_000.0, "currency", "-€1.2M"),
        (2.5e9, "currency", "€2.5bn"),
    ],
)
def test_numbers_are_written_for_people(value: float | None, unit: str, shown: str) -> None:
    assert scorecard.written(value, unit, "EUR") == shown


def test_a_currency_without_a_sign_is_named() -> None:
    assert scorecard.money(5.0, "CHF") == "CHF 5.00"


def test_costs_of_ads_are_unknown_without_any_ad_source(tmp_path: Path) -> None:
    path = tmp_path / "plumbline.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(TABLES)
        connection.execute(
            "insert into marts.rpt_scorecard values "
            "('ad_spend', 'period', 'currency', 'marketing', 0, 50, 0, '2026-03-01', true), "
            "('won', 'period', 'count', 'sales', 0, null, null, '2026-03-01', true)"
        )

    def shown() -> dict[str, float | None]:
        lines = scorecard.read(path, months=1).lines
        return {line.metric: line.cells[0].value for line in lines if line.cells[0]}

    without = shown()
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "insert into marts.rpt_scorecard values "
            "('ad_spend', 'period', 'currency', 'marketing', 9, 50, 0, '2026-02-01', true)"
        )

    assert (without["ad_spend"], without["won"], without["cac"]) == (None, 0, 105)
    assert shown()["ad_spend"] == 0
