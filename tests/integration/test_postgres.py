"""The marts on a real PostgreSQL server: equal to the file, whole at every moment, only read."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import duckdb
import psycopg
import pytest

from orchestration import definitions, pipeline, postgres, record, transform
from orchestration.postgres import Destination, PostgresError, publish
from orchestration.transform import ForeignKey, Keys
from orchestration.warehouse import connect_published
from orchestration.workspace import PROJECT_ROOT, open_workspace
from tests.postgres import OWNER, OWNER_PASSWORD, READER_PASSWORD, Server, run, serve

pytestmark = pytest.mark.slow

KEYS = Keys({"dim_b": ("b_id",)}, (ForeignKey("fct_a", "b_id", "dim_b", "b_id"),))
SMALL = {
    "fct_a": "select range as a_id, range % 3 as b_id, {n} as build from range(5)",
    "dim_b": "select range as b_id, {n} as build from range(3)",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server for what these tests break: roles belong to a server, not to a database."""
    with serve() as server:
        yield server


@pytest.fixture
def to(server: Server) -> Iterator[Destination]:
    """An empty database `marts` on it."""
    yield Destination(server.database("marts"), READER_PASSWORD)
    run(server.admin(), "drop database marts with (force)")
    run(server.admin(), "drop role if exists bi_reader, ada")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A published file with two small marts, of build 1."""
    return write(tmp_path / "plumbline.duckdb", 1)


def write(path: Path, n: int, marts: dict[str, str] | None = None, company: str = "Acme") -> Path:
    """A published file as build `n`, in the place of any."""
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            f"create table _build as select 'build-{n}' as build_id, '{company}' as company, "
            "timestamp '2026-01-31 12:00:00' as published_at"
        )
        connection.execute("create schema marts")
        for name, query in (marts or SMALL).items():
            connection.execute(f"create table marts.{name} as {query.replace('{n}', str(n))}")
    return path


def schemas(url: str) -> list[str]:
    found = run(url, "select nspname from pg_namespace where nspname like 'marts%' order by 1")
    return [name for (name,) in found]


# --- what arrives


@pytest.fixture(scope="module")
def marts(demo: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect_published(demo / "published" / "plumbline.duckdb") as connection:
        yield connection


def test_every_mart_holds_what_the_file_holds(
    postgres_marts: Server, marts: duckdb.DuckDBPyConnection
) -> None:
    columns: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in marts.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where schema_name = 'marts' order by table_name, column_index"
    ).fetchall():
        columns.setdefault(table, []).append((column, kind))
    assert len(columns) > 40

    with psycopg.connect(postgres_marts.reader()) as reader:
        for table, each in columns.items():
            facts = ["count(*)"]
            for column, kind in each:
                facts.append(f"count({column})")
                if kind == "DOUBLE":  # summed in any order, a sum of doubles has other last digits
                    exact = f"cast(round(cast({column} as decimal(38, 9)), 4) as decimal(38, 4))"
                    facts += [f"sum({exact})", f"max({column})"]
                elif kind == "BOOLEAN":
                    facts.append(f"sum(case when {column} then 1 else 0 end)")
                elif kind.startswith(("DECIMAL", "BIGINT", "INTEGER")):
                    facts.append(f"sum(cast({column} as decimal(38, 12)))")
                else:
                    facts += [f"min({column})", f"max({column})", f"count(distinct {column})"]
            query = f"select {', '.join(facts)} from marts.{table}"
            found = marts.execute(query).fetchone()
            assert reader.execute(query.encode()).fetchone() == found, table


def test_types_words_and_the_build_arrive(
    postgres_marts: Server, marts: duckdb.DuckDBPyConnection
) -> None:
    there = {"numeric": "DECIMAL", "text": "VARCHAR", "double precision": "DOUBLE"}
    found = run(
        postgres_marts.reader(),
        """
        select
            table_name, column_name, ordinal_position::int, data_type, numeric_precision::int,
            numeric_scale::int, col_description(format('marts.%I', table_name)::regclass,
            ordinal_position)
        from information_schema.columns
        where table_schema = 'marts' and table_name not like '\\_%' order by 1, 3
        """,
    )
    typed = [
        (table, column, place, _type(there.get(kind, kind.upper()), precision, scale), comment)
        for table, column, place, kind, precision, scale, comment in found
    ]
    expected = marts.execute(
        "select table_name, column_name, column_index, data_type, comment from duckdb_columns() "
        "where schema_name = 'marts' order by 1, 3"
    ).fetchall()
    assert typed == expected
    words = run(
        postgres_marts.reader(),
        "select relname, obj_description(oid) from pg_class "
        "where relnamespace = 'marts'::regnamespace and relkind = 'r' order by 1",
    )
    assert [row for row in words if row[0][0] != "_"] == marts.execute(
        "select table_name, comment from duckdb_tables() where schema_name = 'marts' order by 1"
    ).fetchall()
    assert all(comment for _, comment in words)
    assert (
        run(postgres_marts.reader(), "select * from marts._build")
        == marts.execute("select * replace (as_of::date as as_of) from _build").fetchall()
    )


def _type(kind: str, precision: int, scale: int) -> str:
    kind = kind.removesuffix(" WITHOUT TIME ZONE")
    return f"{kind}({precision},{scale})" if kind == "DECIMAL" else kind


def test_bi_sees_a_key_for_each_test_of_keys(demo: Path, postgres_marts: Server) -> None:
    keys = transform.keys(transform.read_manifest(demo))
    assert len(keys.primary) > 40
    assert len(keys.foreign) > 20

    # The views that drivers and Metabase ask: of what one may not reference they show nothing.
    found = run(
        postgres_marts.reader(),
        """
        select
            pointing.constraint_name, constraint_type, pointing.table_name, pointing.column_name,
            there.table_name, there.column_name
        from information_schema.table_constraints as constraints
        inner join information_schema.key_column_usage as pointing using (constraint_name)
        left join information_schema.referential_constraints as led using (constraint_name)
        left join information_schema.key_column_usage as there
            on there.constraint_name = led.unique_constraint_name
        where constraints.table_schema = 'marts' and constraints.table_name != '_loaded'
        order by pointing.constraint_name, pointing.ordinal_position
        """,
    )
    primary: dict[str, tuple[str, ...]] = {}
    for _, kind, table, column, *_ in found:
        if kind == "PRIMARY KEY":
            primary[table] = (*primary.get(table, ()), column)
    assert primary == keys.primary
    foreign = sorted(tuple(row[2:]) for row in found if row[1] == "FOREIGN KEY")
    assert foreign == sorted(map(tuple, keys.foreign))


@pytest.mark.hazard("statements of BI")
@pytest.mark.parametrize(
    "statement",
    [
        "insert into marts.dim_channel (channel) values ('x')",
        "update marts.dim_channel set channel = 'x'",
        "delete from marts.dim_channel",
        "truncate marts.dim_channel",
        "drop table marts.dim_channel",
        "alter table marts.dim_channel add column x int",
        "create table marts.x (a int)",
        "create table public.x (a int)",
        "create temp table x (a int)",
        "create schema x",
        "create view public.x as select 1",
        "lock table marts.dim_channel in access exclusive mode",
        "copy marts.dim_channel to '/tmp/x'",
        "copy (select 1) to program 'true'",
        "select pg_read_file('/etc/passwd')",
        "set role " + OWNER,
        "alter role bi_reader createdb",
    ],
)
@pytest.mark.parametrize("mode", ["read only", "read write"])
def test_bi_can_only_read(postgres_marts: Server, statement: str, mode: str) -> None:
    with psycopg.connect(postgres_marts.reader()) as reader:
        reader.execute(f"set transaction {mode}".encode())
        with pytest.raises(psycopg.Error) as refused:
            reader.execute(statement.encode())
        assert refused.value.sqlstate in ("42501", "25006"), refused.value


def test_every_type_that_a_mart_may_have_keeps_its_values(file: Path, to: Destination) -> None:
    values = {
        "boolean": ("true", True),
        "smallint": ("(-1)::tinyint", -1),
        "integer": ("2::integer", 2),
        "bigint": ("9007199254740993::bigint", 9007199254740993),
        "numeric(38,0)": ("sum(12345678901234567890::hugeint)", Decimal("12345678901234567890")),
        "numeric(20,0)": ("18446744073709551615::ubigint", Decimal("18446744073709551615")),
        "numeric(18,2)": ("1.10::decimal(18, 2)", Decimal("1.10")),
        "real": ("0.5::float", 0.5),
        "double precision": ("'-inf'::double", float("-inf")),
        "text": ("'naïve ''\\ \n'", "naïve '\\ \n"),
        "bytea": ("'\\x00A'::blob", b"\x00A"),
    }
    query = ", ".join(f"{sql} as c{place}" for place, (sql, _) in enumerate(values.values()))
    odd = (
        "select 'b'::enum('a', 'b') as word, time '10:00:01.5' as at, date 'infinity' as ever, "
        "timestamptz '2026-01-01 12:00:00+02' as instant, timestamp '2026-07-01 00:00:00' as utc, "
        "interval 2 hours as span, '{\"a\": 1}'::json as doc, null::uuid as id, 7::uinteger as u, "
        "timestamp_s '2026-01-01 00:00:00' as seconds"
    )
    write(file, 1, {"fct_types": f"select {query}", "fct_odd": odd})

    publish(file, to, Keys({}, ()))

    kinds = "select format_type(atttypid, atttypmod) from pg_attribute where attnum > 0"
    found = run(to.url, f"{kinds} and attrelid = 'marts.fct_types'::regclass order by attnum")
    assert [kind for (kind,) in found] == list(values)
    assert list(run(to.url, "select * from marts.fct_types")[0]) == [v for _, v in values.values()]
    told = run(to.url, "set timezone = 'UTC'; select o::text from marts.fct_odd as o")[0][0]
    assert told == (
        '(b,10:00:01.5,infinity,"2026-01-01 10:00:00+00","2026-07-01 00:00:00",02:00:00,'
        '"{""a"": 1}",,7,"2026-01-01 00:00:00")'
    )


def test_what_postgresql_cannot_hold_is_refused_by_name(file: Path, to: Destination) -> None:
    odd = {
        "fct_list": "select [1] as a, 1 as b",
        "fct_struct": "select {'a': 1} as c",
        "fct_fine": "select '2026-01-01'::timestamp_ns as d, 1 as " + "x" * 64,
    }
    with pytest.raises(PostgresError, match="PostgreSQL cannot hold the marts: ") as refused:
        publish(write(file, 2, odd), to, Keys({}, ()))
    for told in (
        "fct_list.a is INTEGER[], which has no equal there: cast it in the mart",
        "fct_struct.c is STRUCT",
        "fct_fine.d is TIMESTAMP_NS",
        f"{'x' * 64} is longer than 63 bytes",
    ):
        assert told in str(refused.value)
    assert schemas(to.url) == []


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("'secret' || chr(0)", "a NUL character"),
        ("'5000-01-01 (BC)'::date", "a day out of range"),
        ("'5000-01-01 (BC)'::timestamp", "a time out of range"),
        (f"{15 * 10**37}::hugeint", "more than 38 digits"),
    ],
)
def test_values_that_postgresql_cannot_hold_are_counted_by_column(
    file: Path, to: Destination, value: str, told: str
) -> None:
    write(file, 2, {"fct_a": f"select {value} as x"})
    with pytest.raises(PostgresError, match=rf"hold {told} in fct_a\.x \(1 rows\)") as refused:
        publish(file, to, Keys({}, ()))
    assert "secret" not in str(refused.value)
    assert "5000" not in str(refused.value)


def test_a_large_mart_comes_in_through_several_connections(
    file: Path, to: Destination, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "LARGE", 4)
    monkeypatch.setattr(postgres, "FEEDS", 3)

    publish(file, to, KEYS)

    assert run(to.url, "select a_id from marts.fct_a order by 1") == [(n,) for n in range(5)]


# --- whole at every moment

READER = """
import sys
import time
from pathlib import Path
import psycopg
reads, builds = 0, set()
print("reading", flush=True)
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    while not Path(sys.argv[2]).exists():
        rows = connection.execute(
            "select a.build, b.build, _build.build_id from marts.fct_a as a "
            "inner join marts.dim_b as b using (b_id) cross join marts._build"
        ).fetchall()
        assert len(rows) == 5 and len(set(rows)) == 1, rows
        a, b, build_id = rows[0]
        assert a == b and build_id == f"build-{a}", rows[0]
        with connection.transaction():
            one, = connection.execute("select build_id from marts._build").fetchone()
            two, = connection.execute("select max(build) from marts.fct_a").fetchone()
        assert one == f"build-{two}", (one, two)
        reads += 1
        builds.add(a)
        time.sleep(0.005)  # the publisher wants a processor, too
