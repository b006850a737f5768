"""What is asked of either tree, by its own code, in a process of its own:

    python -m orchestration.review.side demo DIR
    python -m orchestration.review.side build DIR
    python -m orchestration.review.side under [--all-marts] [--seconds N] DIR VARIANT...

`build` loads, builds and publishes, and nothing else: whether the gate opens is tested on every
pull request, and what other versions of a definition would give (`impacts`, `restated`) would take
as long again. `under` builds under other definitions, once for each VARIANT: a folder with CSV
files that stand in the place of those of that name. It gets a `plumbline.duckdb` with the scorecard
(or all marts), or a `problem.txt`; none of the two where the seconds were over before.
"""

from __future__ import annotations

import argparse
import atexit
import gc
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration import pipeline, provenance, transform
from orchestration import publish as publishing
from orchestration.contracts import DEFINITIONS, Contract, read_contracts
from orchestration.warehouse import connect, hold, literal
from orchestration.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    import duckdb

RESULT, PROBLEM, MANIFEST = "plumbline.duckdb", "problem.txt", "runs/manifest.json"


def build(root: Path) -> None:
    """Build the workspace at `root` and publish it."""
    workspace, monitor = open_workspace(root), pipeline.Monitor()
    with hold(root):
        pipeline.load(workspace, read_contracts(), monitor)
        provenance.prepare(workspace)
        provenance.forget_causes(workspace)
        transform.build(workspace)
        manifest = transform.read_manifest(root)
        pipeline.publish(workspace, manifest, monitor)
        _forget_id(workspace.published)
        (root / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def under(root: Path, variants: Sequence[Path], *, all_marts: bool, seconds: float) -> None:
    """Build under the definitions of each variant, until the seconds are over."""
    import duckdb

    from orchestration.ingest import IngestError

    started = time.monotonic()
    workspace = open_workspace(root)
    project = transform.read_project(root)
    marts = [
        mart
        for mart in transform.marts(project.manifest)
        if all_marts or mart.name == provenance.SCORECARD
    ]
    for variant in variants:
        if time.monotonic() - started > seconds:
            return
        try:
            queries = _loaded(workspace, variant)
            names = [mart.name for mart in marts]
            built = provenance.scenario(
                workspace, project, queries, targets=names, as_published=True
            )
            with built as warehouse:
                publishing.publish(warehouse, variant / "fresh.duckdb", marts)
                _forget_id(variant / "fresh.duckdb")
                (variant / "fresh.duckdb").rename(variant / RESULT)
        except (IngestError, transform.BuildError, duckdb.Error) as problem:
            told = str(problem).replace(f"{variant / 'workspace' / 'definitions'}/", "")
            (variant / PROBLEM).write_text(told, encoding="utf-8")


def _forget_id(published: Path) -> None:
    """Name this build alike every time where a mart names it: its id is another in each."""
    with connect(published, read_only=False) as connection:
        found = connection.execute(
            "select 1 from duckdb_tables() where table_name = 'rpt_restatements'"
        ).fetchone()
        if found:
            connection.execute(
                "update marts.rpt_restatements set build_id = 'this build', published_at = "
                "timestamp '2000-01-01' where build_id = (select build_id from main._build)"
            )


def _loaded(workspace: Workspace, variant: Path) -> Mapping[str, str]:
    """The definitions of a variant by name, as queries; typed and checked as in any run."""
    from orchestration.ingest import IngestError, ingest

    contracts = {
        name: contract
        for name, contract in read_contracts().items()
        if _is_needed(contract, variant)
    }
    own = Workspace(variant / "workspace", workspace.config.model_copy(update={"files": ()}))
    own.definitions.mkdir(parents=True, exist_ok=True)
    for path in variant.glob("*.csv"):
        (own.definitions / path.name).write_bytes(path.read_bytes())
    result = ingest(own, contracts)
    strange = [file.file_name for file in result.with_status("unmatched")]
    if strange:
        raise IngestError(f"the base knows no {', '.join(strange)}")
    with connect(workspace.warehouse) as connection:
        return {
            file.table: _as_the_file_that_counts(connection, file.table, file.path(own.raw))
            for file in result.files
        }


def _is_needed(contract: Contract, variant: Path) -> bool:
    return contract.source == DEFINITIONS and (variant / f"{contract.table}.csv").is_file()


def _as_the_file_that_counts(connection: duckdb.DuckDBPyConnection, table: str, path: Path) -> str:
    """Rows under the fingerprint of the file in whose place they stand."""
    [(fingerprint,)] = connection.execute(
        "select fingerprint from raw.plumbline__files where source_name = ? and table_name = ?",
        [DEFINITIONS, table],
    ).fetchall()
    return (
        f"select * replace ({literal(fingerprint)} as _fingerprint) "
        f"from read_parquet({literal(str(path))})"
    )


def main() -> None:
    """Do what the command line says; what the user can mend is told in one message."""
    from orchestration.cli import user_errors

    atexit.register(gc.freeze)  # nobody waits until all that was imported is put away
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=["demo", "build", "under"])
    parser.add_argument("root", type=Path)
    parser.add_argument("variants", type=Path, nargs="*")
    parser.add_argument("--all-marts", action="store_true")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    asked = parser.parse_args()
    try:
        if asked.task == "demo":
            pipeline.make_demo(asked.root, pipeline.Monitor())
        elif asked.task == "build":
            build(asked.root)
        else:
            under(asked.root, asked.variants, all_marts=asked.all_marts, seconds=asked.seconds)
    except Exception as problem:
        if not isinstance(problem, user_errors()):
            raise
        sys.stderr.write(f"{problem}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
