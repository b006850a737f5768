"""What people see in Metabase: every card over the marts in PostgreSQL, asked as `bi_reader`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from orchestration.metabase import content, dictionary
from orchestration.metabase.connection import Connection
from orchestration.metabase.content import Entity
from orchestration.metabase.push import push
from orchestration.metabase.server import Server
from orchestration.transform import keys, read_manifest
from tests.integration.conftest import plumbline
from tests.metabase_sql import compiled, condition, filters
from tests.metabase_stub import KEY, Stub, serve
from tests.postgres import Server as Postgres

pytestmark = pytest.mark.slow

CONTENT = content.read()
CARDS = {card.name: card for card in CONTENT.cards}


@pytest.fixture(scope="module")
def reader(postgres_marts: Postgres) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(postgres_marts.reader(), autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def marts(demo: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(demo / "published" / "plumbline.duckdb"), read_only=True) as connection:
        yield connection


Reader = psycopg.Connection[Any]
Marts = duckdb.DuckDBPyConnection


def ask(reader: Reader, card: Entity, **values: Any) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The names of the columns, and the rows."""
    cursor = reader.execute(compiled(card, values).encode())
    return [column.name for column in cursor.description or ()], cursor.fetchall()


def a_value(reader: Reader, table: str, column: str, widget: str) -> Any:
    """A value that somebody may choose in a filter: the last nine months, or two usual words."""
    if widget.startswith("date/"):
        last = one(reader, f"select max({column}) from marts.{table}")
        return (date(last.year - (last.month < 9), (last.month - 9) % 12 + 1, 1), last)
    if column == "channel":
        return ["paid_search", "paid_social"]  # there is spend in no other
    rows = reader.execute(
        f"select {column} from marts.{table} where {column} not in ('all', 'unattributed') "
        f"group by {column} order by count(*) desc, {column} limit 2".encode()
    ).fetchall()
    return [word for (word,) in rows]


def one(reader: Reader, query: str) -> Any:
    row = reader.execute(query.encode()).fetchone()
    assert row
    return row[0]


def named_by_the_chart(settings: Mapping[str, Any]) -> set[str]:
    """The columns that a visualization speaks of."""
    found = {re.match(r'\["name","(.*)"]', key)[1] for key in settings.get("column_settings", ())}  # type: ignore[index]
    for key in ("graph.dimensions", "graph.metrics"):
        found |= set(settings.get(key, ()))
    for key in ("funnel.dimension", "funnel.metric", "scalar.field"):
        found |= {settings[key]} if key in settings else set()
    for key in ("table.pivot_column", "table.cell_column"):
        found |= {settings[key]} if key in settings else set()
    return found | {column["name"] for column in settings.get("table.columns", ())}


@pytest.mark.parametrize("name", CARDS)
def test_a_card_answers_with_the_columns_its_chart_names(reader: Reader, name: str) -> None:
    card = CARDS[name]
    chosen = {tag: a_value(reader, *column) for tag, column in filters(card).items()}

    for values in ({}, chosen):
        columns, rows = ask(reader, card, **values)

        assert rows, f"no rows with {values}"
        assert named_by_the_chart(card.body["visualization_settings"]) <= set(columns)
        assert len(columns) == len(set(columns))


@pytest.mark.parametrize("name", [name for name, card in CARDS.items() if filters(card)])
def test_each_filter_reaches_every_row_of_a_card(reader: Reader, name: str) -> None:
    """A day before all, or a word that nobody wrote, leaves nothing."""
    card = CARDS[name]
    for tag, (_, _, widget) in filters(card).items():
        nothing = (date(1990, 1, 1), date(1990, 12, 31)) if "date" in widget else ["no such word"]

        _, rows = ask(reader, card, **{tag: nothing})

        assert not rows, f"{tag} filters not all"


def by_first(rows: list[tuple[Any, ...]]) -> dict[Any, Any]:
    """The last value of each row by its first; null is left out."""
    return {row[0]: float(row[-1]) for row in rows if row[-1] is not None}


SCORECARD = (
    "select month, value from marts.rpt_scorecard "
    "where metric = '{}' and variant = '{}' and value is not null order by month"
)

