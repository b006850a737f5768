"""What a run leaves that was killed, stopped, or had no room: what is published is whole, and the
next run needs nobody's help.

The company with two leads has every phase of a run; what a phase is killed in is seen by what it
has printed or written so far.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pytest

from orchestration.diff import compare, mart_keys
from orchestration.workspace import PROJECT_ROOT
from tests.integration.conftest import KEY, PLUMBLINE
from tests.tools import need

pytestmark = pytest.mark.slow

ENVIRONMENT = {**os.environ, "PLUMBLINE_IDENTITY_KEY": KEY}
MARTS = PROJECT_ROOT / "models" / "marts"
KILLS = int(os.environ.get("PLUMBLINE_KILLS", "10"))
PATIENCE = 300  # seconds until a phase must have begun


@pytest.fixture
def place(two_leads: Path, tmp_path: Path) -> Path:
    """The company, published once."""
    return Path(shutil.copytree(two_leads, tmp_path / "company"))


def plumbline(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command, to its end."""
    command = [PLUMBLINE, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=False)


def begun(place: Path, command: str, is_there: Callable[[str], bool]) -> subprocess.Popen[str]:
    """The command, as soon as it has come as far as what it printed, or wrote, tells."""
    arguments: list[str | Path] = [PLUMBLINE, command, "--workspace", place]
    printed, until = place.with_name("printed"), time.monotonic() + PATIENCE
    with printed.open("w") as output:
        process = subprocess.Popen(
            arguments, stdout=output, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
        )
    while not is_there(printed.read_text()):
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            pytest.fail(f"it never came so far:\n{printed.read_text()}{process.communicate()}")
        time.sleep(0.005)
    return process


def build_id(place: Path) -> str:
    """Of what is published, which can be opened and has every mart."""
    file = place / "published" / "plumbline.duckdb"
    with duckdb.connect(str(file), read_only=True) as connection:
        marts = connection.execute(
            "select count(*) from duckdb_tables() where schema_name = 'marts'"
        ).fetchone()
        found = connection.execute("select build_id from main._build").fetchone()
    assert found and marts and marts[0] == len(list(MARTS.rglob("*.sql")))
    return str(found[0])


def require_undisturbed(place: Path, two_leads: Path) -> None:
    """Nothing tells that a run ever ended early: neither numbers, nor history, nor leftovers."""
    published = place / "published"
    apart = compare(two_leads / "published" / "plumbline.duckdb", published / "plumbline.duckdb",
                    mart_keys())  # fmt: skip
    assert apart.exit_code == 0, apart.to_json()
    assert [path.name for path in published.iterdir()] == ["plumbline.duckdb"]
    assert not list((place / "runs" / "tmp").iterdir())

    records = {path.name for path in (place / "history" / "loads").iterdir()}
    assert records == {path.name for path in (two_leads / "history" / "loads").iterdir()}
    with duckdb.connect() as connection:
        kept = f"read_parquet('{place}/history/published/*.parquet')"
        rows, different = connection.execute(
            f"select count(*), count(distinct (event, metric, variant, month)) from {kept}"
        ).fetchall()[0]
    assert rows == different > 0


def published_since(place: Path) -> Callable[[str], bool]:
    """Whether a new file has taken the place of the one that is there now."""
    file = place / "published" / "plumbline.duckdb"
    before = file.stat().st_ino
    return lambda _: file.stat().st_ino != before


def building_since(place: Path) -> Callable[[str], bool]:
    """Whether dbt has begun to write models."""
    file, now = place / "warehouse.duckdb.wal", time.time()
    return lambda printed: (
        "Check exports" in printed and file.is_file() and file.stat().st_mtime > now
    )


