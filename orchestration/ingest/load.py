"""Write one file as one Parquet file, in a single statement where nothing is wrong with it.

The statement casts, checks and writes at once, and stops at the first row that does not fit; only
then quarantine.py reads the file line by line. Which file follows which contract is decided in
matching.py, and what is recorded about it in records.py.
"""

from __future__ import annotations

import codecs
import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.contracts import Contract
from orchestration.ingest import columns
from orchestration.ingest.dialect import Layout, Refused

if TYPE_CHECKING:
    import duckdb


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

    file: Path
    contract: Contract
    layout: Layout
    zone: str
    """Zone of the columns that follow the workspace."""
    fingerprint: str
    target: Path
    rejects: Path
    temporary: Path
    """A folder for temporary files."""
    key: bytes | None
    has_nul: bool = False
    strict: bool = False
    """Whether a single rejected row refuses the file."""

    @property
    def parameters(self) -> dict[str, bytes]:
        """The key as the two paddings of HMAC, for statements that need it."""
        if self.key is None:
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

    before = job.file.stat()
    text, has_nul = as_utf8(job)
    try:
        loaded = None if has_nul else _load_at_once(connection, job, text)
        if loaded is None:
            loaded = quarantine.load(connection, job, text)
        after = job.file.stat()
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            job.target.unlink(missing_ok=True)
            raise Refused("changed while it was read: it is still being written; run again")
    finally:
        if text != job.file:
            text.unlink(missing_ok=True)
    return loaded


def as_utf8(job: Job) -> tuple[Path, bool]:
    """The file, or a copy of it in UTF-8 where it is not, and whether there is a NUL in it."""
    encoding = job.layout.encoding
    if codecs.lookup(encoding).name in ("utf-8", "utf-8-sig", "ascii"):
        return job.file, job.has_nul
    copy = job.temporary / f"{job.fingerprint}.txt"
    has_nul = False
    try:
        with (
            job.file.open(encoding=encoding, newline="") as source,
            copy.open("w", encoding="utf-8", newline="") as target,
        ):
            while chunk := source.read(1 << 20):
                has_nul = has_nul or "\0" in chunk
                target.write(chunk)
    except UnicodeError:
        copy.unlink()
        raise undecodable(job) from None
    return copy, has_nul


def undecodable(job: Job) -> Refused:
    """Name the first line that is not in the encoding."""
    encoding = job.layout.encoding
    decoder = codecs.getincrementaldecoder(encoding)()
    number = 0
    with job.file.open("rb") as file, contextlib.suppress(UnicodeError):
        for number, line in enumerate(file, start=1):  # noqa: B007 (used after the loop)
            decoder.decode(line)
    return Refused(
        f"line {number} is not {encoding}: save the file as UTF-8, or state its encoding (as "
        "cp1252) under `files:` in workspace.yml"
    )


def write(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    target: Path,
    parameters: dict[str, bytes] | None = None,
    check: Callable[[Path, int], Any] | None = None,
) -> int:
    """Write the rows of a query as a Parquet file that is there whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.tmp")
    path = columns.literal(str(aside))
    copy = f"copy ({query}) to {path} (format parquet, compression zstd)"
    try:
        result = connection.execute(copy, parameters or None).fetchone()
        assert result
        rows = int(result[0])
        if check:
            check(aside, rows)
        settle(aside, target)
    finally:
        aside.unlink(missing_ok=True)
    return rows


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
    source = columns.cells(text, layout.delimiter, layout.skip, len(layout.headers))
    typed = columns.typed(contract, layout, job.zone, source)
    fingerprint = columns.literal(job.fingerprint)
    skips = contract.rules.totals is not None or bool(layout.where)
    query = (
        f"select {columns.names(contract)}, case when _problem is null then {fingerprint} "
        f"else error(_problem) end as _fingerprint from ({typed})"
        f"{' where not _skip' if skips else ''}"
    )
    skipped = 0

    def check(aside: Path, rows: int) -> None:
        nonlocal skipped
        path = columns.literal(str(aside))
        if conflicts(connection, contract, f"read_parquet({path})"):
            raise NotAtOnce
        if skips:
            records = check_totals(connection, job, f"({typed})", f"read_parquet({path})")
            skipped = records - rows

    try:
        rows = write(connection, query, job.target, _needed(job, query), check)
    except (duckdb.InvalidInputException, duckdb.ConversionException, NotAtOnce):
        return None
    return Loaded(rows, skipped=skipped)


def _needed(job: Job, query: str) -> dict[str, bytes]:
    """The parameters that a statement has; DuckDB takes no others."""
    return {k: value for k, value in job.parameters.items() if f"${k}" in query}


def conflicts(connection: duckdb.DuckDBPyConnection, contract: Contract, rows: str) -> bool:
    """Whether two different rows have the same key. Cheap where no key is repeated."""
    if contract.rules.repeats == "allowed" or not contract.key:
        return False
    key = ", ".join(columns.name(column) for column in contract.key)
    repeated = f"select hash({key}) as k from {rows} group by k having count(*) > 1"
    found = connection.execute(f"select count(*) from ({repeated})").fetchone()
    if not found or not found[0]:
        return False
    different = (
        f"select 1 from (select distinct {columns.names(contract)} from {rows}) "
        f"group by {key} having count(*) > 1 limit 1"
    )
    return connection.execute(different).fetchone() is not None


def check_totals(connection: duckdb.DuckDBPyConnection, job: Job, records: str, kept: str) -> int:
    """Hold the kept rows against the file's own total; return the number of all records."""
    totals = job.contract.rules.totals
    amount = columns.name(totals.sum) if totals and totals.sum else "null"
    query = f"select count(*), count(_control), min_by({amount}, _control) from {records}"
    counted = connection.execute(query, _needed(job, query) or None).fetchone()
    assert counted
    if not totals or not totals.control or not totals.sum:
        return int(counted[0])
    query = f"select count(*), coalesce(sum({amount}), 0) from {kept}"
    found = connection.execute(query).fetchone()
    assert found
    rows, total = found
    label = "', '".join(totals.control[:2])
    advice = "download it again"
    if rows and not counted[1]:
        raise Refused(
            f"has no total row ('{label}', ...) to hold its {rows:,} rows against, so it may be "
            f"cut: {advice} with its totals, or state `totals: {{control: []}}` for it under "
            "`files:` in workspace.yml"
        )
    if counted[2] is not None and abs(total - counted[2]) > Decimal("0.01") * max(rows, 1):
        raise Refused(
            f"its rows add up to {total:,.2f} of {totals.sum}, but its own total says "
            f"{counted[2]:,.2f}: rows are missing or changed; {advice}"
        )
    return int(counted[0])
