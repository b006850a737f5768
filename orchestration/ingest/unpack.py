"""What is inside of an archive or a Parquet file, as plain files in the temporary folder.

Archives come from anywhere, so nothing in them is trusted: not their names, not their sizes, not
their checksums. One that is not in order is refused whole, before any of it is loaded.
"""

from __future__ import annotations

import gzip
import os
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePosixPath
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


@contextmanager
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
            parts = list(_members(file, folder))
        elif name.endswith(".gz"):
            parts = [_inflated(file, folder)]
        else:
            parts = [_from_parquet(file, folder, connection)]
        if ExportFile.at(file.path, file.name) != file:
            raise Refused("changed while it was unpacked: it is still being written; run again")
        yield parts
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _members(file: ExportFile, folder: Path) -> Iterator[ExportFile]:
    """The files of a zip archive. Names that a Mac or a spreadsheet adds are passed over."""
    try:
        with zipfile.ZipFile(file.path) as archive:
            members = [info for info in archive.infolist() if not _is_clutter(info.filename)]
            _check(members, file.size)
            for number, info in enumerate(members):
                if info.is_dir():
                    continue
                target = folder / f"{number}{PurePosixPath(info.filename).suffix.lower()}"
                with archive.open(info) as source:
                    _write(cast("BinaryIO", source), target, file.size, folder)
                # 1980 stands for no date at all.
                stamp = datetime(*info.date_time) if info.date_time[0] > 1980 else None
                member = ExportFile.at(target, f"{file.name}/{info.filename}")
                yield replace(member, stamp=stamp)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as problem:
        raise Refused(f"is damaged ({problem}): export it again") from None
    except RuntimeError:
        raise Refused("is locked with a password: unpack it by hand") from None


def _is_clutter(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any(part.startswith((".", "__MACOSX", "~$")) and part != ".." for part in parts)


def _check(members: list[zipfile.ZipInfo], size: int) -> None:
    """Refuse an archive by its table of contents."""
    seen = set()
    if len(members) > MOST_MEMBERS:
        raise Refused(f"has {len(members):,} members, which no export has: unpack it by hand")
    for info in members:
        path = PurePosixPath(info.filename)
        shown = info.filename[:80]
        if path.is_absolute() or ".." in path.parts or "\\" in info.filename or ":" in shown:
            raise Refused(f"has a member that would lie outside of it ('{shown}'): not unpacked")
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


def _check_ratio(inflated: int, size: int) -> None:
    if inflated > FREE_OF_RATIO and inflated > HIGHEST_RATIO * size:
        raise Refused(
            f"would grow from {size:,} bytes to more than {HIGHEST_RATIO} times as many, which no "
            "export does: not unpacked"
        )


def _inflated(file: ExportFile, folder: Path) -> ExportFile:
    target = folder / f"0{Path(file.name.lower()).with_suffix('').suffix}"
    try:
        with gzip.open(file.path) as source:
            _write(cast("BinaryIO", source), target, file.size, folder)
    except (OSError, EOFError, zlib.error) as problem:
        if isinstance(problem, OSError) and problem.errno is not None:
            raise
        raise Refused(f"is damaged or cut ({problem}): export it again") from None
    return ExportFile.at(target, file.name)


def _write(source: BinaryIO, target: Path, size: int, folder: Path) -> None:
    """Copy block by block, with an eye on how much comes out; the end is checked by the reader."""
    written = 0
    with target.open("wb") as copy:
        while block := source.read(BLOCK):
            before = sum(entry.stat().st_size for entry in os.scandir(folder)) if not written else 0
            written += len(block)
            _check_ratio(before + written, size)
            copy.write(block)


def _from_parquet(file: ExportFile, folder: Path, connection: Connection) -> ExportFile:
    """A Parquet file as CSV, every value in one plain form whatever its type."""
    import duckdb

    linked, target = folder / "0.parquet", folder / "0.csv"
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
    except duckdb.Error as problem:
        raise Refused(
            f"cannot be read as Parquet ({str(problem).splitlines()[0]}): export it again"
        ) from None
    finally:
        connection().execute("set preserve_insertion_order = false")
    return replace(ExportFile.at(target, file.name), typed=typed)


def _kind(kind: str) -> str:
    """What a Parquet column holds, as far as its text form depends on it."""
    if kind in ("DATE",) or kind.startswith("TIMESTAMP"):
        return "time"
    number = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
    return "number" if kind.removeprefix("U").startswith(number) else "text"


def _as_text(name: str, kind: str) -> str:
    column = columns.name(name)
    if kind in ("FLOAT", "DOUBLE"):
        return f"coalesce(try_cast({column} as decimal(38, 10))::varchar, {column}::varchar)"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime(timezone('UTC', {column}), '%Y-%m-%d %H:%M:%S.%f+00')"
    if kind.startswith("TIMESTAMP"):
        return f"strftime({column}::timestamp, '%Y-%m-%d %H:%M:%S.%f')"
    return f"{column}::varchar"
