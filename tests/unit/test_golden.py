"""Every worked example of the agreed definitions is a unit test where its rule is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from orchestration.contracts import PROJECT_ROOT

EXAMPLES = PROJECT_ROOT.parent / "shared" / "design" / "golden_examples.json"
# Credits of several touches come with the attribution models.
LATER = {"E_won_anchor", "E_path_models", "E_w_edges", "E_shapley_set"}


def test_every_worked_example_is_a_unit_test_named_like_it() -> None:
    if not EXAMPLES.is_file():
        pytest.skip(f"{EXAMPLES} is not here: the examples are kept beside the project")
    names = {
        test["name"]
        for path in Path(PROJECT_ROOT / "models").rglob("*.yml")
        if "\nunit_tests:" in (text := path.read_text(encoding="utf-8"))
        for test in yaml.safe_load(text)["unit_tests"]
    }

    missing = {
        example
        for example in json.loads(EXAMPLES.read_text(encoding="utf-8"))
        if not any(_is_named_like(name, example.lower()) for name in names)
    }

    assert missing == LATER


def _is_named_like(name: str, example: str) -> bool:
    number = example.split("_")[0]
    # Of section E there are several without a number.
    return name.startswith(f"{example}_" if number == "e" else f"{number}_")
