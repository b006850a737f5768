"""What goes wrong with exports, files and people's data, and the tests that show what is done then.

A test that covers a hazard is marked with it: `@pytest.mark.hazard("files that are cut")`. So
`pytest -m hazard` runs them, `git grep 'hazard("files that are cut")'` finds them, and a hazard
without a test fails here.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.contracts import PROJECT_ROOT

HAZARDS = {
    "sniffing": "the dialect is the contract's, columns are bound by header, nothing is guessed",
    "files that are cut": "refused, or told, unless whole records are missing without a trace",
    "files that are still being written": "left for the next run",
    "archives": "read as streams with their checksums and a limit; refused whole",
    "encodings": "a byte order mark or what is declared; nothing is skipped, mojibake is told",
    "ragged rows": "rejected one by one with line, column and reason; too many refuse the file",
    "renamed columns": "the file is refused and the nearest header named; aliases are data",
    "new columns": "loaded, in any order, and told once",
    "numbers": "one declared shape, exact decimals; what does not parse is null and a reject",
    "dates and zones": "one declared format and zone, UTC; days outside of a window are rejects",
    "the same file again": "newest export wins per key or day, in any order",
    "rows that are gone": "a full export deletes, an incremental one does not",
    "small full exports": "one that lacks half of the last is not believed",
    "crashes": "the load goes on where it was, the published file stays",
    "publishing": "a new file in one step; readers see one build",
    "two runs at once": "the second is told who holds the workspace",
    "statements of BI": "the connection refuses all that reaches beyond the marts",
    "personal data": "no address in logs, reports, messages or raw",
    "hashes of addresses": "keyed with a secret of one's own",
    "names as code": "identifiers come from contracts, names are never patterns or SQL",
    "formulas": "stored as they are, and text in every file that is written for spreadsheets",
    "requests to be forgotten": "taken out of all that was loaded or built, and kept out",
    "division by zero": "null, and no mart holds infinity or NaN",
    "full disks": "a clean end, nothing half done",
    "little memory": "the same, and what to do about it",
    "zones of machines": "the same days everywhere",
}


def marked() -> Iterator[tuple[str, str]]:
    """Each marker of a test function or module, and where it stands."""
    for path in sorted((PROJECT_ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            if is_call and node.func.attr == "hazard":  # type: ignore[attr-defined]
                for argument in node.args:  # type: ignore[attr-defined]
                    yield ast.literal_eval(argument), f"{path.name}:{node.lineno}"  # type: ignore[attr-defined]


def test_every_hazard_has_a_test() -> None:
    found = defaultdict(list)
    for hazard, place in marked():
        found[hazard].append(place)

    assert sorted(HAZARDS.keys() - found.keys()) == []
    assert {hazard: found[hazard] for hazard in found.keys() - HAZARDS.keys()} == {}


def test_the_marker_is_known() -> None:
    text = Path(PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8")

    assert "hazard(name)" in text
    assert hasattr(pytest.mark, "hazard")