@pytest.mark.hazard("crashes")
def test_a_run_killed_in_any_phase_leaves_what_is_published_and_the_next_goes_on(
    place: Path, two_leads: Path
) -> None:
    file, before = place / "published" / "plumbline.duckdb", build_id(place)
    is_being_written: Callable[[str], bool] = lambda _: bool(  # noqa: E731
        list(file.parent.glob(f".{file.name}.*"))
    )

    for command, phase in [
        ("publish", is_being_written),
        ("publish", published_since(place)),  # what was published is not noted yet
        ("publish", lambda printed: "Publish" in printed),  # the report is being written
        ("run", lambda printed: "Prepare" in printed),  # loading
        ("run", building_since(place)),
    ]:
        with begun(place, command, phase) as process:
            process.kill()
        build_id(place)
    told = plumbline("status", "--workspace", place)

    assert "killed" in told.stdout
    assert build_id(place) != before  # by the second
    done = plumbline("run", "--workspace", place)
    assert done.returncode == 0, done.stdout + done.stderr
    require_undisturbed(place, two_leads)


@pytest.mark.hazard("crashes")
def test_a_run_that_is_told_to_stop_ends_cleanly(place: Path) -> None:
    before = (place / "published" / "plumbline.duckdb").read_bytes()

    with begun(place, "run", building_since(place)) as process:
        process.send_signal(signal.SIGTERM)  # as a service manager does; ^C is unit-tested
        _, complaint = process.communicate(timeout=PATIENCE)

    assert process.returncode == 130
    assert complaint == "✗ stopped. What is published is whole. The next run goes on from here.\n"
    assert (place / "runs" / "lock").read_text() == "{}"
    assert json.loads((place / "runs" / "last" / "run.json").read_text())["outcome"] == "stopped"
    assert (place / "published" / "plumbline.duckdb").read_bytes() == before


@pytest.mark.long
@pytest.mark.hazard("crashes")
def test_runs_killed_at_random_moments_leave_what_the_next_ones_need(
    place: Path, two_leads: Path
) -> None:
    """The first of them is the first ever. PLUMBLINE_KILLS=100 kills more of them."""
    chance, printed = random.Random(KILLS), place.with_name("printed")
    started = time.monotonic()
    assert plumbline("run", "--workspace", place).returncode == 0
    length = time.monotonic() - started
    for made in ("raw", "history", "runs", "published"):
        shutil.rmtree(place / made)
    (place / "warehouse.duckdb").unlink()

    before, after = "", Counter[str]()
    while after.total() < KILLS:
        with (
            printed.open("w") as output,
            subprocess.Popen(
                [PLUMBLINE, "run", "--workspace", place],
                stdout=output, stderr=subprocess.PIPE, env=ENVIRONMENT,
            ) as process,
        ):  # fmt: skip
            try:
                _, complaint = process.communicate(timeout=chance.uniform(0.02, 1.1) * length)
                assert process.returncode == 0, complaint.decode()
            except subprocess.TimeoutExpired:
                process.kill()
                steps = [line for line in printed.read_text().splitlines() if line[:1] in "✓!"]
                after[steps[-1][2:].partition("  ")[0] if steps else "nothing"] += 1
        if before or (place / "published" / "plumbline.duckdb").exists():
            latest = build_id(place)
            assert latest >= before
            before = latest

    sys.stdout.write(f"killed after: {dict(after)}\n")  # pytest -s shows it
    done = plumbline("run", "--workspace", place)
    assert done.returncode == 0, done.stdout + done.stderr
    require_undisturbed(place, two_leads)


@pytest.mark.hazard("crashes")
def test_what_a_power_cut_may_leave_is_made_anew(place: Path, two_leads: Path) -> None:
    for pattern, size in [
        ("warehouse.duckdb", 5_000_000),
        ("raw/generic/leads/*.parquet", 100),
        ("raw/definitions/stage_map/*.parquet", 0),
        ("raw/_*.parquet", 10),
        ("raw/_*.json", 5),
        ("history/loads/*.json", 20),
        ("runs/last/*.json", 3),
        ("published/plumbline.duckdb", 100),
    ]:
        files = list(place.glob(pattern))
        assert files, pattern
        for path in files:
            os.truncate(path, size)
    (place / "warehouse.duckdb.wal").write_bytes(b"left by a process that is gone")
    (place / "runs" / "lock").write_text('{"pid": 4194304, "since')

    told = plumbline("status", "--workspace", place)
    done = plumbline("run", "--workspace", place)

    assert "Traceback" not in told.stderr
    assert done.returncode == 0, done.stdout + done.stderr
    require_undisturbed(place, two_leads)


