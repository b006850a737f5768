"""What is found of each file, without loading any."""

from __future__ import annotations

import gzip
import io
import json
import os
import zipfile
from pathlib import Path

import pytest

from orchestration.doctor.examine import Diagnosis
from orchestration.warehouse import hold

from .conftest import Patient, rows

ORDERS = "order_id,order_date,revenue,email\n"
LEADS = "lead_id,created_at,email,source\n"


def orders(count: int, start: int = 0, day: str = "2026-01-05") -> str:
    return ORDERS + "".join(
        f"{n},{day},{n}.50,a{n}@b.example\n" for n in range(start, start + count)
    )


def leads(sources: dict[str, int]) -> str:
    listed = [source for source, count in sources.items() for _ in range(count)]
    return LEADS + "".join(
        f'{n},2026-01-05,p{n}@b.example,"{source}"\n' for n, source in enumerate(listed)
    )


def words(diagnosis: Diagnosis, definition: str) -> dict[str, int]:
    return {
        gap.text: gap.count
        for part in diagnosis.open
        if part.definition == definition
        for gap in part.gaps
    }


# How a file was recognised and read


def test_a_file_is_told_with_its_contract_and_how_it_is_read(patient: Patient) -> None:
    finding = patient.one("orders.csv", "\ufeff" + orders(3).replace(",", ";"))

    assert (finding.status, finding.contract) == ("ok", "generic.orders")
    assert finding.because == "its header fits"
    assert finding.encoding == "utf-8 with byte order mark"
    assert (finding.delimiter, finding.header_line) == (";", 1)
    assert (finding.rows, finding.rejected, finding.skipped) == (3, 0, 0)
    assert finding.exported_at_from == "file time"


def test_the_header_may_stand_below_a_preamble(patient: Patient) -> None:
    finding = patient.one("generic/orders.csv", "My shop\nAll orders\n" + orders(3))

    assert finding.header_line == 3
    assert finding.because == "the folder is that of generic, and name and header fit"


def test_a_file_in_the_folder_of_another_source_says_so(patient: Patient) -> None:
    finding = patient.one("hubspot/orders.csv", orders(3))

    assert finding.contract == "generic.orders"
    assert finding.because == "its header fits, though it lies in the folder of hubspot"


def test_the_entry_and_its_line_are_named(patient: Patient) -> None:
    patient.files = "  - match: other.csv\n    contract: generic.orders\n"
    patient.files += "  - match: 'shop/*.csv'\n    contract: generic.orders\n"
    patient.export("shop/a.csv", orders(2))

    found = patient.visit()

    assert (
        found.findings[0].because == "entry 2 of `files:` in workspace.yml ('shop/*.csv'), line 8"
    )
    assert found.idle == (
        "workspace.yml, line 6: no file matches 'other.csv' (the nearest is 'shop/a.csv')",
    )
    assert found.exit_code == 1


def test_columns_are_told_with_their_headers(patient: Patient) -> None:
    finding = patient.one("orders.csv", "Order ID,date,Amount,Foo,currncy\n1,2026-01-05,2,x,EUR\n")

    found = {bound.column: bound.header or bound.origin for bound in finding.columns}
    assert found == {
        "order_id": "Order ID",
        "order_date": "date",
        "revenue": "Amount",
        "line_id": "the same in every row",
        "source_system": "the same in every row",
        "kind": "the same in every row",
    }
    assert finding.unknown == ("Foo", "currncy")
    missing = {part.column: part for part in finding.missing}
    assert missing["currency_code"].nearest == "currncy"
    assert missing["cogs"].nearest == ""
    assert not missing["cogs"].is_required


def test_a_missing_column_is_told_with_the_nearest_header_and_mapped(patient: Patient) -> None:
    patient.files = "  - match: orders.csv\n    contract: generic.orders\n"
    finding = patient.one("orders.csv", orders(3).replace("revenue", "revenues"))

    assert finding.status == "refused"
    [missing] = [part for part in finding.missing if part.is_required]
    assert (missing.column, missing.nearest) == ("revenue", "revenues")
    assert finding.proposals[0].replaces == 0
    after = patient.paste(finding)
    assert after.exit_code == 0
    assert len(patient.workspace.config.files) == 1


