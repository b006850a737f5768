"""What is told of a workspace between its runs."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from rich.console import Console
from typer.testing import CliRunner

from orchestration import record, status, terminal
from orchestration.cli import app
from orchestration.contracts import Contract, read_contracts
from orchestration.ingest import IngestResult, ingest
from orchestration.publish import Mart, publish
from orchestration.status import Status
from orchestration.workspace import Workspace, open_workspace


@pytest.fixture(scope="module")
def contracts() -> Mapping[str, Contract]:
    return read_contracts()


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    settings = "company: Acme\nreporting_currency: EUR\ndemo: true\nas_of: 2026-03-31\n"
    (tmp_path / "workspace.yml").write_text(settings, encoding="utf-8")
    return open_workspace(tmp_path)


def export(place: Workspace, name: str, content: str) -> None:
    path = place.exports / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    os.utime(path, (1_770_000_000, 1_770_000_000))


def orders(days: range) -> str:
    rows = (f"{n},2026-03-{n:02d},{n}\n" for n in days)
    return "order_id,order_date,revenue\n" + "".join(rows)


def shown(found: Status, now: datetime = datetime(2026, 4, 1, 12), width: int = 80) -> str:
    target = io.StringIO()
    terminal.show_status(Console(file=target, width=width), found, now)
    return target.getvalue()


def test_before_the_first_run_nothing_is_there(
    place: Workspace, contracts: Mapping[str, Contract]
) -> None:
    found = status.read(place, contracts)

    assert (found.sources, found.run, found.publish, found.exit_code) == ((), None, None, 1)
    assert "Nothing was loaded yet." in shown(found)
    assert f"plumbline run --workspace {place.root}" in shown(found, width=400)
    assert not place.raw.exists()


def test_sources_are_told_with_their_freshness_and_what_was_left_out(
    place: Workspace, contracts: Mapping[str, Contract]
) -> None:
    export(place, "generic/orders-2026-03-20.csv", orders(range(1, 25)) + "x,y,z\n")
    export(place, "generic/orders.csv", orders(range(20, 29)).replace("\n", "\r\n"))
    export(place, "generic/costs-2026-03-01.csv", "month,cost_type,amount\n2026-01,tools,MÃ¼nz\n")
    export(place, "hubspot/contacts.csv", "a,b\n1,2\n")
    export(place, "weather.csv", "a,b\n1,2\n")
    ingest(place, contracts)

    found = status.read(place, contracts)

    generic, hubspot = found.sources
    assert (generic.name, generic.files, generic.rows, generic.rejected) == ("generic", 2, 33, 1)
    assert generic.newest == datetime(2026, 3, 20)
    assert generic.age_days == 11
    assert (generic.first_day, generic.last_day, generic.days) == (
        date(2026, 3, 1),
        date(2026, 3, 28),
        28,
    )
    assert generic.undated == 1
    assert [line.partition(":")[0] for line in generic.refused] == ["generic/costs-2026-03-01.csv"]
    assert (hubspot.files, len(hubspot.refused)) == (0, 1)
    assert [line.partition(":")[0] for line in found.unmatched] == ["weather.csv"]
    text = shown(found)
    assert "11 d" in text
    assert "of 1 file only the file's own time says when it was exported" in text
    assert "? unmatched weather.csv" in text


def test_notes_of_files_are_told(place: Workspace, contracts: Mapping[str, Contract]) -> None:
    text = "lead_id,created_at,company\n1,2026-01-05,MÃ¼ller\n"
    export(place, "generic/leads-2026-03-01.csv", text)
    ingest(place, contracts)

    [source] = status.read(place, contracts).sources

    assert "look like UTF-8 that was read as something else" in source.notes[0]


def test_what_an_older_contract_loaded_is_told_under_that_of_today(
    place: Workspace, contracts: Mapping[str, Contract]
) -> None:
    export(place, "generic/orders-2026-03-20.csv", orders(range(1, 25)))
    ingest(place, contracts)
    today = contracts["generic.orders"]
    column = next(column for column in today.columns if column.name == "order_date")

    def named(name: str) -> Mapping[str, Contract]:
        columns = (replace(column, name=name),)
        return {**contracts, "generic.orders": replace(today, columns=columns)}

    [lacking] = status.read(place, named("booked_at")).sources
    [as_text] = status.read(place, named("order_id")).sources

    assert (lacking.rows, lacking.first_day, lacking.days) == (24, None, 0)
    assert (as_text.rows, as_text.first_day, as_text.days) == (24, None, 0)


def test_a_file_that_replaces_days_is_told_with_them_once(
    place: Workspace, contracts: Mapping[str, Contract]
) -> None:
    header = "platform,date,campaign,spend\n"
    export(
        place, "generic/ad-spend-2026-03-20.csv", f"{header}x,2026-03-05,A,1\nx,2026-03-09,A,1\n"
    )
    export(place, "generic/orders-2026-03-20.csv", orders(range(1, 25)))
    first, again = ingest(place, contracts), ingest(place, contracts)

    def told(result: IngestResult, name: str) -> list[tuple[str, str, str]]:
        return status.days_replaced(place, contracts[name], result.of(name))

    assert told(first, "generic.ad_spend") == [
        ("generic/ad-spend-2026-03-20.csv", "2026-03-05", "2026-03-09")
    ]
    assert told(first, "generic.orders") == told(again, "generic.ad_spend") == []


def test_a_run_is_told_from_its_beginning(place: Workspace) -> None:
    with record.run(place.runs):
        during = record.read(place.runs, "run")
    after = record.read(place.runs, "run")

    assert (during["outcome"], during["ended_at"]) == ("running", None)
    assert after["outcome"] == "published"
    assert after["ended_at"] >= after["started_at"]


@pytest.mark.parametrize(
    ("published_at", "problem", "outcome"),
    [
        ("9999-01-01T00:00:00", "", "published"),
        ("2026-01-01T00:00:00", "", "finished"),
        ("2026-01-01T00:00:00", "dim_channel: two rows", "stopped"),
    ],
)
def test_a_run_of_dagster_is_told_by_what_its_steps_left(
    place: Workspace, published_at: str, problem: str, outcome: str
) -> None:
    record.write(place.runs, "publish", {"published_at": published_at, "build_id": "b1"})

    with record.run(place.runs, lambda: problem):
        pass
    said = record.read(place.runs, "run")

    assert (said["outcome"], said["message"]) == (outcome, problem)
    assert said["build_id"] == ("b1" if outcome == "published" else "")


def test_what_stopped_a_run_is_kept_without_values(place: Workspace) -> None:
    problem = duckdb.ConversionException("Conversion Error: Could not convert 'ada@b.example'")
    with pytest.raises(duckdb.ConversionException), record.run(place.runs):
        raise problem

    said = record.read(place.runs, "run")

    assert said["outcome"] == "stopped"
    assert "Could not convert" in said["message"]
    assert "ada@" not in said["message"]


@pytest.mark.parametrize(
    ("pid", "outcome"),
    [(os.getpid(), "running"), (2**22 + 1, "killed"), (None, "killed")],
    ids=["there", "gone", "unknown"],
)
def test_a_run_that_did_not_end_was_killed_or_goes_on(
    place: Workspace, contracts: Mapping[str, Contract], pid: int | None, outcome: str
) -> None:
    record.write(place.runs, "run", record.Ended(datetime(2026, 4, 1, 11)))
    if pid:
        (place.runs / "lock").write_text(json.dumps({"pid": pid}), encoding="utf-8")

    found = status.read(place, contracts)

    assert found.run
    assert found.run.outcome == outcome
    assert found.exit_code == 1
    assert "60 min ago" in shown(found)


def test_the_last_publish_is_told(
    place: Workspace, contracts: Mapping[str, Contract], warehouse: Path
) -> None:
    published = publish(warehouse, place.published, [Mart("rpt_small")])
    with record.run(place.runs):
        pass

    found = status.read(place, contracts)

    assert found.publish
    assert found.publish.build_id == published.build_id
    assert (found.publish.as_of, found.publish.marts) == (date(2026, 3, 31), 1)
    assert found.exit_code == 0
    assert published.build_id in shown(found, width=200)


def test_the_command_says_by_its_code_whether_the_last_run_published(
    place: Workspace, warehouse: Path
) -> None:
    before = CliRunner().invoke(app, ["status", "--workspace", str(place.root)])
    publish(warehouse, place.published, [Mart("rpt_small")])
    with record.run(place.runs):
        pass
    after = CliRunner().invoke(app, ["status", "--workspace", str(place.root), "--json"])

    assert before.exit_code == 1
    assert after.exit_code == 0
    told = json.loads(after.output)
    assert told["run"]["outcome"] == "published"
    assert told["publish"]["as_of"] == "2026-03-31"
    assert told["exit_code"] == 0


def test_a_wide_table_fits_80_columns(place: Workspace, contracts: Mapping[str, Contract]) -> None:
    export(place, "generic/orders-2026-03-20.csv", orders(range(1, 25)))
    ingest(place, contracts)

    lines = shown(status.read(place, contracts)).splitlines()

    assert all(len(line) <= 80 for line in lines if not line.startswith(("Last run", "! ")))
    assert any("generic" in line and "2026-03-20" in line for line in lines)
