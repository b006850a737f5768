from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.diff import Difference, DiffError, FileChange, MartChange, compare, mart_keys
from orchestration.diff_text import TOLD, lines, markdown
from tests.unit.test_cli import plumbline

KEYS = {"rpt_scorecard": ("month", "metric", "variant"), "fct_deals": ("deal_id",)}
SETUP = """
create table main._build as
select
    'b1' as build_id,
    timestamp '2026-04-05 06:00:00' as published_at,
    'Acme' as company,
    date '2026-03-31' as as_of,
    'USD' as reporting_currency,
    'UTC' as reporting_timezone,
    1 as fiscal_year_start_month,
    'e1' as exports_digest,
    'd1' as definitions_digest,
    'p1' as project_digest;

create table main._files as
select * from (values
    ('crm', 'deals', 'crm/deals.csv', 'f1'),
    ('crm', 'leads', 'crm/leads.csv', 'f2'),
    ('definitions', 'channels', 'seeds/definitions/channels.csv', 'f3')
) as t (source_name, table_name, file_name, fingerprint);

create schema marts;
create table marts.rpt_scorecard as
select * from (values
    ('revenue', 'period', 'currency', date '2026-01-01', 1000.00::double),
    ('mqls', 'period', 'count', date '2026-01-01', 412::double),
    ('mqls', 'period', 'count', date '2026-02-01', 500::double),
    ('win_rate', 'period', 'ratio', date '2026-01-01', 0.25::double),
    ('cac', 'paid', 'currency_mean', date '2026-01-01', null)
) as t (metric, variant, unit, month, value);
create table marts.fct_deals as
select * from (values
    ('d1', 100.00::decimal(18, 2), 0.5::double, 'open'),
    ('d2', 200.00::decimal(18, 2), 0.6::double, 'won'),
    ('d3', 300.00::decimal(18, 2), 0.7::double, null)
) as t (deal_id, amount, score, stage);
create table marts.fct_touches as
select * from (values ('a', 1), ('a', 1), ('b', 2)) as t (person_id, touches);
create table marts.dim_definition as
select * from (values ('mqls', 1, '{"score": 50}'), ('leads', 1, '{}'))
as t (metric, version, parameters);
"""

Change = Callable[[str], Difference]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(SETUP)
    return path


@pytest.fixture
def after(old: Path, tmp_path: Path) -> Change:
    """What differs once a statement was run on the other file."""

    def change(statement: str) -> Difference:
        new = tmp_path / "new.duckdb"
        shutil.copy(old, new)
        with duckdb.connect(str(new)) as connection:
            connection.execute(statement)
        return compare(old, new, KEYS)

    return change


def mart(difference: Difference, name: str) -> MartChange:
    [found] = [mart for mart in difference.marts if mart.name == name]
    return found


def text(difference: Difference) -> str:
    return "\n".join(lines(difference))


def test_a_file_and_itself_or_a_copy_are_the_same(old: Path, after: Change) -> None:
    for difference in (compare(old, old, KEYS), after("select 1")):
        assert difference.exit_code == 0
        assert (difference.metrics, difference.changed_marts) == ((), ())
        assert (difference.definitions, difference.files) == ((), ())
        assert len(difference.marts) == 4
        assert "Nothing moved: no metric, and none of 4 marts" in text(difference)


def test_a_metric_that_moved_is_told_with_both_values(after: Change) -> None:
    difference = after("update marts.rpt_scorecard set value = value - 14 where value = 412")

    [movement] = difference.metrics
    assert (movement.metric, movement.month, movement.state) == ("mqls", date(2026, 1, 1), "moved")
    assert (movement.before, movement.after, movement.difference) == (412, 398, -14)
    assert movement.share == pytest.approx(-0.034, abs=1e-4)
    assert difference.exit_code == 1
    assert "MQLs  Jan 2026  412 → 398  (-3.4 %)" in text(difference)
    assert "| MQLs | Jan 2026 | 412 | 398 | -3.4 % |" in markdown(difference)


