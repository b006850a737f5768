"""A person who asks to be forgotten is found nowhere afterwards, and does not come back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from orchestration.erase import erase, identity

from .ingest.conftest import Lab

COLUMNS = {
    "id": ("varchar", {"required": True, "not_null": True}),
    "email_key": ("varchar", {"headers": ["email"], "identity": "email"}),
}
FIRST = "id,email\na,ada@example.com\nb,bob@example.com\n"
LATER = "id,email\na2, ADA@Example.com \nc,cy@example.com\n"


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setattr("orchestration.ingest.run.SEEDS", tmp_path / "seeds")
    (tmp_path / "exports").mkdir()
    made = Lab(tmp_path)
    made.contract("crm.rows", COLUMNS, key=["id"])
    made.contract("crm.plain", {"name": ("varchar", {"required": True})})
    made.export("crm/one_2026-01-01.csv", FIRST)
    made.export("crm/plain.csv", "name\nx\n")
    made.ingest()
    return made


def people(lab: Lab) -> list[str]:
    return [row[0] for row in lab.rows()]


def holding(lab: Lab, key: str) -> list[str]:
    """The files below the workspace in which a key is found, whatever their kind."""
    found = [p for p in lab.root.rglob("*") if p.is_file() and key.encode() in p.read_bytes()]
    found += [
        Path(name)
        for (name,) in lab.query(
            "select distinct filename from read_parquet('{raw}/crm/rows/*.parquet', "
            f"filename = true) where email_key = '{key}'"
        )
    ]
    return sorted({path.name for path in found})


@pytest.mark.hazard("requests to be forgotten")
def test_a_person_is_taken_out_and_stays_out(lab: Lab) -> None:
    key = identity(lab.workspace, "ada@example.com")
    lab.workspace.published.parent.mkdir()
    for built in (lab.workspace.warehouse, lab.workspace.published, lab.workspace.report):
        built.write_bytes(key.encode())
    assert len(holding(lab, key)) >= 4

    erased = erase(lab.workspace, lab.contracts, " Ada@EXAMPLE.com")

    assert (erased.files, erased.rows) == (("crm/one_2026-01-01.csv",), 1)
    assert holding(lab, key) == ["suppressed.txt"]
    files = {result.file_name: result for result in lab.ingest().files}
    one = files["crm/one_2026-01-01.csv"]
    assert (one.status, one.rows, one.skipped) == ("unchanged", 1, 1)
    assert people(lab) == ["b"]

    # Another export has them again, and so has the first when it is loaded anew.
    lab.export("crm/two_2026-02-01.csv", LATER)
    lab.ingest()
    assert people(lab) == ["b", "c"]
    for name in ("raw", "history/loads"):
        shutil.rmtree(lab.root / name)
    results = lab.ingest().files
    assert [(r.rows, r.skipped) for r in results if r.table == "rows"] == [(1, 1), (1, 1)]
    assert people(lab) == ["b", "c"]
    assert holding(lab, key) == ["suppressed.txt"]


@pytest.mark.hazard("requests to be forgotten")
def test_to_ask_twice_or_for_nobody_does_no_harm(lab: Lab) -> None:
    assert erase(lab.workspace, lab.contracts, "nobody@example.com").rows == 0
    assert erase(lab.workspace, lab.contracts, "ada@example.com").rows == 1
    assert erase(lab.workspace, lab.contracts, "ada@example.com").rows == 0
    lab.ingest()
    assert people(lab) == ["b"]
    with pytest.raises(ValueError, match="not an e-mail address"):
        erase(lab.workspace, lab.contracts, "ada")


@pytest.mark.hazard("requests to be forgotten")
def test_an_erasure_that_was_interrupted_is_finished_by_the_next(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("orchestration.ingest.records.History.record", stop)
        with pytest.raises(KeyboardInterrupt):
            erase(lab.workspace, lab.contracts, "ada@example.com")

    assert erase(lab.workspace, lab.contracts, "ada@example.com").files == (
        "crm/one_2026-01-01.csv",
    )
    [one] = [result for result in lab.ingest().files if result.table == "rows"]
    assert (one.rows, one.skipped) == (1, 1)
