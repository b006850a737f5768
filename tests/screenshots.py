"""Take the pictures that the README and docs/ show, into docs/, after `make run`.

    .venv/bin/python -m tests.screenshots [report [PAGE] | dagster [WORKSPACE]]

Needs Chromium with its chromedriver. They are of the demo company where nothing else is given;
Dagster's are of a copy of its workspace, in which everything is run twice, the second time with a
definition that the gate stops.
"""

from __future__ import annotations

import base64
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.workspace import DEMO_ROOT, PROJECT_ROOT
from tests import browser as chromium
from tests.pages import serve

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

DOCS = PROJECT_ROOT / "docs"
# Name, scheme, width and height of the picture, and the section at its top.
PICTURES = (
    ("report", "light", 1280, 1600, None),
    ("report-dark", "dark", 1280, 1500, "channels"),
    ("report-phone", "light", 390, 1250, None),
)
SETTLED = 8  # seconds for a page of Dagster to have drawn what it asked for
# The folders of this machine, which Dagster shows below what we say, belong into no picture.
WITHOUT_TRACES = """
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
    const text = walker.currentNode;
    text.textContent = text.textContent.split(/Stack Trace:|,? *File "/)[0];
}
"""


@contextmanager
def opened() -> Iterator[Chrome]:
    """A browser with a profile that is thrown away."""
    with (
        tempfile.TemporaryDirectory() as profile,
        chromium.opened(Path(profile)) as browser,
    ):
        yield browser


def keep(browser: Chrome, name: str) -> None:
    """Write what the browser shows into docs/."""
    picture = chromium.command(browser, "Page.captureScreenshot")["data"]
    (DOCS / f"{name}.png").write_bytes(base64.b64decode(picture))


def report(page: Path) -> None:
    """The pictures of a report page."""
    with opened() as browser:
        for name, scheme, width, height, section in PICTURES:
            chromium.show(browser, page, width=width, height=height, scheme=scheme)
            if section:
                browser.execute_script(f"document.getElementById('{section}').scrollIntoView()")
            keep(browser, name)


def dagster(workspace: Path) -> None:
    """The pictures of Dagster's pages of a workspace, which stays as it is."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(shutil.copytree(workspace, Path(folder) / "demo"))
        with serve(root) as pages, opened() as browser:

            def take(name: str, address: str, height: int) -> None:
                chromium.show(browser, f"{pages.url}/{address}", width=1440, height=height)
                time.sleep(SETTLED)
                browser.execute_script(WITHOUT_TRACES)
                keep(browser, name)

            pages.stop_sensors()
            pages.rest()
            assert pages.materialize(seconds=600)[1] == "SUCCESS"
            take("dagster-graph", "asset-groups", 900)
            take("dagster-asset", "assets/marts/rpt_scorecard", 1000)

            channels = (PROJECT_ROOT / "seeds" / "definitions" / "channels.csv").read_text()
            (root / "definitions" / "channels.csv").write_text(
                channels.replace("paid_social,paid,", "paid_social,social ads,")
            )
            run, _ = pages.materialize(seconds=600)
            take("dagster-checks", "assets/marts/dim_channel?view=checks", 850)
            take("dagster-run", f"runs/{run}", 900)


if __name__ == "__main__":
    what, given = ([*sys.argv[1:], "", ""])[:2]
    if what in ("report", ""):
        report(Path(given or DEMO_ROOT / "report.html").resolve())
    if what in ("dagster", ""):
        dagster(Path(given or DEMO_ROOT).resolve())