@pytest.mark.parametrize("kind", ["zip", "gz", "parquet"])
def test_packed_files_are_looked_into(patient: Patient, kind: str) -> None:
    if kind == "zip":
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("in/orders.csv", orders(3))
            archive.writestr("readme.txt", "Nothing.")
        content, name = packed.getvalue(), "a.zip"
    elif kind == "gz":
        content, name = gzip.compress(orders(3).encode()), "orders.csv.gz"
    else:
        import duckdb

        path = patient.root / "orders.parquet"
        duckdb.sql(
            "select 1 as order_id, date '2026-01-05' as order_date, 2.5 as revenue from range(3)"
        ).write_parquet(str(path))
        content, name = path.read_bytes(), "orders.parquet"
    patient.export(name, content)

    found = {finding.file: finding for finding in patient.visit().findings}

    if kind == "zip":
        assert found["a.zip/readme.txt"].status == "unmatched"
        name = "a.zip/in/orders.csv"
    assert (found[name].contract, found[name].rows) == ("generic.orders", 3)


# What does not fit


def test_what_does_not_parse_is_told_with_lines_and_shapes_and_never_the_value(
    patient: Patient,
) -> None:
    lines = [f"{n},{n:02d}.01.2026,{n}.50,a{n}@b.example" for n in range(1, 29)]
    finding = patient.one("generic/orders.csv", rows(ORDERS.strip(), lines))

    [unfit] = finding.unfit
    assert (unfit.reason, unfit.column, unfit.header) == ("bad_date", "order_date", "order_date")
    assert (unfit.count, unfit.lines) == (28, (2, 3, 4, 5, 6))
    assert unfit.shapes == ("99.99.9999",)
    shown = patient.shown(patient.visit()) + json.dumps(patient.visit().to_json(), default=str)
    assert "01.2026" not in shown
    assert "b.example" not in shown


def test_formats_that_would_fit_are_proposed(patient: Patient) -> None:
    lines = [f"{n};{n:02d}.01.2026;{n}.000,50" for n in range(1, 29)]
    finding = patient.one("generic/orders.csv", rows("order_id;order_date;revenue", lines))

    assert finding.status == "refused"
    assert {(part.reason, part.column, part.count) for part in finding.unfit} == {
        ("bad_number", "revenue", 28),
        ("bad_date", "order_date", 28),
    }
    after = patient.paste(finding)
    assert after.exit_code == 0, after
    assert patient.load().rows("generic.orders") == 28


def test_an_entry_with_a_wrong_format_is_replaced_and_keeps_the_rest(patient: Patient) -> None:
    patient.files = (
        "  - match: till.csv\n    contract: generic.orders\n    columns:\n      order_id: Bon\n"
        '      order_date: {headers: [Day], format: "%d/%m/%Y"}\n      revenue: Sum\n'
    )
    lines = [f"{n},01/{n + 10}/2026,{n}" for n in range(1, 18)]
    finding = patient.one("till.csv", rows("Bon,Day,Sum", lines))

    [proposal] = finding.proposals

    assert proposal.replaces == 0
    after = patient.paste(finding)
    assert after.exit_code == 0
    [rule] = patient.workspace.config.files
    assert rule.columns["order_date"].format == ("%m/%d/%Y",)
    assert rule.columns["revenue"].headers == ("Sum",)


def test_some_rejected_rows_do_not_keep_the_others_out(patient: Patient) -> None:
    content = orders(60) + "x,yesterday,1,\n" + "y,2026-01-05\n"
    finding = patient.one("generic/orders.csv", content)

    assert (finding.status, finding.rows, finding.rejected) == ("rejects", 60, 2)
    assert {(p.reason, p.column, p.lines) for p in finding.unfit} == {
        ("bad_date", "order_date", (62,)),
        ("ragged", "", (63,)),
    }
    assert patient.visit().exit_code == 1


def test_words_of_a_status_are_mapped(patient: Patient) -> None:
    lines = [f"{n},{('Gewonnen', 'Verloren', 'Offen')[n % 3]}" for n in range(30)]
    finding = patient.one("generic/opportunities.csv", rows("opportunity_id,status", lines))

    assert (finding.status, finding.unfit[0].reason) == ("refused", "bad_value")
    after = patient.paste(finding)
    assert after.exit_code == 0
    [rule] = patient.workspace.config.files
    assert rule.columns["status"].values == {
        "Gewonnen": "won",
        "Verloren": "lost",
        "Offen": "open",
    }


