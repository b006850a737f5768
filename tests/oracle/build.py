"""Load and build a workspace in this process, as a run does, without checking or publishing it.

The one place beside the oracle that uses the project: it makes what the oracle is compared with.
"""

from __future__ import annotations

import os
from pathlib import Path

from orchestration import provenance
from orchestration.contracts import read_contracts
from orchestration.ingest import ingest
from orchestration.transform import build as build_models
from orchestration.workspace import open_workspace

# A random company is a test: nobody's addresses are behind it.
KEY = "0" * 63 + "1"


def build(root: Path) -> None:
    """Build `root`'s warehouse.duckdb; every file must load whole."""
    before = os.environ.get("PLUMBLINE_IDENTITY_KEY")
    os.environ["PLUMBLINE_IDENTITY_KEY"] = KEY
    try:
        workspace = open_workspace(root)
        for file in ingest(workspace, read_contracts()).files:
            assert file.status in ("loaded", "unchanged"), f"{file.file_name}: {file.message}"
            assert not file.rejected, f"{file.file_name}: {dict(file.rejects)}"
        provenance.prepare(workspace)
        build_models(workspace)
    finally:
        if before is None:
            del os.environ["PLUMBLINE_IDENTITY_KEY"]
        else:
            os.environ["PLUMBLINE_IDENTITY_KEY"] = before
