"""What ends a run that is not wrong: a full disk, too little memory, somebody who stops it.

The first two are told so that whoever can make room knows where and how. They show themselves as
errors of the system, of DuckDB or of dbt, wherever a run meets them, and some of these name neither
the place nor the cause. Nothing is mended here: every step leaves what it cannot finish as it was.
"""

from __future__ import annotations

import re
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from orchestration.workspace import PROJECT_ROOT

FULL = ("No space left on device", "Disk quota exceeded", "File too large")
NO_MEMORY = (
    "Out of Memory Error",
    "OutOfMemoryException",
    "MemoryError",
    "Cannot allocate memory",
    "bad_alloc",
    "can't start new thread",
    "failed to map segment",
)
STOP = {signal.SIGINT, signal.SIGTERM}
WHOLE = "What is published is whole."


class LimitError(Exception):
    """The machine has too little room for what was asked; the message says of what, and where."""


class StoppedError(Exception):
    """Somebody stopped the run, by ^C or as a service manager does."""


@contextmanager
def told(root: Path) -> Iterator[None]:
    """Raise LimitError instead of whatever comes of a full disk or of too little memory inside;
    `root` is the folder that is written to."""
    try:
        yield
    except LimitError:
        raise
    except Exception as error:
        said = _said(error)
        if any(words in said for words in FULL):
            raise LimitError(_full(said, root)) from error
        if any(words in said for words in NO_MEMORY):
            raise LimitError(
                "there is too little memory: close other programs, or take a machine that has "
                f"more (with PLUMBLINE_THREADS=1 the models need less), and run again. {WHOLE}"
            ) from error
        raise


_told_to_stop: socket.socket | None = None


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise StoppedError where what is inside is stopped, at the latest at the next `go_on`: what a
    signal raises may be lost in a library, as in one that just then lets go of an object."""
    global _told_to_stop
    if _told_to_stop or threading.current_thread() is not threading.main_thread():
        yield
        return
    hears, tells = socket.socketpair()
    with hears, tells:
        hears.setblocking(False)
        tells.setblocking(False)
        before, _told_to_stop = signal.set_wakeup_fd(tells.fileno()), hears
        try:
            yield
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) or _is_told_to_stop():
                what = f"stopped. {WHOLE} The next run goes on from here."
                raise StoppedError(what) from None
            raise
        finally:
            signal.set_wakeup_fd(before)
            _told_to_stop = None


def go_on() -> None:
    """Raise KeyboardInterrupt if somebody wanted what is `stoppable` to stop."""
    if _is_told_to_stop():
        raise KeyboardInterrupt


def _is_told_to_stop() -> bool:
    if _told_to_stop:
        with suppress(BlockingIOError):  # no signal came
            return bool(STOP.intersection(_told_to_stop.recv(4096, socket.MSG_PEEK)))
    return False


@contextmanager
def interruptible() -> Iterator[None]:
    """Let what is inside end when it is told to, by KeyboardInterrupt: dbt would tell of models
    that do not build."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    stopped = False

    def stop(number: int, frame: object) -> None:
        nonlocal stopped
        stopped = True
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in STOP}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if stopped:
            raise KeyboardInterrupt


def _said(error: BaseException | None) -> str:
    """All that an error says, and those that led to it."""
    said: dict[int, str] = {}
    while error and id(error) not in said:  # they may lead in a circle
        said[id(error)] = f"{type(error).__name__}: {error}"
        if isinstance(error, OSError) and error.filename:
            said[id(error)] += f'\n"{error.filename}": {error.strerror}'
        error = error.__cause__ or error.__context__
    return "\n".join(said.values())


def _full(said: str, root: Path) -> str:
    """Which disk is full: that of the file which could not be written, where the error names it."""
    named = re.search(rf'"(/[^"\n]+)": (?:{"|".join(FULL)})', said)
    places = [Path(named[1]).parent] if named else [root, PROJECT_ROOT, Path(tempfile.gettempdir())]
    left = {place: shutil.disk_usage(place).free for place in places if place.is_dir()}
    place = min(left, key=left.__getitem__, default=root)
    return (
        f"the disk of {place} is full ({left.get(place, 0) / 1e6:,.1f} MB left): make room on it, "
        f"and run again. {WHOLE}"
    )
