"""Archives and Parquet files: what is in them is loaded, or nothing of it is."""

from __future__ import annotations

import gzip
import io
import os
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.ingest import idle_entries, unpack

from .conftest import Lab

ROWS = {"id": ("varchar", {"required": True, "not_null": True}), "n": "bigint"}
A, B = b"id,n\na,1\n", b"id,n\nb,2\n"
SEPTEMBER = (2026, 9, 30, 18, 30, 0)


def zipped(
    *members: tuple[str, bytes], stamp: tuple[int, ...] = SEPTEMBER, how: int = zipfile.ZIP_DEFLATED
) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of two members with one name
        for name, content in members:
            info = zipfile.ZipInfo(name, stamp)  # type: ignore[arg-type]
            info.compress_type = how
            archive.writestr(info, content)
    return buffer.getvalue()


def refusal(lab: Lab, content: bytes, name: str = "crm/export.zip") -> str:
    """Why an archive is refused, as a whole, with nothing of it loaded nor left."""
    lab.contract("crm.rows", ROWS)
    result = lab.one(content, name)
    assert (result.status, result.file_name) == ("refused", name)
    assert lab.rows() == []
    assert not list((lab.root / "raw/crm/rows").glob("[0-9a-f]*.parquet"))
    assert not list((lab.root / "runs/tmp").iterdir())
    return result.message


def test_the_files_of_a_zip_are_files_of_their_own(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS, match=["rows*.csv"])

    lab.export("crm/export.zip", zipped(("rows_1.csv", A), ("2026/Rows_2.CSV", B), ("x.pdf", b"%")))
    results = {result.file_name: result for result in lab.ingest().files}

    assert {name: result.status for name, result in results.items()} == {
        "crm/export.zip/rows_1.csv": "loaded",
        "crm/export.zip/2026/Rows_2.CSV": "loaded",
        "crm/export.zip/x.pdf": "unmatched",
    }
    assert lab.rows() == [("a", 1), ("b", 2)]
    assert not list((lab.root / "runs/tmp").iterdir())


@pytest.mark.parametrize("content", [A, A.decode().encode("utf-16"), b"\xef\xbb\xbf" + A])
def test_what_a_compressed_file_holds_is_read_as_if_it_lay_there(lab: Lab, content: bytes) -> None:
    lab.contract("crm.rows", ROWS, match=["rows*.csv"])

    lab.export("crm/rows.csv.gz", gzip.compress(content))
    lab.export("crm/rows.zip", zipped(("rows.csv", content.replace(b"a", b"z"))))
    lab.export("crm/rows-stored.zip", zipped(("rows.csv", content), how=zipfile.ZIP_STORED))
    statuses = [result.status for result in lab.ingest().files]

    # The same content in the gzip and in a zip counts once.
    assert sorted(statuses) == ["loaded", "loaded", "unchanged"]
    assert lab.rows() == [("a", 1), ("z", 1)]


def test_archives_of_the_same_content_count_once_and_again_in_the_next_run(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS)
    lab.export("crm/a-2026-01-31.zip", zipped(("rows.csv", A), ("more.csv", B)))
    lab.export("crm/b-2026-02-28.zip", zipped(("others.csv", A)))
    lab.ingest()

    results = lab.ingest().files

    assert [result.status for result in results] == ["unchanged"] * 3
    assert lab.rows() == [("a", 1), ("b", 2)]


@pytest.mark.parametrize(
    ("zip_name", "member", "at", "known_from"),
    [
        ("all-2026-10-31.zip", "rows-2026-10-30.csv", datetime(2026, 10, 30), "name"),
        ("all-2026-10-31.zip", "rows.csv", datetime(2026, 10, 31), "name"),
        ("all.zip", "2026-10-29/rows.csv", datetime(2026, 10, 29), "name"),
        ("all.zip", "rows.csv", datetime(2026, 9, 30, 22, 30), "archive"),
    ],
)
def test_a_member_was_exported_when_its_name_or_the_archive_says(
    lab: Lab, zip_name: str, member: str, at: datetime, known_from: str
) -> None:
    lab.settings["timezone"] = "America/New_York"
    lab.contract("crm.rows", ROWS)

    result = lab.one(zipped((member, A)), f"crm/{zip_name}")

    assert (result.exported_at, result.exported_at_from) == (at, known_from)


