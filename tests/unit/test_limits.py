"""What ends a run that is not wrong: that it is told so, and that a stop is never lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

from orchestration.limits import LimitError, StoppedError, interruptible, stoppable, told
from orchestration.pipeline import Monitor


@pytest.fixture(autouse=True)
def at_a_terminal() -> Iterator[None]:
    """^C stops tests that a script runs in the background, too."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def swallowed(number: int) -> None:
    """A signal, in a library that handles whatever is raised just then."""
    with suppress(KeyboardInterrupt):
        os.kill(os.getpid(), number)


@pytest.mark.hazard("crashes")
def test_no_step_begins_after_a_stop_that_a_library_has_swallowed() -> None:
    steps = []
    with pytest.raises(StoppedError, match="The next run goes on from here"), stoppable():
        with Monitor().step("load"):
            swallowed(signal.SIGINT)
            steps.append("load")
        with Monitor().step("build"):
            steps.append("build")

    assert steps == ["load"]
    with stoppable(), Monitor().step("load"):  # the next run knows nothing of it
        steps.append("load")
    assert steps == ["load", "load"]


@pytest.mark.hazard("crashes")
def test_what_a_library_makes_of_a_stop_is_told_as_one() -> None:
    with pytest.raises(StoppedError), stoppable():
        swallowed(signal.SIGINT)
        raise duckdb.InterruptException("INTERRUPT Error: Interrupted!")


@pytest.mark.hazard("crashes")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_dbt_cannot_swallow_a_stop(number: int) -> None:
    before = signal.getsignal(number)

    with pytest.raises(KeyboardInterrupt), interruptible():
        swallowed(number)

    assert signal.getsignal(number) == before


def test_what_fails_for_another_reason_is_told_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="bad data"), stoppable(), told(tmp_path):
        raise ValueError("bad data")


@pytest.mark.hazard("full disks")
def test_a_full_disk_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(LimitError, match=f"the disk of {tmp_path} is full .* MB left"),
        told(Path("/")),
    ):
        raise duckdb.IOException(
            f'IO Error: Could not write file "{tmp_path}/x.duckdb": No space left on device'
        )
