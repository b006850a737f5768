"""Small files that are loaded together: the same rows, rejects and records as one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestration.ingest import batch
from orchestration.ingest.load import Job, Loaded

from .conftest import Lab

COLUMNS = {
    "id": ("varchar", {"required": True, "not_null": True}),
    "n": "bigint",
    "email_key": ("varchar", {"headers": ["email"], "identity": "email"}),
}
HEADER = "id,n,email\n"
FILES = {
    "good.csv": HEADER + "".join(f"g{i},{i},p{i}@example.org\n" for i in range(50)),
    "other.csv": HEADER + "o,1,\n",
    "unended.csv": HEADER + "u,1,a@example.org",
    "quoted.csv": HEADER + '"q\nq",2,\n',
    "rejects.csv": HEADER + "r,1,\n,2,\n" + "".join(f"s{i},{i},\n" for i in range(50)),
    "conflict.csv": HEADER + "c,1,\nc,2,\n" + "".join(f"t{i},{i},\n" for i in range(50)),
    "twice.csv": HEADER + "d,1,\nd,1,\n",
    "header.csv": HEADER,
    "blank.csv": HEADER + "b,1,\n\nb2,2,\n",
    "copy-of-good.csv": HEADER + "".join(f"g{i},{i},p{i}@example.org\n" for i in range(50)),
    "windows.csv": (HEADER + "w,1,\nw2,2,\n").replace("\n", "\r\n"),
    "wide.csv": "id,n,email,more\nx,1,,y\n",
    "cut.csv": HEADER + 'a,1,\n"b,2,\n',
    "[1].csv": HEADER + "glob,1,\n",
}


def outcome(folder: Path) -> tuple[list[Any], list[Any]]:
    folder.mkdir()
    lab = Lab(folder)
    lab.contract("crm.rows", COLUMNS, key=["id"])
    for name, content in FILES.items():
        lab.export(f"crm/{name}", content)
    results = lab.ingest().files
    assert {result.status for result in lab.ingest().files} <= {"unchanged", "refused"}
    told = [(r.file_name, r.status, r.rows, r.rejected, r.skipped, r.message) for r in results]
    return told, lab.rows()


def test_files_loaded_together_are_as_files_loaded_one_by_one(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined: list[Job] = []
    load = batch.load

    def watched(connection: Any, raw: Path, jobs: list[Job]) -> list[Loaded | None]:
        joined.extend(jobs)
        return load(connection, raw, jobs)

    monkeypatch.setattr(batch, "load", watched)
    together = outcome(lab.root / "together")
    monkeypatch.setattr(batch, "may_join", lambda job: False)
    alone = outcome(lab.root / "alone")

    assert together == alone
    # Not in it: the copy, other line ends, another header, and names that look like a pattern.
    assert len(joined) == 10


def test_no_portion_holds_more_than_fits_into_memory(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "MOST_BYTES", 100)
    lab.contract("crm.rows", COLUMNS, key=["id"])
    for i in range(30):
        lab.export(f"crm/{i:02d}.csv", HEADER + f"k{i},{i},\n")

    assert [result.status for result in lab.ingest().files] == ["loaded"] * 30
    assert len(lab.rows()) == 30


def test_what_a_killed_run_left_of_a_batch_is_cleared(lab: Lab) -> None:
    lab.contract("crm.rows", COLUMNS, key=["id"])
    left = lab.root / "raw" / batch.SCRATCH
    (left / "_place=0").mkdir(parents=True)

    lab.one(HEADER + "a,1,\n")

    assert not left.exists()
