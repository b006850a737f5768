"""Load a file in which something is wrong: the rows that fit, and a list of those that do not.

Python's csv decides here what a record is and on which line it starts; the records of the right
shape go to DuckDB with their line, to be typed as in load.py. A list of rejects holds line, column
and reason, never a value.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.ingest import columns
from orchestration.ingest.dialect import Refused
from orchestration.ingest.load import Job, Loaded, check_totals, undecodable, write

if TYPE_CHECKING:
    import duckdb

LONGEST_RECORD = 2_000_000
SMALL_FILE = 20


def load(connection: duckdb.DuckDBPyConnection, job: Job, text: Path) -> Loaded:
    """Write the rows that fit, and `line, column_name, reason` of the others."""
    clean = job.temporary / f"{job.fingerprint}.csv"
    try:
        records, shapes = _separate(job, text, clean)
        connection.execute("create or replace temp table rejects (line bigint, problem varchar)")
        if shapes:
            lines, problems = (list(values) for values in zip(*shapes, strict=True))
            connection.execute("insert into rejects select unnest(?), unnest(?)", [lines, problems])
        _type(connection, job, clean, records - len(shapes))
    finally:
        clean.unlink(missing_ok=True)

    rejected, skipped = _counts(connection)
    _check_share(connection, job, records - skipped, rejected)
    fingerprint = columns.literal(job.fingerprint)
    fitting = f"select {columns.names(job.contract)}, {fingerprint} as _fingerprint from accepted"

    def check(aside: Path, _rows: int) -> None:
        if job.contract.rules.totals:
            kept = f"read_parquet({columns.literal(str(aside))})"
            check_totals(connection, job, "typed", kept)

    if rejected:
        write(
            connection,
            "select line, nullif(split_part(problem, ':', 2), '') as column_name, "
            "split_part(problem, ':', 1) as reason from rejects order by line",
            job.rejects,
        )
    rows = write(connection, fitting, job.target, check=check)
    if rows + rejected + skipped != records:
        job.target.unlink()
        raise Refused(
            f"of its {records:,} records {rows:,} were loaded, {rejected:,} rejected and "
            f"{skipped:,} skipped, which does not add up: please report this file's shape"
        )
    by_reason = connection.execute(
        "select replace(problem, ':', '/'), count(*) from rejects group by all order by all"
    ).fetchall()
    return Loaded(rows, rejected, skipped, dict(by_reason))


def _separate(job: Job, text: Path, clean: Path) -> tuple[int, list[tuple[int, str]]]:
    """Copy the well-formed records with their lines to `clean`; count all, and list the others."""
    ragged = []
    records = 0
    with clean.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for line, cells, problem in _records(job, text):
            records += 1
            if problem:
                ragged.append((line, problem))
            else:
                writer.writerow([line, *cells])
    return records, ragged


def _records(job: Job, text: Path) -> Iterator[tuple[int, list[str], str]]:
    """Every record: its first line, its cells, and what is wrong with its shape, or nothing."""
    layout, marker = job.layout, job.contract.rules.empty_marker
    width = len(layout.headers)
    csv.field_size_limit(1 << 30)
    try:
        with text.open(encoding="utf-8", newline="") as file:
            for _ in range(layout.skip):
                file.readline()
            ends = _Ends(file)
            # DuckDB, too, takes a quote after blanks for a quote.
            verbatim = any(not column.rules.trim for column in job.contract.columns)
            reader = csv.reader(
                ends, delimiter=layout.delimiter, strict=True, skipinitialspace=not verbatim
            )
            while True:
                line = layout.skip + reader.line_num + 1
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    cut = "unexpected end" in str(error)
                    if cut or layout.skip + reader.line_num > line:
                        raise Refused(
                            f"a quote that opens on line {line} is not closed on it, or the file "
                            "is cut there: mend that line, or export the file again"
                        ) from None
                    yield line, [], "ragged"
                    continue
                while len(cells) > width and not cells[-1]:
                    cells.pop()
                alone = len(cells) == 1 and width > 1
                if not cells or (alone and cells[0].strip() in ("", marker)):
                    continue
                if len(cells) < width and not ends.last.endswith(("\n", "\r")):
                    raise Refused(
                        f"ends in the middle of line {line}: it is cut, or still being written; "
                        "export it again"
                    )
                size = sum(map(len, cells))
                problem = ""
                if len(cells) != width:
                    problem = "ragged"
                elif any("\0" in cell for cell in cells):
                    problem = "nul"
                elif size * 4 > LONGEST_RECORD and len("".join(cells).encode()) > LONGEST_RECORD:
                    problem = "too_long"
                yield line, cells, problem
    except UnicodeDecodeError:
        raise undecodable(job) from None


class _Ends:
    """The lines of a file, remembering the last one."""

    def __init__(self, file: io.TextIOBase | Iterator[str]) -> None:
        self._lines = iter(file)
        self.last = "\n"

    def __iter__(self) -> _Ends:
        return self

    def __next__(self) -> str:
        self.last = next(self._lines)
        return self.last


def _type(connection: duckdb.DuckDBPyConnection, job: Job, clean: Path, expected: int) -> None:
    """Make the tables `typed` (all well-formed records) and `accepted`; add to `rejects`."""
    contract, layout = job.contract, job.layout
    source = columns.cells(clean, ",", 0, len(layout.headers), numbered=True)
    source = source.replace("strict_mode", f"max_line_size = {4 * LONGEST_RECORD}, strict_mode")
    query = columns.typed(contract, replace(layout, delimiter=","), job.zone, source)
    needed = {k: value for k, value in job.parameters.items() if f"${k}" in query}
    connection.execute(
        f"create or replace temp table typed as select * replace (_line::bigint as _line) "
        f"from ({query})",
        needed or None,
    )
    found = connection.execute("select count(*) from typed").fetchone()
    if not found or found[0] != expected:
        raise Refused(f"its {expected:,} records cannot be told apart for sure: please report this")

    connection.execute(
        "insert into rejects select _line, _problem from typed where _problem is not null"
    )
    fitting = "_problem is null and not _skip"
    lost = "select null::bigint as _line where false"
    if contract.key and contract.rules.repeats != "allowed":
        # Of rows that disagree under one key the last line wins.
        key = ", ".join(columns.name(column) for column in contract.key)
        row = f"struct_pack({', '.join(f'{n} := {n}' for n in _quoted(job))})"
        lost = (
            f"select _line from typed where {fitting} qualify {row} is distinct from "
            f"last_value({row}) over (partition by {key} order by _line "
            "rows between unbounded preceding and unbounded following)"
        )
    connection.execute(f"create or replace temp table lost as {lost}")
    reason = columns.literal(f"duplicate_key:{', '.join(contract.key)}")
    connection.execute(f"insert into rejects select _line, {reason} from lost")
    connection.execute(
        f"create or replace temp view accepted as select * from typed "
        f"where {fitting} and _line not in (select _line from lost)"
    )


def _quoted(job: Job) -> list[str]:
    return [columns.name(column.name) for column in job.contract.columns]


def _counts(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    counts = connection.execute(
        "select (select count(*) from rejects), (select count(*) from typed where _skip)"
    ).fetchone()
    assert counts
    return int(counts[0]), int(counts[1])


def _check_share(
    connection: duckdb.DuckDBPyConnection, job: Job, records: int, rejected: int
) -> None:
    """Refuse a file with more rejects than its contract allows: its format is another one.

    One row may be wrong in a small file; that every row is wrong is never allowed.
    """
    share = 0 if job.strict else job.contract.rules.max_reject_share
    allowed = max(int(records * share), 1 if share and records < SMALL_FILE else 0)
    if rejected <= allowed and (rejected < records or not rejected):
        return
    reasons = connection.execute(
        "select problem, count(*), min(line) from rejects group by problem order by 2 desc, 1"
    ).fetchall()
    listed = "; ".join(
        f"line {line:,}: {problem.replace(':', ' in ')}" + (f" ({n:,} rows)" if n > 1 else "")
        for problem, n, line in reasons[:4]
    )
    raise Refused(
        f"{rejected:,} of {records:,} rows do not fit {job.contract.name} ({listed}): correct the "
        "file, or state its formats under `files:` in workspace.yml"
    )
