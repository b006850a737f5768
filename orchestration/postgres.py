"""Publish the marts to PostgreSQL, for teams whose BI reads a server: whole, or not at all.

What is published is the published file, so the gate has been passed. It is loaded into the schema
`marts__next`, held against the file, given its comments and keys, and then takes the place of
`marts` by renaming schemas in one transaction. A reader has either the old build or the new one.
Whatever ends a publish early, the next one goes on from there.
"""

from __future__ import annotations

import importlib.util
import os
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from orchestration.publish import PublishError
from orchestration.warehouse import identifier, literal

if TYPE_CHECKING:
    import duckdb
    import psycopg

    from orchestration.transform import Keys

URL_VARIABLE = "PLUMBLINE_POSTGRES"
PASSWORD_VARIABLE = "PLUMBLINE_BI_READER_PASSWORD"
READER = "bi_reader"
LIVE, NEXT, OLD = "marts", "marts__next", "marts__old"
# What stands in the schema beside the marts: which build it is, and what was loaded.
BUILD, LOADED = "_build", "_loaded"

OLDEST_SERVER = 15
# Both in seconds. A reader that waits for our lock while we wait for one of its locks must be let
# go before PostgreSQL looks for deadlocks (1 s), or it is the reader who is told of one.
LOCK_SECONDS = 0.3
PATIENCE = 75.0
# A query of bi_reader ends, or is ended, before the publisher loses its patience.
READER_SETTINGS = {
    "default_transaction_read_only": "on",
    "idle_in_transaction_session_timeout": "10s",
    "statement_timeout": "60s",
}
LOCK_PATIENCE = 5.0  # seconds
ADVISORY_LOCK = (0x506C756D, 0x62)  # "Plum", "b"

# The type in PostgreSQL of each type of DuckDB that has an equal; a cast where the extension would
# write another one.
TYPES = {
    "BOOLEAN": ("boolean", ""),
    "TINYINT": ("smallint", ""),
    "SMALLINT": ("smallint", ""),
    "INTEGER": ("integer", ""),
    "BIGINT": ("bigint", ""),
    "HUGEINT": ("numeric(38, 0)", "decimal(38, 0)"),
    "UTINYINT": ("smallint", "smallint"),
    "USMALLINT": ("integer", "integer"),
    "UINTEGER": ("bigint", "bigint"),
    "UBIGINT": ("numeric(20, 0)", "decimal(20, 0)"),
    "FLOAT": ("real", ""),
    "DOUBLE": ("double precision", ""),
    "VARCHAR": ("text", ""),
    "ENUM": ("text", "varchar"),
    "UUID": ("uuid", ""),
    "BLOB": ("bytea", ""),
    "JSON": ("json", ""),
    "DATE": ("date", ""),
    "TIME": ("time", ""),
    "TIMESTAMP": ("timestamp", ""),
    "TIMESTAMP_S": ("timestamp", "timestamp"),
    "TIMESTAMP_MS": ("timestamp", "timestamp"),
    "TIMESTAMP WITH TIME ZONE": ("timestamptz", ""),
    "INTERVAL": ("interval", ""),
}
# A connection of PostgreSQL takes in less than DuckDB can send.
FEEDS, LARGE = 2, 200_000  # rows
LONGEST_NAME = 63  # bytes; PostgreSQL cuts what is longer

OnTable = Callable[[str, int, int], None]


class PostgresError(PublishError):
    """The marts cannot be published to PostgreSQL; those that are served there stay."""


class PostgresAway(PostgresError):
    """The server does not answer, or has gone away in the middle."""


@dataclass(frozen=True)
class Destination:
    """Where to publish to: the database of a role that may create schemas in it."""

    url: str = field(repr=False)
    reader_password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Outcome:
    """What was published to PostgreSQL."""

    where: str
    build_id: str
    rows: Mapping[str, int]
    seconds: Mapping[str, float] = field(default_factory=dict)
    """`load` until all rows were there and counted, `keys` with comments and statistics, `swap`."""
    resumed: int = 0
    """Tables that an earlier publish, which did not end, had loaded."""
    already_served: bool = False
    reader_can_log_in: bool = True


@dataclass(frozen=True)
class Table:
    """A table of the published file, and how PostgreSQL holds it."""

    name: str
    source: str
    comment: str
    columns: Mapping[str, tuple[str, str]]
    """By name: the type there, and the expression that gives the value."""
    comments: Mapping[str, str]
    rows: int
    key: tuple[str, ...] = ()


def is_wanted() -> bool:
    """Whether the environment names a server to publish to."""
    return bool(os.environ.get(URL_VARIABLE))


def destination() -> Destination:
    """Where to, as the environment says."""
    url = os.environ.get(URL_VARIABLE, "")
    if not url:
        raise PostgresError(
            f"{URL_VARIABLE} is not set: set it to the database that BI reads, "
            "like postgresql://user:password@host:5432/database"
        )
    return Destination(url, os.environ.get(PASSWORD_VARIABLE, ""))