print(reads, len(builds))
"""


@pytest.mark.hazard("publishing")
def test_readers_of_a_server_never_fail_nor_see_two_builds(
    file: Path, to: Destination, server: Server
) -> None:
    swaps, done = 30, file.parent / "done"
    publish(file, to, KEYS)
    command = [sys.executable, "-c", READER, server.reader(), str(done)]
    readers = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    try:
        for reader in readers:
            assert reader.stdout
            reader.stdout.readline()
        for n in range(2, swaps + 2):
            publish(write(file, n), to, KEYS)
        done.touch()
        for reader in readers:
            out, complaints = reader.communicate(timeout=30)
            assert reader.returncode == 0, complaints
            reads, builds = map(int, out.split())
            assert reads > 100
            assert builds > swaps / 3
    finally:
        for reader in readers:
            reader.kill()
            reader.communicate()


@pytest.mark.hazard("publishing")
@pytest.mark.parametrize("locking", [True, False])
def test_it_is_the_lock_that_keeps_a_transaction_on_one_build(
    file: Path,
    to: Destination,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    locking: bool,
) -> None:
    publish(file, to, KEYS)
    if not locking:
        monkeypatch.setattr(postgres, "_lock", lambda server: True)
        monkeypatch.setattr(postgres, "_drop_old", lambda server, patience: None)

    with psycopg.connect(server.reader()) as reader:
        one = reader.execute("select max(build) from marts.fct_a").fetchone()
        publisher = threading.Thread(target=publish, args=(write(file, 2), to, KEYS))
        publisher.start()
        publisher.join(timeout=1.5)
        assert publisher.is_alive() == locking
        two = reader.execute("select max(build) from marts.dim_b").fetchone()
    publisher.join(timeout=30)

    assert (one == two) == locking
    assert run(to.url, "select max(build) from marts.fct_a") == [(2,)]


# --- what goes wrong

KILLED = """
import os, sys, signal
from pathlib import Path
from orchestration import postgres
from orchestration.transform import ForeignKey, Keys
KEYS = Keys({"dim_b": ("b_id",)}, (ForeignKey("fct_a", "b_id", "dim_b", "b_id"),))
name, before = sys.argv[3], sys.argv[4] == "before"
real, calls = getattr(postgres, name), []
def die(*arguments, **named):
    calls.append(1)
    result = None if before and len(calls) == int(sys.argv[5]) else real(*arguments, **named)
    if len(calls) == int(sys.argv[5]):
        os.kill(os.getpid(), signal.SIGKILL)
    return result
