"""How Metabase reaches the marts in PostgreSQL, as the environment says."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from orchestration.metabase.content import SCHEMA, MetabaseError
from orchestration.postgres import PASSWORD_VARIABLE, READER
from orchestration.postgres import URL_VARIABLE as POSTGRES_VARIABLE

CONNECTION_VARIABLE = "PLUMBLINE_METABASE_POSTGRES"


@dataclass(frozen=True)
class Connection:
    """How Metabase itself reaches the marts in PostgreSQL."""

    host: str
    port: int
    dbname: str
    user: str
    password: str = field(repr=False)
    ssl: bool = False

    def details(self) -> dict[str, Any]:
        """As Metabase keeps it. Only the marts are looked at: not those being loaded."""
        return {
            "host": self.host,
            "port": self.port,
            "dbname": self.dbname,
            "user": self.user,
            "password": self.password,
            "ssl": self.ssl,
            "schema-filters-type": "inclusion",
            "schema-filters-patterns": SCHEMA,
        }


def connection_from_environment() -> Connection:
    """How Metabase reaches the marts, as the environment says. Raises MetabaseError."""
    own = os.environ.get(CONNECTION_VARIABLE, "")
    url = own or os.environ.get(POSTGRES_VARIABLE, "")
    name = CONNECTION_VARIABLE if own else POSTGRES_VARIABLE
    if not url:
        raise MetabaseError(
            f"{CONNECTION_VARIABLE} is not set: set it to the PostgreSQL of the marts as Metabase "
            f"reaches it, like postgresql://{READER}:password@postgres:5432/marts"
        )
    try:
        parts = urlsplit(url)
        port = parts.port or 5432
    except ValueError:
        parts, port = urlsplit(""), 0
    dbname = unquote(parts.path.lstrip("/"))
    if parts.scheme not in ("postgresql", "postgres") or not parts.hostname or not dbname:
        raise MetabaseError(
            f"{name} is not an address that Metabase can use: write it like "
            f"postgresql://{READER}:password@host:5432/database"
        )
    user = unquote(parts.username or "") if own else READER
    password = unquote(parts.password or "") if own else ""
    password = password or os.environ.get(PASSWORD_VARIABLE, "")
    if not password:
        raise MetabaseError(
            f"the password of {READER} is not known: set {PASSWORD_VARIABLE}, as for "
            "`plumbline publish postgres`"
        )
    mode = parse_qs(parts.query).get("sslmode", ["prefer"])[0]
    ssl = mode in ("require", "verify-ca", "verify-full")
    return Connection(parts.hostname, port, dbname, user or READER, password, ssl)
