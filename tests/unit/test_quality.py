from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration import quality
from orchestration.quality import CheckError, CheckResult, Suite, check, require_passed


@pytest.fixture(scope="module")
def gxe() -> Any:
    import great_expectations.expectations

    return great_expectations.expectations


@pytest.mark.hazard("personal data")
def test_a_failure_counts_rows_and_shows_no_value(warehouse: Path, gxe: Any) -> None:
    suite = [
        gxe.ExpectColumnValuesToNotBeNull(column="email"),
        gxe.ExpectColumnValuesToBeInSet(column="email", value_set=["nobody"]),
        gxe.ExpectColumnValuesToBeBetween(column="rate", max_value=1, severity="warning"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="select * from {batch} where id > 1", description="one row"
        ),
        gxe.ExpectTableRowCountToBeBetween(min_value=3),
    ]

    results = check(warehouse, [Suite("marts.rpt_small", suite)])

    assert [(r.success, r.unexpected, r.severity) for r in results] == [
        (False, 1, "critical"),
        (False, 2, "critical"),
        (False, 2, "warning"),
        (False, 2, "critical"),
        (True, None, "critical"),
    ]
    assert "example.com" not in repr(results)
    assert str(results[3]) == "marts.rpt_small: one row: 2 rows"


def test_what_cannot_be_run_has_failed(warehouse: Path, gxe: Any) -> None:
    suite = [
        gxe.ExpectColumnValuesToNotBeNull(column="emial"),
        gxe.UnexpectedRowsExpectation(unexpected_rows_query="select nonsense from {batch}"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="select * from {batch} where cast(email as integer) > 0"
        ),
    ]

    results = check(
        warehouse, [Suite("marts.rpt_small", suite), Suite("marts.rpt_gone", suite[:1])]
    )

    assert [result.blocks for result in results] == [True, True, True, True]
    assert "emial" in str(results[0])
    assert "nonsense" in str(results[1])
    assert "ada@example.com" not in str(results[2])
    assert "no such table" in str(results[3])


def test_the_same_suite_can_be_run_twice(warehouse: Path, gxe: Any) -> None:
    suite = Suite("marts.rpt_small", [gxe.ExpectColumnValuesToBeUnique(column="id")])

    assert check(warehouse, [suite]) == check(warehouse, [suite])


def test_the_file_is_free_afterwards(warehouse: Path, gxe: Any) -> None:
    check(warehouse, [Suite("marts.rpt_small", [gxe.ExpectColumnToExist(column="gone")])])

    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("drop table marts.rpt_small")


def test_severity_decides() -> None:
    met = CheckResult("marts.a", "is fine", "critical", True)
    warned = CheckResult("marts.a", "could be better", "warning", False, 3)
    failed = CheckResult("marts.b", "adds up", "critical", False, 1)

    require_passed([met, warned])
    with pytest.raises(CheckError, match=r"marts\.b: adds up: 1 row$") as error:
        require_passed([met, warned, failed])
    assert "marts.a" not in str(error.value)


def test_what_the_definitions_do_not_cover_is_named(tmp_path: Path) -> None:
    warehouse, definitions = tmp_path / "warehouse.duckdb", tmp_path / "definitions"
    definitions.mkdir()
    (definitions / "stage_map.csv").touch()
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            """
            create schema raw; create schema staging; create schema intermediate;
            create schema marts;
            create table raw.definitions__stage_map as
            select 'crm' as source_system, 'MQL' as source_stage;
            create table intermediate.int_stage_changes_unioned as
            select 'crm' as source_system,
                unnest(['mql', 'Warm', 'Warm', 'a@b.co', 'Sal']) as source_stage;
            create table raw.definitions__channels as select 'email' as channel;
            create table intermediate.int_hubspot_deals as
            select * from (values
                ('Handshake (EMEA)', false, false), ('Handshake (EMEA)', false, false),
                ('Closed Won', true, false), ('Binned', false, true)
            ) as t (stage_name, is_stage_known, is_deleted);
            create table raw.definitions__channel_map as
            select 'crm' as source_system, 'Radio' as source_value;
            create table intermediate.int_person_records as
            select 'crm' as source_system, * from (values
                (1, 'Podcast'), (1, 'radio'), (2, 'Podcast'), (3, 'Fair'), (3, 'Email'), (4, null)
            ) as t (person_id, channel_source);
            create table marts.dim_person as
            select
                unnest([1, 2, 3, 4]) as person_id,
                unnest(['unmapped', 'unmapped', 'email', 'unmapped']) as channel,
                false as is_excluded;
            create table marts.fct_opportunities as
            select 'crm' as source_system, 'CHF' as currency_code, 5 as amount_original,
                unnest([null, 4]) as amount;
            create table marts.fct_revenue as
            select 'shop:1' as order_id, 'JPY' as currency_code, 5 as revenue_original,
                0.03 as revenue;
            create table marts.fct_ad_performance_daily as
            select 'meta_ads' as platform, 'USD' as currency_code,
                unnest([5, 5, null]) as spend_original, cast(null as integer) as spend;
            create table marts.rpt_reconciliation as
            select * from (values
                ('fx_coverage', 'amounts without a rate', 3.00, 'expected', 0.00, 3.00, 'failed'),
                ('spend', 'in', 1.00, 'out', 1.00, 0.00, 'ok'),
                ('stage_changes_unmapped', 'changes', 4.00, 'mapped', 1.00, 3.00, 'noted')
            ) as t (check_name, left_name, left_value, right_name, right_value, difference, status);
            """
        )

    assert quality.notes(warehouse, definitions) == [
        "fx_coverage: 3 amounts without a rate, where 0 is expected; see "
        "definitions/exchange_rates.csv "
        "(begin with a copy of seeds/definitions/exchange_rates.csv)",
        "stage_changes_unmapped: 3 of 4 changes are not mapped; see definitions/stage_map.csv",
    ]
    assert quality.gaps(warehouse, definitions) == [
        "stage not mapped: crm 'Warm' 2 stage changes; add it to definitions/stage_map.csv",
        "deal stage not mapped: hubspot 'Handshake (EMEA)' 2 deals; add it to "
        "definitions/opportunity_stages.csv "
        "(begin with a copy of seeds/definitions/opportunity_stages.csv)",
        "channel not mapped: crm 'Podcast' 2 people; add it to definitions/channel_map.csv "
        "(begin with a copy of seeds/definitions/channel_map.csv)",
        "currency not mapped: meta_ads 'USD' 2 amounts; add it to definitions/exchange_rates.csv "
        "(begin with a copy of seeds/definitions/exchange_rates.csv)",
        "currency not mapped: crm 'CHF' 1 amounts; add it to definitions/exchange_rates.csv "
        "(begin with a copy of seeds/definitions/exchange_rates.csv)",
    ]
