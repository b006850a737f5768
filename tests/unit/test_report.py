from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration import record, report, scorecard
from orchestration.report import charts, parts, sales
from orchestration.report.marts import Marts
from orchestration.workspace import WorkspaceError

TABLES = """
create table main._build as
select 'b1' as build_id, timestamp '2026-03-31 05:00:00' as published_at,
    '<b>Acme</b> & Co' as company, date '2026-03-31' as as_of, 'EUR' as reporting_currency,
    'Europe/Berlin' as reporting_timezone, 1 as fiscal_year_start_month;

create schema marts;

create table marts.rpt_scorecard as
select
    metric, variant, unit, owner, value::double as value, target::double as target,
    value / nullif(target, 0) as attainment, month, is_mature, 1::bigint as definition_version,
    window_days::bigint as window_days, ci_low::double as ci_low, ci_high::double as ci_high,
    null::double as numerator, null::double as denominator, value::double as value_restated,
    null::double as value_as_published
from (values
    ('mqls', 'period', 'count', 'marketing', 80.0, 100.0, date '2026-02-01', true, 0, null, null),
    ('mqls', 'period', 'count', 'marketing', 120.0, 100.0, date '2026-03-01', true, 0, null, null),
    ('new_bookings', 'period', 'currency', 'sales', 1234567.0, null, date '2026-03-01', true, 0,
        null, null),
    ('mql_to_sql_rate', 'cohort', 'ratio', 'both', 0.2, null, date '2026-02-01', true, 30, 0.1,
        0.3),
    ('mql_to_sql_rate', 'cohort', 'ratio', 'both', 0.25, null, date '2026-03-01', false, 30, 0.1,
        0.4),
    ('cac', 'fully_loaded', 'currency_mean', 'both', 105.0, 100.0, date '2026-03-01', true, 0,
        null, null),
    ('sla_response_rate', 'cohort', 'ratio', 'sales', 0.7, null, date '2026-03-01', true, 1,
        null, null),
    ('lead_rejection_rate', 'cohort', 'ratio', 'both', 0.3, null, date '2026-03-01', true, 7,
        null, null)
) as t (
    metric, variant, unit, owner, value, target, month, is_mature, window_days, ci_low, ci_high
);

create table marts.dim_definition as
select 'mqls' as metric, 1::bigint as version, '{"min_score": 7}' as parameters,
    'VP Sales' as owner_sales, 'VP <Marketing>' as owner_marketing, 'agreed' as reason,
    date '2024-01-01' as approved_on;

create table marts.rpt_channel_performance as
select 10 as impressions, 1 as clicks, 5 as leads, 3 as sqls, 2 as opportunities, 1 as won,
    100.00::decimal(18, 2) as pipeline_created, *
from (values
    ('paid_search', 300.00, 180, 900.00, date '2026-03-01'),
    ('unmapped', null, 20, 0.00, date '2026-03-01'),
    ('all', 300.00, 200, 900.00, date '2026-03-01')
) as t (channel, spend, mqls, won_amount, month);
comment on column marts.rpt_channel_performance.mqls is '**MQLs.** By `rule`, <i>dated</i>.';

create table marts.rpt_cac_monthly as
select
    'fully_loaded' as variant, 0::bigint as lag_months, true as is_headline, cost, new_customers,
    cost / new_customers as cac, new_mrr, cost / new_mrr as payback_months, channel,
    date '2026-03-01' as month
from (values
    ('unattributed', 800.00, 1, 20.00), ('paid_search', 300.00, 2, 30.00),
    ('all', 1100.00, 3, 50.00)
) as t (channel, cost, new_customers, new_mrr);

create table marts.rpt_reconciliation as
select 'spend' as check_name, 'in' as left_name, 300.00::decimal(18, 2) as left_value,
    'out' as right_name, 300.00::decimal(18, 2) as right_value, 0.00::decimal(18, 2) as difference,
    true as is_blocking, 'ok' as status;

create table marts.rpt_restatements as
select 'mqls' as metric, 'period' as variant, 'late data' as cause, 118.0 as value_before,
    120.0 as value_after, date '2026-03-01' as month, timestamp '2026-03-30 05:00:00'
        as published_at;
"""


def written(path: Path, more: str = "") -> Path:
    with duckdb.connect(str(path)) as connection:
        connection.execute(TABLES + more)
    return path