def test_metrics_are_told_in_the_order_of_the_funnel(after: Change) -> None:
    difference = after("update marts.rpt_scorecard set value = coalesce(value, 0) + 1")

    assert [movement.metric for movement in difference.metrics] == [
        *("mqls", "mqls", "win_rate", "cac", "revenue")
    ]
    assert [(x.before, x.after) for x in difference.metrics if x.metric == "cac"] == [(None, 1.0)]
    shown = text(difference)
    assert "Win rate   Jan 2026  25.0% → 125.0%  (+100.0 points)" in shown
    assert "CAC, paid  Jan 2026  – → $1.00" in shown
    assert "Revenue    Jan 2026  $1,000.00 → $1,001.00  (+0.1 %)" in shown


def test_months_and_metrics_may_appear_and_go(after: Change) -> None:
    difference = after(
        "delete from marts.rpt_scorecard where metric = 'win_rate';"
        "insert into marts.rpt_scorecard values "
        "('mqls', 'period', 'count', date '2026-03-01', 7), ('new', 'x', 'count', '2026-03-01', 1)"
    )

    assert [(x.metric, x.state, x.before, x.after) for x in difference.metrics] == [
        ("mqls", "appeared", None, 7),
        ("win_rate", "gone", 0.25, None),
        ("new", "appeared", None, 1),
    ]
    assert "Win rate  Jan 2026  25.0% → none  (gone)" in text(difference)


def test_small_moves_are_told_with_the_decimals_they_need(after: Change) -> None:
    difference = after("update marts.rpt_scorecard set value = 1000.0004 where metric = 'revenue'")

    assert "$1,000.0000 → $1,000.0004  (+0.00004 %)" in text(difference)


def test_the_noise_of_sums_is_no_difference_and_a_cent_is_one(old: Path, after: Change) -> None:
    noise = after(
        "update marts.rpt_scorecard set value = value * (1 + 1e-12);"
        "update marts.fct_deals set score = score * (1 + 1e-12)"
    )
    cent = after("update marts.fct_deals set amount = amount + 0.01 where deal_id = 'd3'")
    infinite = after("update marts.fct_deals set score = 'inf' where deal_id = 'd3'")

    assert noise.exit_code == 0
    assert mart(cent, "fct_deals").changed_columns == {"amount": 1}
    assert mart(infinite, "fct_deals").changed_columns == {"score": 1}


def test_a_tolerance_of_ones_own_is_a_part_of_the_larger_value(old: Path, tmp_path: Path) -> None:
    shutil.copy(old, tmp_path / "new.duckdb")
    with duckdb.connect(str(tmp_path / "new.duckdb")) as connection:
        connection.execute("update marts.rpt_scorecard set value = 1004 where value = 1000")
        connection.execute("update marts.rpt_scorecard set value = 406 where value = 412")

    difference = compare(old, tmp_path / "new.duckdb", KEYS, tolerance=0.005)

    assert [movement.metric for movement in difference.metrics] == ["mqls"]
    assert mart(difference, "rpt_scorecard").changed == 1


def test_rows_with_a_key_are_added_gone_or_changed(after: Change) -> None:
    difference = after(
        "delete from marts.fct_deals where deal_id = 'd1';"
        "update marts.fct_deals set stage = 'lost', score = 0 where deal_id = 'd2';"
        "update marts.fct_deals set stage = 'open' where deal_id = 'd3';"
        "insert into marts.fct_deals values ('d4', 1, 1, 'open'), ('d5', null, null, null)"
    )

    deals = mart(difference, "fct_deals")
    assert (deals.rows_before, deals.rows_after) == (3, 4)
    assert (deals.added, deals.gone, deals.changed) == (2, 1, 2)
    assert deals.changed_columns == {"stage": 2, "score": 1}
    assert deals.key == ("deal_id",)
    shown = "3 → 4 rows; 2 added; 1 gone; 2 changed (stage 2, score 1)"
    assert f"fct_deals  {shown}" in text(difference)


