from __future__ import annotations

from pathlib import Path

import duckdb
import pytest


@pytest.fixture(autouse=True)
def _hasty_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What tests write need not outlast a power cut, and to wait for the disk takes minutes."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """A warehouse as dbt leaves it, with one mart of three rows."""
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            """
            create schema raw;
            create view raw.plumbline__settings as
            select
                'Acme' as company,
                date '2026-03-31' as as_of,
                'USD' as reporting_currency,
                'UTC' as reporting_timezone,
                1 as fiscal_year_start_month;
            create view raw.plumbline__files as
            select
                'crm' as source_name,
                'people' as table_name,
                'crm/people.csv' as file_name,
                'f1' as fingerprint,
                timestamp '2026-03-31 12:00:00' as exported_at;

            create schema marts;
            create table marts.rpt_small as
            select * from (values
                (1, 'ada@example.com', 0.5, 10.00::decimal(18, 2)),
                (2, 'grace@example.com', 1.5, 20.00::decimal(18, 2)),
                (3, null, 2.5, 30.00::decimal(18, 2))
            ) as t (id, email, rate, amount);
            """
        )
    return path
