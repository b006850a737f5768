"""Write one file as one Parquet file, in a single statement where nothing is wrong with it.

The statement casts, checks and writes at once, and stops at the first row that does not fit; only
then quarantine.py reads the file line by line. Which file follows which contract is decided in
matching.py, and what is recorded about it in records.py.
"""

from __future__ import annotations

import codecs
import contextlib
import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.contracts import Contract, Totals
from orchestration.ingest import columns
from orchestration.ingest.dialect import Layout, Refused
from orchestration.ingest.files import BLOCK, ExportFile

if TYPE_CHECKING:
    import duckdb


MARK = b"PAR1"  # what a Parquet file ends with
# All bytes but the quote and the newline.
NEITHER = bytes(byte for byte in range(256) if byte not in b'"\n')

Connection = Callable[[], "duckdb.DuckDBPyConnection"]


@dataclass(frozen=True)
class Loaded:
    """What became of the records of a file."""

    rows: int
    rejected: int = 0
    skipped: int = 0
    rejects: dict[str, int] = field(default_factory=dict)
    """Number of rejected rows by `reason/column`."""


@dataclass(frozen=True)
class Job:
    """One file, how it is read, and where it goes."""

    file: ExportFile
    contract: Contract
    layout: Layout
    zone: str
    """Zone of the columns that follow the workspace."""
    fingerprint: str
    target: Path
    temporary: Path
    """A folder for temporary files."""
    key: bytes | None
    has_nul: bool = False
    strict: bool = False
    """Whether a single rejected row refuses the file."""

    @property
    def parameters(self) -> dict[str, bytes]:
        """What `columns.typed` leaves open: the identity key, as the two paddings of HMAC."""
        bound = (c for c in self.contract.columns if c.name in self.layout.positions)
        if self.key is None or not any(column.is_key for column in bound):
            return {}
        padded = self.key.ljust(64, b"\0")
        return {
            "inner_pad": bytes(byte ^ 0x36 for byte in padded),
            "outer_pad": bytes(byte ^ 0x5C for byte in padded),
        }


def connect(temporary: Path) -> duckdb.DuckDBPyConnection:
    """A database in memory that fetches nothing, and spills into the workspace alone."""
    import duckdb

    connection = duckdb.connect(
        config={
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "temp_directory": str(temporary),
        }
    )
    connection.execute("set TimeZone = 'UTC'")
    return connection


def load(connection: duckdb.DuckDBPyConnection, job: Job) -> Loaded:
    """Write the Parquet file of a job, and that of its rejects if there are any."""
    from orchestration.ingest import quarantine

    text, has_nul = as_utf8(job)
    try:
        plain = job.layout.newline is not None and not has_nul
        loaded = _load_at_once(connection, job, text) if plain else None
        if loaded is None:
            loaded = quarantine.load(connection, job, text)
        if job.file.has_changed:
            job.target.unlink(missing_ok=True)
            raise Refused("changed while it was read: it is still being written; run again")
    finally:
        if text != job.file.path:
            text.unlink(missing_ok=True)
    return loaded


def is_plain_utf8(job: Job) -> bool:
    """Whether DuckDB can read the file where it lies."""
    is_whole = job.layout.last is None
    return is_whole and _is_utf8(job.layout.encoding) and not set("*?[{") & set(str(job.file.path))


def _is_utf8(encoding: str) -> bool:
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")


def as_utf8(job: Job) -> tuple[Path, bool]:
    """The file, or a copy in UTF-8 of the lines that count, and whether there is a NUL in it."""
    path, encoding = job.file.path, job.layout.encoding
    copy = job.temporary / f"{job.fingerprint}.txt"
    if is_plain_utf8(job):
        return path, job.has_nul
    last = job.layout.last
    if last is None and _is_utf8(encoding):
        copy.symlink_to(path)  # or DuckDB would take the name for a pattern
        return copy, job.has_nul
    has_nul = False
    if not codecs.lookup(encoding).name.startswith("utf") and _is_utf8_after_all(path):
        raise Refused(
            f"is UTF-8, where {encoding} is stated, which would garble its letters: state "
            "`encoding: utf-8` for it under `files:` in workspace.yml"
        )
    try:
        with (
            path.open(encoding=encoding, newline="") as source,
            copy.open("w", encoding="utf-8", newline="") as target,
        ):
            chunks = (
                iter(lambda: source.read(1 << 20), "")
                if last is None
                else itertools.islice(source, last)
            )
            for chunk in chunks:
                has_nul = has_nul or "\0" in chunk
                target.write(chunk)
    except UnicodeError:
        copy.unlink()
        raise undecodable(job) from None
    return copy, has_nul