def seen(page: str) -> str:
    """What a reader sees of a page."""
    page = re.sub(r"<(style|svg|script|head).*?</\1>", " ", page, flags=re.S)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    return text.replace(" ,", ",").replace(" :", ":")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("published") / "plumbline.duckdb")


@pytest.fixture(scope="module")
def page(published: Path) -> str:
    runs = published.parent / "runs"
    file = {
        "source": "billing", "file_name": "billing/invoices.csv", "status": "loaded", "rows": 90,
        "rejected": 2, "rejects": {"bad_date/order_date": 2}, "message": "",
        "exported_at": "2026-03-29T00:00:00", "exported_at_from": "name",
    }  # fmt: skip
    refused = file | {"status": "refused", "file_name": "crm/x.csv", "message": "no <Id> column"}
    # One file, of which two tables are read.
    lines = file | {"rows": 10, "rejected": 0, "rejects": {}}
    record.write(runs, "load", {"files": [file, lines, refused]})
    check = {"table": "marts.a", "expectation": "adds up", "severity": "warning", "unexpected": 1}
    record.write(runs, "check_marts", [check | {"success": False}, check | {"success": True}])
    return report.page(published, runs)


def test_the_page_needs_nothing_from_elsewhere(page: str) -> None:
    addresses = set(re.findall(r"https?://[^\"' <)]+", page))

    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert not re.search(r"<(link|img|iframe|script )\b|@import|url\((?!#)", page)
    assert "default-src 'none'" in page


def test_the_page_says_what_was_published(page: str) -> None:
    text = seen(page)

    assert "as of 31 Mar 2026" in text
    assert "MQLs 120 +50% on Feb 120% of 100" in text
    assert "€1.2M" in text
    assert "paid search €300 10.0% 5 180 3 2 €100 1 €900" in text
    assert "billing 29 Mar 2026 2 1 100 2 2 bad_date/order_date" in text
    assert "1 of 2 expectations are met" in text
    assert "1 file was not read, 2 rows were set aside: see Data health" in text
    assert "spend ok in 300 out 300 0" in text
    assert "MQLs Mar 2026 118 120 late data 30 Mar 2026" in text
    assert "Build b1" in text


def test_a_finding_is_made_of_the_numbers(page: str) -> None:
    text = seen(page)

    assert "1 of 2 targets reached, 1 nearly." in text
    assert "Of the MQLs of February 2026, 20.0% (10% to 30%) became SQLs within 30 days." in text
    assert "A new customer cost €105 fully loaded in March 2026 (105% of the target)." in text


def test_what_may_still_change_is_marked_and_never_the_number(page: str) -> None:
    text = seen(page)

    assert "20.0% Feb 2026 ~25.0% in Mar" in text
    assert "Mar 2026 ~25.0% still open" in text


def test_an_unknown_number_is_a_dash(page: str) -> None:
    assert "unmapped – 10.0% 5 20 3 2 €100 1 €0" in seen(page)


def test_a_name_says_what_it_means(page: str) -> None:
    text = seen(page)

    assert "MQLs. By rule, &lt;i&gt;dated&lt;/i&gt;." in text
    assert "Answers for it: marketing Version" in text
    assert "Version 1: agreed by VP Sales and VP &lt;Marketing&gt; on 1 Jan 2024: agreed" in text
    assert "Min score: 7" in text
    assert "95 % interval, Feb 2026: 10.0% to 30.0%" in text


def test_a_promise_is_not_told_as_a_window_of_days(page: str) -> None:
    meanings = {
        name: seen(text)
        for name, text in re.findall(r'id="means-(\w+)-\w+">(.*?)</span></span><small>', page, re.S)
    }

    assert "Window: 30 days" in meanings["mql_to_sql_rate"]
    assert "Answers for it: sales" in meanings["sla_response_rate"]
    assert "Window" not in meanings["sla_response_rate"] + meanings["lead_rejection_rate"]
    assert (parts.days(1), parts.days(30)) == ("1 day", "30 days")


def test_a_share_of_the_decided_is_not_told_as_one_of_all(page: str) -> None:
    found = "of the MQLs of March 2026 that have been decided, 30.0% were rejected."

    assert f"Sales answered 70.0% of the MQLs of March 2026 in time; {found}" in seen(page)


