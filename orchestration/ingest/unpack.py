"""What is inside of an archive or a Parquet file, as plain files in the temporary folder.

Archives come from anywhere, so nothing in them is trusted: not their names, not their sizes, not
their checksums. One that is not in order is refused whole, before any of it is loaded.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO, cast

from orchestration.ingest import columns
from orchestration.ingest.dialect import Refused
from orchestration.ingest.files import ExportFile
from orchestration.ingest.load import Connection

BLOCK = 1 << 20
# What inflates more than this, beyond a few megabytes, is made to fill the disk: CSV files shrink
# to a tenth, dull ones to a fiftieth.
HIGHEST_RATIO = 200
FREE_OF_RATIO = 16 << 20
MOST_MEMBERS = 10_000


def is_packed(file: ExportFile) -> bool:
    """Whether it has to be unpacked before it can be read as text."""
    return file.name.lower().endswith((".zip", ".gz", ".parquet"))


def names(file: ExportFile) -> list[str]:
    """What a file is called, and the files in it."""
    inside: list[str] = []
    if file.name.lower().endswith(".zip"):
        unreadable = contextlib.suppress(zipfile.BadZipFile, OSError, ValueError)
        with unreadable, zipfile.ZipFile(file.path) as archive:
            inside = [f"{file.name}/{name}" for name in archive.namelist()]
    return [file.name, *inside]


@contextlib.contextmanager
def unpacked(
    file: ExportFile, temporary: Path, connection: Connection
) -> Iterator[list[ExportFile]]:
    """The files that a file stands for: itself, or what is in it, until the context ends."""
    if not is_packed(file):
        yield [file]
        return
    name = file.name.lower()
    try:
        file.path.open("rb").close()
    except OSError as problem:
        raise Refused(f"cannot be read: {problem}") from None
    folder = Path(tempfile.mkdtemp(suffix=".unpacked", dir=temporary))
    try:
        if name.endswith(".zip"):
            packed = list(_members(file, folder))
        elif name.endswith(".gz"):
            packed = [_inflated(file, folder)]
        else:
            packed = [file]
        parts = [
            _from_parquet(part, folder, connection) if part.base.endswith(".parquet") else part
            for part in packed
        ]
        if file.has_changed:
            raise Refused("changed while it was unpacked: it is still being written; run again")
        yield parts
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _members(file: ExportFile, folder: Path) -> Iterator[ExportFile]:
    """The files of a zip archive. Names that a Mac or a spreadsheet adds are passed over."""
    try:
        with zipfile.ZipFile(file.path) as archive:
            members = _checked(archive.infolist(), file.size)
            for number, info in enumerate(members):
                target = folder / str(number)
                with archive.open(info) as source:
                    _write(cast("BinaryIO", source), target, file)
                member = ExportFile.at(target, f"{file.name}/{info.filename}")
                yield replace(member, stamp=_stamp(info))
    except NotImplementedError:
        raise Refused("is packed in a way that is not read here: unpack it by hand") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError) as problem:
        raise Refused(f"is damaged ({problem}): export it again") from None
    except RuntimeError:
        raise Refused("is locked with a password: unpack it by hand") from None


def _is_clutter(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any(part.startswith((".", "__MACOSX", "~$")) and part != ".." for part in parts)


def _stamp(info: zipfile.ZipInfo) -> datetime | None:
    """When the member was written, if it says so; 1980 stands for no date at all."""
    try:
        return datetime(*info.date_time) if info.date_time[0] > 1980 else None
    except ValueError:
        return None


def _checked(listed: list[zipfile.ZipInfo], size: int) -> list[zipfile.ZipInfo]:
    """The files of an archive that is in order by its table of contents."""
    if len(listed) > MOST_MEMBERS:
        raise Refused(f"has {len(listed):,} members, which no export has: unpack it by hand")
    for info in listed:
        path = PurePosixPath(info.filename)
        is_elsewhere = path.is_absolute() or PureWindowsPath(info.filename).drive
        if is_elsewhere or ".." in path.parts or "\\" in info.filename:
            shown = info.filename[:80]
            raise Refused(f"has a member that would lie outside of it ('{shown}'): not unpacked")
    members = [info for info in listed if not info.is_dir() and not _is_clutter(info.filename)]
    if not members:
        raise Refused("has no files in it: export it again")
    seen = set()
    for info in members:
        path = PurePosixPath(info.filename)
        shown = info.filename[:80]
        if stat.S_ISLNK(info.external_attr >> 16):
            raise Refused(f"has a link in it ('{shown}'): not unpacked")
        if info.flag_bits & 1:
            raise Refused("is locked with a password: unpack it by hand")
        if path.as_posix().casefold() in seen:
            raise Refused(f"has two members of the name '{shown}': not unpacked")
        if path.suffix.lower() in (".zip", ".gz"):
            raise Refused(f"has an archive in it ('{shown}'): unpack it by hand")
        seen.add(path.as_posix().casefold())
    _check_ratio(sum(info.file_size for info in members), size)
    return members


def _check_ratio(inflated: int, size: int) -> None:
    if inflated > FREE_OF_RATIO and inflated > HIGHEST_RATIO * size:
        raise Refused(
            f"would grow from {size:,} bytes to more than {HIGHEST_RATIO} times as many, which no "
            "export does: not unpacked"
        )


def _inflated(file: ExportFile, folder: Path) -> ExportFile:
    target = folder / "0"
    try:
        with gzip.open(file.path) as source:
            _write(cast("BinaryIO", source), target, file)
    except (OSError, EOFError, zlib.error) as problem:
        if isinstance(problem, OSError) and problem.errno is not None:
            raise
        raise Refused(f"is damaged or cut ({problem}): export it again") from None
    return ExportFile.at(target, file.name)


def _write(source: BinaryIO, target: Path, file: ExportFile) -> None:
    """Copy block by block, with an eye on how much comes out; the end is checked by the reader."""
    written = 0
    with target.open("wb") as copy:
        while block := source.read(BLOCK):
            written += len(block)
            _check_ratio(written, file.size)
            copy.write(block)
    _date(target, file)


def _date(target: Path, file: ExportFile) -> None:
    """Give what was unpacked the time of its file: when it was unpacked says nothing."""
    os.utime(target, ns=(file.modified, file.modified))


def _from_parquet(file: ExportFile, folder: Path, connection: Connection) -> ExportFile:
    """A Parquet file as CSV, every value in one plain form whatever its type."""
    import duckdb

    inner = Path(tempfile.mkdtemp(dir=folder))
    linked, target = inner / "0.parquet", inner / "0.csv"
    linked.symlink_to(file.path)  # its name may look like a pattern
    source = f"read_parquet({columns.literal(str(linked))})"
    try:
        described = connection().execute(f"describe select * from {source}").fetchall()
        typed = {name: _kind(kind) for name, kind, *_ in described}
        values = ", ".join(
            f"{_as_text(name, kind)} as {columns.name(name)}" for name, kind, *_ in described
        )
        connection().execute("set preserve_insertion_order = true")
        connection().execute(
            f"copy (select {values} from {source}) to {columns.literal(str(target))} "
            "(format csv, header true, quote '\"', force_quote *)"
        )
    except duckdb.Error:
        raise Refused("is damaged, or no Parquet file: export it again") from None
    finally:
        connection().execute("set preserve_insertion_order = false")
    _date(target, file)
    return replace(ExportFile.at(target, file.name), stamp=file.stamp, typed=typed)


def _kind(kind: str) -> str:
    """What a Parquet column holds, as far as its text form depends on it."""
    if kind in ("DATE",) or kind.startswith("TIMESTAMP"):
        return "time"
    number = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
    return "number" if kind.removeprefix("U").startswith(number) else "text"


def _as_text(name: str, kind: str) -> str:
    column = columns.name(name)
    if kind in ("FLOAT", "DOUBLE"):
        # By way of its shortest text: cast at once, DuckDB makes 999.9999827968 of 1000::float.
        # What is no whole number of so many digits any more (an id, a NaN) stays as odd as it is.
        exact = f"try_cast({column}::varchar as decimal(38, 10))::varchar"
        is_exact = f"abs({column}) < {1 << (24 if kind == 'FLOAT' else 53)}"
        return (
            f"case when {is_exact} then rtrim(rtrim({exact}, '0'), '.') else {column}::varchar end"
        )
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime(timezone('UTC', {column}), '%Y-%m-%d %H:%M:%S.%f+00')"
    if kind.startswith("TIMESTAMP"):
        return f"strftime({column}::timestamp, '%Y-%m-%d %H:%M:%S.%f')"
    return f"{column}::varchar"
