"""The connections to the published file, as docs/published-file.md has them, and hostile SQL."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from orchestration.contracts import PROJECT_ROOT
from orchestration.publish import Mart, publish
from tests.tools import need

PAGE = (PROJECT_ROOT / "docs" / "published-file.md").read_text(encoding="utf-8")
IN_THE_PAGE = "workspaces/demo/published/plumbline.duckdb"

# What does harm, or gets out, where the file is only opened: each is run that way, too.
# {file} is the published file, {folder} the one it lies in.
HARMFUL = [
    # files are read
    "select * from read_csv('{folder}/secret.csv')",
    "select * from read_csv_auto('{folder}/secret.csv')",
    "select * from sniff_csv('{folder}/secret.csv')",
    "select * from read_text('{folder}/secret.csv')",
    "select * from read_blob('/etc/passwd')",
    "select * from read_text('/proc/self/environ')",
    "select * from read_text('file://{folder}/secret.csv')",
    "select * from read_json('{folder}/secret.json')",
    "select * from read_parquet('{folder}/secret.parquet')",
    "select * from parquet_metadata('{folder}/secret.parquet')",
    "select * from read_duckdb('{folder}/other.duckdb', table_name = 'secret')",
    "select * from glob('{folder}/*')",
    "select * from '{folder}/secret.csv'",
    "from '{folder}/secret.parquet'",
    "select * from query('select * from read_text(''{folder}/secret.csv'')')",
    "select * from query_table('{folder}/secret.parquet')",
    "select * from json_execute_serialized_sql("
    "json_serialize_sql('select * from read_text(''{folder}/secret.csv'')'))",
    "prepare stolen as select * from read_text('{folder}/secret.csv')",
    "create temp table stolen as select * from read_text('{folder}/secret.csv')",
    "create temp table stolen (id varchar); copy stolen from '{folder}/secret.csv'",
    "create temp macro steal(path) as table select * from read_text(path); "
    "select * from steal('{folder}/secret.csv')",
    "explain analyze select * from read_text('{folder}/secret.csv')",
    "select (select content from read_text('{folder}/secret.csv')) from marts.rpt_small",
    "select size from read_blob('{file}')",
    # files are written, also over the published one
    "copy marts.rpt_small to '{folder}/out.csv'",
    "copy (select * from marts.rpt_small) to '{folder}/out.parquet' (format parquet)",
    "copy marts.rpt_small to '{folder}/parts' (partition_by (id), write_partition_columns true)",
    "copy marts.rpt_small to '/dev/stderr'",
    "copy marts.rpt_small to '{file}.wal' (use_tmp_file false)",
    "copy (select 1 as id) to '{file}' (use_tmp_file false)",
    "explain analyze copy marts.rpt_small to '{folder}/out.csv'",
    "export database '{folder}/out'",
    "call enable_logging(storage = 'file', storage_path = '{folder}/log')",
    # other databases
    "attach '{folder}/other.duckdb' as other",
    "attach '{file}' as again (read_only)",
    # settings
    "set lock_configuration = false",
    "reset lock_configuration",
    "set memory_limit = '1TB'",
    "pragma memory_limit = '1TB'",
    "reset memory_limit",
    "set global threads = 64",
    "set temp_directory = '{folder}/temp'",
    "set allowed_paths = ['/etc/passwd']",
    "set allowed_directories = ['{folder}']",
    "set allowed_configs = ['threads']",
    "set log_query_path = '{folder}/log'",
    "pragma profiling_output = '{folder}/profile.txt'",
    "set home_directory = '{folder}'",
    "set extension_directory = '{folder}'",
    "set custom_extension_repository = 'https://example.com'",
    "set allow_community_extensions = false",
    "set secret_directory = '{folder}'",
    "set python_enable_replacements = true",
]
# What is refused by `read_only` already, and what needs a network to do its harm.
REFUSED = [
    "set enable_external_access = true",
    "create table marts.mine as select 1 as id",
    "create table mine as select 1 as id",
    "create or replace table marts.rpt_small as select 1 as id",
    "create view marts.mine as select 1 as id",
    "create schema mine",
    "create sequence mine",
    "create type mine as enum ('a')",
    "create macro mine() as 1",
    "create index mine on marts.rpt_small (id)",
    "insert into marts.rpt_small select * from marts.rpt_small",
    "update marts.rpt_small set id = 0",
    "delete from marts.rpt_small",
    "truncate marts.rpt_small",
    "merge into marts.rpt_small using (select 1 as id) as mine using (id) when matched then delete",
    "drop table marts.rpt_small",
    "drop schema marts cascade",
    "alter table marts.rpt_small add column mine integer",
    "comment on table marts.rpt_small is 'mine'",
    "begin; delete from main._build",
    "import database '{folder}/dump'",
    "attach '{folder}/new.duckdb' as made",
    "attach ':memory:' as beside",
    "attach 'https://example.com/other.duckdb' as other",
    "attach 'postgres:host=localhost' as other (type postgres)",
    "attach 'md:other'",
    "detach plumbline",
    "install httpfs",
    "force install httpfs from community",
    "load httpfs",
    "load '{folder}/mine.duckdb_extension'",
    "update extensions",
    "from 'https://example.com/secret.csv'",
    "select * from read_parquet('s3://bucket/secret.parquet')",
    "create secret mine (type s3, key_id 'a', secret 'b')",
    "create persistent secret mine (type http, bearer_token 'a')",
    "select * from duckdb_secrets()",
    "select getenv('HOME')",
    "select * from postgres_scan('host=localhost', 'public', 'secret')",
    "select * from sqlite_scan('{folder}/secret.db', 'secret')",
    "call dbgen(sf = 0.01)",
]
DOTS = [
    ".sh id",
    ".shell id",
    ".system id",
    ".read {folder}/secret.csv",
    ".open {folder}/other.duckdb",
    ".output {folder}/out.csv",
    ".once {folder}/out.csv",
    ".excel",
    ".import {folder}/secret.csv stolen",
    ".log {folder}/log",
    ".cd /",
    ".edit",
    ".load {folder}/mine.duckdb_extension",
]
HONEST = (
    "with newest as (select max(id) as id from marts.rpt_small) "
    "select cast(count(*) as varchar) || ' ' || current_setting('TimeZone') "
    "from marts.rpt_small cross join newest"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published file, and beside it things that are nobody's business."""
    folder = tmp_path_factory.mktemp("door") / "published"
    folder.mkdir()
    with duckdb.connect(str(folder / "plumbline.duckdb")) as connection:
        connection.execute(
            """
            create table main._build as select 'first' as build_id;
            create schema marts;
            create table marts.rpt_small as select range as id from range(3);
            """
        )
    (folder / "secret.csv").write_text("id\n1\n")
    (folder / "secret.json").write_text('{"id": 1}\n')
    with duckdb.connect(str(folder / "other.duckdb")) as other:
        other.execute("create table secret as select 1 as id")
        other.execute(f"copy secret to '{folder / 'secret.parquet'}'")
        other.execute(f"export database '{folder / 'dump'}'")
    return folder


