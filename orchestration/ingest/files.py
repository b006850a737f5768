"""Which files there are, what identifies their content, and when they were exported.

Nothing here looks at rows: reading a file's header is dialect.py.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

BLOCK = 1 << 24
# `Ã¼`, `â€™` and the mark for a letter that was lost, as UTF-8.
GARBLED = (b"\xc3\x83\xc2", b"\xc3\xa2\xe2\x82\xac", b"\xef\xbf\xbd")
DATES = (
    re.compile(
        r"(?<!\d)(?P<y>20\d\d)(?P<s>[-_.]?)(?P<m>\d\d)(?P=s)(?P<d>\d\d)(?!\d)"
        r"(?:T(?P<H>\d\d)[-:._]?(?P<M>\d\d)(?:[-:._]?(?P<S>\d\d))?)?"
    ),
    re.compile(r"(?<!\d)(?P<d>\d{1,2})[- ](?P<b>[A-Za-z]{3})[a-z]*[- ](?P<y>20\d\d)(?!\d)"),
)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True)
class ExportFile:
    """A file as it was found."""

    path: Path
    name: str
    """Relative to exports/, or folder and name of a definition."""
    size: int
    modified: int
    """Nanoseconds."""
    stamp: datetime | None = None
    """What an archive says of the file's time, without a zone."""
    typed: Mapping[str, str] | None = None
    """Of a file that is not text by itself: which columns hold a `number`, a `time` or `text`."""

    @staticmethod
    def at(path: Path, name: str) -> ExportFile:
        """The file as it is now."""
        stat = path.stat()
        return ExportFile(path, name, stat.st_size, stat.st_mtime_ns)

    @property
    def folder(self) -> str:
        """The first folder of its name: the source, where there is one of that name."""
        return self.name.partition("/")[0] if "/" in self.name else ""

    @property
    def has_changed(self) -> bool:
        """Whether it is no longer as it was found."""
        now = self.path.stat()
        return (now.st_size, now.st_mtime_ns) != (self.size, self.modified)

    @property
    def base(self) -> str:
        """Its last name, in lower case and without the mark of a compressed file."""
        return self.name.rpartition("/")[2].casefold().removesuffix(".gz")


@dataclass(frozen=True)
class Content:
    """What identifies the content of a file."""

    digest: str
    has_nul: bool
    is_garbled: bool = False
    """Whether letters in it look like UTF-8 that was once read as something else."""
    is_ended: bool = True
    """Whether its last line has an end, as every line that was written whole may have."""


@dataclass(frozen=True)
class Exported:
    """When a file was exported, in UTC, and where we know it from."""

    at: datetime
    on: date
    """The day, as its name or the reporting zone has it."""
    known_from: str


def discover(exports: Path) -> Iterator[ExportFile]:
    """All files below exports/, in the order of their names."""
    found = []
    for folder, folders, names in os.walk(exports):
        folders[:] = [name for name in folders if not name.startswith((".", "__"))]
        paths = [Path(folder, name) for name in names if not name.startswith((".", "~"))]
        found += [(p.relative_to(exports).as_posix(), p) for p in paths if p.is_file()]
    for name, path in sorted(found):
        yield ExportFile.at(path, name)


def read_content(path: Path) -> Content:
    """Hash a file, by blocks on all cores, and look for NUL on the way."""

    def block(start: int) -> tuple[bytes, bool, bool, bytes]:
        with path.open("rb") as file:
            file.seek(start)
            data = file.read(BLOCK)
        garbled = any(mark in data for mark in GARBLED)
        digest = hashlib.blake2b(data, digest_size=32).digest()
        # Without the zeros of UTF-16.
        return digest, b"\0" in data, garbled, data[-4:].replace(b"\0", b"")[-1:]

    starts = range(0, max(path.stat().st_size, 1), BLOCK)
    if len(starts) == 1:
        blocks = [block(0)]
    else:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            blocks = list(pool.map(block, starts))
    digest = hashlib.blake2b(b"".join(block[0] for block in blocks), digest_size=16)
    return Content(
        digest.hexdigest(),
        any(block[1] for block in blocks),
        any(block[2] for block in blocks),
        blocks[-1][3] in b"\r\n",
    )


def exported(
    file: ExportFile,
    stated: datetime | date | None,
    zone: str,
    *,
    stated_in: str = "workspace.yml",
    definition: bool = False,
) -> Exported:
    """When a file was exported: as stated in workspace.yml or in the file, else by its name, else
    by the archive that it lies in, else by its mtime.

    In the name (else the nearest folder) a date after the word `exported` counts before the last
    one. A date without a time is midnight UTC of that day, whatever the zone.
    """
    if definition:
        return Exported(datetime(2000, 1, 1), date(2000, 1, 1), "definition")
    if stated is not None:
        return _exported(stated, zone, stated_in)
    for part in reversed(Path(file.name).parts):
        moments = [
            (bool(re.search(r"export(ed)?[-_ ]?(at|on)?[-_ ]?$", part[:start], re.I)), start, when)
            for start, when in _dates(part)
        ]
        if moments:
            return _exported(max(moments)[2], zone, "name")
    if file.stamp is not None:
        return _exported(file.stamp, zone, "archive")
    modified = datetime.fromtimestamp(file.modified // 1000 / 1e6, UTC)
    return _exported(modified, zone, "file time")


def _exported(when: datetime | date, zone: str, known_from: str) -> Exported:
    if not isinstance(when, datetime):
        return Exported(datetime(when.year, when.month, when.day), when, known_from)
    local = when.astimezone(ZoneInfo(zone)) if when.tzinfo else when.replace(tzinfo=ZoneInfo(zone))
    return Exported(local.astimezone(UTC).replace(tzinfo=None), local.date(), known_from)


def _dates(text: str) -> Iterator[tuple[int, datetime | date]]:
    for form in DATES:
        for match in form.finditer(text):
            part = match.groupdict()
            try:
                month = int(part["m"]) if "m" in part else MONTHS.index(part["b"].lower()) + 1
                day = date(int(part["y"]), month, int(part["d"]))
                if part.get("H"):
                    clock = time(int(part["H"]), int(part["M"]), int(part["S"] or 0))
                    yield match.start(), datetime.combine(day, clock)
                else:
                    yield match.start(), day
            except ValueError:
                continue
