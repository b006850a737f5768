"""A full export says what was deleted, so a part of one must not pass for it."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Lab

COLUMNS = {"id": ("varchar", {"required": True, "not_null": True}), "n": "bigint"}


def rows(count: int, first: int = 0) -> str:
    return "id,n\n" + "".join(f"k{i},{i}\n" for i in range(first, first + count))


def modes(lab: Lab) -> list[tuple[Any, ...]]:
    return lab.query("select file_name, mode from '{raw}/_files.parquet' order by file_name")


def statuses(lab: Lab) -> dict[str, str]:
    return {result.file_name: result.status for result in lab.ingest().files}


def test_the_mode_of_a_file_is_the_contracts_unless_the_workspace_says_otherwise(lab: Lab) -> None:
    lab.contract("crm.rows", COLUMNS, key=["id"], mode="full")
    lab.settings["files"] = [
        {"match": "*/part-*.csv", "contract": "crm.rows", "mode": "incremental"}
    ]
    lab.export("crm/all_2026-01-01.csv", rows(100))
    lab.export("crm/part-2026-02-01.csv", rows(3))

    assert set(statuses(lab).values()) == {"loaded"}
    assert modes(lab) == [
        ("crm/all_2026-01-01.csv", "full"),
        ("crm/part-2026-02-01.csv", "incremental"),
    ]

    # To call it something else loads nothing again.
    lab.settings["files"][0]["mode"] = "full"
    assert set(statuses(lab).values()) == {"unchanged", "refused"}
    assert modes(lab) == [("crm/all_2026-01-01.csv", "full")]


@pytest.mark.hazard("small full exports", "files that are cut")
def test_a_full_export_with_half_of_the_rows_is_not_believed(lab: Lab) -> None:
    lab.contract("crm.rows", COLUMNS, key=["id"], mode="full")
    lab.export("crm/all_2026-01-01.csv", rows(100))
    assert set(statuses(lab).values()) == {"loaded"}
    lab.export("crm/all_2026-02-01.csv", rows(49))

    told: list[Any] = []
    results = lab.ingest(on_file=told.append).files

    last = results[-1]
    assert (last.file_name, last.status) == ("crm/all_2026-02-01.csv", "refused")
    assert last.message.startswith("has 49 rows, where the full export before it had 100: ")
    assert told[-1] == last
    assert modes(lab) == [("crm/all_2026-01-01.csv", "full")]
    assert lab.query("select file_name from '{raw}/_refused.parquet'") == [
        ("crm/all_2026-02-01.csv",)
    ]
    # Nor later, and the next one is compared with the last that was believed.
    lab.export("crm/all_2026-03-01.csv", rows(40))
    assert list(statuses(lab).values()) == ["unchanged", "refused", "refused"]
    lab.export("crm/all_2026-04-01.csv", rows(98))
    assert list(statuses(lab).values())[-1] == "loaded"


@pytest.mark.hazard("small full exports")
def test_a_full_export_without_rows_is_not_believed(lab: Lab) -> None:
    lab.contract("crm.rows", COLUMNS, key=["id"], mode="full")
    lab.export("crm/all_2026-01-01.csv", rows(20))
    lab.export("crm/all_2026-02-01.csv", rows(0))

    assert list(statuses(lab).values()) == ["loaded", "refused"]


def test_the_user_may_say_that_so_much_was_deleted(lab: Lab) -> None:
    lab.contract("crm.rows", COLUMNS, key=["id"], mode="full")
    lab.export("crm/all_2026-01-01.csv", rows(100))
    lab.export("crm/all_2026-02-01.csv", rows(5))
    lab.settings["files"] = [{"match": "*_2026-02-01.csv", "contract": "crm.rows", "max_shrink": 1}]

    assert set(statuses(lab).values()) == {"loaded"}


def test_parts_of_one_moment_are_one_export(lab: Lab) -> None:
    lab.contract("crm.rows", COLUMNS, key=["id"], mode="full")
    lab.export("crm/all_2026-01-01.csv", rows(90))
    for part in range(3):
        lab.export(f"crm/all-{part}_2026-02-01.csv", rows(30, 30 * part))

    assert set(statuses(lab).values()) == {"loaded"}


def test_small_tables_may_lose_anything_and_extracts_are_never_compared(lab: Lab) -> None:
    lab.contract("crm.rows", COLUMNS, key=["id"], mode="full")
    lab.contract("shop.rows", COLUMNS, key=["id"])
    lab.export("crm/all_2026-01-01.csv", rows(19))
    lab.export("crm/all_2026-02-01.csv", rows(1))
    lab.export("shop/all_2026-01-01.csv", rows(100))
    lab.export("shop/all_2026-02-01.csv", rows(1))

    assert set(statuses(lab).values()) == {"loaded"}


@pytest.mark.hazard("rows that are gone", "the same file again")
@pytest.mark.parametrize("extract_first", [False, True])
def test_what_one_content_means_is_said_by_its_newest_name(lab: Lab, extract_first: bool) -> None:
    lab.contract("crm.rows", COLUMNS, key=["id"], mode="full", full=["all_*.csv"])
    names = ["crm/all_2026-01-01.csv", "crm/extract_2026-02-01.csv"]
    for name in reversed(names) if extract_first else names:
        lab.export(name, rows(3))
        lab.ingest()

    assert modes(lab) == [("crm/extract_2026-02-01.csv", "incremental")]
