"""Load many small files of one kind in one statement.

A statement costs some milliseconds however few rows it reads, which is most of the time of a small
file. So small files that are read alike go together into one table and from there each into its own
Parquet file. One in which anything is out of order is left to load.py, alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.ingest import columns
from orchestration.ingest.files import ExportFile
from orchestration.ingest.load import Job, Loaded, conflicts, has_records, is_plain_utf8, settle

if TYPE_CHECKING:
    import duckdb

# Above this a file is worth a statement of its own.
SMALL = 4 << 20
# What is held in memory at once.
MOST_BYTES = 64 << 20
MOST_FILES = 500
# Below raw/, until a run ends.
SCRATCH = ".batch.tmp"


def portions(files: Iterable[ExportFile]) -> Iterator[list[ExportFile]]:
    """Files in their order, in portions whose small ones may be held in memory at once."""
    portion: list[ExportFile] = []
    size = 0
    for file in files:
        portion.append(file)
        size += file.size if file.size <= SMALL else 0
        if len(portion) == MOST_FILES or size > MOST_BYTES:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def may_join(job: Job) -> bool:
    """Whether a file may be loaded together with others that are read alike."""
    contract, layout = job.contract, job.layout
    alone = (
        job.file.size > SMALL
        or job.strict
        or job.has_nul
        or layout.newline is None
        or layout.row_count is not None
        or layout.blank_skips is not None
        or (contract.rules.totals is not None and contract.rules.totals.control)
    )
    return not alone and is_plain_utf8(job)


def load(connection: duckdb.DuckDBPyConnection, raw: Path, jobs: list[Job]) -> list[Loaded | None]:
    """Write the Parquet file of each job; None for those that have to be loaded alone.

    The jobs must be of one contract under one mapping, with the same layout.
    """
    import duckdb

    try:
        _read(connection, jobs)
    except duckdb.Error:
        return [None] * len(jobs)
    counted = {
        place: (rows, skipped)
        for place, rows, skipped, problems in connection.execute(
            "select files.place, count(*) filter (not _skip), count(*) filter (_skip), "
            "count(_problem) from batch inner join files on batch._line = files.path group by all"
        ).fetchall()
        if not problems
    }
    rows_of_all = "(select * from batch where not _skip)"
    conflicting = conflicts(connection, jobs[0].contract, rows_of_all, per="_line")
    found: list[Loaded | None] = []
    for place, job in enumerate(jobs):
        rows, skipped = counted.get(place, (0, 0))
        fits = place in counted and str(job.file.path) not in conflicting
        whole = fits and has_records(job.file.path, job.layout.skip, rows + skipped)
        # A file of no rows gets no file of the partitioned write.
        found.append(Loaded(rows, skipped=skipped) if whole and rows else None)
    _write(connection, raw, jobs, found)
    for place, job in enumerate(jobs):
        if found[place] and job.file.has_changed:
            job.target.unlink(missing_ok=True)
            found[place] = None
    return found


def _read(connection: duckdb.DuckDBPyConnection, jobs: list[Job]) -> None:
    """Make the table `batch` of all rows, typed, and `files` of the paths in their order."""
    first = jobs[0]
    paths = [job.file.path for job in jobs]
    source = columns.cells(paths, first.layout)
    typed = columns.typed(first.contract, first.layout, first.zone, source, keep="_line")
    connection.execute(f"create or replace temp table batch as {typed}", first.parameters or None)
    connection.execute(
        "create or replace temp table files as "
        "select unnest($1) as place, unnest($2) as path, unnest($3) as fingerprint",
        [list(range(len(jobs))), [str(p) for p in paths], [job.fingerprint for job in jobs]],
    )


def _write(
    connection: duckdb.DuckDBPyConnection, raw: Path, jobs: list[Job], found: list[Loaded | None]
) -> None:
    good = [place for place, loaded in enumerate(found) if loaded]
    if not good:
        return
    jobs[0].target.parent.mkdir(parents=True, exist_ok=True)
    # On the disk of the targets, so that giving a file its name does not copy it; and used again by
    # the next files, as removing a folder for each costs more than writing into it.
    folder = raw / SCRATCH
    folder.mkdir(exist_ok=True)
    connection.execute(
        f"copy (select {columns.names(jobs[0].contract)}, fingerprint as _fingerprint, "
        "files.place as _place from batch inner join files on batch._line = files.path "
        f"where not _skip and files.place in ({', '.join(map(str, good))}) "
        f"order by files.place) to {columns.literal(str(folder))} "
        "(format parquet, compression snappy, partition_by (_place), overwrite_or_ignore)"
    )
    for place in good:
        written = list((folder / f"_place={place}").iterdir())
        if len(written) == 1:
            settle(written[0], jobs[place].target)
        else:
            found[place] = None  # two threads shared its rows
            for part in written:
                part.unlink()
