"""Dagster's pages themselves, in a real browser: what a user starts there, and can read there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestration import pipeline
from orchestration.workspace import PROJECT_ROOT, Workspace, open_workspace
from tests import browser as chromium
from tests.integration.conftest import KEY
from tests.pages import Pages, serve
from tests.tools import need

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def workspace(two_leads: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A company with two leads, published once."""
    root = shutil.copytree(two_leads, tmp_path_factory.mktemp("pages") / "small")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLUMBLINE_IDENTITY_KEY", KEY)
        yield open_workspace(root)


@pytest.fixture(scope="module")
def pages(workspace: Workspace) -> Iterator[Pages]:
    with serve(workspace.root) as pages:
        pages.stop_sensors()
        yield pages


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    need("chromium", chromium.find(), "install chromium and chromium-driver")
    with chromium.opened(tmp_path / "profile") as browser:
        yield browser


def text(browser: Chrome, url: str, *awaited: str) -> str:
    """What is written on a page once it says what is awaited."""
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    browser.set_window_size(1600, 1400)
    browser.get(url)

    def says_it(browser: Chrome) -> str | None:
        body = browser.find_element(By.TAG_NAME, "body").text
        return body if all(words in body for words in awaited) else None

    try:
        return str(WebDriverWait(browser, 30).until(says_it))
    except Exception:
        raise AssertionError(browser.find_element(By.TAG_NAME, "body").text) from None


@pytest.mark.long
def test_a_mart_with_all_that_it_is_made_of_is_run_from_the_pages(
    pages: Pages, workspace: Workspace, browser: Chrome
) -> None:
    before = workspace.published.read_bytes()
    log = (workspace.runs / "dev.log").read_text()

    _, ended = pages.materialize(pages.with_upstream("marts/dim_person"))

    assert ended == "SUCCESS"
    assert pages.metadata("generic/leads")["dagster/row_count"] == 2
    assert pages.metadata("generic/leads")["first_day"] == "2026-03-01"
    assert pages.metadata("marts/dim_person")["dagster/row_count"] == 2
    assert workspace.published.read_bytes() == before
    group = "locations/__repository__@orchestration.definitions/asset-groups/marts_shared"
    text(browser, f"{pages.url}/{group}/list", "dim_person", "dim_channel")
    text(
        browser,
        f"{pages.url}/assets/marts/dim_person",
        *("revops", "marts_shared", "layer: marts", "Row count", "non-nullable", "DuckDB"),
    )
    # Of a new folder the daemon says that it knows of no earlier runs.
    lines = [line for line in log.splitlines() if "No cursor for event type" not in line]
    assert not [line for line in lines if "WARN" in line.upper()]


def test_a_failed_gate_is_understood_from_the_pages(
    pages: Pages, workspace: Workspace, browser: Chrome
) -> None:
    before = workspace.published.read_bytes()
    channels = (PROJECT_ROOT / "seeds" / "definitions" / "channels.csv").read_text()
    own = workspace.definitions / "channels.csv"
    own.write_text(channels.replace("paid_social,paid,", "paid_social,social ads,"))

    run, ended = pages.materialize()

    assert ended == "FAILURE"
    assert workspace.published.read_bytes() == before
    build = pipeline.still_published(workspace)
    text(
        browser,
        f"{pages.url}/runs/{run}",
        "marts.dim_channel: every channel is in a group of the shared list: 1 row",
        build,
    )
    text(
        browser,
        f"{pages.url}/assets/marts/dim_channel?view=checks",
        *("2 of 3 not met", "Nothing is published while this fails", "expectations/dim_channel.py"),
        *("every channel is in a group of the shared list", "critical", "1 row"),
    )

    alone, ended = pages.materialize(["published"])
    assert ended == "FAILURE"
    assert workspace.published.read_bytes() == before
    text(browser, f"{pages.url}/runs/{alone}", "the gate is closed", build)
