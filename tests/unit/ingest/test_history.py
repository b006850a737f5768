"""Several files and several runs: what is loaded again, and what counts in the end."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestration.contracts import read_contracts
from orchestration.ingest import load, run

from .conftest import Lab

ROWS = {"id": ("varchar", {"required": True}), "n": "bigint"}
A, B = "id,n\na,1\n", "id,n\nb,2\n"


def counting(lab: Lab) -> list[tuple[Any, ...]]:
    return lab.query("select file_name, exported_at, rows from '{raw}/_files.parquet'")


def snapshot(lab: Lab) -> dict[str, tuple[int, bytes]]:
    paths = [path for path in (lab.root / "raw").rglob("*") if path.is_file()]
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in paths}


def test_a_second_run_does_nothing(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.contract("crm.rows", ROWS)
    lab.export("crm/a-2026-01-01.csv", A)
    lab.export("crm/wrong.csv", "x\n1\n")
    lab.export("other.csv", "x\n1\n")
    first = lab.ingest().files
    before = snapshot(lab)

    def never(*_: object) -> None:
        raise AssertionError("nothing is new")

    monkeypatch.setattr(load, "connect", never)
    monkeypatch.setattr(run, "Head", never)
    monkeypatch.setattr(run, "read_content", never)
    second = lab.ingest().files

    assert [r.status for r in first] == ["loaded", "refused", "unmatched"]
    assert [r.status for r in second] == ["unchanged", "refused", "unmatched"]
    assert [r.message for r in second] == [r.message for r in first]
    assert [r.rows for r in second] == [1, 0, 0]
    assert snapshot(lab) == before


def test_what_was_seen_may_be_deleted(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS)
    lab.export("crm/a.csv", A)
    lab.ingest()
    before = {k: v for k, v in snapshot(lab).items() if "/crm/" in k and "_schema" not in k}

    (lab.root / "raw/_seen.json").unlink()
    [result] = lab.ingest().files

    assert result.status == "unchanged"
    assert {k: v for k, v in snapshot(lab).items() if k in before} == before


def test_what_was_built_is_built_again(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS)
    lab.export("crm/a.csv", "id,n\n" + "a,1\n" * 20 + "b,x\n")
    [first] = lab.ingest().files

    (lab.root / f"raw/crm/rows/{first.fingerprint}.rejects.parquet").unlink()
    [second] = lab.ingest().files
    (lab.root / f"raw/crm/rows/{first.fingerprint}.parquet").unlink()
    [third] = lab.ingest().files

    assert [first.status, second.status, third.status] == ["loaded"] * 3
    assert len(lab.rows()) == 20


@pytest.mark.hazard("the same file again")
def test_the_same_content_under_two_names_counts_once(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS)
    lab.export("crm/a-2026-01-01.csv", A)
    lab.export("crm/b-2026-02-01.csv", A)

    results = lab.ingest().files

    assert [r.status for r in results] == ["loaded", "unchanged"]
    assert counting(lab) == [("crm/b-2026-02-01.csv", datetime(2026, 2, 1), 1)]


def test_the_same_content_counts_twice_where_the_name_is_part_of_it(lab: Lab) -> None:
    account = ("varchar", {"from_file_name": "/([A-Z]+)-/"})
    lab.contract("ads.rows", {"id": ("varchar", {"required": True}), "account": account})
    lab.export("ads/ONE-a.csv", "id\n1\n")
    lab.export("ads/TWO-a.csv", "id\n1\n")

    lab.ingest()

    assert lab.rows("ads.rows") == [("1", "ONE"), ("1", "TWO")]


@pytest.mark.hazard("the same file again")
@pytest.mark.parametrize("order", [1, -1])
def test_a_copy_under_a_name_without_the_account_is_no_account_of_its_own(
    lab: Lab, order: int
) -> None:
    account = ("varchar", {"from_file_name": "/([^/]+)-Campaigns-/"})
    spend = {"day": ("date", {"required": True}), "account": account}
    window = {
        "mode": "window",
        "window": {"date": "day", "scope": ["account"]},
        "repeats": "allowed",
    }
    lab.contract("ads.rows", spend, **window)
    names = ["Acme-Campaigns-1.csv", "Copy of Acme-Campaigns-1.csv", "ads.csv"]

    for name in names[::order]:
        lab.export(f"ads/{name}", "day\n2026-01-01\n")
        lab.ingest()

    assert lab.rows("ads.rows") == [(date(2026, 1, 1), "Acme")]


def test_a_file_that_is_gone_still_counts(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS)
    path = lab.export("crm/a-2026-01-01.csv", A)
    lab.ingest()
    path.unlink()
    lab.export("crm/b-2026-02-01.csv", B)

    lab.ingest()

    assert lab.rows() == [("a", 1), ("b", 2)]


def test_of_a_file_that_goes_back_the_last_sighting_is_the_newest(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS)
    for number, content in enumerate((A, B, A)):
        lab.export("crm/rows.csv", content, at=1_760_000_000 + number)
        lab.ingest()

    newest = max(counting(lab), key=lambda row: row[1])

    assert len(counting(lab)) == 2
    assert newest[1] == datetime(2025, 10, 9, 8, 53, 22)
    assert lab.query(
        "select f.exported_at from '{raw}/_files.parquet' as f "
        "join read_parquet('{raw}/crm/rows/*.parquet', union_by_name = true) as r "
        "on r._fingerprint = f.fingerprint where r.id = 'a'"
    ) == [(newest[1],)]


@pytest.mark.hazard("the same file again")
def test_a_file_that_is_corrected_in_place_replaces_itself(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS)
    for number, content in enumerate((A, B, A)):
        lab.export("crm/rows-2026-01-01.csv", content, at=1_760_000_000 + number)
        lab.ingest()
        assert lab.rows() == [("a", 1) if content == A else ("b", 2)]


def test_a_changed_contract_loads_again_and_a_changed_description_does_not(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS)
    lab.export("crm/a.csv", A)
    [first] = lab.ingest().files
    path = lab.root / "models/_crm__rows__sources.yml"
    path.write_text(path.read_text().replace("name: n\n", "name: n\n      description: N\n"))
    lab.contracts = read_contracts(lab.root / "models")
    [second] = lab.ingest().files
    lab.contract("crm.rows", {**ROWS, "extra": "varchar"})
    [third] = lab.ingest().files

    assert [r.status for r in (first, second, third)] == ["loaded", "unchanged", "loaded"]
    assert lab.rows() == [("a", 1, None)]


@pytest.mark.hazard("hashes of addresses", "personal data")
def test_the_identity_key_is_part_of_what_was_loaded(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    email = ("varchar", {"required": True, "identity": "email"})
    lab.contract("crm.rows", {"email": email})
    lab.export("crm/a.csv", "email\na@b.example\n")
    lab.ingest()
    [(first,)] = lab.rows()

    monkeypatch.setenv("PLUMBLINE_IDENTITY_KEY", "5a" * 32)
    [result] = lab.ingest().files
    [(second,)] = lab.rows()

    assert result.status == "loaded"
    assert first != second
    kept = [p for p in lab.root.rglob("*") if p.is_file() and "exports" not in p.parts]
    for path in kept:
        assert b"5a5a5a5a" not in path.read_bytes()
        assert b"a@b.example" not in path.read_bytes()


def test_under_an_as_of_nothing_later_counts(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS)
    lab.export("crm/a-2026-01-01.csv", A)
    lab.export("crm/b-2026-02-01.csv", B)

    lab.ingest()
    lab.ingest_as_of(date(2026, 1, 15))
    lists = lab.workspace.at(date(2026, 1, 15)).lists

    assert lab.query(f"select file_name from '{lists}/_files.parquet'") == [
        ("crm/a-2026-01-01.csv",)
    ]
    assert lab.query(f"select as_of from '{lists}/_settings.parquet'") == [(date(2026, 1, 15),)]
    assert lab.rows() == [("a", 1), ("b", 2)]
    assert lab.query("select * from '{raw}/_settings.parquet'") == [
        ("Acme", date(2026, 2, 1), "USD", "UTC", 1)
    ]


def test_only_some_sources_are_loaded_and_the_others_still_count(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS)
    lab.contract("erp.rows", ROWS)
    lab.export("crm/a.csv", A)
    lab.export("erp/b.csv", B)
    lab.ingest()
    lab.export("crm/c.csv", "id,n\nc,3\n")
    lab.export("erp/d.csv", "id,n\nd,4\n")

    results = lab.ingest(only={"crm"}).files

    assert [(r.file_name, r.status) for r in results] == [
        ("crm/a.csv", "unchanged"),
        ("crm/c.csv", "loaded"),
    ]
    assert lab.rows("crm.rows") == [("a", 1), ("c", 3)]
    assert lab.rows("erp.rows") == [("b", 2)]
    assert lab.ingest(only={"erp.rows"}).rows("erp.rows") == 2


def test_every_relation_is_there_without_a_file(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS)

    lab.ingest()

    assert lab.rows() == []
    assert counting(lab) == []
    assert lab.query("select count(*) from '{raw}/_refused.parquet'") == [(0,)]


@pytest.mark.hazard("the same file again")
def test_the_order_of_files_and_runs_does_not_matter(lab: Lab, tmp_path: Path) -> None:
    lab.contract("crm.rows", ROWS)
    names = {"crm/a-2026-01-01.csv": A, "crm/b-2026-02-01.csv": B, "crm/c-2026-03-01.csv": A}
    for name, content in names.items():
        lab.export(name, content)
    lab.ingest()
    at_once = lab.query("select * from '{raw}/_files.parquet'")

    other = Lab(tmp_path / "other", {}, lab.contracts)
    other.root.mkdir()
    for name, content in reversed(names.items()):
        other.export(name, content)
        other.ingest()

    assert other.query("select * from '{raw}/_files.parquet'") == at_once


@pytest.mark.hazard("new columns")
def test_a_new_column_is_told_once(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS)
    lab.export("crm/a.csv", A)
    lab.ingest()
    lab.export("crm/b.csv", "ID,n,Surprise\nb,2,x\n")

    messages = [[result.message for result in lab.ingest().files] for _ in range(2)]

    assert messages == [["", "has columns that no file before it had: Surprise"], ["", ""]]