def test_another_encoding_is_proposed(patient: Patient) -> None:
    content = orders(30).replace("a7@", "ä7@").encode("cp1252")
    finding = patient.one("generic/orders.csv", content)

    assert finding.status == "refused"
    assert "line 9 is not utf-8" in finding.message
    assert "encoding: cp1252" in finding.proposals[0].text
    assert patient.paste(finding).exit_code == 0


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.zip", b"PK\x03\x04 nothing", "is damaged"),
        ("orders.csv.gz", gzip.compress(orders(999).encode())[:-30], "damaged or cut"),
        ("orders.parquet", b"PAR1 nothing", "Parquet"),
        ("orders.csv", b"", "is empty"),
        ("generic/orders.csv", orders(3) + '9,"2026', "a quote that opens on line 5"),
    ],
)
def test_a_damaged_file_is_refused_and_the_others_are_looked_at(
    patient: Patient, name: str, content: bytes, told: str
) -> None:
    patient.export("b/orders-b.csv", orders(3))
    patient.export(name, content)

    found = patient.visit()

    [refused] = found.of("refused")
    assert told in refused.message
    assert [finding.rows for finding in found.of("ok")] == [3]
    assert found.exit_code == 2


def test_a_wrong_definition_is_refused(patient: Patient) -> None:
    patient.export("orders.csv", orders(3))
    patient.export("exchange_rates.csv", "currency_code,rate\nUSD,1\n", "definitions")
    patient.export("chanel_map.csv", "a,b\n", "definitions")

    found = patient.visit()

    assert [finding.file for finding in found.of("refused")] == ["definitions/exchange_rates.csv"]
    [unknown] = found.of("unmatched")
    assert "the nearest is 'channel_map'" in unknown.message
    assert found.exit_code == 2


def test_a_known_file_that_nobody_needs_is_no_complaint(patient: Patient) -> None:
    patient.export("orders.csv", orders(3))
    patient.export("search_console/Devices.csv", "Device,Clicks\nMobile,3\n")

    found = patient.visit()

    assert [finding.status for finding in found.findings] == ["ok", "ignored"]
    assert found.exit_code == 0


# Words that definitions do not know


def test_sources_that_are_no_channel_are_counted_and_their_rows_can_be_pasted(
    patient: Patient,
) -> None:
    patient.export("leads.csv", leads({"Google Ads": 3, "Podcast, live": 5, "webinar": 9}))

    before = patient.visit()

    assert words(before, "channel_map") == {"Podcast, live": 5, "Google Ads": 3}
    assert before.exit_code == 1
    [part] = before.open
    assert (part.file, part.is_there) == ("definitions/channel_map.csv", False)
    seed = Path("seeds/definitions/channel_map.csv").read_text(encoding="utf-8")
    patient.export("channel_map.csv", seed + "".join(f"{r}\n" for r in part.rows), "definitions")
    after = patient.visit()
    assert after.open == ()
    assert after.exit_code == 0


def test_rows_follow_the_order_of_the_workspaces_own_file(patient: Patient) -> None:
    patient.export("leads.csv", leads({"Google Ads": 3}))
    own = "valid_from;valid_to;version;channel;source_value;source_system\n"
    patient.export("channel_map.csv", own, "definitions")

    [part] = patient.visit().open

    assert part.is_there
    assert part.rows == ("1900-01-01;9999-12-31;1;paid_search;Google Ads;generic",)
    patient.export("channel_map.csv", own + part.rows[0] + "\n", "definitions")
    assert patient.visit().open == ()


