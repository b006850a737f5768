"""The recipes of docs/exports.md, run as they stand there, against figures made by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.contracts import PROJECT_ROOT
from tests.integration.conftest import plumbline

pytestmark = pytest.mark.slow

NAME = re.compile(r"`((?:exports|definitions)/[^`]+)`")
SETTINGS = {
    "company": "Casa Clara",
    "reporting_currency": "USD",
    "timezone": "America/Sao_Paulo",
    "as_of": date(2021, 6, 30),
}


def recipes() -> tuple[dict[str, str], list[Any]]:
    """The files of the recipes, and the entries of `files:` that map them."""
    page = (PROJECT_ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
    section = page.split("\n## Recipes\n")[1].split("\n## ")[0]
    files: dict[str, str] = {}
    rules: list[Any] = []
    said = ""
    for part in section.split("\n\n"):
        if not part.startswith("    "):
            said = part
            continue
        block = "".join(line.removeprefix("    ") + "\n" for line in part.split("\n"))
        if block.startswith("files:"):
            rules += yaml.safe_load(block)["files"]
        else:
            files[NAME.findall(said)[-1]] = block
    return files, rules


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """What is published of the company of the recipes."""
    root = tmp_path_factory.mktemp("recipes") / "casa-clara"
    files, rules = recipes()
    encodings = {rule["match"].partition("*")[0]: rule.get("encoding") for rule in rules}
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        mapped = name.removeprefix("exports/")
        encoding = next((e for start, e in encodings.items() if mapped.startswith(start)), None)
        path.write_bytes(text.encode(encoding or "utf-8"))
    settings = yaml.safe_dump({**SETTINGS, "files": rules}, allow_unicode=True)
    (root / "workspace.yml").write_text(settings, encoding="utf-8")
    plumbline("run", "--workspace", root, PLUMBLINE_IDENTITY_KEY="5e" * 32)
    with duckdb.connect(root / "published" / "plumbline.duckdb", read_only=True) as connection:
        yield connection


def test_each_file_has_a_recipe() -> None:
    files, rules = recipes()

    assert len(files) == 7
    assert len(rules) == 5
    # A file with the headers of its contract, and a definition, need none.
    unmapped = {"exports/finance/targets.csv", "definitions/exchange_rates.csv"}
    starts = [rule["match"].partition("*")[0] for rule in rules]
    mapped = {n for n in files if n.removeprefix("exports/").startswith(tuple(starts))}
    assert set(files) - mapped == unmapped


@pytest.mark.parametrize(
    ("stage", "by_month"),
    [
        ("lead", {4: 3, 5: 1}),
        # From columns of dates, each on its own day.
        ("mql", {4: 2, 5: 1}),
        ("sal", {4: 1, 5: 2}),
        # P1 was created three minutes into the 15th of April; L1 had been an SQL before.
        ("opportunity", {4: 1, 5: 2}),
        ("won", {5: 1}),
    ],
)
def test_the_funnel_by_month(
    marts: duckdb.DuckDBPyConnection, stage: str, by_month: dict[int, int]
) -> None:
    found = marts.execute(
        "select month(month), sum(entries)::int from marts.rpt_funnel_monthly "
        f"where stage = '{stage}' group by 1 having sum(entries) > 0"
    ).fetchall()

    assert dict(found) == by_month


def test_deals_are_won_by_one_column_and_staged_by_another(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    found = marts.execute(
        "select split_part(opportunity_id, ':', 2), status, stage_name, amount, created_date, "
        "close_date from marts.fct_opportunities order by 1"
    ).fetchall()

    assert found == [
        ("P1", "won", "Contract signed", Decimal("1117100.00"), *days("2021-04-15", "2021-05-28")),
        ("P2", "open", "Negotiation", Decimal("342090.00"), *days("2021-05-10", "2021-08-31")),
        ("P3", "lost", "Contract signed", Decimal("22700.00"), *days("2021-05-20", "2021-06-15")),
    ]


def test_wins_and_bookings_by_month(marts: duckdb.DuckDBPyConnection) -> None:
    found = marts.execute(
        "select month(month), won, lost, net_bookings from marts.rpt_sales_monthly "
        "where sales_rep_id = 'all' and won + lost > 0 order by 1"
    ).fetchall()

    assert found == [(5, 1, 0, Decimal("1117100.00")), (6, 0, 1, Decimal(0))]


def test_revenue_of_the_brazilian_spreadsheet(marts: duckdb.DuckDBPyConnection) -> None:
    found = marts.execute(
        "select date_day, currency_code, revenue_original, revenue from marts.fct_revenue "
        "order by date_day"
    ).fetchall()

    assert found == [
        (date(2021, 5, 31), "BRL", Decimal("100000.00"), Decimal("20000.00")),
        (date(2021, 6, 2), "BRL", Decimal("146536.25"), Decimal("29307.25")),
    ]


def test_spend_and_leads_by_the_name_of_the_campaign(marts: duckdb.DuckDBPyConnection) -> None:
    spend = marts.execute(
        "select campaign_name, sum(spend)::decimal(18, 2) from marts.fct_ad_performance_daily "
        "inner join marts.dim_campaign using (campaign_id) group by 1 order by 1"
    ).fetchall()
    leads = marts.execute(
        "select campaign_name, count(*) from marts.fct_funnel_stages "
        "inner join marts.dim_campaign using (campaign_id) where stage = 'lead' "
        "group by 1 order by 1"
    ).fetchall()

    assert spend == [("Desk lamps", Decimal("300.25")), ("Spring lamps", Decimal("2180.50"))]
    assert leads == [("Desk lamps", 1), ("Spring lamps", 2)]


def test_quotas_count_their_own_dates(marts: duckdb.DuckDBPyConnection) -> None:
    found = marts.execute(
        "select metric, month(month), value, target, attainment from marts.rpt_scorecard "
        "where metric in ('opportunities', 'sals') and target is not null order by 1, 2"
    ).fetchall()

    assert found == [
        ("opportunities", 4, 1, 2, 0.5),
        ("opportunities", 5, 2, 1, 2.0),
        ("sals", 4, 1, 4, 0.25),
        ("sals", 5, 2, 4, 0.5),
    ]


def days(*texts: str) -> list[date]:
    return [date.fromisoformat(text) for text in texts]
