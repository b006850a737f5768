"""`python -m tests.oracle WORKSPACE [DOMAIN]...`: compare a published workspace with the oracle.

`python -m tests.oracle --make SEED FOLDER [DOMAIN]...` makes a random company there, builds it and
compares it: the one that a failing test names.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from random import Random

from tests.oracle import DOMAINS, differences, read


def main(arguments: list[str]) -> int:
    """Print what differs; 1 where anything does."""
    database = "published/plumbline.duckdb"
    if arguments[:1] == ["--make"]:
        from tests.oracle.build import build
        from tests.oracle.make import make

        seed, folder, *arguments = arguments[1:]
        arguments = [folder, *arguments]
        make(Random(seed), Path(folder))
        build(Path(folder))
        database = "warehouse.duckdb"
    root, *domains = arguments
    company = read(Path(root))
    failed = 0
    for domain in domains or DOMAINS:
        found = list(differences(domain, company, Path(root) / database))
        queries = importlib.import_module(f"tests.oracle.{domain}").QUERIES
        sys.stdout.write(
            f"{domain}: {len(queries)} queries, {len(found)} differ\n" + "".join(found)
        )
        failed += len(found)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
