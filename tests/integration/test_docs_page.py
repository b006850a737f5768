"""The page that says what everything is, as a reader has it: in a browser, without a network."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestration import docs, lineage
from orchestration.contracts import read_contracts
from orchestration.transform import read_manifest
from orchestration.workspace import PROJECT_ROOT
from tests import browser as chromium
from tests.tools import need

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytestmark = pytest.mark.slow
AXE = PROJECT_ROOT / "tests" / "node" / "node_modules" / "axe-core" / "axe.min.js"
LAPTOP, PHONE = 1280, 390
# One of each kind: to look at all of them takes minutes.
OPENED = ("metric-mqls", "rpt_cac_monthly", "definitions.mql_rules", "hubspot.deals", "int_mqls")
MEGABYTES = 3


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page as `plumbline docs` writes it."""
    root = tmp_path_factory.mktemp("docs")
    return docs.write(root / "docs.html", root)


@pytest.fixture(scope="module")
def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    need("chromium", chromium.find(), "install chromium and chromium-driver")
    with chromium.opened(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def test_every_metric_mart_definition_term_and_contract_is_there(page: Path, text: str) -> None:
    manifest = read_manifest(page.parent)
    glossary = (PROJECT_ROOT / "models" / "glossary.md").read_text(encoding="utf-8")
    models = [n["name"] for n in manifest["nodes"].values() if n["resource_type"] == "model"]
    wanted = {
        *models,
        *read_contracts(),
        *(f"metric-{metric['name']}" for metric in manifest["metrics"].values()),
        *(f"term-{name}" for name in re.findall(r"{% docs (\w+) %}", glossary)),
        *(f"{m}.{c}" for m, made in lineage.column_lineage(page.parent).items() for c in made),
    }

    assert wanted - set(re.findall(r'id="([^"]+)"', text)) == set()


def test_every_link_leads_somewhere_and_every_id_is_one(text: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', text)

    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', text)) - set(ids) == set()


def test_the_page_is_one_small_file(text: str) -> None:
    assert len(text.encode()) < MEGABYTES * 2**20
    assert re.findall(r'(?:src|href)="(?!#)[^"]*"', text) == []


def test_the_page_asks_nothing_of_the_network_and_has_no_error(browser: Chrome, page: Path) -> None:
    browser.get("about:blank")
    for log in ("performance", "browser"):
        browser.get_log(log)  # reading it empties it

    chromium.show(browser, page, width=LAPTOP)
    for row in ("rpt_cac_monthly.cac", "rpt_scorecard.value"):
        browser.execute_script(f"document.querySelector('[id=\"{row}\"] th button').click()")
        browser.execute_script("document.querySelector('dialog .close').click()")

    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]
    assert asked == [page.as_uri()]
    assert browser.get_log("browser") == []


def test_a_search_finds_a_metric_by_its_name_and_leads_to_it(browser: Chrome, page: Path) -> None:
    chromium.show(browser, page, width=LAPTOP)

    browser.find_element("id", "find").send_keys("mqls")
    found = browser.find_elements("css selector", "#found a")
    assert str(found[0].get_attribute("href")).endswith("#metric-mqls")
    found[0].click()

    # What a link leads to is opened.
    opened = "return document.getElementById('metric-mqls').open"
    assert browser.execute_script(opened)


def test_a_column_is_followed_back_to_the_raw_columns(browser: Chrome, page: Path) -> None:
    chromium.show(browser, page, width=LAPTOP)
    columns = lineage.column_lineage(page.parent)

    browser.execute_script("document.querySelector('[id=\"rpt_cac_monthly.cac\"] button').click()")
    links = "return [...document.querySelectorAll('dialog .ends a')].map(a => a.textContent)"
    ends = browser.execute_script(links)

    origins = {".".join(end) for end in lineage.origins(columns, "rpt_cac_monthly", "cac")}
    assert "google_ads.campaigns_daily.spend" in origins
    # Beside these stand the columns of models that are made of no other, as a list in SQL.
    assert origins <= set(ends)
    lists = {f"{model}.{c}" for model, made in columns.items() for c in made if not made[c]}
    assert set(ends) - origins <= lists


@pytest.mark.parametrize(("width", "scheme"), [(LAPTOP, "light"), (PHONE, "dark")])
def test_the_page_is_accessible_and_never_scrolls_sideways(
    browser: Chrome, page: Path, width: int, scheme: str
) -> None:
    need("node", AXE.is_file(), "`make tools` installs it")
    chromium.show(browser, page, width=width, scheme=scheme)
    opening = "arguments[0].forEach(id => { document.getElementById(id).open = true })"
    browser.execute_script(opening, OPENED)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width

    browser.execute_script(AXE.read_text(encoding="utf-8"))
    browser.set_script_timeout(60)
    found = browser.execute_async_script(
        "axe.run({resultTypes: ['violations']}).then(arguments[arguments.length - 1])"
    )

    assert [
        f"{problem['id']}: {[node['html'][:120] for node in problem['nodes'][:3]]}"
        for problem in found["violations"]
    ] == []
