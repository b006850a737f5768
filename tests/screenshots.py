"""Take the pictures of the report page that the README shows, into docs/.

    make run && .venv/bin/python -m tests.screenshots [REPORT]

Needs Chromium with its chromedriver. REPORT is the page of the demo company where none is given.
"""

from __future__ import annotations

import base64
import sys
import tempfile
from pathlib import Path

from orchestration.workspace import DEMO_ROOT, PROJECT_ROOT
from tests import browser as chromium

# Name, scheme, width and height of the picture, and the section at its top.
PICTURES = (
    ("report", "light", 1280, 1600, None),
    ("report-dark", "dark", 1280, 1500, "channels"),
    ("report-phone", "light", 390, 1250, None),
)


def take(page: Path, folder: Path) -> None:
    """Write each picture of `page` into `folder`."""
    with (
        tempfile.TemporaryDirectory() as profile,
        chromium.opened(Path(profile)) as browser,
    ):
        for name, scheme, width, height, section in PICTURES:
            chromium.show(browser, page, width=width, height=height, scheme=scheme)
            if section:
                browser.execute_script(f"document.getElementById('{section}').scrollIntoView()")
            picture = chromium.command(browser, "Page.captureScreenshot")["data"]
            (folder / f"{name}.png").write_bytes(base64.b64decode(picture))


if __name__ == "__main__":
    given = Path(sys.argv[1]) if len(sys.argv) > 1 else DEMO_ROOT / "report.html"
    take(given.resolve(), PROJECT_ROOT / "docs")
