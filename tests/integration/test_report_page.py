"""The report page of the demo company, as a reader's browser has it."""

from __future__ import annotations

import base64
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from orchestration import report, scorecard
from orchestration.workspace import PROJECT_ROOT
from tests import browser as chromium
from tests.tools import need

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

AXE = PROJECT_ROOT / "tests" / "node" / "node_modules" / "axe-core" / "axe.min.js"
LAPTOP, PHONE = 1280, 390


@pytest.fixture(scope="module")
def page(demo: Path) -> Path:
    return demo / "report.html"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    need("chromium", chromium.find(), "install chromium and chromium-driver")
    with chromium.opened(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def marts(demo: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    path = demo / "published" / "plumbline.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        yield connection


def test_the_page_is_small_and_made_in_seconds(demo: Path, page: Path) -> None:
    assert page.stat().st_size < 2_000_000

    # Work, not waiting: other tests run beside this one.
    before = time.process_time()
    report.page(demo / "published" / "plumbline.duckdb", demo / "runs")
    assert time.process_time() - before < 5


def test_the_page_asks_nothing_of_the_network_and_has_no_error(browser: Chrome, page: Path) -> None:
    browser.get("about:blank")
    for log in ("performance", "browser"):
        browser.get_log(log)  # reading it empties it

    chromium.show(browser, page, width=LAPTOP)

    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]
    assert asked == [page.as_uri()]
    assert browser.get_log("browser") == []


@pytest.mark.parametrize("width", [LAPTOP, PHONE, 768])
def test_the_page_never_scrolls_sideways(browser: Chrome, page: Path, width: int) -> None:
    chromium.show(browser, page, width=width)

    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


def test_no_table_scrolls_for_a_pixel(browser: Chrome, page: Path) -> None:
    chromium.show(browser, page, width=LAPTOP)

    wider = browser.execute_script(
        "document.querySelectorAll('details').forEach(fold => { fold.open = true });"
        "return [...document.querySelectorAll('.scroll')].map("
        "box => [box.ariaLabel, box.scrollWidth - box.clientWidth])"
    )

    assert len(wider) > 20
    assert [box for box in wider if 0 < box[1] < 4] == []


def test_a_table_that_goes_on_keeps_its_names_in_sight(browser: Chrome, page: Path) -> None:
    chromium.show(browser, page, width=PHONE)
    box = browser.find_element("css selector", "#channels .scroll:not(details *)")

    moved = browser.execute_script(
        "const box = arguments[0]; box.scrollLeft = 200;"
        "const left = box.getBoundingClientRect().left;"
        "return [box.scrollLeft, ...[...box.querySelectorAll('tr > :first-child')].map("
        "name => name.getBoundingClientRect().left - left)]",
        box,
    )

    assert moved[0] == 200
    assert set(moved[1:]) == {0}


@pytest.mark.parametrize(("width", "scheme"), [(LAPTOP, "light"), (PHONE, "dark")])
def test_the_page_is_accessible(browser: Chrome, page: Path, width: int, scheme: str) -> None:
    need("node", AXE.is_file(), "`make tools` installs it")
    chromium.show(browser, page, width=width, scheme=scheme)
    open_all = "document.querySelectorAll('details').forEach(fold => { fold.open = true })"
    browser.execute_script(open_all)

    browser.execute_script(AXE.read_text(encoding="utf-8"))
    found = browser.execute_async_script(
        "axe.run({resultTypes: ['violations']}).then(arguments[arguments.length - 1])"
    )

    assert len(found["passes"]) > 10
    assert [
        (rule["id"], [node["html"][:120] for node in rule["nodes"][:3]])
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical")
    ] == []


def test_the_keyboard_reaches_a_definition_and_escape_puts_it_away(
    browser: Chrome, page: Path
) -> None:
    from selenium.webdriver.common.keys import Keys

    chromium.show(browser, page, width=LAPTOP)
    first = "return document.activeElement.className"
    reached = []
    while "term" not in reached:
        browser.switch_to.active_element.send_keys(Keys.TAB)
        reached.append(browser.execute_script(first))
        assert len(reached) < 30, "Tab never reaches a metric"
    assert reached[0] == "skip"

    shown = _shown_tip(browser)
    assert "Persons first seen in the month" in shown
    assert "Version 1: agreed by VP Sales and VP Marketing" in shown

    browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert _shown_tip(browser) == ""


def test_a_definition_is_shown_to_the_pointer(browser: Chrome, page: Path) -> None:
    from selenium.webdriver import ActionChains

    chromium.show(browser, page, width=PHONE)
    term = browser.find_element("css selector", "[aria-describedby='means-cac-fully_loaded']")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", term)

    ActionChains(browser).move_to_element(term).perform()

    assert "all sales and marketing cost over all new customers" in _shown_tip(browser)
    edge = browser.execute_script(
        "return [...document.querySelectorAll('.tip')].map(x => x.getBoundingClientRect().right)"
    )
    assert max(edge) <= PHONE  # what it says is not cut off


def _shown_tip(browser: Chrome) -> str:
    return " ".join(
        tip.text for tip in browser.find_elements("class name", "tip") if tip.is_displayed()
    )


NUMBERS = (
    *(("mqls", "period"), ("new_bookings", "period"), ("mql_to_sql_rate", "cohort")),
    *(("opportunity_to_won_rate", "cohort"), ("lead_to_won_rate", "cohort")),
    *(("cac", "fully_loaded"), ("cac", "paid"), ("mrr", "period"), ("nrr", "12m")),
    *(("ltv_to_cac", "formula_fully_loaded"), ("sla_response_rate", "cohort")),
    ("email_click_rate", "cohort"),
)


def test_the_numbers_on_the_page_are_the_published_ones(
    browser: Chrome, page: Path, marts: duckdb.DuckDBPyConnection
) -> None:
    chromium.show(browser, page, width=LAPTOP)
    for metric, variant in NUMBERS:
        row = marts.execute(
            "select value, unit, strftime(month, '%b %Y'), target from marts.rpt_scorecard "
            "where metric = ? and variant = ? and is_mature and value is not null "
            "order by month desc limit 1",
            [metric, variant],
        ).fetchone()
        assert row is not None, metric
        value, unit, month, target = row
        goal = (
            scorecard.UNKNOWN
            if target is None
            else f"{value / target:.0%} of {scorecard.written(target, unit, 'USD')}"
        )

        line = browser.find_element("xpath", f"//tr[.//*[@id='means-{metric}-{variant}']]")
        number, when, *_ = line.find_elements("css selector", "td:nth-child(2) > *")

        shown = (number.text, when.text, line.find_element("css selector", ".goal").text.strip())
        assert shown == (scorecard.written(value, unit, "USD"), month, goal), metric


def test_a_table_has_the_rows_of_its_mart(
    browser: Chrome, page: Path, marts: duckdb.DuckDBPyConnection
) -> None:
    chromium.show(browser, page, width=LAPTOP)
    months = marts.execute(
        "select strftime(month, '%b %Y'), cast(nrr_12m as double), cast(closing_mrr as double) "
        "from marts.rpt_recurring_revenue_monthly order by month desc limit 12"
    ).fetchall()

    table = browser.find_element("css selector", "[aria-label='Recurring revenue by month']")
    rows = [
        [cell.text for cell in row.find_elements("css selector", "th, td")]
        for row in table.find_elements("css selector", "tbody tr")
    ]

    assert [(row[0], row[5], row[1]) for row in rows] == [
        (month, scorecard.written(nrr, "ratio", "USD"), scorecard.written(mrr, "currency", "USD"))
        for month, nrr, mrr in months
    ]


def test_every_section_has_a_finding_and_something_to_show(browser: Chrome, page: Path) -> None:
    chromium.show(browser, page, width=LAPTOP)

    sections = browser.find_elements("css selector", "main > section")

    assert [section.get_attribute("id") for section in sections] == [
        *("scorecard", "funnel", "channels", "campaigns", "pipeline", "recurring", "customers"),
        *("service", "audience", "data-health"),
    ]
    links = browser.find_elements("css selector", "nav a")
    assert [str(link.get_attribute("href")).partition("#")[2] for link in links] == [
        section.get_attribute("id") for section in sections
    ]
    for section in sections:
        finding = section.find_element("class name", "finding").text
        assert re.search(r"\d.*\.$", finding), f"{section.get_attribute('id')}: {finding!r}"
        assert "nothing to show" not in finding
    assert len(browser.find_elements("css selector", "figure .chart > svg")) >= 14


def test_the_page_prints_with_what_was_folded(browser: Chrome, page: Path) -> None:
    chromium.show(browser, page, width=LAPTOP)

    printed = base64.b64decode(chromium.command(browser, "Page.printToPDF")["data"])

    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) > 1
    # Without a script, too: its work is undone after the printing.
    chromium.command(browser, "Emulation.setEmulatedMedia", media="print")
    seen = "return document.querySelector('.means').checkVisibility()"
    assert browser.execute_script(seen)
    assert not browser.find_element("tag name", "nav").is_displayed()


