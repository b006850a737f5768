"""What a CSV reader left to itself gets wrong without a word."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Lab

TEXT = ("varchar", {"required": True})


@pytest.mark.hazard("sniffing")
@pytest.mark.parametrize(
    "value",
    [
        "12345678901234567890",  # an id that becomes a float
        "1.20253E+17",
        "007",
        "t",  # a truth value
        "03/04/2026",  # day or month first
        "03-04-26",
        "Total",
        "NULL",
        "nan",
        "-",
        "=1+1",
        "a,b",
        "#1",
        "inf",
    ],
)
def test_a_text_stays_what_is_written(lab: Lab, value: str) -> None:
    lab.contract("crm.rows", {"id": TEXT, "text": TEXT})

    lab.one(f'id,text\nx,"{value}"\n')

    assert lab.rows() == [("x", value)]


@pytest.mark.hazard("sniffing")
def test_an_id_that_a_spreadsheet_rounded_is_no_number(lab: Lab) -> None:
    lab.contract("crm.rows", {"id": ("bigint", {"required": True})}, max_reject_share=0.9)

    result = lab.one("id\n1\n1.20253E+17\n")

    assert lab.rejects(result) == [(3, "id", "bad_number")]


@pytest.mark.hazard("sniffing")
@pytest.mark.parametrize("value", ["03-04-26", "3/4/2026", "2026-03-04T00:00:00"])
def test_a_date_in_another_than_the_declared_format_is_no_date(lab: Lab, value: str) -> None:
    lab.contract("crm.rows", {"id": TEXT, "day": "date"}, max_reject_share=0.9)

    result = lab.one(f"id,day\na,2026-03-04\nb,{value}\n")

    [(line, column, reason)] = lab.rejects(result)
    # Read as written, 03-04-26 is a day of the year 3.
    assert (line, column) == (3, "day")
    assert reason == ("out_of_window" if value == "03-04-26" else "bad_date")


@pytest.mark.hazard("sniffing", "ragged rows")
def test_an_open_quote_does_not_switch_quoting_off(lab: Lab) -> None:
    lab.contract("crm.rows", {"id": TEXT, "text": TEXT})
    rows = "".join(f'{n},"a, b"\n' for n in range(300))

    result = lab.one(f'id,text\n{rows}300,"open\n{rows}')

    assert result.status == "refused"
    assert "a quote that opens on line 302 is not closed" in result.message
    assert lab.rows() == []


@pytest.mark.hazard("sniffing", "renamed columns")
def test_columns_are_bound_by_name_and_never_by_place(lab: Lab) -> None:
    columns = {"id": TEXT, "spend": ("bigint", {"headers": ["Cost"]}), "clicks": "bigint"}
    lab.contract("crm.rows", columns)

    lab.export("crm/a.csv", "id,Cost,clicks\na,1,2\n")
    lab.export("crm/b.csv", "clicks,Price,id\n3,9,b\n")
    lab.ingest()

    assert lab.rows() == [("a", 1, 2), ("b", None, 3)]


@pytest.mark.hazard("names as code")
@pytest.mark.parametrize(
    "header", ['"; drop table x; --', "'; select 1 --", "{{ 1 / 0 }}", "$1", "a]", "%s", "c0", "-1"]
)
def test_a_header_is_no_code(lab: Lab, header: str) -> None:
    lab.contract("crm.rows", {"id": TEXT, "n": ("bigint", {"headers": [header]})})

    quoted = header.replace('"', '""')
    result = lab.one(f'id,"{quoted}"\na,1\nb,x\nc,3\n' * 1)

    assert (result.status, result.rejected) == ("loaded", 1), result.message
    assert lab.rows() == [("a", 1), ("c", 3)]


@pytest.mark.hazard("names as code")
def test_a_value_is_no_code_wherever_the_contract_states_it(lab: Lab) -> None:
    evil = "'; drop table x; --"
    columns: dict[str, Any] = {
        "id": TEXT,
        "system": ("varchar", {"constant": evil}),
        "kind": ("varchar", {"values": {evil: f"x{evil}"}, "null_values": [f"y{evil}"]}),
        "file": ("varchar", {"from_file_name": "/(it's.*)\\.csv/"}),
    }
    lab.contract("crm.rows", columns)

    lab.one(f'id,kind\na,"{evil}"\nb,"y{evil}"\n', "crm/it's; --.csv")

    assert lab.rows() == [("a", evil, f"x{evil}", "it's; --"), ("b", evil, None, "it's; --")]


@pytest.mark.hazard("formulas")
@pytest.mark.parametrize("cell", ["=cmd|' /C calc'!A0", "+1+1", "@SUM(A1)", "-2+3", "\t=1"])
def test_a_formula_is_a_text_like_any_other(lab: Lab, cell: str) -> None:
    lab.contract("crm.rows", {"id": TEXT, "text": ("varchar", {"trim": False})})

    lab.one(f'id,text\na,"{cell}"\n')

    assert lab.rows() == [("a", cell)]


@pytest.mark.hazard("encodings")
@pytest.mark.parametrize("word", ["MÃ¼ller", "CafÃ©", "itâ€™s", "M\ufffdller"])
def test_letters_that_were_garbled_before_are_told(lab: Lab, word: str) -> None:
    lab.contract("crm.rows", {"id": TEXT, "text": TEXT})

    good = lab.one("id,text\na,Müller – café’s\n", "crm/good.csv")
    garbled = {r.file_name: r for r in _with(lab, "crm/odd.csv", f"id,text\nb,{word}\n")}

    assert good.notes == []
    [note] = garbled["crm/odd.csv"].notes
    assert "look like UTF-8 that was read as something else" in note
    assert len(lab.rows()) == 2
    # It is still told when nothing is new.
    again = {result.file_name: result.notes for result in lab.ingest().files}
    assert again["crm/odd.csv"] == [note]


def _with(lab: Lab, name: str, content: str) -> Any:
    lab.export(name, content)
    return lab.ingest().files


@pytest.mark.hazard("encodings")
@pytest.mark.parametrize(
    ("declared", "content", "message"),
    [
        ("utf-8", "id,text\na,é\n".encode("cp1252"), "line 2 is not utf-8"),
        ("cp1252", "id,text\na,é\n".encode(), "is UTF-8, where cp1252 is stated"),
        ("latin-1", "id,text\na,é\n".encode(), "is UTF-8, where latin-1 is stated"),
        ("cp1252", b"id,text\na,\x81\n", "line 2 is not cp1252"),
        ("ascii", "id,text\na,é\n".encode("cp1252"), "line 2 is not ascii"),
        ("utf-16", b"id,text\na,b\n", "does not begin as utf-16 does"),
        ("utf-8", "id,text\na,b\n".encode("utf-16-le"), "looks like UTF-16, but .*utf-16-le"),
        ("utf-8", "id\ttext\na\tb\n".encode("utf-16-be"), "looks like UTF-16, but"),
        ("utf-8", "id,text\na,é\n".encode("utf-16")[:-1], "is not utf-16"),
    ],
)
def test_a_wrong_encoding_refuses_the_file(
    lab: Lab, declared: str, content: bytes, message: str
) -> None:
    lab.contract("crm.rows", {"id": TEXT, "text": TEXT}, encoding=declared)

    result = lab.one(content)

    assert (result.status, lab.rows()) == ("refused", [])
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(result.message)


@pytest.mark.hazard("encodings")
def test_a_wrong_encoding_stops_no_other_file(lab: Lab) -> None:
    lab.contract("crm.rows", {"id": TEXT, "text": TEXT})

    lab.export("crm/a.csv", "id,text\na,b\n".encode("utf-16-le"))
    lab.export("elsewhere/b.csv", "id,text\na,b\n".encode("utf-16-be"))
    lab.export("crm/c.csv", "id,text\nc,d\n")

    assert [r.status for r in lab.ingest().files] == ["refused", "loaded", "unmatched"]
    assert lab.rows() == [("c", "d")]


@pytest.mark.hazard("encodings")
def test_a_byte_order_mark_decides_whatever_is_declared(lab: Lab) -> None:
    lab.contract("crm.rows", {"id": TEXT, "text": TEXT}, encoding="cp1252")

    for number, encoding in enumerate(["utf-8-sig", "utf-16", "utf-32"]):
        lab.export(f"crm/{number}.csv", f"id,text\n{number},é\n".encode(encoding))
    lab.ingest()

    assert lab.rows() == [("0", "é"), ("1", "é"), ("2", "é")]


@pytest.mark.hazard("files that are cut")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    ("content", "note"),
    [
        ("id,n,m\na,1,2\nb,3,45\n", ""),
        ("id,n,m\na,1,2\nb,3,4", "its last value ('m') is too short"),
        ("id,n,m\r\na,1,2\r\nb,3,\r", ""),
        ("id,n,m\na,1,2\nb,3,", "its last value ('m') is too short"),
        # Nobody reads the last column: whatever is missing of it changes nothing.
        ("id,m,x\na,2,y\nb,4,z", ""),
    ],
)
def test_a_last_line_without_an_end_is_told_where_it_matters(
    lab: Lab, content: str, note: str, encoding: str
) -> None:
    lab.contract("crm.rows", {"id": TEXT, "n": "bigint", "m": "bigint"})

    result = lab.one(content.encode(encoding))

    assert (result.status, result.rows) == ("loaded", 2)
    assert note in " ".join(result.notes)
    assert bool(result.notes) == bool(note)


@pytest.mark.hazard("files that are cut")
@pytest.mark.parametrize("content", ["id,n", "id,n,nam", "Title\n\nid,n", 'id,"n"'])
def test_a_header_without_an_end_is_no_empty_export(lab: Lab, content: str) -> None:
    lab.contract("crm.rows", {"id": TEXT, "n": "bigint"})

    cut = lab.one(content)
    whole = lab.one(f"{content}\n")

    assert (cut.status, whole.status, whole.rows) == ("refused", "loaded", 0)
    assert "ends with its header, and that line has no end" in cut.message


@pytest.mark.hazard("files that are cut", "small full exports")
def test_what_the_contracts_hold_against_a_cut_between_two_records() -> None:
    """A file that ends with a whole record looks like any other. What tells it: a total that the
    rows must add up to, a number of rows, and for full exports the one before it.
    """
    from orchestration.contracts import read_contracts

    held: dict[str, set[str]] = {"total": set(), "row count": set(), "full": set()}
    for name, contract in read_contracts().items():
        rules = contract.rules
        if rules.totals and rules.totals.control and rules.totals.sum:
            held["total"].add(name)
        if rules.row_count:
            held["row count"].add(name)
        if rules.mode == "full" and contract.source != "definitions":
            held["full"].add(contract.source)
            assert rules.max_shrink < 1, name

    assert {"google_ads.campaigns_daily", "google_ads.campaigns_period"} <= held["total"]
    assert {"microsoft_ads.ads_daily", "salesforce.opportunity_report"} <= held["row count"]
    assert "salesforce" in held["full"]