@pytest.mark.parametrize("why", ["no key is known", "the key is not unique", "no such column"])
def test_rows_without_a_key_are_compared_as_a_whole(old: Path, tmp_path: Path, why: str) -> None:
    shutil.copy(old, tmp_path / "new.duckdb")
    with duckdb.connect(str(tmp_path / "new.duckdb")) as connection:
        connection.execute("delete from marts.fct_touches where person_id = 'a'")
        connection.execute("insert into marts.fct_touches values ('a', 1), ('b', 3)")
    keys = {"the key is not unique": ("person_id",), "no such column": ("touch_id",)}.get(why, ())

    touches = mart(compare(old, tmp_path / "new.duckdb", {"fct_touches": keys}), "fct_touches")

    assert (touches.added, touches.gone, touches.changed, touches.key) == (1, 1, 0, ())


def test_columns_and_marts_may_come_go_and_change_type(after: Change) -> None:
    difference = after(
        "alter table marts.fct_deals add column owner varchar;"
        "alter table marts.fct_deals drop column score;"
        "alter table marts.fct_deals alter amount type decimal(18, 6);"
        "alter table marts.fct_touches alter touches type varchar;"
        "create table marts.fct_new as select 1 as id; drop table marts.dim_definition"
    )

    deals = mart(difference, "fct_deals")
    assert (deals.columns_added, deals.columns_gone) == (("owner",), ("score",))
    assert deals.columns_retyped == (("amount", "DECIMAL(18,2)", "DECIMAL(18,6)"),)
    assert (deals.added, deals.gone, deals.changed) == (0, 0, 0)
    assert mart(difference, "fct_touches").columns_retyped == (("touches", "INTEGER", "VARCHAR"),)
    assert mart(difference, "fct_touches").added == 0
    assert mart(difference, "fct_new").rows_before is None
    assert mart(difference, "dim_definition").rows_after is None
    shown = text(difference)
    assert "new column owner; without column score; amount is DECIMAL(18,6), was" in shown
    assert "fct_new         new, 1 row" in shown
    assert "dim_definition  gone, 2 rows before" in shown


def test_names_from_a_file_are_only_names(after: Change) -> None:
    odd = 'a"; drop table marts.fct_deals; --'.replace('"', '""')

    difference = after(
        f'create table marts."{odd}" as select 1 as "{odd}";'
        "insert into marts.rpt_scorecard values "
        "('<img src=x> | [x](http://x) @team `a` *b*', 'period', 'count', '2026-03-01', 1)"
    )

    assert mart(difference, 'a"; drop table marts.fct_deals; --').rows_after == 1
    told = markdown(difference)
    assert "<img" not in told
    assert "@team" not in told
    assert not re.search(r"(?<!\\)[\[`*]", told)
    assert all(row.count(" | ") == 4 for row in told.splitlines() if "Mar 2026" in row)


def test_the_files_and_definitions_behind_them_are_told(after: Change) -> None:
    difference = after(
        "update main._files set fingerprint = 'f9' where table_name = 'deals';"
        "delete from main._files where table_name = 'leads';"
        "insert into main._files values ('ads', 'spend', 'ads/spend.csv', 'f5');"
        "update main._files set file_name = 'definitions/channels.csv', fingerprint = 'f6' "
        "where source_name = 'definitions';"
        "update main._build set exports_digest = 'e2', definitions_digest = 'd2';"
        "update marts.dim_definition set parameters = '{\"score\": 60}' where metric = 'mqls';"
        "insert into marts.dim_definition values ('leads', 2, '{}')"
    )

    assert difference.files == (
        FileChange("ads", "spend", None, "ads/spend.csv"),
        FileChange("crm", "deals", "crm/deals.csv", "crm/deals.csv"),
        FileChange("crm", "leads", "crm/leads.csv", None),
        FileChange(
            "definitions", "channels", "seeds/definitions/channels.csv", "definitions/channels.csv"
        ),
    )
    assert difference.given == {"exports": True, "definitions": True, "project": False}
    assert [(x.metric, x.version) for x in difference.definitions] == [("leads", 2), ("mqls", 1)]
    assert difference.definitions[1].before == {"parameters": '{"score": 50}'}
    shown = text(difference)
    assert "1 file new: ads/spend.csv; 1 file gone: crm/leads.csv; 1 file with other" in shown
    assert 'mqls, version 1  parameters: {"score": 50} → {"score": 60}' in shown
    assert "project      the same" in shown


