"""Each guide of docs/guides is done as it is written, in a project of its own, and holds."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from orchestration.workspace import PROJECT_ROOT
from tests import guides
from tests.integration.conftest import KEY

pytestmark = pytest.mark.slow
FOLDER = PROJECT_ROOT / "docs" / "guides"
# Those that build every view anew: a project with other models, or on another machine.
LONG = ("add-a-metric", "add-a-source", "new-machine")
GUIDES = [
    pytest.param(path, id=path.stem, marks=[pytest.mark.long] if path.stem in LONG else [])
    for path in sorted(FOLDER.glob("*.md"))
]


def test_the_guides_are_those_that_a_newcomer_needs() -> None:
    assert sorted(guide.stem for guide in FOLDER.glob("*.md")) == [
        *("add-a-metric", "add-a-source", "change-a-definition", "new-machine")
    ]


@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_is_true_as_it_is_written(guide: Path, tmp_path: Path, two_leads: Path) -> None:
    project = guides.copy_project(tmp_path / "plumbline")
    reader = guides.Reader(guide, project, tmp_path / "home")
    if guide.stem in ("change-a-definition", "new-machine"):  # where somebody has worked before
        shutil.copytree(two_leads, reader.home / "acme")
        reader.environment |= {
            "PLUMBLINE_WORKSPACE": str(reader.home / "acme"),
            "PLUMBLINE_IDENTITY_KEY": KEY,
            "REPOSITORY": str(project),
        }

    reader.do()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("```sh\nfalse\n```\n", "guide.md:1: "),
        ("Words.\n\n```sh\necho one\n```\n```text\ntwo\n```\n", "guide.md:6: not printed: two"),
        ("```sh\necho b; echo a\n```\n```text\na\nb\n```\n", "not printed: b"),
        ("```diff file.txt\n nobody\n+new\n```\n", "stands 0 times in file.txt"),
    ],
)
def test_a_guide_that_is_not_true_fails(text: str, told: str, tmp_path: Path) -> None:
    reader = small(text, tmp_path)

    with pytest.raises(AssertionError, match=re.escape(told)):
        reader.do()


def test_a_guide_writes_changes_and_remembers(tmp_path: Path) -> None:
    reader = small(
        "```sh\nexport NAME=world\nmkdir inner\ncd inner\n```\n"
        "```csv new.csv\na,b\n```\n"
        "```diff new.csv\n a,b\n+1,2\n```\n"
        "```sh\necho hello $NAME; cat new.csv\n```\n"
        "```text\nhello ...\n1,2\n```\n",
        tmp_path,
    )

    reader.do()

    assert (tmp_path / "plumbline" / "inner" / "new.csv").read_text() == "a,b\n1,2\n"


def small(text: str, folder: Path) -> guides.Reader:
    """The reader of a guide of a few lines, in a project of one file."""
    guide = folder / "guide.md"
    guide.write_text(text)
    project = folder / "plumbline"
    project.mkdir()
    (project / "file.txt").write_text("somebody\n")
    return guides.Reader(guide, project, folder / "home")