@pytest.mark.hazard("crashes")
@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("raw/generic/leads/?*[!a].parquet", "generic/leads-2026-05-31.csv"),
        ("history/loads/*.json", "what it tells of"),
        ("history/published/*.parquet", "restore it from a backup"),
    ],
)
def test_what_cannot_be_made_again_is_named_and_nothing_is_published_without_it(
    place: Path, pattern: str, message: str
) -> None:
    before = (place / "published" / "plumbline.duckdb").read_bytes()
    shutil.rmtree(place / "exports" / "generic")
    for path in place.glob(pattern):
        os.truncate(path, 20)

    done = plumbline("run", "--workspace", place)

    assert done.returncode == 1
    assert "damaged" in done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert (place / "published" / "plumbline.duckdb").read_bytes() == before


# A disk of its own, with a copy of the company, on which so much is left (bytes) for each command.
SMALL_DISK = """
import json, os, shutil, subprocess, sys
company, disk, plumbline, commands = *sys.argv[1:4], json.loads(sys.argv[4])
place = shutil.copytree(company, disk + "/company")
ballast, told = disk + "/ballast", []
for left, command in commands:
    if left is not None:
        there = os.statvfs(disk)
        with open(ballast, "wb") as file:
            file.write(bytes(there.f_bavail * there.f_frsize - left))
    command = [plumbline, command, "--workspace", place]
    done = subprocess.run(command, capture_output=True, text=True)
    if os.path.exists(ballast):
        os.unlink(ballast)
    with open(place + "/published/plumbline.duckdb", "rb") as file:
        told.append([done.returncode, done.stderr, hash(file.read())])
print(json.dumps([told, os.listdir(place + "/published")]))
"""
IN_NAMESPACE = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
MOUNT = 'mount -t tmpfs -o size=150m plumbline "$1" && shift && exec "$@"'


def is_allowed(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@pytest.mark.hazard("full disks")
def test_a_full_disk_is_told_and_the_next_run_has_room(two_leads: Path, tmp_path: Path) -> None:
    allowed = is_allowed([*IN_NAMESPACE, 'mount -t tmpfs plumbline "$0"', str(tmp_path)])
    need("disk of its own", allowed, "unshare and mount are not allowed here")
    commands = [
        (500_000, "publish"),
        (20_000, "run"),  # loading
        (600_000, "run"),  # building
        (None, "run"),
    ]

    done = subprocess.run(
        [*IN_NAMESPACE, MOUNT, "sh", tmp_path, sys.executable, "-c", SMALL_DISK, two_leads,
         tmp_path, PLUMBLINE, json.dumps(commands)],
        capture_output=True, text=True, check=False, env=ENVIRONMENT,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    told, published = json.loads(done.stdout)
    *full, (code, complaint, _) = told
    for returned, message, _ in full:
        assert returned == 1
        assert message.startswith(f"✗ the disk of {tmp_path}/company")
        assert message.endswith("make room on it, and run again. What is published is whole.\n")
    assert len({file for _, _, file in full}) == 1
    assert (code, complaint) == (0, "")
    assert published == ["plumbline.duckdb"]


# DuckDB may have so many megabytes.
LITTLE_MEMORY = """
import sys, duckdb
from orchestration import warehouse
from orchestration.cli import main
connect, memory = duckdb.connect, sys.argv.pop(1)
def little(*arguments, **options):
    options["config"] = {**(options.get("config") or {}), "memory_limit": memory}
    return connect(*arguments, **options)
duckdb.connect = little
main()
"""


@pytest.mark.hazard("little memory")
@pytest.mark.parametrize("memory", [pytest.param("1MB", marks=pytest.mark.long), "12MB"])
def test_too_little_memory_is_told_and_leaves_what_is_published(place: Path, memory: str) -> None:
    before = (place / "published" / "plumbline.duckdb").read_bytes()

    done = subprocess.run(
        [sys.executable, "-c", LITTLE_MEMORY, memory, "run", "--workspace", place],
        capture_output=True, text=True, env=ENVIRONMENT, check=False,
    )  # fmt: skip

    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stderr.startswith("✗ there is too little memory: ")
    assert done.stderr.count("\n") == 1
    assert (place / "published" / "plumbline.duckdb").read_bytes() == before
