"""The metrics once more, in plain Python over the export files: a second path to every number.

Nothing here imports the project or reads what it made. `company.py` reads a workspace's exports
into the rows of the generic entities, as text; each module of `DOMAINS` computes the metrics of one
domain from them by the glossary, the slow and obvious way. A module has `QUERIES` (name: SQL over
the published file) and `expected(company)` (name: the rows which that SQL must give, in any order).
"""

from __future__ import annotations

import importlib
import importlib.util
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb

from tests.oracle.company import Company, read

DOMAINS = [
    name
    for name in (
        "identity",
        "funnel",
        "conversion",
        "sla",
        "pipeline",
        "recurring",
        "audience",
        "sourcing",
        "commerce",
    )
    if importlib.util.find_spec(f"tests.oracle.{name}")
]


def differences(domain: str, company: Company, database: Path) -> Iterator[str]:
    """What the published file at `database` and the module of `domain` do not agree on."""
    module = importlib.import_module(f"tests.oracle.{domain}")
    expected = module.expected(company)
    assert set(expected) == set(module.QUERIES), f"{domain}: queries and expectations differ"
    with duckdb.connect(database, read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for name, query in module.QUERIES.items():
            found = Counter(connection.execute(query).fetchall())
            wanted = Counter(tuple(row) for row in expected[name])
            missing, surplus = wanted - found, found - wanted
            if missing or surplus:
                yield (
                    f"{domain}.{name}: of {wanted.total():,} rows {missing.total():,} are not in "
                    f"the marts and {surplus.total():,} others are:\n"
                    + "".join(f"  - {row}\n" for row in sorted(map(repr, missing))[:12])
                    + "".join(f"  + {row}\n" for row in sorted(map(repr, surplus))[:12])
                )


__all__ = ["DOMAINS", "differences", "read"]
