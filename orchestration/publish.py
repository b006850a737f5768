"""Publish the marts: one whole new file, swapped in at once, that BI and the report read.

Nothing is computed here: the marts are copied as they are, with their descriptions. A reader has
either the old build or the new one, and a publish that fails leaves the old one as it is.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.warehouse import identifier, literal

if TYPE_CHECKING:
    import duckdb

# Readable by DuckDB 1.4 and newer, which is what BI drivers embed.
STORAGE_VERSION = "v1.4.0"


class PublishError(Exception):
    """The marts cannot be published; the message says why."""


@dataclass(frozen=True)
class Mart:
    """A table to publish, with the descriptions that BI shows."""

    name: str
    description: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Published:
    """What was published."""

    path: Path
    build_id: str
    published_at: datetime
    rows: Mapping[str, int]


def publish(
    warehouse: Path,
    target: Path,
    marts: Sequence[Mart],
    made_from: Mapping[str, str] | None = None,
) -> Published:
    """Copy the marts of `warehouse` into a fresh file and put it in the place of `target`.

    The caller has seen to it that every critical check passed. `made_from` are digests of what the
    warehouse was built from, by name.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _clear(target)  # what a killed run left: whoever publishes holds the workspace

    published_at = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    build_id = f"{published_at:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    fresh = target.with_name(f".{target.name}.{build_id}")
    try:
        rows = _copy(warehouse, fresh, marts, build_id, published_at, made_from or {})
        _swap(fresh, target)
    except BaseException:
        _clear(target)
        raise
    return Published(target, build_id, published_at, rows)


def _clear(target: Path) -> None:
    for unfinished in target.parent.glob(f".{target.name}.*"):
        unfinished.unlink()


def _copy(
    warehouse: Path,
    fresh: Path,
    marts: Sequence[Mart],
    build_id: str,
    published_at: datetime,
    made_from: Mapping[str, str],
) -> dict[str, int]:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach {literal(str(warehouse))} as warehouse (read_only)")
        connection.execute(
            f"attach {literal(str(fresh))} as publication (storage_version '{STORAGE_VERSION}')"
        )
        _require_built(connection, marts)

        connection.execute("create schema publication.marts")
        rows = {}
        for mart in marts:
            table = f"marts.{identifier(mart.name)}"
            copied = connection.execute(
                f"create table publication.{table} as select * from warehouse.{table}"
            ).fetchone()
            rows[mart.name] = int(copied[0]) if copied else 0
            _describe(connection, table, mart)

        if "rpt_restatements" in rows:
            # What this publish restates is known from now on as its doing.
            connection.execute(
                "update publication.marts.rpt_restatements set build_id = $build_id, "
                "published_at = $published_at where build_id = 'unpublished'",
                {"build_id": build_id, "published_at": published_at},
            )
        digests = "".join(
            f", {literal(digest)} as {identifier(f'{name}_digest')}"
            for name, digest in made_from.items()
        )
        connection.execute(
            f"""
            create table publication.main._build as
            select
                cast($build_id as varchar) as build_id,
                cast($published_at as timestamp) as published_at,
                settings.*
                {digests}
            from warehouse.raw.plumbline__settings as settings
            """,
            {"build_id": build_id, "published_at": published_at},
        )
        connection.execute(
            "comment on table publication.main._build is "
            "'Which build this file is, and digests of what it was made from: one row. UTC.'"
        )
        connection.execute(
            "create table publication.main._files as "
            "select source_name, table_name, file_name, fingerprint, exported_at "
            "from warehouse.raw.plumbline__files order by all"
        )
        connection.execute(
            "comment on table publication.main._files is 'The loaded files that it was made from.'"
        )
        connection.execute("detach publication")
    return rows


def _require_built(connection: duckdb.DuckDBPyConnection, marts: Sequence[Mart]) -> None:
    built = connection.execute(
        "select table_name from duckdb_tables() "
        "where database_name = 'warehouse' and schema_name = 'marts'"
    ).fetchall()
    missing = sorted({mart.name for mart in marts} - {name for (name,) in built})
    if missing:
        raise PublishError(f"never built: {', '.join(missing)}; run the build first")
    if not marts:
        raise PublishError("there is no mart to publish")


def _describe(connection: duckdb.DuckDBPyConnection, table: str, mart: Mart) -> None:
    if mart.description:
        connection.execute(f"comment on table publication.{table} is {literal(mart.description)}")
    for column, description in mart.columns.items():
        if description:
            name = f"publication.{table}.{identifier(column)}"
            connection.execute(f"comment on column {name} is {literal(description)}")


def _swap(fresh: Path, target: Path) -> None:
    """Put the fresh file in place so that it survives a power cut, whole or not at all."""
    _sync(fresh)
    # Left by somebody who opened the old file for writing; beside the new one it would block it.
    target.with_name(f"{target.name}.wal").unlink(missing_ok=True)
    fresh.replace(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
