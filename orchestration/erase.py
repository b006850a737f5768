"""Forget a person: what was loaded of them goes, and does not come back with the next export.

Their rows are found by the keyed hash of the address in every loaded file, which is written again
without them; the hash is kept in history/suppressed.txt, and the loader leaves out its rows from
then on. Exports are the user's own and stay: they are named, to be redacted by hand.
"""

from __future__ import annotations

import hashlib
import hmac
import shutil
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from orchestration.contracts import Contract
from orchestration.ingest import records
from orchestration.ingest import suppress as suppression
from orchestration.ingest.load import connect
from orchestration.warehouse import hold
from orchestration.workspace import BUILDS_ASIDE, Workspace


@dataclass(frozen=True)
class Erased:
    """What was found of a person."""

    files: tuple[str, ...]
    """The exports whose rows were taken out of what was loaded, as they were called."""
    rows: int


def erase(workspace: Workspace, contracts: Mapping[str, Contract], address: str) -> Erased:
    """Take a person's rows out of raw, and keep them out; then drop what was built from them.

    The marts have to be built again: until then nothing is published. Doing it again for the same
    person finds nothing more and does no harm, also after it was interrupted.
    """
    key = identity(workspace, address)
    with hold(workspace.root):
        suppression.add(workspace, key)
        history = records.History(workspace)
        temporary = workspace.runs / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        names, rows = set(), 0
        with connect(temporary) as connection:
            for sighting in list(history.sightings.values()):
                contract = contracts.get(sighting.contract)
                path = sighting.path(workspace.raw)
                if contract is None or not contract.has_keys or not path.is_file():
                    continue
                gone = suppression.take_out(connection, path, contract, {key})
                rows += gone
                left = suppression.count(connection, path)
                # Also where an earlier try ended between the two.
                if left != sighting.rows:
                    names.add(sighting.file_name)
                    skipped = sighting.skipped + sighting.rows - left
                    history.record(replace(sighting, rows=left, skipped=skipped))
        # What the loader remembers has the old numbers of rows.
        (workspace.raw / "_seen.json").unlink(missing_ok=True)
        for built in (workspace.warehouse, workspace.published, workspace.report):
            built.unlink(missing_ok=True)
            Path(f"{built}.wal").unlink(missing_ok=True)
        for aside in BUILDS_ASIDE:
            shutil.rmtree(workspace.runs / aside, ignore_errors=True)
    return Erased(tuple(sorted(names)), rows)


def identity(workspace: Workspace, address: str) -> str:
    """The keyed hash of an address, as the loader makes it."""
    normal = unicodedata.normalize("NFC", address.strip().lower())
    if "@" not in normal:
        raise ValueError("this is not an e-mail address")
    return hmac.new(workspace.identity_key(), normal.encode(), hashlib.sha256).hexdigest()