@pytest.mark.parametrize(
    ("name", "content", "definition", "found"),
    [
        (
            "generic/stage_events.csv",
            "record_id,stage,changed_at\n"
            "1,Demo booked,2026-01-05\n1,mql,2026-01-05\n1,won,2026-01-06\n",
            "stage_map",
            {"Demo booked": 1, "won": 1},
        ),
        (
            "generic/opportunities.csv",
            "opportunity_id,status,kind,loss_reason,currency\n1,won,Partnership,,EUR\n2,lost,new,Budget,EUR\n",
            "opportunity_kinds",
            {"Partnership": 1},
        ),
        (
            "generic/opportunities.csv",
            "opportunity_id,status,kind,loss_reason,currency\n1,won,new,,EUR\n2,lost,new,Budget,EUR\n",
            "loss_reasons",
            {"Budget": 1},
        ),
        (
            "generic/costs.csv",
            "month,cost_type,amount\n2026-01,agency,1\n2026-01,Swag,2\n",
            "cac_cost_types",
            {"Swag": 1},
        ),
        (
            "generic/ad_spend.csv",
            "date,platform,spend\n2026-01-05,google_ads,1\n2026-01-05,billboards,2\n",
            "channel_map",
            {"billboards": 1},
        ),
        (
            "meta_ads/report.csv",
            "Day,Campaign name,Amount spent (USD)\n2026-01-05,A,1\n2026-01-06,A,2\n",
            "exchange_rates",
            {"USD": 2},
        ),
        (
            "hubspot/all-deals.csv",
            "Record ID,Deal Name,Deal Stage,Amount,Close Date,Create Date\n"
            "1,A,Closed Won (New),5,2026-01-05,2026-01-02 10:00\n"
            "2,B,Legal review (New),5,,2026-01-02 10:00\n",
            "opportunity_stages",
            {"Legal review (New)": 1},
        ),
    ],
)
def test_words_without_a_meaning_are_counted(
    patient: Patient, name: str, content: str, definition: str, found: dict[str, int]
) -> None:
    patient.export(name, content)

    diagnosis = patient.visit()

    assert diagnosis.of("refused") == ()
    assert words(diagnosis, definition) == found


def test_a_currency_is_missing_on_the_days_without_a_rate(patient: Patient) -> None:
    header = "order_id,order_date,revenue,currency"
    days = ["2026-01-05,1,USD", "2026-02-05,1,USD", "2026-03-05,1,usd", "2026-03-06,1,EUR"]
    patient.export("orders.csv", rows(header, [f"{n},{day}" for n, day in enumerate(days)]))
    rates = "currency_code,valid_from,valid_to,rate,source\nUSD,2026-01-01,2026-02-01,0.9,ECB\n"
    patient.export("exchange_rates.csv", rates, "definitions")

    [part] = patient.visit().open

    [gap] = part.gaps
    assert (gap.text, gap.count) == ("USD", 2)
    assert (str(gap.first_day), str(gap.last_day)) == ("2026-02-05", "2026-03-05")
    # No rate is made up: as it is, the row is refused.
    assert part.rows == ("USD,2026-02-05,9999-12-31,RATE,Added by hand",)
    patient.export("exchange_rates.csv", rates + part.rows[0] + "\n", "definitions")
    assert patient.visit().exit_code == 2
    patient.export("exchange_rates.csv", rates + part.rows[0].replace("RATE", "0.8"), "definitions")
    assert patient.visit().exit_code == 0


def test_a_currency_of_the_own_definitions_needs_a_rate_too(patient: Patient) -> None:
    agreed = (
        "experiment,campaign_id,conversion_stage,starts_on,ends_on,spend,currency_code,version,"
        "valid_from,valid_to\nFair,c1,won,2026-01-05,2026-03-05,100,CHF,1,1900-01-01,9999-12-31\n"
    )
    patient.export("experiments.csv", agreed, "definitions")

    [part] = patient.visit().open

    [gap] = part.gaps
    assert (gap.definition, gap.text, str(gap.first_day)) == ("exchange_rates", "CHF", "2026-01-05")
    assert gap.files == ("definitions/experiments.csv",)


def test_a_platform_that_the_own_map_forgot_is_told(patient: Patient) -> None:
    report = "Day,Campaign name,Amount spent (EUR)\n2026-01-05,A,1\n2026-01-06,A,2\n"
    patient.export("meta_ads/report.csv", report)
    own = "source_system,source_value,channel,version,valid_from,valid_to\n"
    patient.export("channel_map.csv", own, "definitions")

    diagnosis = patient.visit()

    assert words(diagnosis, "channel_map") == {"meta_ads": 2}
    [part] = diagnosis.open
    assert part.rows[0].startswith("ad_platform,meta_ads,")