setattr(postgres, name, die)
postgres.publish(Path(sys.argv[1]), postgres.Destination(sys.argv[2]), KEYS)
"""


@pytest.mark.hazard("crashes")
def test_a_publisher_killed_anywhere_leaves_whole_marts_and_the_next_goes_on(
    file: Path, to: Destination
) -> None:
    publish(file, to, KEYS)
    keys = "select count(*) from pg_constraint where connamespace = 'marts'::regnamespace"
    # Where it dies, which build is served then, and how many tables need no loading again.
    for n, (where, when, nth, served, resumed) in enumerate(
        (
            ("_prepare_next", "after", "1", 1, 0),
            ("_require_whole", "before", "2", 1, 1),
            ("_finish", "before", "2", 1, 3),
            ("_add_foreign_keys", "before", "1", 1, 3),
            ("_swap", "before", "1", 1, 3),
            ("_copy_grants", "after", "1", 1, 3),  # in the midst of the swap
            ("_swap", "after", "1", 2, None),
        ),
        2,
    ):
        write(file, n)
        command = [sys.executable, "-c", KILLED, str(file), to.url, where, when, nth]
        killed = subprocess.run(
            command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False
        )
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert whole(to.url) == (n if served == 2 else n - 1), where
        assert schemas(to.url) == ["marts", "marts__next" if served == 1 else "marts__old"], where

        outcome = publish(file, to, KEYS)

        assert outcome.already_served == (resumed is None), where
        assert outcome.resumed == (resumed or 0), where
        assert schemas(to.url) == ["marts"], where
        assert whole(to.url) == n, where
        assert run(to.url, f"{keys} and contype in ('p', 'f')") == [(3,)], where


def whole(url: str) -> int:
    """The build that all of the live marts are of."""
    builds = run(
        url,
        "select build, 5 from marts.dim_b union select build, count(*) from marts.fct_a "
        "group by build union select substr(build_id, 7)::int, 5 from marts._build",
    )
    assert len(builds) == 1
    return int(builds[0][0])


def test_what_was_loaded_of_another_build_is_loaded_again(
    file: Path, to: Destination, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(postgres, "_swap", fail)
        with pytest.raises(ZeroDivisionError):
            publish(file, to, KEYS)
    assert schemas(to.url) == ["marts__next"]

    outcome = publish(write(file, 2), to, KEYS)

    assert outcome.resumed == 0
    assert whole(to.url) == 2


def fail(*_: Any) -> None:
    raise ZeroDivisionError


def test_rows_that_are_lost_on_the_way_are_noticed(
    file: Path, to: Destination, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = postgres._send

    def lose(source: duckdb.DuckDBPyConnection, table: postgres.Table, part: str) -> None:
        send(source, table, part)
        if table.name == "fct_a":
            source.execute("delete from there.marts__next.fct_a where a_id = 3")

    publish(file, to, KEYS)
    monkeypatch.setattr(postgres, "_send", lose)
    with pytest.raises(PostgresError, match="fct_a has 5 rows in the published file, and 4 arr"):
        publish(write(file, 2), to, KEYS)
    assert whole(to.url) == 1


def test_a_build_that_is_served_is_left_alone(file: Path, to: Destination) -> None:
    first = publish(file, to, KEYS)
    loaded = run(to.url, "select max(loaded_at) from marts._loaded")

    assert publish(file, to, KEYS).already_served
    assert run(to.url, "select max(loaded_at) from marts._loaded") == loaded
    again = publish(file, to, KEYS, again=True)
    assert not first.already_served
    assert not again.already_served
    assert run(to.url, "select max(loaded_at) from marts._loaded") > loaded


@contextmanager
def reading(url: str) -> Iterator[psycopg.Connection[Any]]:
    """A session that has read a mart, and sits in its transaction."""
    with psycopg.connect(url, application_name="a notebook") as reader:
        reader.execute("select * from marts.fct_a")
        yield reader


def test_who_keeps_the_marts_is_named_and_the_old_ones_stay(file: Path, to: Destination) -> None:
    publish(file, to, KEYS)
    with reading(to.url) as session:
        pid = session.info.backend_pid
        held = rf"process {pid} of {OWNER} \(a notebook\), idle in transaction, since \d{{4}}-"
        with pytest.raises(PostgresError, match=f"for 1 s somebody kept reading .*{held}"):
            publish(write(file, 2), to, KEYS, patience=1)
        assert whole(to.url) == 1

    outcome = publish(file, to, KEYS)
    assert outcome.resumed == len(outcome.rows)
    assert whole(to.url) == 2


def test_bi_that_sits_in_a_transaction_is_ended_in_time(
    file: Path,
    to: Destination,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(postgres.READER_SETTINGS, "idle_in_transaction_session_timeout", "1s")
    publish(file, to, KEYS)
    with reading(server.reader()) as bi:
        publish(write(file, 2), to, KEYS, patience=10)
        assert whole(to.url) == 2
        with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
            bi.execute("select 1")


def test_bi_never_reads_for_longer_than_the_publisher_waits() -> None:
    settings = postgres.READER_SETTINGS
    reading, idle = settings["statement_timeout"], settings["idle_in_transaction_session_timeout"]
    assert int(reading.removesuffix("s")) + int(idle.removesuffix("s")) < postgres.PATIENCE


def test_of_two_publishers_the_second_is_told_of_the_first(
    file: Path, to: Destination, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(file, to, KEYS)
    with psycopg.connect(to.url, autocommit=True, application_name="plumbline publish") as first:
        first.execute("select pg_advisory_lock(%s, %s)", postgres.ADVISORY_LOCK)
        monkeypatch.setattr(postgres, "LOCK_PATIENCE", 0.2)
        who = rf"process {first.info.backend_pid} of {OWNER} \(plumbline publish\), idle"
        with pytest.raises(PostgresError, match=f"another publish to .* is at work .{who}"):
            publish(write(file, 2), to, KEYS)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"password": "wrong"}, "password authentication failed"),
        ({"port": "1"}, "Connection refused"),
        ({"user": "bi_reader", "password": READER_PASSWORD}, 'bi_reader" may not create or change'),
        ({"dbname": "nowhere"}, 'database "nowhere" does not exist'),
        ({"sslmode": "require"}, "does not support SSL"),
    ],
)
def test_a_way_in_that_does_not_work_is_told_in_a_line_without_the_password(
    file: Path, to: Destination, change: dict[str, str], told: str
) -> None:
    publish(file, to, KEYS)
    other = Destination(psycopg.conninfo.make_conninfo(to.url, **change), READER_PASSWORD)

    with pytest.raises(PostgresError, match=told) as refused:
        publish(write(file, 2), other, KEYS)

    assert_silent(str(refused.value))
    assert whole(to.url) == 1


@pytest.mark.hazard("personal data")
def test_no_error_of_duckdb_tells_the_password(
    file: Path, to: Destination, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = postgres._prepare_next

    def shut(*arguments: Any) -> list[postgres.Table]:
        tables = real(*arguments)
        run(server.admin(), f"alter role {OWNER} connection limit 0")
        return tables

    monkeypatch.setattr(postgres, "_prepare_next", shut)
    try:
        with pytest.raises(PostgresError, match="Unable to connect to Postgres") as refused:
            publish(file, to, KEYS)
    finally:
        run(server.admin(), f"alter role {OWNER} connection limit -1")
    assert_silent(str(refused.value))


def assert_silent(message: str) -> None:
    assert "\n" not in message
    for secret in (OWNER_PASSWORD, READER_PASSWORD):
        for part in (secret, secret.replace("'", "\\'"), secret.split("'")[1], "p%40ss"):
            assert part not in message


def test_marts_of_another_company_are_not_replaced(file: Path, to: Destination) -> None:
    publish(file, to, KEYS)
    with pytest.raises(PostgresError, match=r"are those of Acme, and these are of Other"):
        publish(write(file, 2, company="Other"), to, KEYS)
    assert whole(to.url) == 1


def test_a_schema_that_is_not_ours_is_not_replaced(file: Path, to: Destination) -> None:
    run(to.url, "create schema marts; create table marts.precious (a int)")
    with pytest.raises(PostgresError, match="has a schema marts that Plumbline did not publish"):
        publish(file, to, KEYS)
    assert run(to.url, "select count(*) from marts.precious") == [(0,)]


def test_a_role_of_bi_that_may_write_is_refused(
    file: Path, to: Destination, server: Server
) -> None:
    run(server.admin("marts"), "create schema open; grant create on schema open to public")
    with pytest.raises(PostgresError, match=r"could write .*revoke create on schema open"):
        publish(file, to, KEYS)
    run(server.admin("marts"), "drop schema open; alter role bi_reader createdb")
    with pytest.raises(PostgresError, match=r"bi_reader of .* may do more than read"):
        publish(file, to, KEYS)
    assert schemas(to.url) == []


def test_without_a_password_the_role_of_bi_cannot_log_in_until_it_is_given_one(
    file: Path, to: Destination, server: Server
) -> None:
    def can_log_in(url: str) -> bool:
        try:
            return run(url, "select count(*) from marts.fct_a") == [(5,)]
        except psycopg.OperationalError:
            return False

    reader = server.reader()
    outcome = publish(file, Destination(to.url), KEYS)
    assert (outcome.reader_can_log_in, can_log_in(reader)) == (False, False)
    run(server.admin(), "alter role bi_reader login password 'of their own'")
    outcome = publish(write(file, 2), Destination(to.url), KEYS)
    assert (outcome.reader_can_log_in, can_log_in(reader)) == (True, False)
    outcome = publish(file, to, KEYS)
    assert (outcome.already_served, can_log_in(reader)) == (True, True)


# --- the marts change, what people made of them stays


def test_a_changed_contract_upgrades(file: Path, to: Destination, server: Server) -> None:
    publish(file, to, KEYS)
    changed = {
        "fct_a": "select range as a_id, 'b' || range % 3 as b_id, 1.5::double as added "
        "from range(5)",
        "dim_new": "select 'b' || range as b_id from range(3)",
    }

    keys = Keys({"dim_new": ("b_id",)}, (ForeignKey("fct_a", "b_id", "dim_new", "b_id"),))
    publish(write(file, 2, changed), to, keys)

    reader = server.reader()
    tables = run(
        reader,
        "select table_name from information_schema.tables where table_schema = 'marts' order by 1",
    )
    assert tables == [("_build",), ("_loaded",), ("dim_new",), ("fct_a",)]
    rows = run(reader, "select a_id, b_id, added from marts.fct_a join marts.dim_new using (b_id)")
    assert sorted(rows)[4] == (4, "b1", 1.5)
    assert len(rows) == 5


def test_keys_that_the_file_does_not_keep_end_the_publish(file: Path, to: Destination) -> None:
    publish(file, to, KEYS)
    write(file, 2)
    lost = (ForeignKey("fct_a", "a_id", "dim_b", "b_id"),)
    for keys, told in (
        (Keys({"dim_b": ("build",)}, ()), 'dim_b is not unique by "build"'),
        (Keys({"dim_b": ("gone",)}, ()), "the key of dim_b names gone"),
        (Keys({"dim_b": ("b_id",)}, lost), "fct_a.a_id has values that dim_b lacks"),
        (Keys({}, (ForeignKey("fct_a", "x", "dim_b", "b_id"),)), "lacks fct_a.x or dim_b"),
    ):
        with pytest.raises(PostgresError, match=told):
            publish(file, to, keys)
        assert whole(to.url) == 1
    publish(file, to, KEYS)
    assert whole(to.url) == 2


VIEWS = """
create role ada login;
create schema reporting;
grant all on schema reporting to ada;
grant usage on schema marts to ada;
grant select on marts.fct_a, marts.dim_b to ada;
set role ada;
create view reporting.a with (security_barrier) as
    select a_id, build as "The Build" from marts.fct_a where b_id in (select b_id from marts.dim_b);