def test_cost_of_no_channel_is_no_price_of_its_customers(page: str) -> None:
    text = seen(page)

    assert "paid search €300 2 €150 €30.00 10 unattributed €800 1 – €20.00 – all €1,100 3" in text
    assert text.count("Such cost is never spread over the channels") == 1


def test_a_fiscal_quarter_has_one_name(tmp_path: Path) -> None:
    quarter = (
        "2026 as fiscal_year, 1 as fiscal_quarter, date '2025-12-01' as {}, "
        "date '2026-03-01' as date_day, date '2026-03-01' as month, 'all' as sales_rep_id"
    )
    path = written(
        tmp_path / "plumbline.duckdb",
        f"create table marts.rpt_pipeline_waterfall as select {quarter.format('quarter_start')}, "
        "'opening' as movement, 1 as movement_order, 50.00 as amount, 2 as opportunities;"
        f"create table marts.dim_date as select {quarter.format('fiscal_quarter_start')};"
        "create table marts.rpt_sales_monthly as select date '2026-03-01' as month, "
        "'all' as sales_rep_id, 7.00 as coverage_start_pipeline, 5.00 as period_quota, "
        "1.4 as coverage_start, 0.5 as period_attainment, null as coverage_now, "
        "null as open_pipeline, null as coverage_now_pipeline, null as remaining_quota, "
        "null as open_opportunities, null as new_bookings, null as quota, null as attainment, "
        "null as won, null as lost, null as win_rate;"
        "create table marts.rpt_forecast as select 'all' as sales_rep_id, true as is_headline, "
        "date '2025-12-01' as period_start, 1 as forecast_day_1, 1 as forecast_mid_period, "
        "1 as actual, 1 as accuracy, true as is_complete;",
    )

    with duckdb.connect(str(path), read_only=True) as connection:
        card = scorecard.read(path, months=1)
        waterfall, coverage, *_ = sales.pipeline(Marts(connection, card, card.months)).parts

    assert waterfall.title == "Pipeline due in Q1 FY2026, from its first day to today"
    assert coverage.rows[0]["quarter"] == "Q1 FY2026"


def test_small_charts_name_every_third_month_and_themselves_once() -> None:
    rows = [
        {"month": f"2026-{month:02}", "series": name, "value": top * month / 12, "low": None,
         "high": None, "is_mature": True}
        for name, top in (("Few", 0.03), ("Most", 1.0), ("Half", 0.5), ("Some", 0.2))
        for month in range(1, 13)
    ]  # fmt: skip

    drawn = charts.small_lines(rows, series=["Few", "Most", "Half", "Some"], axis="datum.value")

    words = re.findall(r"<text[^>]*>([^<]+)</text>", drawn)
    assert sorted(word for word in words if word.isalpha()) == sorted(
        ["Few", "Most", "Half", "Some", *("Mar", "Jun", "Sep", "Dec") * 4]
    )
    places = re.findall(r'transform="([^"]+)"[^>]*>(?:Few|Most|Half|Some)</text>', drawn)
    assert len(places) == 4
    assert len(set(places)) == 1  # each stands at the same height over its chart


def test_a_section_without_data_says_what_it_would_take(page: str) -> None:
    text = seen(page)

    assert "Recurring revenue There is nothing to show yet. It takes subscriptions" in text
    assert "Campaigns and ROI There is nothing to show yet." in text


def test_a_page_of_a_company_without_a_month_is_written(tmp_path: Path) -> None:
    path = written(tmp_path / "plumbline.duckdb", "delete from marts.rpt_scorecard")

    assert "No month has a number yet." in seen(report.page(path, tmp_path / "runs"))


def test_a_page_of_numbers_that_are_all_unknown_is_written(tmp_path: Path) -> None:
    path = written(
        tmp_path / "plumbline.duckdb",
        "update marts.rpt_scorecard set value = null, attainment = null, ci_low = null",
    )

    text = seen(report.page(path, tmp_path / "runs"))

    assert "No target was agreed for these months." in text
    assert "nan" not in text.lower().split()


@pytest.mark.parametrize(
    "change",
    [
        "alter table marts.rpt_reconciliation drop difference",
        "alter table marts.rpt_restatements rename month to months",
    ],
)
def test_a_published_file_of_another_version_is_named(change: str, tmp_path: Path) -> None:
    path = written(tmp_path / "plumbline.duckdb", change)

    with pytest.raises(WorkspaceError, match="another version of Plumbline: run `plumbline run`"):
        report.page(path, tmp_path / "runs")