# A card, what is asked of it, and the same number from elsewhere in the marts.
NUMBERS = {
    "MQLs": ("{}", SCORECARD.format("mqls", "period")),
    "New bookings": ("{}", SCORECARD.format("new_bookings", "period")),
    "Ad spend": ("{}", SCORECARD.format("ad_spend", "period")),
    "MRR": ("{}", "select month, sum(closing) from marts.fct_mrr_movements group by month"),
    "SQLs": (
        "{}",
        "select month, sum(entries) from marts.rpt_funnel_monthly where stage = 'sql' group by 1",
    ),
    "Win rate": (
        "{}",
        "select month, win_rate from marts.rpt_sales_monthly where sales_rep = 'all'",
    ),
    "Stage entries by month": (
        "select month, entries from ({}) as card where stage = 'won'",
        SCORECARD.format("won", "period"),
    ),
    "MQLs by channel": (
        "select month, sum(mqls) from ({}) as card group by month",
        SCORECARD.format("mqls", "period"),
    ),
    "Conversion of cohorts": (
        "select cohort_month, conversion_rate from ({}) as card where step = 'mql to sql'",
        SCORECARD.format("mql_to_sql_rate", "cohort").replace("value is", "is_mature and value is"),
    ),
    "Won, lost and win rate": (
        "select month, win_rate from ({}) as card",
        SCORECARD.format("win_rate", "period"),
    ),
    "Pipeline created by who sourced it": (
        "select month, marketing + sdr + sales + partner + customer_success + unknown "
        "from ({}) as card",
        SCORECARD.format("pipeline_created", "period"),
    ),
    "Sales reps": (
        "select 1, sum(new_bookings) from ({}) as card",
        "select 1, sum(value) from marts.rpt_scorecard where metric = 'new_bookings'",
    ),
    "Pipeline of the quarter, from opening to closing": (
        "select 1, sum(amount) from ({}) as card",
        "select 1, amount from marts.rpt_pipeline_waterfall "
        "where movement = 'closing' order by quarter_start desc limit 1",
    ),
    "Ad spend by channel": (
        "select month, sum(spend) from ({}) as card group by month",
        SCORECARD.format("ad_spend", "period"),
    ),
    "CAC in its three variants": (
        "select month, cac from ({}) as card where variant = 'fully_loaded'",
        SCORECARD.format("cac", "fully_loaded"),
    ),
    "CAC over the range": (
        "select variant, cac from ({}) as card",
        "select variant, sum(cost) / sum(new_customers) from marts.rpt_cac_monthly "
        "where channel = 'all' and lag_months = 0 group by variant",
    ),
    "Paid CAC by channel": (
        "select 1, sum(cost) from ({}) as card",
        "select 1, sum(cost) from marts.rpt_cac_monthly "
        "where channel = 'all' and lag_months = 0 and variant = 'paid'",
    ),
    "Click-through rate and cost per click": (
        "select month, ctr from ({}) as card",
        SCORECARD.format("ctr", "period"),
    ),
    "What a channel's leads cost and became": (
        "select 1, sum(won_amount) from ({}) as card",
        "select 1, sum(won_amount) from marts.rpt_channel_cohort where channel = 'all'",
    ),
    "Campaigns and their return": (
        "select 1, sum(spend) from ({}) as card",
        "select 1, sum(spend) from marts.rpt_campaign_performance where is_headline",
    ),
    "MRR movements": (
        "select month, new_mrr + reactivation_mrr + expansion_mrr + contraction_mrr + churn_mrr "
        "+ fx_mrr from ({}) as card",
        "select month, closing_mrr - opening_mrr from marts.rpt_recurring_revenue_monthly",
    ),
    "Retention over twelve months": (
        "select month, nrr_12m from ({}) as card",
        SCORECARD.format("nrr", "12m"),
    ),
    "What a customer has brought, by age": (
        "{}",
        "select age_months, clv from marts.rpt_clv_cohort where cohort = 'all' and channel = 'all'",
    ),
    "Bookings by kind": (
        "select month, sum(amount) from ({}) as card group by month",
        "select month, net_bookings from marts.rpt_sales_monthly "
        "where sales_rep = 'all' and net_bookings != 0",
    ),
    "Products": (
        "select 1, sum(revenue) from ({}) as card",
        "select 1, sum(revenue) from marts.rpt_products_monthly where product_id = 'all'",
    ),
    "Customers by value": (
        "select 1, sum(customers) from ({}) as card",
        "select 1, count(*) from marts.dim_account where is_customer",
    ),
    "Rejection and feedback": (
        "select month, rejection_rate from ({}) as card",
        "select month, rejection_rate from marts.rpt_lead_feedback where campaign_id = 'all'",
    ),
    "Why sales rejects": (
        "select 1, sum(rejected) from ({}) as card",
        "select 1, sum(rejected) from marts.rpt_lead_feedback where campaign_id = 'all'",
    ),
    "Feedback by campaign": (
        "select 1, sum(accepted) from ({}) as card",
        "select 1, sum(accepted) from marts.rpt_lead_feedback where campaign_id = 'all'",
    ),
    "Opportunities": (
        "select 1, count(*) from ({}) as card",
        "select 1, count(*) from marts.fct_opportunities",
    ),
    "Funnel entries": (
        "select stage, count(*) from ({}) as card group by stage",
        "select stage, count(*) from marts.fct_funnel_stages group by stage",
    ),
    "Scorecard by month": (
        "select month, nrr from ({}) as card",
        SCORECARD.format("nrr", "12m"),
    ),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_a_card_shows_the_number_of_the_marts(reader: Reader, marts: Marts, name: str) -> None:
    asked, expected = NUMBERS[name]
    shown = by_first(reader.execute(asked.format(compiled(CARDS[name])).encode()).fetchall())
    known = by_first(marts.execute(expected).fetchall())

    assert known
    assert shown == pytest.approx(known, rel=1e-9)


def test_ratios_over_a_range_are_of_sums(reader: Reader, marts: Marts) -> None:
    values = {"month": ("2026-01-01", "2026-06-30"), "channel": ["paid_search", "paid_social"]}
    _, rows = ask(reader, CARDS["Paid CAC by channel"], **values)

    known = marts.execute(
        "select channel, sum(cost) / sum(new_customers) from marts.rpt_cac_monthly "
        "where variant = 'paid' and lag_months = 0 and channel like 'paid%' "
        "and month between date '2026-01-01' and date '2026-06-30' group by channel"
    ).fetchall()
    assert {row[0]: float(row[3]) for row in rows} == pytest.approx(dict(known))


def test_a_metric_takes_the_filters_of_its_dashboard(reader: Reader, marts: Marts) -> None:
    """The range of months is a filter on a column of the mart, by its number on the server."""
    (dashboard,) = (one for one in CONTENT.dashboards if one.name == "Scorecard")
    (targets,) = (
        [mapping["target"][1][1] for mapping in dashcard["parameter_mappings"]]
        for dashcard in dashboard.body["dashcards"]
        if dashcard["card_id"] == CARDS["MQLs"].id
    )
    assert targets == [["Plumbline marts", "marts", "rpt_funnel_monthly", "month"]]
    sql = compiled(CARDS["MQLs"], {"month": (date(2026, 1, 1), date(2026, 3, 31))})

    rows = reader.execute(sql.encode()).fetchall()

    assert condition(targets[0], (date(2026, 1, 1), date(2026, 3, 31))) in sql
    assert [month for month, _ in rows] == [date(2026, month, 1) for month in (1, 2, 3)]


def test_the_scorecard_shows_each_number_once_with_its_parts(reader: Reader, marts: Marts) -> None:
    columns, rows = ask(reader, CARDS["Scorecard of the last month"])

    shown = [dict(zip(columns, row, strict=True)) for row in rows]
    known = marts.execute(
        "select count(distinct (metric, variant)) from marts.rpt_scorecard "
        "where is_mature and value is not null"
    ).fetchone()
    assert known == (len(shown),)
    mqls = next(row for row in shown if row["metric"] == "mqls")
    assert mqls["shown"] == f"{mqls['value']:,.0f}"
    assert mqls["shown_target"] == f"{mqls['target']:,.0f}"
    rate = next(row for row in shown if row["metric"] == "mql_to_sql_rate")
    assert rate["shown"] == f"{100 * rate['value']:.1f} %"
    assert rate["value"] == pytest.approx(rate["numerator"] / rate["denominator"])


def columns_of(postgres: Postgres) -> dict[str, list[str]]:
    """The tables that Metabase would see, as the reader sees them."""
    found: dict[str, list[str]] = {}
    with psycopg.connect(postgres.reader()) as connection:
        for table, column in connection.execute(
            "select table_name, column_name from information_schema.columns "
            "where table_schema = 'marts' order by table_name, ordinal_position"
        ):
            found.setdefault(table, []).append(column)
    return found


def test_the_command_brings_everything_to_metabase_and_finds_nothing_to_do_then(
    demo: Path, postgres_marts: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = Stub(columns_of(postgres_marts), sync_after=1, password="reader's p@ss/word")
    manifest = read_manifest(demo)
    with serve(stub):
        environment = {
            "PLUMBLINE_METABASE_URL": stub.url,
            "PLUMBLINE_METABASE_KEY": KEY,
            "PLUMBLINE_METABASE_POSTGRES": postgres_marts.reader(),
        }
        command = ("metabase", "push", "--workspace", demo)
        dry = plumbline(*command, "--dry-run", **environment)
        asked = {method for method, _, _ in stub.requests}
        told = plumbline(*command, **environment)
        stub.requests.clear()
        monkeypatch.setattr("dbtmetabase._models._SYNC_PERIOD", 0)
        again = push(
            *(
                Server(stub.url, KEY),
                CONTENT,
                Connection("127.0.0.1", postgres_marts.port, "marts", "bi_reader", stub.password),
                manifest,
                keys(manifest),
            ),
        )

    made = len(CONTENT.collections) + len(CONTENT.cards) + len(CONTENT.dashboards) + 1
    assert asked == {"GET"}
    assert f"{made} changes, nothing was written" in dry
    assert KEY not in dry + told
    assert stub.password not in dry + told
    assert "✓" in told
    assert "!" not in told, "nothing is kept otherwise than it was sent"
    assert again.changes == 0
    assert stub.writes() == []

    tables = {table["name"]: table for table in stub.tables_by_id().values()}
    known = dictionary.tables(manifest)
    assert all(tables[name]["description"] for name in known)
    assert all(
        column["description"]
        for name in known
        for column in tables[name]["fields"]
        if column["name"] in known[name]
    )
    types = {
        (name, column["name"]): column["semantic_type"]
        for name in known
        for column in tables[name]["fields"]
    }
    assert types["dim_account", "account_id"] == "type/PK"
    foreign = [key for key, kind in types.items() if kind == "type/FK"]
    assert set(foreign) == {(key.table, key.column) for key in keys(manifest).foreign}
    assert types["rpt_scorecard", "attainment"] == "type/Percentage"
    assert types["fct_opportunities", "amount"] == "type/Currency"
    assert types["fct_opportunities", "amount_original"] is None