comment on view reporting.a is 'of Ada';
comment on column reporting.a.a_id is 'the id';
grant select on reporting.a to bi_reader;
create view reporting.b as select max("The Build") as build from reporting.a;
create materialized view reporting.c as select * from reporting.b;
"""


def test_views_that_people_made_read_the_new_marts(
    file: Path, to: Destination, server: Server
) -> None:
    publish(file, to, KEYS)
    admin = server.admin("marts")
    run(admin, VIEWS)
    state = (
        "select relname, pg_get_viewdef(oid), relowner::regrole::text, relacl::text, reloptions, "
        "obj_description(oid), col_description(oid, 1) from pg_class "
        "where relnamespace = 'reporting'::regnamespace order by oid"
    )
    before = run(admin, state)

    with pytest.raises(
        PostgresError, match=r'reporting\.a reads the marts and belongs to ada.*"ada"'
    ):
        publish(write(file, 2), to, KEYS)
    assert whole(to.url) == 1
    run(admin, f"grant ada to {OWNER}")
    for n in (2, 3):
        publish(write(file, n), to, KEYS)

    assert run(server.reader(), "select 1") == [(1,)]
    assert run(admin, state) == before
    assert run(admin, 'select "The Build", count(*) from reporting.a group by 1') == [(3, 5)]
    assert run(admin, "select * from reporting.b") == [(3,)]
    assert run(admin, "refresh materialized view reporting.c; select 1") == [(1,)]
    assert run(admin, "select * from reporting.c") == [(3,)]
    assert schemas(to.url) == ["marts"]


def test_a_view_that_is_made_during_the_swap_is_not_forgotten(
    file: Path, to: Destination, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(file, to, KEYS)
    real = postgres._lock

    def late(server: psycopg.Connection[Any]) -> bool:
        if not run(to.url, "select to_regclass('public.v')")[0][0]:
            run(to.url, "create view public.v as select max(build) as build from marts.fct_a")
        return real(server)

    monkeypatch.setattr(postgres, "_lock", late)
    run(to.url, f"grant create on schema public to {OWNER}")
    publish(write(file, 2), to, KEYS)

    assert run(to.url, "select * from public.v") == [(2,)]


@pytest.mark.parametrize(
    "marts",
    [
        {"fct_a": "select 1 as a_id, 1 as b_id"},
        {"fct_a": "select 1 as a_id, 1 as b_id, 'x' as build"},
        {"dim_b": "select 1 as b_id"},
    ],
)
def test_a_view_that_does_not_fit_the_new_marts_is_named_and_the_old_ones_stay(
    file: Path, to: Destination, marts: dict[str, str]
) -> None:
    publish(file, to, KEYS)
    run(to.url, "create schema reporting; create view reporting.v as select build from marts.fct_a")

    write(file, 2, marts)
    with pytest.raises(PostgresError, match=r"the view reporting\.v does not fit the new marts"):
        publish(file, to, Keys({}, ()))
    assert whole(to.url) == 1
    run(to.url, "drop view reporting.v")
    publish(file, to, Keys({}, ()))
    assert run(to.url, "select build_id from marts._build") == [("build-2",)]


def test_what_would_go_with_the_old_marts_is_named_and_kept(file: Path, to: Destination) -> None:
    publish(file, to, KEYS)
    write(file, 2)
    for made, told in {
        "create materialized view o.m as select * from marts.dim_b": "materialized view o.m",
        "create table o.t (b bigint references marts.dim_b)": "constraint t_b_fkey on table o.t",
        "create table o.t (r marts.dim_b)": "table o.t",
        "create function o.f(marts.dim_b) returns int return 1": "function o.f(marts.dim_b)",
        "create function o.f() returns int begin atomic select 1 from marts.dim_b; end": (
            "function o.f()"
        ),
        "create view marts.v as select 1": "view marts.v",
        "create table marts.t (a int)": "table marts.t",
        "create function marts.f() returns int return 1": "function marts.f()",
        "create type marts.e as enum ('a')": "type marts.e",
        "alter table marts.dim_b enable row level security": "table marts.dim_b",
    }.items():
        with psycopg.connect(to.url, autocommit=True) as connection:
            connection.execute(f"create schema o; {made}".encode())
        with pytest.raises(PostgresError, match=f"would be lost .*: {re.escape(told)} ") as refused:
            publish(file, to, KEYS)
        assert str(refused.value).count(told) == 1
        assert schemas(to.url) == ["marts"]
        run(to.url, "alter table marts.dim_b disable row level security; drop schema o cascade")
        if "marts." in told and "dim_b" not in told:
            run(to.url, f"drop {told}")
    publish(file, to, KEYS)
    assert whole(to.url) == 2


def test_grants_by_hand_are_kept(file: Path, to: Destination, server: Server) -> None:
    publish(file, to, KEYS)
    admin = server.admin("marts")
    run(
        admin,
        "create role ada; grant usage on schema marts to ada; "
        "grant select on marts.dim_b to ada with grant option; "
        "grant select (a_id, build) on marts.fct_a to ada; grant select on marts.dim_b to public",
    )
    state = (
        "select relname, attname, coalesce(attacl, relacl)::text from pg_class inner join "
        "pg_attribute on attrelid = pg_class.oid where relnamespace = 'marts'::regnamespace "
        "and relkind = 'r' and attnum > 0 and left(relname, 1) != '_' order by 1, 2"
    )
    before = run(admin, state)

    publish(write(file, 2), to, KEYS)

    assert run(admin, state) == before
    assert run(admin, "set role ada; select max(build), count(a_id) from marts.fct_a") == [(2, 5)]


# --- as the last step of a run


@pytest.mark.hazard("publishing")
def test_a_server_that_is_away_keeps_nothing_back_and_is_brought_up_to_date_later(
    demo: Path, to: Destination, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = open_workspace(shutil.copytree(demo, tmp_path / "demo"))
    before = workspace.report.stat().st_mtime_ns
    monkeypatch.setenv("PLUMBLINE_POSTGRES", "postgresql://warehouse:secret@127.0.0.1:1/marts")
    real = definitions.build_defs

    def shortened(root: Path, **resources: Any) -> Any:
        """A run of what comes after the checks, on the warehouse as it is."""
        steps = [dg.AssetKey(name) for name in ("published", "report", "postgres")]
        job = real(root, **resources).resolve_job_def("refresh")
        execute = partial(job.execute_in_process, asset_selection=steps)
        return SimpleNamespace(
            resolve_job_def=lambda name: SimpleNamespace(execute_in_process=execute)
        )

    monitor = pipeline.Monitor()
    with monkeypatch.context() as patch, pytest.raises(PostgresError) as failed:
        patch.setattr(definitions, "build_defs", shortened)
        pipeline.run(workspace, monitor)

    assert monitor.published
    build_id = monitor.published.build_id
    assert f"The file is published: {workspace.published}" in str(failed.value)
    assert "secret" not in str(failed.value)
    with connect_published(workspace.published) as connection:
        assert connection.execute("select build_id from _build").fetchall() == [(build_id,)]
    assert workspace.report.stat().st_mtime_ns > before
    last = record.read(workspace.runs, "run")
    assert (last["outcome"], last["build_id"]) == ("stopped", build_id)

    monkeypatch.setenv("PLUMBLINE_POSTGRES", to.url)
    job = definitions.build_defs(workspace.root).resolve_job_def("refresh")
    assert job.execute_in_process(asset_selection=[dg.AssetKey("postgres")]).success
    assert run(to.url, "select build_id from marts._build") == [(build_id,)]


def test_without_a_server_no_run_has_that_step(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PLUMBLINE_POSTGRES", raising=False)
    graph = definitions.build_defs(demo).resolve_asset_graph()
    assert "postgres" not in {key.to_user_string() for key in graph.get_all_asset_keys()}