def _is_utf8_after_all(path: Path) -> bool:
    """Whether a text has letters beyond ASCII, all of them as only UTF-8 writes them."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_ascii = True
    with path.open("rb") as file, contextlib.suppress(UnicodeError):
        while block := file.read(BLOCK):
            is_ascii = is_ascii and block.isascii()
            decoder.decode(block)
        decoder.decode(b"", final=True)
        return not is_ascii
    return False


def undecodable(job: Job) -> Refused:
    """Name the first line that is not in the encoding."""
    encoding = job.layout.encoding
    decoder = codecs.getincrementaldecoder(encoding)()
    number = 0
    with job.file.path.open("rb") as file, contextlib.suppress(UnicodeError):
        for number, line in enumerate(file, start=1):  # noqa: B007 (used after the loop)
            decoder.decode(line)
    state = ", or state its encoding (as cp1252) under `files:` in workspace.yml"
    return Refused(
        f"line {number} is not {encoding}: save the file as UTF-8{'' if job.strict else state}"
    )


def write(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    target: Path,
    parameters: dict[str, bytes] | None = None,
    check: Callable[[str, int], None] | None = None,
) -> int:
    """Write the rows of a query as a Parquet file that is there whole or not at all.

    `check` sees the rows, and their number, before the file has its name.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.tmp")
    path = columns.literal(str(aside))
    copy = f"copy ({query}) to {path} (format parquet, compression snappy)"
    try:
        result = connection.execute(copy, parameters or None).fetchone()
        assert result
        rows = int(result[0])
        if check:
            check(f"read_parquet({path})", rows)
        settle(aside, target)
    finally:
        aside.unlink(missing_ok=True)
    return rows


def check_count(job: Job, records: int) -> None:
    """Hold the number of records against the one that the file itself states."""
    said = job.layout.row_count
    if said is not None and said != records:
        raise Refused(
            f"says that it has {said:,} rows, and has {records:,}: it is cut or was edited; export "
            "it again"
        )


def is_whole(path: Path) -> bool:
    """Whether a Parquet file is there, down to the mark at its end."""
    try:
        with path.open("rb") as file:
            file.seek(-len(MARK), os.SEEK_END)
            return file.read() == MARK
    except OSError:
        return False


def rejects_path(target: Path) -> Path:
    """Where the rejects of a loaded file are, if there were any."""
    return target.with_suffix(".rejects.parquet")


def settle(aside: Path, target: Path) -> None:
    """Give a file that was written aside its name, for good."""
    with aside.open("rb") as file:
        os.fsync(file.fileno())
    aside.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class NotAtOnce(Exception):
    """The file has to be read line by line."""


