"""The ledger is the same whether the exports came at once or in pieces, in whatever order."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from random import Random

import duckdb
import pytest

from orchestration import provenance
from orchestration.contracts import read_contracts
from orchestration.ingest import ingest
from orchestration.transform import build
from orchestration.workspace import open_workspace
from tests.oracle.build import KEY
from tests.oracle.make import make

pytestmark = [pytest.mark.slow, pytest.mark.long]


def ledger(root: Path) -> Counter[tuple[object, ...]]:
    """The rows of fct_funnel_stages."""
    workspace = open_workspace(root)
    provenance.prepare(workspace)
    build(workspace, ["+fct_funnel_stages"])
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        return Counter(connection.execute("from marts.fct_funnel_stages").fetchall())


@pytest.mark.parametrize("seed", ["a"])
def test_exports_in_pieces_and_in_any_order_give_the_same_ledger(
    seed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_IDENTITY_KEY", KEY)
    contracts = read_contracts()
    chance = Random(seed)
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    make(Random(seed), whole)
    shutil.copytree(whole, pieces)
    settings = pieces / "workspace.yml"
    settings.write_text(settings.read_text().replace(".csv", ".*csv"))
    waiting = []
    for path in sorted((pieces / "exports" / "generic").glob("*.csv")):
        if contracts[f"generic.{path.stem}"].mode == "incremental":
            header, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            chance.shuffle(lines)
            for number in range(3):
                text = header + "".join(lines[number::3])
                waiting.append((path.with_name(f"{path.stem}.{number}.csv"), text))
            path.unlink()
    chance.shuffle(waiting)

    ingest(open_workspace(whole), contracts)
    for number, (path, text) in enumerate(waiting):
        path.write_text(text, encoding="utf-8")
        if number % 9 == 0:
            ingest(open_workspace(pieces), contracts)
    ingest(open_workspace(pieces), contracts)

    found, expected = ledger(pieces), ledger(whole)
    assert expected.total() > 20
    assert found == expected