def test_reps_that_no_list_has_are_told_where_there_is_a_list(patient: Patient) -> None:
    header = "opportunity_id,status,sales_rep_id"
    patient.export("opportunities.csv", rows(header, ["1,won,ada", "2,won,bob", "3,won,bob"]))

    without = patient.visit()
    patient.export("sales_reps.csv", "sales_rep_id,sales_rep\nada,Ada\n")
    with_list = patient.visit()

    assert words(without, "sales_reps") == {"ada": 1, "bob": 2}
    assert without.exit_code == 0
    assert words(with_list, "sales_reps") == {"bob": 2}
    assert with_list.exit_code == 1
    patient.export("sales_reps.csv", "sales_rep_id,sales_rep\nada,Ada\nbob,Bob\n")
    assert patient.visit().exit_code == 0


def test_a_list_of_reps_that_was_loaded_before_counts(patient: Patient) -> None:
    listed = patient.export("sales_reps.csv", "sales_rep_id,sales_rep\nada,Ada\n")
    patient.load()
    listed.unlink()
    patient.export("opportunities.csv", "opportunity_id,status,sales_rep_id\n1,won,ada\n")

    assert patient.visit().open == ()


def test_an_address_among_the_words_is_never_shown(patient: Patient) -> None:
    patient.export("leads.csv", leads({"ada@canary.example": 3, "Pod\x1b[31mcast": 2}))

    found = patient.visit()

    text = patient.shown(found) + json.dumps(found.to_json(), default=str)
    assert "canary" not in text
    assert "\x1b" not in text
    assert "may be personal" in text


# Files and each other


def test_days_of_two_files_are_held_against_each_other(patient: Patient) -> None:
    header = "date,platform,spend"
    for name, days in (("2026-02-01", (1, 2, 3)), ("2026-03-01", (2, 3, 4))):
        lines = [f"2026-01-0{day},google_ads,{day}" for day in days]
        patient.export(f"generic/ad_spend-{name}.csv", rows(header, lines))

    old, new = patient.visit().findings

    assert [(o.what, o.count, o.wins, o.other) for o in old.overlaps] == [
        ("days", 2, False, "generic/ad_spend-2026-03-01.csv")
    ]
    assert [(o.count, o.wins, str(o.first), str(o.last)) for o in new.overlaps] == [
        (2, True, "2026-01-02", "2026-01-03")
    ]


def test_keys_of_a_file_that_was_loaded_are_held_against_a_new_one(patient: Patient) -> None:
    loaded = patient.export("orders-2026-01-31.csv", orders(10))
    patient.load()
    loaded.unlink()
    patient.export("orders-2026-02-28.csv", orders(10, start=7))

    [finding] = patient.visit().findings

    [overlap] = finding.overlaps
    assert (overlap.what, overlap.count, overlap.wins) == ("keys", 3, True)
    assert overlap.other == "orders-2026-01-31.csv"


def test_the_same_content_under_another_name_is_told(patient: Patient) -> None:
    patient.export("orders-2026-01-31.csv", orders(10))
    patient.load()
    patient.export("orders-2026-02-28.csv", orders(10))

    first, second = patient.visit().findings

    assert first.was_loaded
    assert [(o.what, o.other) for o in second.overlaps] == [("content", "orders-2026-01-31.csv")]


def test_a_full_export_that_shrank_is_refused(patient: Patient) -> None:
    for day, count in (("2026-01-31", 100), ("2026-02-28", 30)):
        header = "Id,Name,OwnerId,CreatedDate,Industry"
        lines = [f"001{n:012d},A{n},005x,2026-01-05T10:00:00.000+0000,Shops" for n in range(count)]
        patient.export(f"salesforce/{day}/Account.csv", rows(header, lines))

    found = patient.visit()

    [refused] = found.of("refused")
    assert refused.file == "salesforce/2026-02-28/Account.csv"
    assert "has 30 rows, where the full export before it had 100" in refused.message


# Around it


def everything(root: Path) -> set[tuple[str, int]]:
    return {(str(path), path.stat().st_mtime_ns) for path in root.rglob("*")}