def test_two_companies_or_days_are_said_first(after: Change) -> None:
    difference = after(
        "update main._build set company = 'Other', reporting_currency = 'EUR', as_of = '2026-04-30'"
    )

    assert difference.settings == (("company", "Acme", "Other"), ("currency", "USD", "EUR"))
    shown = text(difference).splitlines()
    assert shown[2] == "! The company is another: Acme before, Other after."
    assert shown[3] == "! The currency is another: USD before, EUR after."
    assert "2026-03-31 and 2026-04-30" in shown[4]


def test_a_file_from_before_something_was_noted_is_compared(old: Path, after: Change) -> None:
    difference = after(
        "drop table main._files; alter table main._build drop column exports_digest;"
        "alter table main._build drop column as_of; drop table marts.dim_definition;"
        "alter table marts.rpt_scorecard drop column unit"
    )

    assert difference.files is None
    assert difference.given["exports"] is None
    assert difference.metrics == ()
    assert mart(difference, "rpt_scorecard").columns_gone == ("unit",)
    assert "exports      not known" in text(difference)


def test_what_is_no_published_file_cannot_be_compared(old: Path, tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("create table a as select 1")
    (tmp_path / "notes.txt").write_text("no database")

    for name, message in (
        ("nowhere.duckdb", "nowhere.duckdb does not exist"),
        ("notes.txt", "notes.txt cannot be opened"),
        ("warehouse.duckdb", "warehouse.duckdb is not a published file"),
    ):
        with pytest.raises(DiffError, match=message):
            compare(old, tmp_path / name, KEYS)


def test_a_long_list_says_how_much_is_left_out(after: Change) -> None:
    difference = after(
        "insert into marts.rpt_scorecard select 'won', 'period', 'count', "
        "date '2024-01-01' + to_months(n::integer), n from range(10) as t (n)"
    )

    assert f"and {10 - TOLD} earlier months (--all)" in text(difference)
    assert f"and {10 - TOLD} earlier months" in markdown(difference)
    for told in (
        "\n".join(lines(difference, everything=True)),
        markdown(difference, everything=True),
    ):
        assert told.count("2024") == 10


def test_every_mart_with_a_key_test_is_known() -> None:
    keys = mart_keys()

    assert keys["rpt_scorecard"] == ("month", "metric", "variant")
    assert len(keys) > 40


def test_the_command_tells_by_its_exit_code(old: Path, tmp_path: Path) -> None:
    (tmp_path / "acme" / "published").mkdir(parents=True)
    (tmp_path / "acme" / "workspace.yml").write_text("company: Acme\n")
    new = shutil.copy(old, tmp_path / "acme" / "published" / "plumbline.duckdb")

    same = plumbline("diff", old, tmp_path / "acme")
    with duckdb.connect(str(new)) as connection:
        connection.execute("update marts.rpt_scorecard set value = 0 where metric = 'revenue'")
    moved = plumbline("diff", old, tmp_path / "acme", "--json")
    neither = plumbline("diff", old, tmp_path / "nowhere.duckdb")

    assert (same.returncode, moved.returncode, neither.returncode) == (0, 1, 2)
    assert "Nothing moved" in same.stdout
    told = json.loads(moved.stdout)
    assert told["exit_code"] == 1
    [movement] = told["metrics"]
    assert (movement["metric"], movement["difference"], movement["share"]) == ("revenue", -1000, -1)
    assert "nowhere.duckdb does not exist" in neither.stderr


def test_the_difference_is_plain_data(after: Change) -> None:
    difference = after("update marts.fct_deals set stage = 'x'; drop table main._files")

    plain = json.loads(json.dumps(difference.to_json(), default=str))

    assert plain["marts"][1] | {"name": "fct_deals", "changed": 3} == plain["marts"][1]
    assert plain["files"] is None
    assert replace(difference, marts=()).exit_code == 0