def publish(
    file: Path,
    to: Destination,
    keys: Keys,
    *,
    again: bool = False,
    patience: float = PATIENCE,
    on_table: OnTable | None = None,
) -> Outcome:
    """Publish the marts of the published `file`; do nothing if PostgreSQL serves that build.

    `again` does it all the same. `patience` is in seconds: how long to wait for readers that keep
    the old marts. `on_table` hears of each table that is loaded: its name, its number, how many.

    Raises PostgresError, and then the old marts are served as before.
    """
    if not file.is_file():
        raise PostgresError(f"{file} does not exist: publish it first, with `plumbline run`")
    _require_url(to.url)
    with _told(to), _opened(file) as source, _connected(to.url) as server:
        _require_alone(server)
        return _publish(source, server, to, keys, again, patience, on_table)


def _publish(
    source: duckdb.DuckDBPyConnection,
    server: psycopg.Connection[Any],
    to: Destination,
    keys: Keys,
    again: bool,
    patience: float,
    on_table: OnTable | None,
) -> Outcome:
    build_id, company = _build_of(source)
    tables = _tables(source, keys)
    rows = {table.name: table.rows for table in tables}
    served = _served(server)
    if served and served[1] != company:
        raise PostgresError(
            f"the marts in {_where(server)} are those of {served[1]}, and these are of {company}: "
            f"set {URL_VARIABLE} to another database, or drop the schema {LIVE} there first"
        )
    can_log_in = _prepare_reader(server, to.reader_password)
    _drop_old(server, patience)
    if served and served[0] == build_id and not again:
        _execute(server, f"drop schema if exists {NEXT} cascade")
        return Outcome(
            _where(server), build_id, rows, already_served=True, reader_can_log_in=can_log_in
        )

    _require_free(server)
    missing = _prepare_next(server, build_id, tables, keys, again)
    times = [time.perf_counter()]
    _load(source, server, to.url, missing, on_table)
    times.append(time.perf_counter())
    _finish_tables(server, to.url, tables)
    _add_foreign_keys(server, keys, tables)
    _grant(server)
    times.append(time.perf_counter())
    _swap(server, company, build_id, patience)
    times.append(time.perf_counter())
    _drop_old(server, patience)
    return Outcome(
        _where(server),
        build_id,
        rows,
        {"load": times[1] - times[0], "keys": times[2] - times[1], "swap": times[3] - times[2]},
        resumed=len(tables) - len(missing),
        reader_can_log_in=can_log_in,
    )


# --- the two ends