def test_nothing_is_written_and_nothing_left(patient: Patient) -> None:
    patient.export("orders.csv", orders(30) + "x,y\n")
    patient.export("deals.csv", "Deal,State\n1,Won\n2,Lost\n")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("orders.csv", orders(3))
    patient.export("a.zip", packed.getvalue())
    assert patient.workspace
    before = everything(patient.root)

    # As it was written, so that the file itself stays as it is.
    from orchestration.doctor import examine
    from orchestration.workspace import open_workspace

    from .conftest import contracts

    examine(open_workspace(patient.root), contracts())

    assert {path for path, _ in everything(patient.root)} == {path for path, _ in before}
    assert {e for e in everything(patient.root) if Path(e[0]) != patient.root} == {
        e for e in before if Path(e[0]) != patient.root
    }


def test_what_a_killed_visit_left_is_removed_and_that_of_a_living_one_is_not(
    patient: Patient,
) -> None:
    patient.export("orders.csv", orders(3))
    temporary = patient.root / "runs" / "tmp"
    for name in (f"doctor-{2**22 + 1}-x", f"doctor-{os.getpid()}-x"):
        (temporary / name).mkdir(parents=True)

    patient.visit()

    assert [path.name for path in temporary.iterdir()] == [f"doctor-{os.getpid()}-x"]


def test_it_works_while_a_run_holds_the_workspace(patient: Patient) -> None:
    patient.export("orders.csv", orders(3))
    (patient.root / "warehouse.duckdb").write_bytes(b"")

    with hold(patient.root):
        assert patient.visit().exit_code == 0


def test_without_a_key_all_else_is_looked_at(patient: Patient) -> None:
    patient.settings = patient.settings.replace("demo: true\n", "")
    patient.export("orders.csv", orders(3))

    found = patient.visit()

    assert [(f.status, f.rows) for f in found.findings] == [("ok", 3)]
    assert "PLUMBLINE_IDENTITY_KEY is not set" in found.key_problem
    assert found.exit_code == 2
    assert "1. Set the identity key" in patient.shown(found)


def test_without_addresses_no_key_is_asked_for(patient: Patient) -> None:
    patient.settings = patient.settings.replace("demo: true\n", "")
    patient.export("orders.csv", "order_id,order_date,revenue\n1,2026-01-05,2\n")

    assert patient.visit().exit_code == 0


def test_only_the_files_that_are_named_are_looked_at(patient: Patient, tmp_path: Path) -> None:
    patient.export("a/orders.csv", orders(3))
    patient.export("b/orders.csv", orders(3))
    elsewhere = tmp_path / "orders-elsewhere.csv"
    elsewhere.write_text(orders(5), encoding="utf-8")

    found = patient.visit(Path("a/orders.csv"), elsewhere)

    assert [(f.file, f.rows) for f in found.findings] == [
        ("a/orders.csv", 3),
        ("orders-elsewhere.csv", 5),
    ]


def test_an_empty_workspace_says_where_to_put_files(patient: Patient) -> None:
    found = patient.visit()

    assert found.exit_code == 1
    assert f"Put the exports below {patient.root}" in patient.shown(found, width=400)


def test_a_person_is_told_what_to_do_next(patient: Patient) -> None:
    patient.export("orders.csv", orders(3))

    assert patient.shown(patient.visit()).splitlines()[-2:] == [
        "Nothing to do:",
        "  plumbline run --workspace acme",
    ]


@pytest.mark.parametrize("width", [60, 80, 200])
def test_lines_stay_within_the_terminal_but_for_what_is_pasted(
    patient: Patient, width: int
) -> None:
    patient.export("generic/orders.csv", orders(40) + "x,y\n")
    patient.export("leads.csv", leads({"Some very long name of a source that nobody knows": 3}))

    text = patient.shown(patient.visit(), width)

    pasted = ("definitions/", "generic,")
    long = [line for line in text.splitlines() if len(line) > width]
    assert all(line.startswith(pasted) for line in long), long
    assert not any(line != line.rstrip() for line in text.splitlines())


def test_a_headerless_file_gives_away_no_address(patient: Patient) -> None:
    lines = "".join(f"{n},p{n}@canary.example,x\n" for n in range(30))
    patient.export("hubspot/contacts.csv", lines)
    patient.files = "  - match: other.csv\n    contract: generic.leads\n"
    patient.export("other.csv", lines)

    found = patient.visit()

    assert "canary" not in patient.shown(found) + json.dumps(found.to_json(), default=str)
