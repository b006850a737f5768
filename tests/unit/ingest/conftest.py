"""A workspace to load exports into, with contracts of the test's own."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.contracts import PROJECT_ROOT, Contract, read_contracts
from orchestration.ingest import IngestResult, LoadResult, ingest, run
from orchestration.workspace import Config, Workspace


@dataclass
class Lab:
    """A workspace, and short ways to fill it and to look into it."""

    root: Path
    settings: dict[str, Any] = field(default_factory=dict)
    contracts: dict[str, Contract] = field(default_factory=dict)

    @property
    def workspace(self) -> Workspace:
        config = {"company": "Acme", "demo": True, **self.settings}
        (self.root / "workspace.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
        return Workspace(self.root, Config.model_validate(config))

    def contract(self, name: str, columns: dict[str, Any], **rules: Any) -> Contract:
        """Add a contract; a column is its type, or its type with its rules."""
        source, table = name.split(".")
        listed = []
        for column, stated in columns.items():
            kind, meta = (stated, {}) if isinstance(stated, str) else (stated[0], stated[1])
            listed.append({"name": column, "data_type": kind, "config": {"meta": meta}})
        meta = {"match": ["*.csv"], **rules}
        document = {
            "sources": [
                {
                    "name": source,
                    "tables": [{"name": table, "config": {"meta": meta}, "columns": listed}],
                }
            ]
        }
        path = self.root / "models" / f"_{source}__{table}__sources.yml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
        self.contracts = read_contracts(self.root / "models")
        return self.contracts[name]

    def export(self, name: str, content: str | bytes, *, at: int = 1_760_000_000) -> Path:
        """Put a file below exports/, with a time of change that has settled."""
        path = self.root / "exports" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(path, (at, at))
        return path

    def ingest(self, **options: Any) -> IngestResult:
        return ingest(self.workspace, self.contracts, **options)

    def ingest_as_of(self, day: date) -> IngestResult:
        return ingest(self.workspace.at(day), self.contracts)

    def one(self, content: str | bytes, name: str = "crm/rows.csv") -> LoadResult:
        """Load one file under the one contract there is."""
        self.export(name, content)
        [result] = self.ingest().files
        return result

    def rows(self, relation: str = "crm.rows", order: str = "all") -> list[tuple[Any, ...]]:
        """The rows of all files of a contract that count, as the models see them."""
        source, table = relation.split(".")
        found = self.query(
            "select path from '{raw}/_files.parquet' "
            f"where source_name = '{source}' and table_name = '{table}' order by path"
        )
        paths = [f"{self.root}/raw/{source}/{table}/_schema.parquet"]
        paths += [f"{self.root}/raw/{path}" for (path,) in found]
        return self.query(
            f"select * exclude (_fingerprint) from read_parquet({paths}, union_by_name = true) "
            f"order by {order}"
        )

    def rejects(self, result: LoadResult) -> list[tuple[Any, ...]]:
        path = f"{result.source}/{result.table}/{result.fingerprint}.rejects.parquet"
        return self.query(f"select line, column_name, reason from '{{raw}}/{path}' order by line")

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect() as connection:
            return connection.execute(sql.replace("{raw}", f"{self.root}/raw")).fetchall()


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setattr(run, "SEEDS", tmp_path / "seeds")
    monkeypatch.delenv("PLUMBLINE_IDENTITY_KEY", raising=False)
    (tmp_path / "exports").mkdir()
    return Lab(tmp_path)


@pytest.fixture(scope="session")
def vendors() -> dict[str, Contract]:
    """The contracts of the project, definitions apart."""
    return {n: c for n, c in read_contracts().items() if c.source != "definitions"}


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real exports, which are not part of the project."""
    stated = os.environ.get("PLUMBLINE_SHARED_DATA")
    path = Path(stated) if stated else PROJECT_ROOT.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip("no real exports here: set PLUMBLINE_SHARED_DATA to their folder")
    return path