@pytest.mark.parametrize("name", ["rows.csv.gz", "rows.zip", "rows.parquet"])
def test_without_any_date_it_is_the_time_of_the_packed_file(lab: Lab, name: str) -> None:
    lab.contract("crm.rows", ROWS, match=["rows.*"])
    content = {
        "rows.csv.gz": gzip.compress(A),
        "rows.zip": zipped(("rows.csv", A), stamp=(1980, 1, 1, 0, 0, 0)),
        "rows.parquet": parquet(lab, "select 'a' as id, 1 as n"),
    }[name]

    result = lab.one(content, f"crm/{name}")

    assert result.status == "loaded", result.message
    assert result.exported_at == datetime(2025, 10, 9, 8, 53, 20)
    assert result.exported_at_from == "file time"


def test_a_stamp_that_is_no_time_does_not_matter(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS)
    content = zipped(("rows.csv", A)).replace(
        struct.pack("<HH", 18 << 11 | 30 << 5, 46 << 9 | 9 << 5 | 30),
        struct.pack("<HH", 31 << 11 | 63 << 5, 46 << 9 | 15 << 5 | 31),
    )

    result = lab.one(content, "crm/rows.zip")

    assert (result.status, result.exported_at_from) == ("loaded", "file time")


def test_a_mapping_may_name_a_member(lab: Lab) -> None:
    lab.contract("generic.rows", ROWS)
    columns = {"id": "Key", "n": "Number"}
    rule = {"match": "erp/*.zip/list*.csv", "contract": "generic.rows", "columns": columns}
    lab.settings["files"] = [rule, rule | {"match": "erp/*.zip/lost*.csv"}]

    lab.export("erp/all.zip", zipped(("list.csv", b"Key,Number\na,1\n"), ("other.csv", b"x\n1\n")))
    lab.ingest()

    assert lab.rows("generic.rows") == [("a", 1)]
    [idle] = idle_entries(lab.workspace)
    assert "no file matches 'erp/*.zip/lost*.csv'" in idle


def test_what_a_mac_adds_is_no_file(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS)
    clutter = [("__MACOSX/._rows.csv", b"\0\5"), (".DS_Store", b"x"), ("a/~$rows.csv", b"x")]

    lab.export("crm/rows.zip", zipped(("rows.csv", A), *clutter))

    assert [result.status for result in lab.ingest().files] == ["loaded"]


@pytest.mark.parametrize("members", [[], [("__MACOSX/._rows.csv", b"x")], [("folder/", b"")]])
def test_an_archive_without_a_file_is_refused(lab: Lab, members: list[tuple[str, bytes]]) -> None:
    assert "has no files in it" in refusal(lab, zipped(*members))


def damaged(content: bytes, header: bytes = b"id,n") -> bytes:
    """The same with one bit turned over, behind a header that is not compressed."""
    place = content.index(header) + 5
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def bent(offset: int, value: int) -> bytes:
    """An archive whose table of contents has another value in one place."""
    content = bytearray(zipped(("rows.csv", A)))
    start = content.index(b"PK\1\2")
    struct.pack_into("<H", content, start + offset, value)
    return bytes(content)


def linked() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("rows.csv", A)
        link = zipfile.ZipInfo("more.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return buffer.getvalue()


@pytest.mark.hazard("archives")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda: damaged(zipped(("rows.csv", A), how=zipfile.ZIP_STORED)), "is damaged .*CRC"),
        # One bad member behind a good one.
        (
            lambda: damaged(
                zipped(("a.csv", A), ("b.csv", b"n,id\n2,b\n"), how=zipfile.ZIP_STORED), b"n,id"
            ),
            "is damaged .*CRC",
        ),
        (lambda: zipped(("rows.csv", A))[:-10], "is damaged"),
        (lambda: zipped(("rows.csv", A))[:30], "is damaged"),
        (lambda: b"id,n\na,1\n", "is damaged"),
        (lambda: b"", "is damaged"),
        (lambda: bent(8, 1), "is locked with a password: unpack it by hand"),
        (lambda: bent(10, 9), "is packed in a way that is not read here: unpack it by hand"),
        (lambda: zipped(("rows.csv", A), ("../rows.csv", B)), "would lie outside of it"),
        (lambda: zipped(("rows.csv", A), ("a/../../.profile", B)), "would lie outside of it"),
        (lambda: zipped(("/etc/rows.csv", A)), "would lie outside of it"),
        (lambda: zipped(("C:\\rows.csv", A)), "would lie outside of it"),
        (lambda: zipped(("c:rows.csv", A)), "would lie outside of it"),
        (lambda: zipped(("..\\rows.csv", A)), "would lie outside of it"),
        (linked, r"has a link in it \('more.csv'\)"),
        (lambda: zipped(("rows.csv", A), ("Rows.csv", B)), "has two members of the name"),
        (lambda: zipped(("rows.csv", A), ("rows.csv", B)), "has two members of the name"),
        (lambda: zipped(("b.zip", zipped(("rows.csv", A)))), r"has an archive in it \('b.zip'\)"),
        (lambda: zipped(("a.csv", A), ("b.csv.gz", gzip.compress(B))), "has an archive in it"),
        (lambda: zipped(("rows.csv", b"0" * (40 << 20))), "more than 200 times as many"),
        (lambda: zipped(*((f"{n}.csv", b"") for n in range(10_001))), "has 10,001 members"),
    ],
)
def test_an_archive_that_is_not_in_order_is_refused_whole(
    lab: Lab, content: Callable[[], bytes], message: str
) -> None:
    found = refusal(lab, content())

    with pytest.raises(AssertionError, match=message):
        raise AssertionError(found)