def _load_at_once(connection: duckdb.DuckDBPyConnection, job: Job, text: Path) -> Loaded | None:
    """Load a file in which every row fits; None if one does not.

    The check sits in the column that every row needs, so a row that does not fit ends the
    statement, and checking costs no second look at the file.
    """
    import duckdb

    contract, layout = job.contract, job.layout
    source = columns.cells(text, layout)
    typed = columns.typed(contract, layout, job.zone, source)
    fingerprint = columns.literal(job.fingerprint)
    several = layout.blank_skips is not None
    skips = contract.rules.totals is not None or bool(layout.where) or several
    query = (
        f"select {columns.names(contract)}, case when _problem is null then {fingerprint} "
        f"else error(_problem) end as _fingerprint from ({typed})"
        f"{' where not _skip' if skips else ''}"
    )
    skipped = 0

    def check(written: str, rows: int) -> None:
        nonlocal skipped
        if conflicts(connection, contract, written):
            raise NotAtOnce
        if skips:
            records = check_totals(connection, job, f"({typed})", written, job.parameters)
            skipped = records - rows
        expected = rows + skipped
        if several:
            counted = connection.execute(f"select count(*) from {source}").fetchone()
            expected = counted[0] if counted else 0
        if not has_records(text, layout.skip, expected):
            raise NotAtOnce
        check_count(job, expected)

    try:
        rows = write(connection, query, job.target, job.parameters, check)
    except (duckdb.InvalidInputException, duckdb.ConversionException, NotAtOnce):
        return None
    return Loaded(rows, skipped=skipped)


def has_records(text: Path, skip: int, expected: int) -> bool:
    """Whether a file has this many records, counted without a CSV parser.

    First by its lines; where quotes may hold some of them, by those outside of quotes. Blank lines
    make the answer no, and Python's csv the judge.
    """
    with text.open("rb") as file:
        for _ in range(skip):
            file.readline()
        start = file.tell()
        lines, quotes, last = 0, 0, b"\n"
        while block := file.read(BLOCK):
            lines, last = lines + block.count(b"\n"), block[-1:]
            quotes += block.count(b'"')
        if quotes % 2:
            return False  # one is not closed, and what DuckDB makes of it depends
        unended = int(last != b"\n")
        if lines + unended == expected:
            return True
        file.seek(start)
        lines, inside = 0, 0
        while block := file.read(BLOCK):
            # A quote that is closed at once, or doubled, changes nothing for what comes after it.
            pieces = block.translate(None, NEITHER).replace(b'""', b"").split(b'"')
            lines += sum(map(len, pieces[inside::2]))
            inside ^= (len(pieces) - 1) & 1
        return lines + unended == expected


def conflicts(
    connection: duckdb.DuckDBPyConnection, contract: Contract, rows: str, per: str = "0"
) -> set[Any]:
    """The values of `per` under which two different rows have the same key. Cheap where no key is
    repeated.
    """
    if contract.rules.repeats == "allowed" or not contract.key:
        return set()
    key = ", ".join(columns.name(column) for column in contract.key)
    repeated = f"select hash({per}, {key}) as k from {rows} group by k having count(*) > 1 limit 1"
    if connection.execute(repeated).fetchone() is None:
        return set()
    found = connection.execute(
        f"select distinct _per from (select distinct {per} as _per, {columns.names(contract)} "
        f"from {rows}) group by _per, {key} having count(*) > 1"
    )
    return {value for (value,) in found.fetchall()}


def check_totals(
    connection: duckdb.DuckDBPyConnection,
    job: Job,
    records: str,
    kept: str,
    parameters: dict[str, bytes] | None = None,
) -> int:
    """Hold the kept rows against the file's own total; return the number of all records."""
    totals = job.contract.rules.totals or Totals()
    amount = columns.name(totals.sum) if totals.sum else "0"
    query = (
        f"select count(*), count(_control), min_by({amount}, _control), "
        f"(select count(*) from {kept}), (select coalesce(sum({amount}), 0) from {kept}) "
        f"from {records}"
    )
    counted = connection.execute(query, parameters or None).fetchone()
    assert counted
    found, controls, control, rows, total = counted
    if not totals.control or not totals.sum:
        return int(found)
    if rows and not controls:
        raise Refused(
            f"has no total row ('{totals.control[0]}', ...) to hold its {rows:,} rows against, so "
            "it may be cut: download it again with its totals, or state `totals: {control: []}` "
            "for it under `files:` in workspace.yml"
        )
    if control is not None and abs(total - control) > Decimal("0.01") * max(rows, 1):
        raise Refused(
            f"its rows add up to {total:,.2f} of {totals.sum}, but its own total says "
            f"{control:,.2f}: rows are missing or changed; download it again"
        )
    return int(found)
