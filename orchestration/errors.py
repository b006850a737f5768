"""Which errors may be gone when the same is tried a little later."""

from __future__ import annotations

import re

# In the words of DuckDB and the system, as dbt hands them on.
OF_THE_MACHINE = re.compile(r"IO Error|Out of Memory Error|No space left on device", re.IGNORECASE)


def may_pass(error: BaseException) -> bool:
    """Whether the same step may well succeed a little later: the disk was full, memory short, a
    file open elsewhere, PostgreSQL away. Bad data, settings and models stay as they are.
    """
    import duckdb

    from orchestration.postgres import PostgresAway
    from orchestration.transform import BuildError

    if isinstance(error, BuildError):
        failed = [node.message for node in error.nodes if node.failed] or [str(error)]
        return all(OF_THE_MACHINE.search(message) for message in failed)
    if isinstance(error, FileNotFoundError | PermissionError | FileExistsError):
        return False
    return isinstance(
        error, (OSError, PostgresAway, duckdb.IOException, duckdb.OutOfMemoryException)
    )
