"""How much longer it takes to publish marts to PostgreSQL than DuckDB needs to write them there.

`bare` is DuckDB's own `create table as` of every table into the same server: no check, no key, no
comment, and readers would see it happen. `publish` is all that a publish does: load, count,
comments, keys, statistics, grants, swap. `load` is that of both which can be compared: the
statements that write, and until all rows are there and counted. The server is one of the tests, on
this machine, without fsync.

`wide` is a mart of a million rows and 16 columns; `demo` are the demo company's marts, as published
in workspaces/demo or in the workspace of PLUMBLINE_WORKSPACE. The cases take turns, each in a
process of its own, and the clock starts when the libraries are loaded. Run it by
`python benchmarks/postgres.py`.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

ROWS = 1_000_000
REPEATS = 5
WIDE = """
create schema marts;
create table main._build as select 'wide' as build_id, 'Benchmark' as company;
create table marts.fct_wide as
select
    i as event_id,
    md5(i::varchar) as touch_id,
    'account ' || i % 5000 as account_id,
    'campaign ' || i % 300 as campaign_id,
    'channel ' || i % 12 as channel,
    'USD' as currency_code,
    case when i % 3 = 0 then 'a note of some words about ' || i end as note,
    (i % 7)::integer as position,
    (i % 1000)::bigint as impressions,
    (i * 1.13)::decimal(18, 2) as amount,
    (i * 1.1)::decimal(18, 6) as spend,
    i / 3.0 as rate,
    ln(i + 1) as score,
    i % 2 = 0 as is_new,
    date '2020-01-01' + (i % 2000)::integer as date_day,
    timestamp '2020-01-01' + to_seconds(i) as touched_at
from range($rows) as t (i);
"""


def main() -> None:
    """Make the files, run the cases by turns, and print what they took."""
    from tests.postgres import serve

    workspace = Path(os.environ.get("PLUMBLINE_WORKSPACE", PROJECT / "workspaces" / "demo"))
    files = {"demo": workspace / "published" / "plumbline.duckdb"}
    if not files["demo"].exists():
        print(f"{files.pop('demo')} does not exist: `make run` makes it")
    with tempfile.TemporaryDirectory() as folder, serve() as server:
        files["wide"] = write_wide(Path(folder) / "wide.duckdb")
        for name, file in files.items():
            runs: dict[str, list[dict[str, float]]] = {"bare": [], "publish": []}
            for _ in range(REPEATS):
                for case in runs:
                    url = server.database("marts")
                    command = [sys.executable, __file__, case, str(file), url]
                    runs[case].append(json.loads(subprocess.check_output(command)))
            tell(name, runs["bare"], runs["publish"])


def tell(name: str, bare: list[dict[str, float]], publish: list[dict[str, float]]) -> None:
    """What one file took, and the ratios of the turns."""
    rows = {run["rows"] for run in (*bare, *publish)}
    assert len(rows) == 1, rows
    print(f"{name}: {rows.pop():,.0f} rows")
    for case, key, runs in (
        ("bare", "wall", bare),
        ("  load", "load", bare),
        ("publish", "wall", publish),
        ("  load", "load", publish),
        ("  keys", "keys", publish),
        ("  swap", "swap", publish),
    ):
        print(f"  {case:9} {spread([run[key] for run in runs], 3)} s")
    for key, words in (("load", "loading"), ("wall", "whole publish")):
        ratios = [one[key] / two[key] for one, two in zip(bare, publish, strict=True)]
        print(f"  throughput of {words} / bare: {spread(ratios)}")
    print(f"  memory {max(run['memory'] for run in publish):,.0f} MB")


def spread(values: list[float], digits: int = 2) -> str:
    """Median, minimum and maximum."""
    low, high = min(values), max(values)
    return f"{statistics.median(values):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def write_wide(path: Path) -> Path:
    """A published file with one large mart."""
    import duckdb

    with duckdb.connect(str(path)) as connection:
        connection.execute(WIDE.replace("$rows", str(ROWS)))
    return path


def run(case: str, file: Path, url: str) -> None:
    """Write one file to the server, and print what it took."""
    import duckdb  # noqa: F401  before the clock starts
    import psycopg

    from orchestration import postgres
    from orchestration.transform import Keys, keys, read_manifest
    from orchestration.workspace import find_root

    if file.name == "wide.duckdb":
        held_to = Keys({"fct_wide": ("event_id",)}, ())
    else:
        held_to = keys(read_manifest(find_root()))
    psycopg.connect(url).close()
    start = time.perf_counter()
    if case == "bare":
        took = bare(file, url)
    else:
        outcome = postgres.publish(file, postgres.Destination(url), held_to)
        took = {"rows": float(sum(outcome.rows.values())), **outcome.seconds}
    took["wall"] = time.perf_counter() - start
    took["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(json.dumps(took))


def bare(file: Path, url: str) -> dict[str, float]:
    """All tables by DuckDB's own means; the number of rows, and the seconds of these statements."""
    import duckdb

    from orchestration.postgres import extension

    rows = 0
    with duckdb.connect() as connection:
        connection.execute(f"load '{extension(duckdb.__version__)}'")
        connection.execute(f"attach '{file}' as published (read_only)")
        connection.execute(f"attach '{url}' as there (type postgres)")
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() "
            "where database_name = 'published' and table_name != '_files'"
        ).fetchall()
        start = time.perf_counter()
        for schema, table in tables:
            copied = connection.execute(
                f'create table there.public."{table}" as from published.{schema}."{table}"'
            ).fetchone()
            rows += copied[0] if copied else 0
        return {"rows": float(rows), "load": time.perf_counter() - start}


if __name__ == "__main__":
    if len(sys.argv) == 4:
        run(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
    else:
        main()
