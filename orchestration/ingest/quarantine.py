"""Load a file in which something is wrong: the rows that fit, and a list of those that do not.

Python's csv decides here what a record is and on which line it starts; the records of the right
shape go to DuckDB with their line, to be typed as in load.py. A list of rejects holds line, column
and reason, never a value.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.ingest import columns
from orchestration.ingest.dialect import Refused
from orchestration.ingest.load import (
    Job,
    Loaded,
    check_count,
    check_totals,
    rejects_path,
    undecodable,
    write,
)

if TYPE_CHECKING:
    import duckdb

LONGEST_RECORD = 2_000_000
SMALL_FILE = 20


def load(connection: duckdb.DuckDBPyConnection, job: Job, text: Path) -> Loaded:
    """Write the rows that fit, and `line, column_name, reason` of the others."""
    clean = job.temporary / f"{job.fingerprint}.csv"
    try:
        records, shapes = separate(job, text, clean)
        check_count(job, records)
        _type(connection, job, clean, records - len(shapes))
    except UnicodeDecodeError:
        raise undecodable(job) from None
    finally:
        clean.unlink(missing_ok=True)
    lines, problems = [line for line, _ in shapes], [problem for _, problem in shapes]
    connection.execute(
        "create or replace temp table rejects as select unnest($1) as line, unnest($2) as problem "
        "union all select _line, _problem from typed where _problem is not null",
        [lines, problems],
    )
    by_reason = connection.execute(
        "select replace(problem, ':', '/'), count(*) from rejects group by all order by all"
    ).fetchall()
    [[skipped, typed]] = connection.execute(
        "select count(*) filter (_skip), count(*) from typed"
    ).fetchall()
    rejected = sum(count for _, count in by_reason)
    _check_share(connection, job, typed + len(shapes) - skipped, rejected)

    def check(written: str, _rows: int) -> None:
        check_totals(connection, job, "typed", written)

    if rejected:
        write(
            connection,
            "select line, nullif(split_part(problem, ':', 2), '') as column_name, "
            "split_part(problem, ':', 1) as reason from rejects order by line",
            rejects_path(job.target),
        )
    fingerprint = columns.literal(job.fingerprint)
    fitting = (
        f"select {columns.names(job.contract)}, {fingerprint} as _fingerprint from typed "
        "where _problem is null and not _skip"
    )
    rows = write(connection, fitting, job.target, check=check)
    return Loaded(rows, rejected, skipped, dict(by_reason))


def first_rejects(
    connection: duckdb.DuckDBPyConnection, first: int
) -> dict[str, tuple[int, list[int]]]:
    """Of the file that `load` was last called for, also where it was refused: each
    `reason/column` with the number of its rows and the first lines; the most frequent first.
    """
    is_there = "select 1 from duckdb_tables() where table_name = 'rejects'"
    if not connection.execute(is_there).fetchone():
        return {}
    found = connection.execute(
        "select replace(problem, ':', '/') as reason, count(*) as n, list(line order by line)[:$1] "
        "from rejects group by reason order by n desc, reason",
        [first],
    ).fetchall()
    return {reason: (count, lines) for reason, count, lines in found}


def forget(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop what is left of the file that was loaded last."""
    connection.execute("drop table if exists rejects")
    connection.execute("drop table if exists typed")


def separate(job: Job, text: Path, clean: Path) -> tuple[int, list[tuple[int, str]]]:
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
    # DuckDB, too, takes a quote after blanks for a quote.
    verbatim = any(not column.rules.trim for column in job.contract.columns)
    csv.field_size_limit(1 << 30)
    with text.open(encoding="utf-8", newline="") as file:
        for _ in range(layout.skip):
            file.readline()
        reader = csv.reader(
            file, delimiter=layout.delimiter, strict=True, skipinitialspace=not verbatim
        )
        short = 0
        while True:
            line = layout.skip + reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                cut = "unexpected end" in str(error)
                if cut or layout.skip + reader.line_num > line:
                    raise Refused(
                        f"a quote that opens on line {line} is not closed on it, or the file is "
                        "cut there: mend that line, or export the file again"
                    ) from None
                yield line, [], "ragged"
                continue
            while len(cells) > width and not cells[-1]:
                cells.pop()
            if not cells or (len(cells) == 1 < width and cells[0].strip() in ("", marker)):
                continue
            short = line if len(cells) < width else 0
            yield line, cells, _shape(cells, width)
    if short and not _is_ended(text):
        raise Refused(
            f"ends in the middle of line {short}: it is cut, or still being written; export it "
            "again"
        )


def _shape(cells: list[str], width: int) -> str:
    if len(cells) != width:
        return "ragged"
    if any("\0" in cell for cell in cells):
        return "nul"
    long = sum(map(len, cells)) * 4 > LONGEST_RECORD
    return "too_long" if long and len("".join(cells).encode()) > LONGEST_RECORD else ""


def _is_ended(text: Path) -> bool:
    with text.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) in b"\r\n"


def _type(connection: duckdb.DuckDBPyConnection, job: Job, clean: Path, expected: int) -> None:
    """Make the table `typed` of all well-formed records, with what is wrong with them."""
    contract = job.contract
    source = columns.numbered_cells(clean, job.layout, 4 * LONGEST_RECORD)
    query = columns.typed(contract, job.layout, job.zone, source, keep="_line")
    connection.execute(
        "create or replace temp table typed as "
        f"select * replace (cast(_line as bigint) as _line) from ({query})",
        job.parameters or None,
    )
    [[found]] = connection.execute("select count(distinct _line) from typed").fetchall()
    if found != expected:
        raise Refused(f"its {expected:,} records cannot be told apart for sure: please report this")

    if contract.key and contract.rules.repeats != "allowed":
        # Of rows that disagree under one key the last line wins.
        key = ", ".join(columns.name(column) for column in contract.key)
        reason = f"duplicate_key:{', '.join(contract.key)}"
        row = f"row({columns.names(contract)})"
        connection.execute(
            f"update typed set _problem = {columns.literal(reason)} "
            "where rowid in (select rowid from typed where _problem is null and not _skip "
            f"qualify {row} is distinct from last_value({row}) over (partition by {key} "
            "order by _line rows between unbounded preceding and unbounded following))"
        )


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
    advice = "correct the file, or state its formats under `files:` in workspace.yml"
    if job.strict:
        dated = any(problem.startswith("bad_date") for problem, *_ in reasons)
        advice = f"correct the file{'; a date is written YYYY-MM-DD' if dated else ''}"
    raise Refused(
        f"{rejected:,} of {records:,} rows do not fit {job.contract.name} ({listed}): {advice}"
    )