@pytest.mark.hazard("names as code")
def test_names_are_text_and_never_markup(page: str) -> None:
    assert "<b>Acme</b>" not in page
    assert "&lt;b&gt;Acme&lt;/b&gt; &amp; Co" in page
    assert "no &lt;Id&gt; column" in page


def test_charts_follow_light_and_dark(page: str) -> None:
    assert 'fill="var(--blue)"' in page
    assert not any(placeholder in page for placeholder in charts.INKS)


def test_every_chart_is_told_in_words(page: str) -> None:
    labels = re.findall(r'class="chart" role="img" aria-label="([^"]+)"', page)

    assert len(labels) == page.count("<figure>") > 1
    assert any("Won amount: €900 in March 2026; Ad spend: €300 in March 2026." in x for x in labels)


def test_a_trend_has_gaps_and_dashes() -> None:
    drawn = charts.spark([1.0, 2.0, None, 3.0, 2.0], [True, True, True, True, False], 44, 20)

    assert drawn.count("M") == 2  # nothing is drawn over the gap
    assert re.search(r'class="loose" d="M\S+ \S+L\S+ \S+"', drawn)
    assert charts.spark([None, None], [True, True], 44, 20) == ""


def test_bars_are_of_the_largest_and_leave_the_total_out() -> None:
    column = parts.Column("Amount", "amount", shade="bar")
    rows: list[dict[str, int | None]] = [
        {"amount": 50},
        {"amount": None},
        {"amount": -5},
        {"amount": 200},
        {"amount": 245},
    ]
    table = parts.Table("", [column], rows, has_total=True)

    assert [table.share(column, row) for row in rows] == [0.25, 0, 0, 1, None]


def test_the_scorecard_keeps_the_order_of_the_funnel(published: Path) -> None:
    card = scorecard.read(published, months=2)

    assert card.months == (date(2026, 2, 1), date(2026, 3, 1))
    assert [line.words for line in card.headlines] == [
        "MQLs",
        "New bookings",
        "MQL to SQL rate",
        "CAC, fully loaded",
        "Answered in time",
        "Lead rejection rate",
    ]
    assert [line.family for line in card.lines] == [
        "Funnel",
        "Conversion",
        "Pipeline and bookings",
        "Service levels",
        "Service levels",
        "Acquisition",
    ]
    assert card.headlines[1].cells[0] is None


def test_a_metric_that_no_family_has_comes_last(tmp_path: Path) -> None:
    path = written(
        tmp_path / "plumbline.duckdb",
        "insert into marts.rpt_scorecard by name "
        "select 'aaa' as metric, 'period' as variant, 1.0 as value, date '2026-03-01' as month",
    )

    last = scorecard.read(path, months=1).lines[-1]

    assert (last.words, last.family, last.unit) == ("Aaa", scorecard.OTHER, "count")


def test_the_scorecard_shows_the_last_months(published: Path) -> None:
    assert scorecard.read(published, months=1).months == (date(2026, 3, 1),)


def test_the_newest_number_is_one_that_has_had_its_time(published: Path) -> None:
    lines = {line.metric: line for line in scorecard.read(published, months=2).lines}

    assert (lines["mqls"].settled, lines["mqls"].unsettled) == (1, None)
    assert (lines["mql_to_sql_rate"].settled, lines["mql_to_sql_rate"].unsettled) == (0, 1)


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
        (0.0, "currency", "€0"),
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
    spend = (
        "insert into marts.rpt_scorecard by name select 'ad_spend' as metric, 'period' as variant, "
        "'currency' as unit, {} as value, 50 as target, 0 as attainment, {} as month, "
        "true as is_mature;"
    )
    won = spend.replace("ad_spend", "won").replace("50 as", "null as")
    path = written(
        tmp_path / "plumbline.duckdb",
        spend.format(0, "date '2026-03-01'") + won.format(0, "date '2026-03-01'"),
    )

    def shown() -> dict[str, float | None]:
        lines = scorecard.read(path, months=1).lines
        return {line.metric: line.cells[0].value for line in lines if line.cells[0]}

    without = shown()
    with duckdb.connect(str(path)) as connection:
        connection.execute(spend.format(9, "date '2026-02-01'"))

    assert (without["ad_spend"], without["won"], without["cac"]) == (None, 0, 105)
    assert shown()["ad_spend"] == 0