@pytest.fixture
def file(folder: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    shutil.copytree(folder, tmp_path / "published")
    return tmp_path / "published" / "plumbline.duckdb"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def run_python(place: int, memory: str = "2GB") -> Callable[[Path], duckdb.DuckDBPyConnection]:
    def connect(file: Path) -> duckdb.DuckDBPyConnection:
        names: dict[str, Any] = {}
        blocks = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
        block = blocks[place].replace(IN_THE_PAGE, str(file))
        exec(block.replace("2GB", memory), names)
        connection = names["connection"]
        assert isinstance(connection, duckdb.DuckDBPyConnection)
        return connection

    return connect


def as_metabase(file: Path) -> duckdb.DuckDBPyConnection:
    """A connection as the driver makes one of what the page says to fill in.

    It gives these as properties of the connection, and then runs the init SQL on each.
    """
    filled = dict(re.findall(r"^\| (\w.*?) \| `?(.*?)`? \|$", PAGE, flags=re.MULTILINE))
    options = filled["Additional DuckDB connection string options"].split("&")
    connection = duckdb.connect(
        str(file),
        read_only=filled["Establish a read-only connection"] == "on",
        config={
            "custom_user_agent": "metabase",
            "temp_directory": f"{file}.tmp",
            "memory_limit": filled["Limit on the amount of memory"],
            **dict(option.split("=", 1) for option in options),
        },
    )
    connection.execute(filled["Init SQL"])
    connection.execute("set TimeZone = 'UTC'")
    return connection


WAYS = {"python": run_python(0), "duckdb alone": run_python(1), "metabase": as_metabase}


def another(
    way: str, file: Path, connection: duckdb.DuckDBPyConnection
) -> duckdb.DuckDBPyConnection:
    """One more connection of the process, as in a pool."""
    return connection.cursor() if way == "duckdb alone" else WAYS[way](file)


@contextmanager
def left_as_it_was(file: Path) -> Iterator[None]:
    before = contents(file.parent)
    yield
    assert contents(file.parent) == before


@pytest.mark.hazard("statements of BI")
def test_what_the_door_refuses_works_where_the_file_is_only_opened(
    folder: Path, tmp_path: Path
) -> None:
    for number, statement in enumerate(HARMFUL):
        copied = shutil.copytree(folder, tmp_path / str(number))
        file = copied / "plumbline.duckdb"
        with duckdb.connect(str(file), read_only=True) as connection:
            connection.execute(statement.format(file=file, folder=copied)).fetchall()


@pytest.mark.hazard("statements of BI")
@pytest.mark.parametrize("way", WAYS)
def test_a_connection_of_the_page_refuses(file: Path, way: str) -> None:
    done = []
    with left_as_it_was(file), WAYS[way](file) as first:
        for statement in HARMFUL + REFUSED:
            with another(way, file, first) as connection:
                try:
                    connection.execute(statement.format(file=file, folder=file.parent)).fetchall()
                    done.append(statement)
                except duckdb.Error:
                    pass
            with another(way, file, first) as connection:
                assert connection.execute(HONEST).fetchone() == ("3 UTC",), statement

    assert done == []


@pytest.mark.hazard("statements of BI")
@pytest.mark.parametrize("way", ["python", "duckdb alone"])
def test_variables_of_the_program_are_no_tables(file: Path, way: str) -> None:
    secret = {"id": np.array([1])}

    with duckdb.connect() as connection:
        assert connection.execute("select * from secret").fetchall() == [(1,)]
    with WAYS[way](file) as connection, pytest.raises(duckdb.CatalogException):
        connection.execute("select * from secret")

    assert len(secret) == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "statement",
    [
        "describe marts.rpt_small",
        "summarize marts.rpt_small",
        "explain analyze select * from marts.rpt_small",
        "pivot marts.rpt_small on id using count(*)",
        "select * from information_schema.columns where table_schema = 'marts'",
        "select * from duckdb_tables()",
        "show all tables",
        "use marts; from rpt_small",
        "set variable chosen = 1; select * from marts.rpt_small where id = getvariable('chosen')",
    ],
)
def test_honest_statements_are_answered(file: Path, way: str, statement: str) -> None:
    with WAYS[way](file) as connection:
        assert connection.execute(statement).fetchall()


