"""When a file was exported, by its name, its folder or its time."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from orchestration.ingest.files import BLOCK, ExportFile, exported, read_content

MTIME = 1_760_000_000_123_456_789


@pytest.mark.parametrize(
    ("name", "at", "on"),
    [
        ("hubspot/contacts-2026-10-31.csv", datetime(2026, 10, 31), date(2026, 10, 31)),
        ("salesforce/2026-10-31/Lead.csv", datetime(2026, 10, 31), date(2026, 10, 31)),
        ("2025-01-01/x/Lead_2026-10-31.csv", datetime(2026, 10, 31), date(2026, 10, 31)),
        ("a/report_20261031.csv", datetime(2026, 10, 31), date(2026, 10, 31)),
        ("a/2026-01-01-2026-03-31.csv", datetime(2026, 3, 31), date(2026, 3, 31)),
        ("a/x_exported-2026-04-02_of-2026-12-31.csv", datetime(2026, 4, 2), date(2026, 4, 2)),
        ("a/T(2026.02.05-2026.02.10).csv", datetime(2026, 2, 10), date(2026, 2, 10)),
        ("m/A-Ads-1-Sep-2024-30-Sep-2024.csv", datetime(2024, 9, 30), date(2024, 9, 30)),
        ("a/x-2026-10-31T23-30.csv", datetime(2026, 11, 1, 3, 30), date(2026, 10, 31)),
        ("a/x-2026-13-41.csv", None, None),
        ("a/order-120261031.csv", None, None),
    ],
)
def test_a_date_in_the_name_is_the_day_of_the_export(
    name: str, at: datetime | None, on: date | None
) -> None:
    found = exported(ExportFile(Path(name), name, 1, MTIME), None, "America/New_York")

    if at is None:
        assert found.known_from == "file time"
        assert found.at == datetime(2025, 10, 9, 8, 53, 20, 123456)
    else:
        assert (found.at, found.on, found.known_from) == (at, on, "name")


def test_what_the_workspace_states_counts_before_the_name() -> None:
    file = ExportFile(Path("x"), "x-2026-10-31.csv", 1, MTIME)

    found = exported(file, datetime(2026, 7, 1, 22, 0), "America/New_York")

    assert (found.at, found.on) == (datetime(2026, 7, 2, 2, 0), date(2026, 7, 1))


def test_content_is_told_apart_in_every_block(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    digests = set()
    for place in (None, 0, BLOCK - 1, BLOCK, 2 * BLOCK):
        data = bytearray(b"x" * (2 * BLOCK + 1))
        if place is not None:
            data[place] = 0
        path.write_bytes(data)
        content = read_content(path)
        assert content.has_nul == (place is not None)
        digests.add(content.digest)

    assert len(digests) == 5
