from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.publish import Mart, PublishError, publish

MART = Mart("rpt_small", "It's one row per id.", {"id": 'The "id".', "rate": ""})

# Opens the file again and again, as BI does, and reads the build twice each time.
READER = """
import sys
from orchestration.warehouse import connect_published
from pathlib import Path
reads, builds = 0, set()
print("reading", flush=True)
while not Path(sys.argv[2]).exists():
    with connect_published(Path(sys.argv[1])) as connection:
        one, = connection.execute("select build_id from _build").fetchone()
        rows, low, high = connection.execute(
            "select count(*), min(version), max(version) from marts.rpt_small").fetchone()
        two, = connection.execute("select build_id from _build").fetchone()
    assert one == two and low == high and rows == 5000, (one, two, low, high, rows)
    reads += 1
    builds.add(one)
print(reads, len(builds))
"""


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "published" / "plumbline.duckdb"


def test_the_published_file_holds_the_marts_with_their_words(warehouse: Path, target: Path) -> None:
    published = publish(warehouse, target, [MART])

    assert published.rows == {"rpt_small": 3}
    with duckdb.connect(str(target), read_only=True) as connection:
        tables = connection.execute(
            "select schema_name, table_name, comment from duckdb_tables() order by 1, 2"
        ).fetchall()
        comments = connection.execute(
            "select column_name, comment from duckdb_columns() "
            "where schema_name = 'marts' and comment is not null"
        ).fetchall()
        build = connection.execute(
            "select build_id, company, as_of::varchar from _build"
        ).fetchall()
        files = connection.execute("select file_name, fingerprint from _files").fetchall()
    assert tables[2:] == [("marts", "rpt_small", "It's one row per id.")]
    assert [table[:2] for table in tables[:2]] == [("main", "_build"), ("main", "_files")]
    assert files == [("crm/people.csv", "f1")]
    assert comments == [("id", 'The "id".')]
    assert build == [(published.build_id, "Acme", "2026-03-31")]


@pytest.mark.hazard("publishing")
def test_nothing_lies_beside_the_published_file(warehouse: Path, target: Path) -> None:
    target.parent.mkdir()
    (target.parent / f"{target.name}.wal").write_bytes(b"left by somebody who wrote")
    (target.parent / f".{target.name}.20260101T000000-killed").write_bytes(b"left by a killed run")

    publish(warehouse, target, [MART])
    publish(warehouse, target, [MART])

    assert [path.name for path in target.parent.iterdir()] == [target.name]


@pytest.mark.hazard("publishing")
def test_a_publish_that_fails_leaves_the_old_file(warehouse: Path, target: Path) -> None:
    publish(warehouse, target, [MART])
    before = target.read_bytes()

    with pytest.raises(PublishError, match="never built: rpt_other"):
        publish(warehouse, target, [MART, Mart("rpt_other")])
    with pytest.raises(PublishError, match="no mart"):
        publish(warehouse, target, [])

    assert target.read_bytes() == before
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_the_file_can_be_read_by_older_versions(warehouse: Path, target: Path) -> None:
    publish(warehouse, target, [MART])

    with duckdb.connect() as connection:
        connection.execute(f"attach '{target}' as published (read_only)")
        tags = connection.execute(
            "select tags['storage_version'] from duckdb_databases() "
            "where database_name = 'published'"
        ).fetchone()
    assert tags is not None
    assert tags[0].startswith("v1.4.0")


@pytest.mark.hazard("publishing")
def test_readers_never_fail_nor_see_two_builds(warehouse: Path, target: Path) -> None:
    done = target.parent / "done"

    def build(version: int) -> None:
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute(
                f"create or replace table marts.rpt_small as "
                f"select {version} as version from range(5000)"
            )

    build(0)
    publish(warehouse, target, [Mart("rpt_small")])
    attached = duckdb.connect(str(target), read_only=True)
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(target), str(done)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for reader in readers:
        assert reader.stdout and reader.stdout.readline() == "reading\n"

    for version in range(1, 13):
        build(version)
        publish(warehouse, target, [Mart("rpt_small")])
    done.touch()

    for reader in readers:
        out, error = reader.communicate(timeout=60)
        assert reader.returncode == 0, error
        reads, builds = map(int, out.split())
        assert reads > builds > 1
    # Who keeps a connection keeps the build that it opened, whole.
    kept = attached.execute("select distinct version from marts.rpt_small").fetchall()
    attached.close()
    assert kept == [(0,)]


# A file may grow to 256 KB and no further, as on a disk that is full.
FULL_DISK = """
import resource, signal, sys
from pathlib import Path
import duckdb
from orchestration.publish import Mart, publish
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 18, 1 << 18))
try:
    publish(Path(sys.argv[1]), Path(sys.argv[2]), [Mart("rpt_small")])
except duckdb.IOException:
    print("refused")
"""


@pytest.mark.hazard("full disks")
def test_a_full_disk_leaves_the_old_file(warehouse: Path, target: Path) -> None:
    publish(warehouse, target, [MART])
    before = target.read_bytes()
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "create or replace table marts.rpt_small as select random() as x from range(1000000)"
        )

    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, warehouse, target],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "refused\n", done.stderr
    assert target.read_bytes() == before
    assert [path.name for path in target.parent.iterdir()] == [target.name]
