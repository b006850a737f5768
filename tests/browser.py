"""A real Chromium without a screen, for the tests and the screenshots of the report page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def find() -> tuple[str, str] | None:
    """The browser and its driver, where both are on this machine."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


@contextmanager
def opened(profile: Path) -> Iterator[Chrome]:
    """A browser with an empty `profile` of its own; its log of requests and errors is kept."""
    from selenium import webdriver

    found = find()
    assert found, "no Chromium with its chromedriver on this machine"
    options = webdriver.ChromeOptions()
    options.binary_location, driver = found
    for option in (*OPTIONS, f"--user-data-dir={profile}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield browser
    finally:
        browser.quit()


def show(
    browser: Chrome, page: Path | str, *, width: int, scheme: str = "light", height: int = 900
) -> None:
    """Open a page in a window of `width` pixels, for readers who prefer light or dark."""
    command(
        browser,
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=height,
        deviceScaleFactor=1,
        mobile=width < 500,
    )
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    command(browser, "Emulation.setEmulatedMedia", features=features)
    browser.get(page if isinstance(page, str) else page.as_uri())


def command(browser: Chrome, name: str, **parameters: Any) -> Any:
    """The answer to a command of the DevTools protocol."""
    return browser.execute_cdp_cmd(name, parameters)
