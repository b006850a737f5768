"""What is staged is used: no export is loaded for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.transform import read_manifest


@pytest.mark.slow
def test_every_staged_export_reaches_a_mart(tmp_path: Path) -> None:
    manifest = read_manifest(tmp_path)
    nodes, children = manifest["nodes"], manifest["child_map"]

    def reaches_a_mart(unique_id: str) -> bool:
        node = nodes.get(unique_id, {})
        return node.get("schema") == "marts" or any(map(reaches_a_mart, children[unique_id]))

    lost = {
        node["name"]
        for unique_id, node in nodes.items()
        if node["resource_type"] == "model"
        and node["schema"] == "staging"
        and not reaches_a_mart(unique_id)
    }
    assert lost == set()