@pytest.mark.parametrize("way", WAYS)
def test_temporary_tables_stay_in_memory(file: Path, way: str) -> None:
    with left_as_it_was(file), WAYS[way](file) as connection:
        connection.execute("create temp table mine as select * from marts.rpt_small")
        assert connection.execute("select count(*) from mine").fetchone() == (3,)


def test_a_query_that_needs_too_much_memory_fails_and_leaves_nothing(file: Path) -> None:
    hungry = "select random() as x from range(40_000_000) order by x"

    with left_as_it_was(file), run_python(1, memory="60MB")(file) as connection:
        with pytest.raises(duckdb.OutOfMemoryException):
            connection.execute(hungry)
        assert connection.execute(HONEST).fetchone() == ("3 UTC",)


@pytest.mark.hazard("publishing")
@pytest.mark.parametrize("way", WAYS)
def test_who_has_it_open_keeps_it_and_the_next_has_the_new(
    file: Path, warehouse: Path, way: str
) -> None:
    build = "select build_id from main._build"
    with WAYS[way](file) as connection:
        before = connection.execute(build).fetchone()
        publish(warehouse, file, [Mart("rpt_small")])
        with another(way, file, connection) as second:
            assert second.execute(build).fetchone() == before
        assert connection.execute(build).fetchone() == before
        assert connection.execute(HONEST).fetchone() == ("3 UTC",)

    with WAYS[way](file) as connection:
        assert connection.execute(build).fetchone() != before


def test_who_detaches_the_file_hurts_only_that_connection(file: Path) -> None:
    with left_as_it_was(file), WAYS["python"](file) as connection:
        connection.execute("set search_path = 'temp'; detach plumbline")

    with WAYS["python"](file) as connection:
        assert connection.execute(HONEST).fetchone() == ("3 UTC",)


@pytest.fixture
def command_line() -> Callable[[Path, str], subprocess.CompletedProcess[str]]:
    """DuckDB's own, started as the page has it."""
    beside = Path(sys.executable).with_name("duckdb")
    found = str(beside) if beside.exists() else shutil.which("duckdb")
    need("duckdb", found, "pip install duckdb-cli")

    def run(file: Path, statement: str) -> subprocess.CompletedProcess[str]:
        [line] = re.findall(r"^duckdb .*", PAGE, flags=re.MULTILINE)
        command = shlex.split(line.replace(IN_THE_PAGE, str(file)))
        return subprocess.run(
            [str(found), *command[1:], "-csv", "-noheader", "-c", statement],
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.hazard("statements of BI")
def test_the_command_line_of_the_page_refuses(
    file: Path, command_line: Callable[[Path, str], subprocess.CompletedProcess[str]]
) -> None:
    with left_as_it_was(file):
        done = [
            statement
            for statement in HARMFUL + REFUSED + DOTS
            if not command_line(file, statement.format(file=file, folder=file.parent)).returncode
        ]
        honest = command_line(file, HONEST)

    assert done == []
    assert (honest.returncode, honest.stdout.splitlines()[-1]) == (0, "3 UTC"), honest.stderr