def test_no_page_breaks_where_numbers_are_missing(demo: Path, tmp_path: Path) -> None:
    def page_where(change: Callable[[duckdb.DuckDBPyConnection, str], None]) -> str:
        path = tmp_path / "plumbline.duckdb"
        shutil.copyfile(demo / "published" / "plumbline.duckdb", path)
        with duckdb.connect(str(path)) as connection:
            for (mart,) in connection.execute(
                "select table_name from duckdb_tables() where schema_name = 'marts'"
            ).fetchall():
                change(connection, f"marts.{mart}")
        return report.page(path, demo / "runs")

    def forget_numbers(connection: duckdb.DuckDBPyConnection, mart: str) -> None:
        columns: list[tuple[Any, ...]] = connection.execute(f"describe {mart}").fetchall()
        unknown = [
            f'"{column}" = null'
            for column, kind, *_ in columns
            if kind not in ("VARCHAR", "DATE", "TIMESTAMP", "BOOLEAN")
        ]
        if unknown and mart.startswith("marts.rpt_"):
            connection.execute(f"update {mart} set {', '.join(unknown)}")

    def empty_it(connection: duckdb.DuckDBPyConnection, mart: str) -> None:
        connection.execute(f"delete from {mart}")

    def drop(connection: duckdb.DuckDBPyConnection, mart: str) -> None:
        if mart != "marts.rpt_scorecard":
            connection.execute(f"drop table {mart}")

    unknown = page_where(forget_numbers)
    empty = page_where(empty_it)
    alone = page_where(drop)

    assert "Recurring revenue" in unknown
    assert not re.search(r">[~$]?(nan|None|inf)\b", unknown + empty + alone)
    assert empty.count("There is nothing to show yet.") == 8
    assert "A new customer cost" in alone
