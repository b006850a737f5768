"""The page that says what everything here is: one self-contained HTML file, made from the project.

Glossary, metrics, marts, definitions, sources and models stand on it as they are described where
they are made: nothing is written here that could go out of date, and no data of a workspace are
read. `content` gathers, `drawing` draws the lineage of a mart, `page.html` lays it out.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from orchestration.workspace import PROJECT_ROOT

DEFAULT = PROJECT_ROOT / "target" / "docs.html"
HERE = Path(__file__).parent


def write(to: Path, root: Path) -> Path:
    """Write the page into a file; the old page stays until the new one is whole.

    `root` is that of a workspace, as in `read_project`. Returns the file.
    """
    to.parent.mkdir(parents=True, exist_ok=True)
    fresh = to.with_name(f".{to.name}")
    fresh.write_text(page(root), encoding="utf-8")
    fresh.replace(to)
    return to


def page(root: Path) -> str:
    """The page as HTML."""
    import jinja2

    from orchestration.docs import content, drawing

    found = content.read(root)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([HERE, HERE.parent / "report"]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = (HERE / "docs.js").read_text(encoding="utf-8")
    return environment.get_template("docs.html").render(
        docs=found,
        draw=lambda table: drawing.lineage(table, found),
        script=script,
        script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
