"""One file: what is loaded of it, what is rejected, and when it is refused as a whole."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.ingest import IngestError, columns, load, reject_lines
from orchestration.workspace import WorkspaceError

from .conftest import Lab

ROWS = {"id": ("varchar", {"required": True, "not_null": True}), "n": "bigint"}
GOOD = "".join(f"k{i},{i}\n" for i in range(100))


@pytest.mark.hazard("encodings", "new columns")
@pytest.mark.parametrize(
    "content",
    [
        b"id,n\na,1\nb,2\n",
        b"id,n\na,1\nb,2",
        b"id,n\r\na,1\r\nb,2\r\n",
        b"id,n\ra,1\rb,2\r",
        b"id,n\na,1\r\nb,2\n",
        b"\xef\xbb\xbfid,n\na,1\nb,2\n",
        "id,n\na,1\nb,2\n".encode("utf-16"),
        b"\xfe\xff" + "id\tn\na\t1\nb\t2\n".encode("utf-16-be"),
        b'"n","id"\n"1","a"\n"2","b"\n',
        b"id;n\na;1\nb;2\n",
        b"id\tn\na\t1\nb\t2\n",
        b" ID , N \na,1\n\nb,2\n   \n\n",
        b"n,other,id\n1,x,a\n2,y,b\n",
        b"Title\n\nid,n\na,1\nb,2\n",
        b'id,n\na, "1"\nb,2\n',
        b"id,n,\na,1,\nb,2,\n",
    ],
)
def test_the_same_rows_however_they_are_written(lab: Lab, content: bytes) -> None:
    lab.contract("crm.rows", ROWS, key=["id"])

    result = lab.one(content)

    assert (result.status, result.rows, result.rejected) == ("loaded", 2, 0)
    assert lab.rows() == [("a", 1), ("b", 2)]


def test_the_schema_is_the_contract_and_the_fingerprint(lab: Lab) -> None:
    lab.contract("crm.rows", {"id": "varchar", "n": "bigint", "d": "date", "t": "timestamp"})

    header = "id,n,d,t\n"
    rows = "a,1,2026-01-01,2026-01-01 10:00:00\n" * 20
    lab.export("crm/good.csv", header + rows)
    lab.export("crm/rejects.csv", header + rows + "b,x,,\n")
    lab.ingest()

    loaded = "'{raw}/crm/rows/*.parquet'"
    shapes = lab.query(
        "select distinct string_agg(name || ' ' || duckdb_type, ', ') from "
        f"(select * from parquet_schema({loaded}) where num_children is null "
        "and not contains(file_name, 'rejects')) group by file_name"
    )
    assert shapes == [("id VARCHAR, n BIGINT, d DATE, t TIMESTAMP, _fingerprint VARCHAR",)]


@pytest.mark.hazard("ragged rows")
def test_a_bad_row_is_rejected_with_line_column_and_reason(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS, key=["id"])

    result = lab.one(f'id,n\n"two\nlines",1\nx,oops\n{GOOD},5\nshort\nlong,1,2\nnul\0,1\n')

    assert (result.status, result.rows, result.rejected) == ("loaded", 101, 5)
    assert lab.rejects(result) == [
        (4, "n", "bad_number"),
        (105, "id", "missing_key"),
        (106, None, "ragged"),
        (107, None, "ragged"),
        (108, None, "nul"),
    ]
    assert result.rejects == {"bad_number/n": 1, "missing_key/id": 1, "ragged": 2, "nul": 1}
    assert "oops" not in json.dumps([str(row) for row in lab.rejects(result)])


@pytest.mark.hazard("ragged rows")
def test_a_row_beyond_any_reason_is_rejected(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS)

    result = lab.one(f"id,n\n{'x' * 3_000_000},1\n{GOOD}")

    assert lab.rejects(result) == [(2, None, "too_long")]
    assert result.rows == 100


@pytest.mark.hazard("renamed columns", "ragged rows", "files that are cut", "encodings")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"id,n\n" + b"a,x\n" * 60 + GOOD.encode(), "60 of 160 rows do not fit crm.rows"),
        (b"id,n\na,x\n", r"1 of 1 rows do not fit .*line 2: bad_number in n"),
        (b'id,n\na,1\nb,"2\nc,3\n', "a quote that opens on line 3 is not closed"),
        (b'id,n\na,1\nb,"2', "a quote that opens on line 3 is not closed"),
        (b'id,n\na,"1\nb,2\n"c",3\n', "a quote that opens on line 2 is not closed"),
        (b"id,n\na,1\nb", "ends in the middle of line 3: it is cut"),
        (b"id,n\na,1\nb\xe9,2\n", "line 3 is not utf-8: save the file as UTF-8"),
        (b"", "is empty"),
        (b"key,n\na,1\n", "lacks the column 'id' that crm.rows needs"),
        (b"ids,n\na,1\n", r"lacks the column 'id' .*the nearest is 'ids'"),
        (b"id,n,ID\na,1,b\n", "has the column 'id' 2 times"),
    ],
)
def test_a_file_is_refused_with_what_to_do(lab: Lab, content: bytes, message: str) -> None:
    lab.contract("crm.rows", ROWS, key=["id"])
    lab.export("crm/good.csv", "id,n\na,1\n")
    lab.export("crm/wrong.csv", content)

    good, wrong = lab.ingest().files

    assert (good.status, wrong.status) == ("loaded", "refused")
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(wrong.message)
    assert lab.rows() == [("a", 1)]
    assert lab.query("select file_name, message from '{raw}/_refused.parquet'") == [
        ("crm/wrong.csv", wrong.message)
    ]
    assert len(list((lab.root / "raw/crm/rows").glob("*.parquet"))) == 2


@pytest.mark.hazard("encodings")
def test_a_declared_encoding_is_read(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS, encoding="cp1252")

    lab.one("id,n\nŒuvre – €,1\n".encode("cp1252"))

    assert lab.rows() == [("Œuvre – €", 1)]
    assert not list((lab.root / "runs/tmp").iterdir())


@pytest.mark.hazard("encodings")
def test_a_declared_encoding_that_does_not_hold_names_the_line(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS, encoding="ascii")

    result = lab.one(b"id,n\na,1\n\xe9,1\n")

    assert result.status == "refused"
    assert "line 3" in result.message


def test_of_rows_that_disagree_under_one_key_the_last_wins(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS, key=["id"])

    result = lab.one(f"id,n\ndup,1\nsame,5\ndup,2\ndup,2\nsame,5\n{GOOD}")

    assert lab.rejects(result) == [(2, "id", "duplicate_key")]
    assert [row for row in lab.rows() if row[0] in ("dup", "same")] == [
        ("dup", 2),
        ("dup", 2),
        ("same", 5),
        ("same", 5),
    ]


def test_repeats_are_kept_where_they_are_allowed(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS, key=["id"], repeats="allowed")

    result = lab.one("id,n\na,1\na,2\n")

    assert (result.rows, result.rejected) == (2, 0)


def test_an_empty_export_has_no_rows(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS, empty_marker="No data available.")

    lab.export("crm/header.csv", "id,n\n")
    lab.export("crm/marked.csv", 'id,n\n"No data available."\n')
    results = lab.ingest().files

    assert [(r.status, r.rows, r.rejected) for r in results] == [("loaded", 0, 0)] * 2


AD = {
    "campaign_name": ("varchar", {"headers": ["Campaign"], "required": True}),
    "spend": ("decimal(18,6)", {"headers": ["Cost"], "required": True, "number": "1,234.56"}),
}
TOTALS = {
    "column": "campaign_name",
    "starts_with": "Total:",
    "control": ["Total: Campaigns", "Total: Campaign"],
    "sum": "spend",
}


def report(*totals: str, rows: str = 'On,A,"1,000.10"\nOn,B,164.00\n') -> str:
    return "Status,Campaign,Cost\n" + rows + "".join(f"{line}\n" for line in totals)


@pytest.mark.hazard("sniffing")
def test_totals_are_a_control_and_no_rows(lab: Lab) -> None:
    lab.contract("ads.rows", AD, totals=TOTALS)

    result = lab.one(
        report('Total: Campaigns, --,"1,164.09"', "Total: Account,,5000", "Total: Search,,x"),
        "ads/a.csv",
    )

    assert (result.rows, result.skipped, result.rejected) == (2, 3, 0)
    assert lab.rows("ads.rows") == [("A", Decimal("1000.1")), ("B", Decimal("164"))]


@pytest.mark.hazard("files that are cut")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (report("Total: Campaigns, --,1164.50"), "add up to 1,164.10 of spend, .* says 1,164.50"),
        (report("Total: Account, --,1164.10"), "has no total row .* may be cut"),
        (report(), "has no total row"),
        (
            report("Total: Campaigns, --,1164.10", rows="On,A,1000.10\nOn,B\nOn,C,164\n" * 1),
            "1 of 3 rows|ragged",
        ),
    ],
)
def test_a_report_that_misses_its_total_is_refused(lab: Lab, content: str, message: str) -> None:
    lab.contract("ads.rows", AD, totals=TOTALS, max_reject_share=0)

    result = lab.one(content, "ads/a.csv")

    assert result.status == "refused"
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(result.message)
    assert lab.rows("ads.rows") == []


def test_a_report_without_rows_needs_no_total(lab: Lab) -> None:
    lab.contract("ads.rows", AD, totals=TOTALS)

    assert lab.one(report(rows=""), "ads/a.csv").status == "loaded"


def test_rows_without_a_name_are_the_total_of_the_account(lab: Lab) -> None:
    lab.contract("ads.rows", AD, totals={"column": ["campaign_name"], "blank": True})

    result = lab.one("Campaign,Cost\n,300\nA,100\n", "ads/a.csv")

    assert (result.rows, result.skipped) == (1, 1)


def test_totals_and_rejects_in_one_file_are_told_apart(lab: Lab) -> None:
    lab.contract("ads.rows", AD, totals=TOTALS)
    rows = "".join(f"On,A{i},1.00\n" for i in range(30))

    result = lab.one(report("Total: Campaigns,,30", rows=rows + "On,X,??\n"), "ads/a.csv")

    assert (result.rows, result.skipped, result.rejected) == (30, 1, 1)
    assert lab.rejects(result) == [(32, "spend", "bad_number")]


@pytest.mark.hazard("files that are still being written")
def test_a_file_that_changes_while_it_is_read_is_left_for_the_next_run(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.contract("crm.rows", ROWS)
    real = load.as_utf8

    def meanwhile(job: Any) -> Any:
        if b"b,2" not in job.file.path.read_bytes():
            with job.file.path.open("ab") as file:
                file.write(b"b,2\n")
        return real(job)

    monkeypatch.setattr(load, "as_utf8", meanwhile)

    first = lab.one("id,n\na,1\n")
    [second] = lab.ingest().files

    assert (first.status, second.status) == ("refused", "loaded")
    assert "still being written" in first.message
    assert lab.rows() == [("a", 1), ("b", 2)]


def test_a_file_that_cannot_be_read_stops_no_other(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.contract("crm.rows", ROWS)
    lab.export("crm/a.csv", "id,n\na,1\n")
    lab.export("crm/b.csv", "id,n\nb,2\n")
    real = Path.open

    def locked(path: Path, *arguments: Any, **more: Any) -> Any:
        if path.name == "a.csv":
            raise PermissionError(13, "Permission denied")
        return real(path, *arguments, **more)

    monkeypatch.setattr(Path, "open", locked)
    results = lab.ingest().files

    assert [result.status for result in results] == ["refused", "loaded"]
    assert "cannot be read: [Errno 13] Permission denied" in results[0].message


@pytest.mark.hazard("names as code")
def test_a_name_is_no_pattern(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS)
    lab.export("crm/a.csv", "id,n\na,1\n")
    lab.export("crm/[ab]{a}?*.csv", "id,n\nb,2\n")
    lab.export('crm/it\'s "x";.csv', "id,n\nc,x\nc,3\n")

    lab.ingest()

    assert lab.rows() == [("a", 1), ("b", 2), ("c", 3)]


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ("h\na\nb\n", 2),
        ("h\na\nb", 2),
        ('h\n"a"\n"b\nc"\n', 2),
        ('h\n"a""\n"",\n","b"\n"c"', 2),
        ("h\n", 0),
        ("h", 0),
        ("h\na\n\nb\n", 3),
    ],
)
def test_records_are_counted_without_a_parser(tmp_path: Path, text: str, records: int) -> None:
    (tmp_path / "x.csv").write_text(text)

    found = [n for n in range(6) if load.has_records(tmp_path / "x.csv", 1, n)]

    assert records in found
    assert set(found) <= {records, text.count("\n") - 1, text.count("\n")}


@pytest.mark.hazard("sniffing")
def test_rows_that_the_parser_loses_are_noticed(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.contract("crm.rows", ROWS)
    real = columns.cells
    monkeypatch.setattr(
        columns, "cells", lambda path, layout: f"(select * from {real(path, layout)} limit 1)"
    )

    result = lab.one("id,n\na,1\nb,2\n")

    assert result.rows == 2
    assert lab.rows() == [("a", 1), ("b", 2)]


@pytest.mark.hazard("full disks")
def test_a_disk_that_is_full_leaves_nothing_half_done(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.contract("crm.rows", ROWS)

    def full(aside: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(load, "settle", full)
        with pytest.raises(OSError, match="No space"):
            lab.one("id,n\na,1\n")
    left = [path.name for path in (lab.root / "raw").rglob("*") if path.is_file()]

    assert left == []
    assert lab.ingest().rows("crm.rows") == 1


def test_a_definition_stops_the_run_before_anything_is_loaded(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS)
    lab.contract("definitions.stage_map", {"stage": "varchar", "since": "date"})
    lab.export("crm/rows.csv", "id,n\na,1\n")
    (lab.root / "definitions").mkdir()
    (lab.root / "definitions/stage_map.csv").write_text(
        "stage,since\n" + "lead,2026-01-01\n" * 99 + "mql,soon\n", encoding="utf-8"
    )

    with pytest.raises(IngestError, match=r"stage_map.csv: 1 of 100 .*line 101: bad_date in since"):
        lab.ingest()

    assert not (lab.root / "raw/crm").exists()


def test_a_definition_of_the_workspace_replaces_the_default(lab: Lab) -> None:
    lab.contract("definitions.stage_map", {"stage": "varchar"})
    (lab.root / "seeds").mkdir()
    (lab.root / "seeds/stage_map.csv").write_text("stage\ndefault\n", encoding="utf-8")

    lab.ingest()
    default = lab.rows("definitions.stage_map")
    (lab.root / "definitions").mkdir()
    (lab.root / "definitions/stage_map.csv").write_text("stage\nown\n", encoding="utf-8")
    (lab.root / "definitions/stagemap.csv").write_text("stage\nlost\n", encoding="utf-8")
    results = lab.ingest().files
    own = lab.rows("definitions.stage_map")
    (lab.root / "definitions/stage_map.csv").unlink()
    lab.ingest()

    assert (default, own) == ([("default",)], [("own",)])
    assert lab.rows("definitions.stage_map") == [("default",)]
    [unknown] = [result for result in results if result.status == "unmatched"]
    assert "no definition of this name (the nearest is 'stage_map')" in unknown.message


def test_metrics_and_parameters_that_a_workspace_lacks_are_named_with_what_to_add(lab: Lab) -> None:
    kinds = {"metric": "varchar", "version": "bigint", "parameters": "varchar"}
    lab.contract("definitions.metric_definitions", kinds)
    header = "metric,version,parameters\n"
    default = header + 'won,1,{}\ncac,1,"{""lag_months"": 0, ""share"": 0.5}"\nmrr,1,{}\n'
    for folder, text in (
        ("seeds", default),
        ("definitions", header + 'won,7,\ncac,2,"{""share"": 1}"\nours,1,{}\n'),
    ):
        (lab.root / folder).mkdir(exist_ok=True)
        (lab.root / folder / "metric_definitions.csv").write_text(text, encoding="utf-8")

    with pytest.raises(IngestError) as raised:
        lab.ingest()
    (lab.root / "definitions/metric_definitions.csv").write_text(default, encoding="utf-8")
    lab.ingest()

    name = lab.root / "definitions/metric_definitions.csv"
    assert str(raised.value) == (
        f"{name}: version 2 of the metric cac lacks parameters; "
        'its parameters may be {"share": 1, "lag_months": 0}\n'
        f"{name}: metrics are missing; add them, as agreed by both teams:\n  mrr,1,{{}}"
    )


def test_a_definition_that_cannot_be_read_says_what_it_holds(lab: Lab) -> None:
    lab.contract(
        "definitions.stage_map", {"stage": ("varchar", {"required": True}), "since": "date"}
    )
    (lab.root / "definitions").mkdir()
    definition = lab.root / "definitions/stage_map.csv"

    definition.write_text("stage,since\nlead,1.2.26\nmql,2026-01-01\n", encoding="utf-8")
    with pytest.raises(IngestError, match="a date is written YYYY-MM-DD") as dated:
        lab.ingest()
    definition.write_text("level,since\nlead,2026-01-01\n", encoding="utf-8")
    with pytest.raises(IngestError, match="lacks the column 'stage'") as headed:
        lab.ingest()

    for raised in (dated, headed):
        assert "its headers are: stage, since" in str(raised.value)
        assert "workspace.yml" not in str(raised.value)


@pytest.mark.hazard("hashes of addresses")
def test_a_missing_identity_key_names_who_needs_it(lab: Lab) -> None:
    lab.settings["demo"] = False
    rules = {"identity": "email", "headers": ["E-Mail"]}
    lab.contract("crm.rows", {"id": "varchar", "email_key": ("varchar", rules)})
    lab.export("crm/rows.csv", "id,e-mail\na,ada@example.com\n")

    with pytest.raises(WorkspaceError, match=r"crm/rows.csv: .*'e-mail'.*openssl rand -hex 32"):
        lab.ingest()


def test_the_first_lines_of_each_reason_are_told(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS, max_reject_share=0.9)
    wrong = "".join(f"b{n},x\n" for n in range(4))
    result = lab.one(f"id,n\na,1\n{wrong}c\n")

    path, lines = reject_lines(lab.workspace, result)

    assert path.is_file()
    assert lines == {"bad_number/n": [3, 4, 5], "ragged": [7]}
