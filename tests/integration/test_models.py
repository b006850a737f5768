"""What dbt proves by itself: the rules by name, and every key of the demo's warehouse."""

from __future__ import annotations

from pathlib import Path

from orchestration import transform
from orchestration.workspace import open_workspace


def test_rules_and_keys(demo: Path) -> None:
    nodes = transform.prove(open_workspace(demo))

    assert [node.name for node in nodes if node.status != "pass"] == []
    assert sum(node.unique_id.startswith("unit_test.") for node in nodes) > 250