@contextmanager
def _opened(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with the published file, and with the extension that writes to PostgreSQL."""
    import duckdb

    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"load {literal(str(extension(duckdb.__version__)))}")
        connection.execute(f"attach {literal(str(file))} as published (read_only)")
        yield connection


def extension(version: str) -> Path:
    """The extension's file, from its package; it must be of DuckDB's own version."""
    package = importlib.util.find_spec("duckdb_extension_postgres_scanner")
    folder = Path(package.origin).parent if package and package.origin else None
    files = list(folder.rglob("*.duckdb_extension")) if folder else []
    versions = sorted({file.parent.name.removeprefix("v") for file in files})
    if version not in versions:
        found = f"is of {' and '.join(versions)}" if versions else "is not installed"
        raise PostgresError(
            f"duckdb is of version {version}, and duckdb-extension-postgres-scanner {found}: "
            f"install duckdb-extension-postgres-scanner=={version}"
        )
    return next(file for file in files if file.parent.name == f"v{version}")


def _require_url(url: str) -> None:
    import psycopg

    try:
        psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # libpq's own words quote what it could not read, which may be the password.
        raise PostgresError(
            f"{URL_VARIABLE} is not a PostgreSQL URL: write it like "
            "postgresql://user:password@host:5432/database, with %40 for an @ in the password"
        ) from None


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection[Any]]:
    import psycopg

    with psycopg.connect(
        url, autocommit=True, connect_timeout=10, application_name="plumbline publish"
    ) as server:
        version = server.info.server_version // 10_000
        if version < OLDEST_SERVER:
            raise PostgresError(
                f"{_where(server)} is PostgreSQL {version}: it takes {OLDEST_SERVER} or newer"
            )
        _execute(
            server,
            "set search_path = pg_catalog; set timezone = 'UTC'; set statement_timeout = 0; "
            "set idle_in_transaction_session_timeout = 0; set default_transaction_read_only = off; "
            # A publisher whose machine is gone is noticed within a minute, and its locks with it.
            "set client_min_messages = error; set tcp_keepalives_idle = 30; "
            "set tcp_keepalives_interval = 10; set tcp_keepalives_count = 3",
        )
        yield server


@contextmanager
def _told(to: Destination) -> Iterator[None]:
    """Tell what the user can mend in one line, which never holds a password."""
    import duckdb
    import psycopg

    mendable = (
        psycopg.OperationalError,
        psycopg.errors.InsufficientPrivilege,
        psycopg.errors.ReadOnlySqlTransaction,
        duckdb.Error,
    )
    try:
        yield
    except mendable as error:
        problem = _without_passwords(" ".join(str(error).split()), to)
        problem = re.sub(r" (DETAIL|CONTEXT):.*", "", problem)  # which may quote a row
        is_away = isinstance(error, psycopg.OperationalError | duckdb.IOException)
        kind = PostgresAway if is_away else PostgresError
        raise kind(f"publishing to PostgreSQL failed: {problem}") from None


def _without_passwords(message: str, to: Destination) -> str:
    """DuckDB quotes the whole URL where a connection fails."""
    import psycopg

    password = str(psycopg.conninfo.conninfo_to_dict(to.url).get("password") or "")
    for secret in filter(None, (password, to.reader_password)):
        escaped = secret.replace("\\", "\\\\").replace("'", "\\'")
        for form in (escaped, secret, quote(secret, safe="")):
            message = message.replace(form, "…")
    return message


def _where(server: psycopg.Connection[Any]) -> str:
    info = server.info
    return f"{info.host}:{info.port}/{info.dbname}"


def _execute(
    server: psycopg.Connection[Any], statement: str, *values: Any
) -> list[tuple[Any, ...]]:
    """The rows of a statement; without values it may be several, and has no rows."""
    cursor = server.execute(statement.encode(), values or None)
    return cursor.fetchall() if cursor.description else []


def _require_alone(server: psycopg.Connection[Any]) -> None:
    """Keep other publishers out until the connection ends; say who is in when somebody is.

    What a killed publisher still had running there ends by itself within moments.
    """
    until = time.monotonic() + LOCK_PATIENCE
    while not _execute(server, "select pg_try_advisory_lock(%s, %s)", *ADVISORY_LOCK)[0][0]:
        if time.monotonic() > until:
            raise PostgresError(
                f"another publish to {_where(server)} is at work"
                f"{_holders(server, 'classid = %s and objid = %s', *ADVISORY_LOCK)}: "
                "wait until it has ended"
            )
        time.sleep(0.1)


def _holders(server: psycopg.Connection[Any], locks: str, *values: Any) -> str:
    """Who holds some locks, in words; nothing of what they ask."""
    found = _execute(
        server,
        f"""
        select distinct
            pid, coalesce(usename, backend_type), application_name, coalesce(state, ''),
            to_char(coalesce(xact_start, backend_start), 'YYYY-MM-DD HH24:MI:SS')
        from pg_locks
        inner join pg_stat_activity using (pid)
        where granted and pid != pg_backend_pid() and ({locks})
        order by pid
        """,
        *values,
    )
    told = [
        f"process {pid} of {user}{f' ({program})' if program else ''}"
        # Of other users' sessions PostgreSQL may not tell more.
        f"{f', {state}' if state else ''}{f', since {since} UTC' if since else ''}"
        for pid, user, program, state, since in found
    ]
    return f" ({'; '.join(told)})" if told else ""


# --- what there is


def _build_of(source: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    found = source.execute("select build_id, company from published.main._build").fetchone()
    if not found:
        raise PostgresError("the published file does not say which build it is: publish it again")
    return str(found[0]), str(found[1])


def _served(server: psycopg.Connection[Any]) -> tuple[str, str] | None:
    """The build and the company of the marts in PostgreSQL, if there are any."""
    if not _execute(server, "select 1 from pg_namespace where nspname = %s", LIVE):
        return None
    if not _execute(server, "select to_regclass(%s)", f"{LIVE}.{LOADED}")[0][0]:
        raise PostgresError(
            f"{_where(server)} has a schema {LIVE} that Plumbline did not publish: rename it, or "
            f"set {URL_VARIABLE} to another database"
        )
    build_id, company = _execute(server, f"select build_id, company from {LIVE}.{BUILD}")[0]
    return str(build_id), str(company)


def _tables(source: duckdb.DuckDBPyConnection, keys: Keys) -> list[Table]:
    """The build and the marts of the file, the largest first; or what cannot be taken."""
    columns: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    # No parameter: for its first one DuckDB imports pandas, which takes longer than some publishes.
    for schema, table, column, data_type, comment in source.execute(
        f"""
        select schema_name, table_name, column_name, data_type, coalesce(comment, '')
        from duckdb_columns()
        where database_name = 'published'
            and (schema_name = 'marts' or schema_name = 'main' and table_name = '{BUILD}')
        order by schema_name, table_name, column_index
        """
    ).fetchall():
        columns.setdefault((schema, table), []).append((column, data_type, comment))
    comments = {
        (schema, table): comment or ""
        for schema, table, comment in source.execute(
            "select schema_name, table_name, comment from duckdb_tables() "
            "where database_name = 'published'"
        ).fetchall()
    }
    problems = [
        problem
        for (_, table), found in columns.items()
        for column, data_type, _ in found
        if (problem := _problem(table, column, data_type))
    ]
    problems += [
        f"the key of {table} names {column}, which the published file lacks: run `plumbline run`"
        for table, key in keys.primary.items()
        for column in key
        if ("marts", table) in columns and column not in [c for c, *_ in columns["marts", table]]
    ]
    if problems:
        raise PostgresError("PostgreSQL cannot hold the marts: " + "; ".join(sorted(problems)))

    tables = []
    for (schema, name), found in columns.items():
        path = f"published.{identifier(schema)}.{identifier(name)}"
        counted = source.execute(f"select count(*) from {path}").fetchone()
        tables.append(
            Table(
                name=name,
                source=path,
                comment=comments[schema, name],
                columns={column: _typed(column, data_type) for column, data_type, _ in found},
                comments={column: comment for column, _, comment in found},
                rows=counted[0] if counted else 0,
                key=keys.primary.get(name, ()) if schema == "marts" else (),
            )
        )
    return sorted(tables, key=lambda table: (table.name != BUILD, -table.rows))


def _problem(table: str, column: str, data_type: str) -> str:
    for name in (table, column):
        if len(name.encode()) > LONGEST_NAME:
            return f"{name} is longer than {LONGEST_NAME} bytes"
    if _kind(data_type) not in TYPES and not data_type.startswith("DECIMAL("):
        return f"{table}.{column} is {data_type}, which has no equal there: cast it in the mart"
    return ""


def _kind(data_type: str) -> str:
    # A list is written like INTEGER[], and of an enum the words are told, too.
    return "ENUM" if data_type.startswith("ENUM(") and data_type.endswith(")") else data_type


def _typed(column: str, data_type: str) -> tuple[str, str]:
    """The type in PostgreSQL of a column, and the expression that gives its value."""
    if data_type.startswith("DECIMAL("):
        return data_type.replace("DECIMAL", "numeric"), identifier(column)
    there, cast = TYPES[_kind(data_type)]
    return there, f"cast({identifier(column)} as {cast})" if cast else identifier(column)


# --- who may read


def _prepare_reader(server: psycopg.Connection[Any], password: str) -> bool:
    """See to the role that BI comes in as, which can read and nothing else; say if it can log in.

    Without a password a new role cannot log in, and one that is there stays as it is.
    """
    import psycopg

    database = identifier(server.info.dbname)
    try:
        found = _execute(
            server,
            "select rolsuper or rolcreaterole or rolcreatedb, rolcanlogin, "
            "coalesce(rolconfig, '{}') from pg_roles where rolname = %s",
            READER,
        )
        if not found:
            _execute(server, f"create role {READER} nologin")
        mighty, can_log_in, settings = found[0] if found else (False, False, [])
        if mighty:
            raise PostgresError(
                f"the role {READER} of {_where(server)} may do more than read: "
                f"alter role {READER} nosuperuser nocreaterole nocreatedb"
            )
        for name, value in READER_SETTINGS.items():
            if f"{name}={value}" not in settings:
                _execute(server, f"alter role {READER} set {name} = {literal(value)}")
        if password:
            # Statements stand in the server's log: it gets what a password is checked against.
            secret = server.pgconn.encrypt_password(
                password.encode(), READER.encode(), b"scram-sha-256"
            ).decode()
            _execute(server, f"alter role {READER} login password {literal(secret)}")
    except psycopg.errors.InsufficientPrivilege:
        user = identifier(server.info.user)
        raise PostgresError(
            f"{user} may not create or change the role {READER}: let an administrator run "
            f"`create role {READER}; grant {READER} to {user} with admin option; "
            f"alter role {user} createrole`"
        ) from None
    _execute(
        server,
        f"grant connect on database {database} to {READER}; "
        f"revoke create, temporary on database {database} from public, {READER}",
    )
    if _execute(server, "select to_regnamespace('public')")[0][0]:
        _execute(server, f"revoke create on schema public from public, {READER}")
    _require_harmless(server)
    return bool(password or can_log_in)


def _require_harmless(server: psycopg.Connection[Any]) -> None:
    """PostgreSQL only warns where a privilege is somebody else's to take away."""
    left = _execute(
        server,
        """
        select 'schema ' || quote_ident(nspname), 'create'
        from pg_namespace
        where has_schema_privilege(%s, oid, 'create')
        union all
        select 'database ' || quote_ident(current_database()), privilege
        from unnest(array['create', 'temporary']) as privilege
        where has_database_privilege(%s, current_database(), privilege)
        """,
        READER,
        READER,
    )
    if left:
        told = "; ".join(f"revoke {privilege} on {thing} from public" for thing, privilege in left)
        raise PostgresError(
            f"{READER} could write in {_where(server)}: let the owner of the database run `{told}`"
        )


def _grant(server: psycopg.Connection[Any]) -> None:
    """BI reads, and sees the keys: these are hidden from who has SELECT alone."""
    _execute(
        server,
        f"grant usage on schema {NEXT} to {READER}; "
        f"grant select, references on all tables in schema {NEXT} to {READER}",
    )


# --- loading


def _prepare_next(
    server: psycopg.Connection[Any],
    build_id: str,
    tables: Sequence[Table],
    keys: Keys,
    again: bool,
) -> list[Table]:
    """Make the tables that are to be loaded; what an earlier publish of the same loaded is kept."""
    digest = blake2b(repr((tables, keys)).encode(), digest_size=16).hexdigest()
    mark = f"Is being loaded: build {build_id}, {digest}. Plumbline drops it or goes on with it."
    found = _execute(
        server,
        "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = %s",
        NEXT,
    )
    with server.transaction():
        if found and (again or found[0][0] != mark):
            _execute(server, f"drop schema {NEXT} cascade")
            found = []
        if not found:
            _execute(
                server,
                f"""
                create schema {NEXT};
                comment on schema {NEXT} is {literal(mark)};
                create table {NEXT}.{LOADED} (
                    table_name text primary key,
                    rows bigint not null,
                    loaded_at timestamp not null,
                    finished_at timestamp
                );
                comment on table {NEXT}.{LOADED} is 'What was loaded of this build, and when (UTC).'
                """,
            )
        loaded = {name for (name,) in _execute(server, f"select table_name from {NEXT}.{LOADED}")}
        missing = [table for table in tables if table.name not in loaded]
        for table in missing:
            columns = ", ".join(
                f"{identifier(column)} {kind}" for column, (kind, _) in table.columns.items()
            )
            path = f"{NEXT}.{identifier(table.name)}"
            _execute(server, f"drop table if exists {path}; create table {path} ({columns})")
    return missing


def _load(
    source: duckdb.DuckDBPyConnection,
    server: psycopg.Connection[Any],
    url: str,
    tables: Sequence[Table],
    on_table: OnTable | None,
) -> None:
    """Load the tables, and note each that came in whole."""
    import psycopg

    # The extension hands it to libpq as it is.
    there = psycopg.conninfo.make_conninfo(url, application_name="plumbline load")
    source.execute(f"attach {literal(there)} as there (type postgres, schema '{NEXT}')")
    feeds = [source.cursor() for _ in range(FEEDS)]
    with _crew(feeds) as submit:
        loads = [[submit(_send, table, part) for part in _parts(table)] for table in tables]
        try:
            for done, (table, parts) in enumerate(zip(tables, loads, strict=True), 1):
                for part in parts:
                    part.result()
                with server.transaction():
                    _require_whole(server, table)
                    _execute(
                        server,
                        f"insert into {NEXT}.{LOADED} values (%s, %s, now() at time zone 'UTC')",
                        table.name,
                        table.rows,
                    )
                if on_table:
                    on_table(table.name, done, len(tables))
        except BaseException:
            for part in (part for parts in loads for part in parts):
                part.cancel()
            for feed in feeds:
                feed.interrupt()
            raise
    source.execute("detach there")


@contextmanager
def _crew(members: Sequence[Any]) -> Iterator[Callable[..., Future[None]]]:
    """Hands work to whichever connection is free: `submit(work, ...)` calls `work(member, ...)`."""
    free: SimpleQueue[Any] = SimpleQueue()
    for member in members:
        free.put(member)

    def do(work: Callable[..., None], *arguments: Any) -> None:
        member = free.get()
        try:
            work(member, *arguments)
        finally:
            free.put(member)

    with ThreadPoolExecutor(len(members)) as pool:
        yield lambda work, *arguments: pool.submit(do, work, *arguments)


def _parts(table: Table) -> list[str]:
    """Which rows to load by themselves: a large table comes in through every feed."""
    if table.rows < LARGE:
        return [""]
    edges = [table.rows * n // FEEDS for n in range(FEEDS)]
    return [
        f"where rowid >= {low}" + (f" and rowid < {high}" if high else "")
        for low, high in zip(edges, [*edges[1:], 0], strict=True)
    ]


def _send(source: duckdb.DuckDBPyConnection, table: Table, part: str) -> None:
    import duckdb

    values = ", ".join(expression for _, expression in table.columns.values())
    into = f"there.{NEXT}.{identifier(table.name)}"
    try:
        source.execute(f"insert into {into} select {values} from {table.source} {part}")
    except duckdb.Error as error:
        misfits = _misfits(source, table)
        if not misfits and not isinstance(error, duckdb.InvalidInputException):
            raise
        # Whose words may quote the value, and name no column.
        raise PostgresError(
            f"PostgreSQL cannot hold {misfits or f'a value of {table.name}'}: mend the mart"
        ) from None


def _misfits(source: duckdb.DuckDBPyConnection, table: Table) -> str:
    """The columns with values that PostgreSQL refuses, and why."""
    reasons = {
        "text": ("contains({}, chr(0))", "a NUL character"),
        "date": ("isfinite({0}) and year({0}) not between -4712 and 294276", "a day out of range"),
        "timestamp": (
            "isfinite({0}) and year({0}) not between -4712 and 294276",
            "a time out of range",
        ),
        "numeric(38, 0)": ("abs({0}::double) > 1e38", "more than 38 digits"),
    }
    found = []
    for column, (kind, _) in table.columns.items():
        if kind in reasons:
            test, reason = reasons[kind]
            query = f"select count(*) from {table.source} where {test.format(identifier(column))}"
            counted = source.execute(query).fetchone()
            if counted and counted[0]:
                found.append(f"{reason} in {table.name}.{column} ({counted[0]:,} rows)")
    return ", ".join(found)


def _require_whole(server: psycopg.Connection[Any], table: Table) -> None:
    path = f"{NEXT}.{identifier(table.name)}"
    rows = _execute(server, f"select count(*) from {path}")[0][0]
    if rows != table.rows:
        raise PostgresError(
            f"{table.name} has {table.rows:,} rows in the published file, and {rows:,} arrived in "
            f"{_where(server)}: publish again, and see the log of that server"
        )


def _finish_tables(server: psycopg.Connection[Any], url: str, tables: Sequence[Table]) -> None:
    """What a table needs beside its rows, for those that have it not yet: some at a time."""
    left = _execute(server, f"select table_name from {NEXT}.{LOADED} where finished_at is null")
    names = {name for (name,) in left}
    with ExitStack() as stack:
        members = [stack.enter_context(_connected(url)) for _ in range(FEEDS)]
        submit = stack.enter_context(_crew(members))
        for work in [submit(_finish, table) for table in tables if table.name in names]:
            work.result()


def _finish(server: psycopg.Connection[Any], table: Table) -> None:
    """Comments, key and statistics of a table, all or none."""
    with server.transaction():
        # First of all, as a publisher that was killed may have this under way for moments more.
        if _execute(
            server,
            f"update {NEXT}.{LOADED} set finished_at = now() at time zone 'UTC' "
            "where table_name = %s and finished_at is null returning 1",
            table.name,
        ):
            _describe(server, table)


def _describe(server: psycopg.Connection[Any], table: Table) -> None:
    import psycopg

    path = f"{NEXT}.{identifier(table.name)}"
    comments = [f"comment on table {path} is {literal(table.comment)}"]
    for column, comment in table.comments.items():
        if comment:
            name = f"{path}.{identifier(column)}"
            comments.append(f"comment on column {name} is {literal(comment)}")
    _execute(server, "; ".join(comments))
    if table.key:
        columns = ", ".join(map(identifier, table.key))
        try:
            _execute(server, f"alter table {path} add primary key ({columns})")
        except psycopg.IntegrityError:
            raise PostgresError(
                f"{table.name} is not unique by {columns}, as its tests now demand: the published "
                "file is of other models; run `plumbline run`"
            ) from None
    _execute(server, f"analyze {path}")


def _add_foreign_keys(server: psycopg.Connection[Any], keys: Keys, tables: Sequence[Table]) -> None:
    """All at once, so that a publish that goes on finds all or none; only to primary keys."""
    import psycopg

    there = _execute(
        server,
        "select 1 from pg_constraint "
        "where contype = 'f' and connamespace = to_regnamespace(%s) limit 1",
        NEXT,
    )
    if there:
        return
    by_name = {table.name: table for table in tables}
    with server.transaction():
        for name, column, to_table, to_column in keys.foreign:
            pair = by_name.get(name), by_name.get(to_table)
            if not (pair[0] and pair[1] and column in pair[0].columns):
                raise PostgresError(
                    f"the published file lacks {name}.{column} or {to_table}: run `plumbline run`"
                )
            try:
                _execute(
                    server,
                    f"alter table {NEXT}.{identifier(name)} "
                    f"add foreign key ({identifier(column)}) "
                    f"references {NEXT}.{identifier(to_table)} ({identifier(to_column)})",
                )
            except psycopg.IntegrityError:
                raise PostgresError(
                    f"{name}.{column} has values that {to_table} lacks, against what its tests now "
                    "demand: the published file is of other models; run `plumbline run`"
                ) from None


# --- the swap


@dataclass(frozen=True)
class View:
    """A view that somebody made of marts, outside of their schema."""

    name: str
    definition: str
    owner: str
    options: Sequence[str]

    @property
    def statement(self) -> str:
        """What makes it read the marts that there are now; owner, grants and comments stay."""
        options = f" with ({', '.join(self.options)})" if self.options else ""
        return f"create or replace view {self.name}{options} as {self.definition}"


def _swap(server: psycopg.Connection[Any], company: str, build_id: str, patience: float) -> None:
    """Put the new marts in the place of the old ones, at one moment for all readers."""
    import psycopg

    until = time.monotonic() + patience
    while True:
        try:
            with server.transaction():
                _execute(server, f"set local lock_timeout = '{LOCK_SECONDS}s'")
                views = _views(server)
                _replace(server, views)
                live = _lock(server)
                if _views(server) != views:  # one was made in between: once more, with all of them
                    raise psycopg.errors.LockNotAvailable
                _require_free(server)
                _copy_grants(server)
                if live:
                    _execute(server, f"alter schema {LIVE} rename to {OLD}")
                told = f"The marts of {company}, build {build_id}. Times are UTC."
                _execute(
                    server,
                    f"alter schema {NEXT} rename to {LIVE}; "
                    f"comment on schema {LIVE} is {literal(told)}",
                )
                _replace(server, views)
            return
        except (
            psycopg.errors.LockNotAvailable,
            psycopg.errors.QueryCanceled,
            psycopg.errors.DeadlockDetected,
        ):
            if time.monotonic() > until:
                who = _holders(
                    server,
                    "locktype = 'relation' and relation in "
                    "(select oid from pg_class where relnamespace = to_regnamespace(%s))",
                    LIVE,
                )
                raise PostgresError(
                    f"for {patience:.0f} s somebody kept reading the marts in {_where(server)}"
                    f"{who}: the old ones are served on, and the new ones are loaded; end that "
                    f"session, `select pg_terminate_backend(process)`, and publish again"
                ) from None
        time.sleep(random.uniform(0.2, 1))  # readers go on meanwhile


def _lock(server: psycopg.Connection[Any]) -> bool:
    """Wait until nobody reads the live marts, and let nobody begin; False if there are none.

    Without it a reader could find one table before the renaming and the next one after it.
    """
    tables = _execute(
        server,
        f"select format('%I.%I', '{LIVE}', relname) from pg_class "
        f"where relnamespace = to_regnamespace('{LIVE}') and relkind = 'r' order by oid",
    )
    if tables:
        names = ", ".join(name for (name,) in tables)
        # All of them together in the time of one lock.
        _execute(server, f"set local statement_timeout = '{LOCK_SECONDS}s'")
        _execute(server, f"lock table {names} in access exclusive mode")
        _execute(server, "set local statement_timeout = 0")
    return bool(tables)


def _views(server: psycopg.Connection[Any]) -> list[View]:
    """The views elsewhere that read live marts themselves; those that read these need nothing."""
    found = _execute(
        server,
        f"""
        select
            format('%I.%I', schemas.nspname, views.relname), pg_get_viewdef(views.oid),
            pg_get_userbyid(views.relowner), coalesce(views.reloptions, '{{}}')
        from pg_class as views
        inner join pg_namespace as schemas on views.relnamespace = schemas.oid
        where views.relkind = 'v'
            and schemas.oid != to_regnamespace('{LIVE}')
            and exists (
                select 1
                from pg_rewrite
                inner join pg_depend
                    on pg_depend.classid = 'pg_rewrite'::regclass
                    and pg_depend.objid = pg_rewrite.oid
                    and pg_depend.refclassid = 'pg_class'::regclass
                inner join pg_class as marts on pg_depend.refobjid = marts.oid
                where pg_rewrite.ev_class = views.oid
                    and marts.relnamespace = to_regnamespace('{LIVE}')
            )
        order by views.oid
        """,
    )
    return [View(*row) for row in found]


def _replace(server: psycopg.Connection[Any], views: Sequence[View]) -> None:
    """Make the views anew: first where they are, which keeps their readers out, then in place."""
    import psycopg

    for view in views:
        try:
            _execute(server, view.statement)
        except psycopg.errors.InsufficientPrivilege:
            raise PostgresError(
                f"the view {view.name} reads the marts and belongs to {view.owner}, so it cannot "
                f"be brought over to the new ones: `grant {identifier(view.owner)} to "
                f"{identifier(server.info.user)}`, and publish again"
            ) from None
        except psycopg.errors.ProgrammingError as error:
            raise PostgresError(
                f"the view {view.name} does not fit the new marts "
                f"({error.diag.message_primary}): change or drop it, and publish again; "
                "until then the old marts are served"
            ) from None


def _require_free(server: psycopg.Connection[Any]) -> None:
    """Refuse to swap where something that people made would go, or would stay on old tables."""
    if not _execute(server, f"select to_regnamespace('{LIVE}')")[0][0]:
        return
    found = _execute(
        server,
        f"""
        with marts as (
            select oid, reltype from pg_class where relnamespace = to_regnamespace('{LIVE}')
        ),

        dependents as (
            select distinct classid, objid
            from pg_depend
            where refclassid = 'pg_class'::regclass and refobjid in (select oid from marts)
                or refclassid = 'pg_type'::regclass and refobjid in (
                    select oid from pg_type
                    where typrelid in (select oid from marts)
                        or typelem in (select reltype from marts where reltype != 0)
                )
        )

        select pg_describe_object(classid, objid, 0), 'reads old marts for ever'
        from dependents
        left join pg_constraint
            on classid = 'pg_constraint'::regclass and objid = pg_constraint.oid
        left join pg_class on classid = 'pg_class'::regclass and objid = pg_class.oid
        where classid = 'pg_proc'::regclass
            or contype = 'f' and connamespace != to_regnamespace('{LIVE}')
            or pg_class.relnamespace != to_regnamespace('{LIVE}')
                and pg_class.relkind not in ('t', 'i')
        union all
        select
            pg_describe_object('pg_class'::regclass, pg_class.oid, 0),
            'reads old marts for ever; let it read a plain view of the marts, which is brought over'
        from pg_rewrite
        inner join pg_class on pg_rewrite.ev_class = pg_class.oid
        inner join dependents
            on dependents.classid = 'pg_rewrite'::regclass and dependents.objid = pg_rewrite.oid
        where pg_class.relkind != 'v' and pg_class.relnamespace != to_regnamespace('{LIVE}')
        union all
        select pg_describe_object(classid, objid, 0), 'lies in the schema of the marts'
        from pg_depend
        left join pg_class on classid = 'pg_class'::regclass and objid = pg_class.oid
        where refclassid = 'pg_namespace'::regclass
            and refobjid = to_regnamespace('{LIVE}')
            and classid in ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass)
            and coalesce(relname, '') not in (
                select table_name from {LIVE}.{LOADED} union all select '{LOADED}'
            )
            and coalesce(relkind, 'r') != 'i'
        union all
        select
            pg_describe_object('pg_class'::regclass, oid, 0),
            'has row security, which a new build has not; put it on a view of the mart'
        from pg_class
        where relnamespace = to_regnamespace('{LIVE}') and relrowsecurity
        order by 1
        """,
    )
    if found:
        told = "; ".join(f"{thing} {why}" for thing, why in found)
        raise PostgresError(
            f"in {_where(server)} something would be lost with the old marts: {told}. "
            "Move or drop it, and publish again"
        )


def _copy_grants(server: psycopg.Connection[Any]) -> None:
    """Whoever was let in to the live marts, or to one of them, is let in to the new ones."""
    statements = _execute(
        server,
        f"""
        with pairs as (
            select old.oid, old.relacl, old.relowner, new.oid as new_id,
                format('table %I.%I', '{NEXT}', new.relname) as thing
            from pg_class as old
            inner join pg_class as new using (relname)
            where old.relnamespace = to_regnamespace('{LIVE}')
                and new.relnamespace = to_regnamespace('{NEXT}')
                and old.relkind = 'r'
        ),

        given as (
            select 'schema {NEXT}' as thing, '' as columns, nspowner as owner, nspacl as acl
            from pg_namespace
            where nspname = '{LIVE}'
            union all
            select thing, '', relowner, relacl
            from pairs
            union all
            select thing, format(' (%I)', before.attname), relowner, before.attacl
            from pairs
            inner join pg_attribute as before on before.attrelid = pairs.oid
            inner join pg_attribute as after
                on after.attrelid = pairs.new_id and after.attname = before.attname
        )

        select
            format(
                'grant %s%s on %s to %s%s',
                privilege_type, columns, thing,
                case when grantee = 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end,
                case when is_grantable then ' with grant option' else '' end
            )
        from given
        cross join lateral aclexplode(acl)
        where grantee != owner
        """,
    )
    if statements:
        _execute(server, "; ".join(statement for (statement,) in statements))


def _drop_old(server: psycopg.Connection[Any], patience: float) -> None:
    """Drop what a swap has put aside."""
    import psycopg

    until = time.monotonic() + patience
    while True:
        try:
            with server.transaction():
                _execute(server, f"set local lock_timeout = '{LOCK_SECONDS}s'")
                _execute(server, f"drop schema if exists {OLD} cascade")
            return
        except psycopg.errors.LockNotAvailable:
            if time.monotonic() > until:
                raise PostgresError(
                    f"the old marts, now {OLD} in {_where(server)}, could not be dropped, as they "
                    "are in use: the next publish does it"
                ) from None
        time.sleep(0.2)