@pytest.mark.hazard("archives")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda: gzip.compress(A)[:-9], "is damaged or cut"),
        (lambda: gzip.compress(A)[:-8] + struct.pack("<II", 0, len(A)), "is damaged or cut .*CRC"),
        (lambda: gzip.compress(A) + b"more", "is damaged or cut"),
        (lambda: A, "is damaged or cut"),
        (lambda: b"", "is empty"),
    ],
)
def test_a_gzip_that_is_not_in_order_is_refused(
    lab: Lab, content: Callable[[], bytes], message: str
) -> None:
    found = refusal(lab, content(), "crm/rows.csv.gz")

    with pytest.raises(AssertionError, match=message):
        raise AssertionError(found)


@pytest.mark.hazard("archives", "files that are cut")
def test_a_gzip_is_refused_wherever_it_is_cut(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS)
    whole = gzip.compress(b"id,n\n" + b"".join(b"k%d,%d\n" % (n, n * n) for n in range(40)))
    for end in range(1, len(whole)):
        lab.export(f"crm/{end}.csv.gz", whole[:end])

    results = lab.ingest().files

    assert {result.status for result in results} == {"refused"}
    assert len(results) == len(whole) - 1


@pytest.mark.hazard("archives")
def test_a_megabyte_does_not_become_a_gigabyte(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Little more than what is allowed is ever written."""
    bomb = io.BytesIO()
    block = b"a,1\n" * (1 << 18)
    with gzip.GzipFile(fileobj=bomb, mode="wb", compresslevel=1) as file:
        file.write(b"id,n\n")
        for _ in range(64):
            file.write(block)
    written = []
    real = unpack._check_ratio

    def watched(inflated: int, size: int) -> None:
        written.append(inflated)
        real(inflated, size)

    monkeypatch.setattr(unpack, "HIGHEST_RATIO", 20)
    monkeypatch.setattr(unpack, "_check_ratio", watched)
    message = refusal(lab, bomb.getvalue(), "crm/rows.csv.gz")

    assert "times as many, which no export does: not unpacked" in message
    assert max(written) <= max(20 * len(bomb.getvalue()), unpack.FREE_OF_RATIO) + unpack.BLOCK


@pytest.mark.hazard("archives")
def test_a_table_of_contents_that_lies_about_sizes_gains_nothing(lab: Lab) -> None:
    content = bytearray(zipped(("rows.csv", b"id,n\n" + b"a,1\n" * (8 << 20))))
    start = content.index(b"PK\1\2")
    struct.pack_into("<I", content, start + 24, 9)

    assert "is damaged" in refusal(lab, bytes(content))


@pytest.mark.hazard("archives", "names as code")
def test_names_of_members_are_no_paths_of_this_machine(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS)
    names = ["10:30 rows*.csv", "[x]{y}?.csv", "a." + "x" * 300, 'it\'s "so".csv', "ü\n.csv"]

    lab.export(
        "crm/all.zip", zipped(*((name, b"id,n\n%d,1\n" % i) for i, name in enumerate(names)))
    )
    results = lab.ingest().files

    assert [result.status for result in results].count("loaded") == 4
    assert {result.file_name.removeprefix("crm/all.zip/") for result in results} == set(names)
    assert len(lab.rows()) == 4


@pytest.mark.hazard("files that are still being written")
def test_an_archive_that_changes_while_it_is_unpacked_is_left_for_the_next_run(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.contract("crm.rows", ROWS)
    path = lab.root / "exports/crm/rows.csv.gz"
    real = unpack._inflated

    def meanwhile(*arguments: Any) -> Any:
        found = real(*arguments)
        if path.read_bytes() == gzip.compress(A, mtime=0):
            path.write_bytes(gzip.compress(A + b"b,2\n", mtime=0))
        return found

    monkeypatch.setattr(unpack, "_inflated", meanwhile)
    first = lab.one(gzip.compress(A, mtime=0), "crm/rows.csv.gz")
    [second] = lab.ingest().files

    assert (first.status, second.status) == ("refused", "loaded")
    assert "still being written; run again" in first.message
    assert lab.rows() == [("a", 1), ("b", 2)]


@pytest.mark.hazard("crashes")
def test_what_a_killed_run_had_unpacked_is_removed(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS)
    lab.export("crm/rows.zip", zipped(("rows.csv", A)))
    left = lab.root / "runs/tmp" / "x1y2.unpacked"
    left.mkdir(parents=True)
    (left / "0.csv").write_bytes(b"id,n\nsecret,1\n")

    lab.ingest()

    assert not list((lab.root / "runs/tmp").iterdir())


# Parquet: every cell is what it would be in a CSV file, whatever its type.
TYPED = {
    "id": ("varchar", {"required": True, "not_null": True}),
    "text": "varchar",
    "n": "bigint",
    "amount": ("decimal(18,2)", {"number": "1.234,56"}),
    "rate": ("decimal(18,6)", {"number": "1,234.56"}),
    "is_on": "boolean",
    "day": ("date", {"format": ["%d.%m.%Y"]}),
    "at": ("timestamp", {"format": ["%d.%m.%Y %H:%M"], "timezone": "America/New_York"}),
}


def parquet(lab: Lab, query: str) -> bytes:
    path = lab.root / "made.parquet"
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"copy ({query}) to '{path}' (format parquet)")
    content = path.read_bytes()
    path.unlink()
    return content


@pytest.mark.parametrize(
    ("column", "expression", "value"),
    [
        ("id", "123::double", "123"),
        ("id", "12345678901234567890::ubigint", "12345678901234567890"),
        ("id", "12345678901234567890::decimal(20,0)", "12345678901234567890"),
        # This one has lost its digits already: nothing is made of it that looks like an id.
        ("id", "120253000000000001::double", "1.20253e+17"),
        ("id", "'007'", "007"),
        ("text", "1.50::decimal(18,2)", "1.50"),
        ("text", "0.1::double", "0.1"),
        ("text", "0.1::float", "0.1"),
        ("text", "1e-7::double", "0.0000001"),
        ("text", "-0.0::double", "0"),
        ("text", "'  two\nlines, \"quoted\"; '", 'two\nlines, "quoted";'),
        ("text", "''", None),
        ("text", "true", "true"),
        ("text", "date '2026-01-02'", "2026-01-02"),
        ("n", "5::double", 5),
        ("n", "5::utinyint", 5),
        ("n", "'6'", 6),
        ("amount", "1234.5::double", Decimal("1234.50")),
        ("amount", "-0.29::decimal(9,2)", Decimal("-0.29")),
        ("amount", "1e3::float", Decimal(1000)),
        ("amount", "0.1::double + 0.2::double", Decimal("0.30")),
        ("amount", "'1.234,50'", Decimal("1234.50")),
        ("rate", "0.27780000000000005::double", Decimal("0.277800")),
        ("is_on", "true", True),
        ("is_on", "0::tinyint", False),
        ("day", "date '2026-01-02'", date(2026, 1, 2)),
        ("day", "timestamp '2026-01-02 00:00:00'", date(2026, 1, 2)),
        ("day", "'02.01.2026'", date(2026, 1, 2)),
        ("at", "timestamp '2026-01-02 10:00:00.5'", datetime(2026, 1, 2, 15, 0, 0, 500_000)),
        ("at", "timestamp_ms '2026-01-02 10:00:00'", datetime(2026, 1, 2, 15)),
        ("at", "timestamptz '2026-01-02 10:00:00+02'", datetime(2026, 1, 2, 8)),
        ("at", "date '2026-01-02'", datetime(2026, 1, 2)),
        ("at", "'02.01.2026 10:00'", datetime(2026, 1, 2, 15)),
        ("at", "null::timestamp", None),
    ],
)
def test_a_value_of_any_type_is_read_by_the_contract(
    lab: Lab, column: str, expression: str, value: Any
) -> None:
    lab.contract("crm.rows", TYPED, match=["rows.parquet"])
    first = "" if column == "id" else "'a' as id, "

    result = lab.one(parquet(lab, f"select {first}{expression} as {column}"), "crm/rows.parquet")

    assert (result.status, result.rejected) == ("loaded", 0), result.message
    place = list(TYPED).index(column)
    assert [row[place] for row in lab.rows()] == [value]


@pytest.mark.parametrize(
    ("column", "expression", "reason"),
    [
        ("n", "1.5::double", "bad_number"),
        ("amount", "1.005::decimal(9,3)", "bad_number"),
        ("amount", "'nan'::double", "bad_number"),
        ("amount", "'1234.50'", "bad_number"),
        ("day", "'2026-01-02'", "bad_date"),
        ("day", "date '0026-01-02'", "out_of_window"),
        ("id", "null::varchar", "missing_key"),
    ],
)
def test_a_value_that_does_not_fit_is_rejected_with_its_line(
    lab: Lab, column: str, expression: str, reason: str
) -> None:
    lab.contract("crm.rows", TYPED, match=["rows.parquet"])
    fits = {"n": "7", "amount": "7", "day": "null", "id": "'b'"}[column]
    first = "1 as n, " if column == "id" else "'a' as id, "
    query = f"select {first}{fits} as {column} union all select {first}{expression}"

    result = lab.one(parquet(lab, query), "crm/rows.parquet")

    assert result.rows == 1, result.message
    # Row 2, counted with the header that it has as text.
    assert lab.rejects(result) == [(3, column, reason)]


def test_an_empty_parquet_has_no_rows(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS, match=["rows.parquet"])

    result = lab.one(parquet(lab, "select '' as id, 1 as n limit 0"), "crm/rows.parquet")

    assert (result.status, result.rows) == ("loaded", 0)


def test_parquet_in_an_archive_is_read_too(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS, match=["rows.*"])
    content = parquet(lab, "select 'a' as id, 1 as n")

    lab.export("crm/all.zip", zipped(("rows.parquet", content)))
    lab.export("crm/rows.parquet.gz", gzip.compress(content))
    results = lab.ingest().files

    assert [result.status for result in results] == ["loaded", "unchanged"], results
    assert lab.rows() == [("a", 1)]


@pytest.mark.hazard("personal data")
def test_damaged_parquet_is_refused_without_a_word_of_its_content(lab: Lab) -> None:
    lab.contract("crm.rows", ROWS, match=["rows*.parquet"])
    whole = parquet(lab, "select 'canary' || range as id, range as n from range(500)")
    for number, end in enumerate(range(0, len(whole), 97)):
        lab.export(f"crm/rows-{number}.parquet", whole[:end])
    lab.export("crm/rows-middle.parquet", whole[:200] + bytes(100) + whole[300:])

    results = lab.ingest().files

    assert {result.status for result in results} == {"refused"}
    for result in results:
        assert "canary" not in result.message
        assert str(lab.root) not in result.message
        assert result.message == "is damaged, or no Parquet file: export it again"
    assert lab.rows() == []


def test_a_file_that_cannot_be_opened_stops_no_other(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.contract("crm.rows", ROWS)
    lab.export("crm/a.zip", zipped(("rows.csv", A)))
    lab.export("crm/b.zip", zipped(("rows.csv", B)))
    real = Path.open

    def locked(path: Path, *arguments: Any, **more: Any) -> Any:
        if path.name == "a.zip":
            raise PermissionError(13, "Permission denied")
        return real(path, *arguments, **more)

    monkeypatch.setattr(Path, "open", locked)
    results = lab.ingest().files

    assert [result.status for result in results] == ["refused", "loaded"]
    assert results[0].message == "cannot be read: [Errno 13] Permission denied"


@pytest.mark.hazard("full disks")
def test_a_disk_that_is_full_leaves_nothing_unpacked(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.contract("crm.rows", ROWS)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(unpack, "_write", full)
        with pytest.raises(OSError, match="No space"):
            lab.one(zipped(("rows.csv", A)), "crm/rows.zip")

    assert not list((lab.root / "runs/tmp").iterdir())
    os.utime(lab.root / "exports/crm/rows.zip")
    assert lab.ingest().rows("crm.rows") == 1
