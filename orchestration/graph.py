"""What each table and data test says of itself in Dagster: its place, owner, kind and columns.

All of it is read from what dbt read of the project: descriptions, types, tests and owners stand
there, once. dagster-dbt could do part of this; its import took as long as all the rest of a start.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg

from orchestration.lineage import Parent
from orchestration.transform import run_nodes

Manifest = Mapping[str, Any]
Node = Mapping[str, Any]
Lineage = Mapping[str, Mapping[str, Sequence[Parent]]]
"""By model and column what it is made of."""

LOADER = "plumbline"  # the source of the tables that the loader itself writes


class Graph:
    """The tables and tests of a project as Dagster's assets and checks."""

    def __init__(self, manifest: Manifest, lineage: Lineage | None = None) -> None:
        """`lineage` adds to the columns of the models which others they are made of."""
        self._nodes = manifest["nodes"]
        self._sources = manifest["sources"]
        self._lineage = lineage or {}
        self.models = [n for n in self._nodes.values() if n["resource_type"] == "model"]
        self._tests = [n for n in run_nodes(manifest) if n["resource_type"] == "test"]
        self._keys = {node["name"]: asset_key(node) for node in self.models} | {
            f"{source['source_name']}.{source['name']}": asset_key(source)
            for source in self._sources.values()
        }
        self._promises = _promises(self._tests, self._nodes)
        self._owners = {
            **{source["source_name"]: _owners(source) for source in self._sources.values()},
            **{n["fqn"][2]: _owners(n) for n in self.models if n["fqn"][1] == "staging"},
        }
        self.owners = self._owners.get(LOADER, [])
        """Those who run all this: the owners of the loader's own tables."""

    def raw_tables(self) -> list[dg.AssetSpec]:
        """Every source."""
        return [self._raw_table(source) for source in self._sources.values()]

    def tables(self) -> list[dg.AssetSpec]:
        """Every model."""
        return [self._table(node) for node in self.models]

    def checks(self) -> list[dg.AssetCheckSpec]:
        """Every data test of a run: one of several tables is a check of the first."""
        specs = []
        for test in self._tests:
            asset, *others = self._tested(test)
            specs.append(
                dg.AssetCheckSpec(
                    test["name"],
                    asset=asset,
                    description=claim(test),
                    additional_deps=others,
                    blocking=True,
                )
            )
        return specs

    def check_key(self, unique_id: str) -> dg.AssetCheckKey:
        """The check that a data test is."""
        test = self._nodes[unique_id]
        return dg.AssetCheckKey(self._tested(test)[0], test["name"])

    def columns(self, name: str) -> dg.TableColumnLineage | None:
        """Which columns those of a model are made of, where that is known; Dagster's pages take it
        from the last materialization."""
        columns = self._lineage.get(name)
        if not columns:
            return None
        return dg.TableColumnLineage(
            {
                column: [
                    dg.TableColumnDep(self._keys[parent.table], parent.column) for parent in parents
                ]
                for column, parents in columns.items()
            }
        )

    def _tested(self, test: Node) -> list[dg.AssetKey]:
        """The tables that a test reads, the one first that it is written beside."""
        read = sorted(name for name in test["depends_on"]["nodes"])
        first = test.get("attached_node")
        ordered = [*([first] if first else ()), *(name for name in read if name != first)]
        return [asset_key(self._sources.get(name) or self._nodes[name]) for name in ordered]

    def _raw_table(self, source: Node) -> dg.AssetSpec:
        name = source["source_name"]
        return dg.AssetSpec(
            asset_key(source),
            description=source["description"],
            group_name=name,
            owners=self._owners[name],
            tags={"layer": "raw", "source": name},
            kinds={"parquet"} if name == LOADER else {"csv", "parquet"},
            metadata={
                "dagster/table_name": f"raw.{source['identifier']}",
                "dagster/column_schema": dg.TableSchema(
                    [_raw_column(column) for column in source["columns"].values()]
                ),
                "file": source["original_file_path"],
            },
            skippable=True,
        )

    def _table(self, node: Node) -> dg.AssetSpec:
        _, layer, folder, *_ = node["fqn"]
        promises = self._promises[node["name"]]
        return dg.AssetSpec(
            asset_key(node),
            deps=[
                asset_key(self._sources.get(name) or self._nodes[name])
                for name in node["depends_on"]["nodes"]
            ],
            description=node["description"],
            group_name=folder if layer == "staging" else f"{layer}_{folder}",
            owners=_owners(node),
            tags={
                "layer": layer,
                "source" if layer == "staging" else "subject": folder,
                **dict.fromkeys(node["config"].get("tags", ()), ""),
            },
            kinds={"dbt", "duckdb", node["config"]["materialized"]},
            metadata={
                "dagster/table_name": f"{node['schema']}.{node['name']}",
                "dagster/column_schema": dg.TableSchema(
                    [
                        dg.TableColumn(
                            name,
                            column["data_type"] or "",
                            column["description"],
                            promises.get(name),
                        )
                        for name, column in node["columns"].items()
                    ]
                ),
                "file": node["original_file_path"],
                "sql": dg.MetadataValue.md(f"```sql\n{node['raw_code']}\n```"),
            },
            skippable=True,
        )


def asset_key(table: Node) -> dg.AssetKey:
    """Of a source its name and the table's, of a model its schema and name."""
    return dg.AssetKey([table.get("source_name") or table["schema"], table["name"]])


def claim(test: Node) -> str:
    """What a data test claims, as a sentence."""
    said = test.get("test_metadata") or {}
    given = said.get("kwargs", {})
    if said.get("name") == "unique_key":
        return f"No two rows have the same {_listed(given['columns'])}, and none lacks it."
    if said.get("name") == "foreign_keys":
        pairs = [f"{column} is found in {there}" for column, there in given["references"].items()]
        return f"Every {_listed(pairs)}."
    return test["description"] or f"{test['name'].replace('_', ' ').capitalize()}."


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _owners(table: Node) -> list[str]:
    return list(table["meta"].get("dagster", {}).get("owners", []))


def _raw_column(column: Node) -> dg.TableColumn:
    """A column as its contract has it: what is kept of a person is told apart."""
    rules = column["config"].get("meta", {})
    identity = rules.get("identity")
    return dg.TableColumn(
        column["name"],
        column["data_type"] or "",
        column["description"],
        dg.TableColumnConstraints(
            nullable=not rules.get("not_null"),
            other=["every file has it"] if rules.get("required") else [],
        ),
        tags={"identity": identity} if identity else None,
    )


def _promises(
    tests: Iterable[Node], nodes: Mapping[str, Node]
) -> Mapping[str, Mapping[str, dg.TableColumnConstraints]]:
    """What the data tests hold the columns of each model to, by its name."""
    keys: dict[str, dict[str, Sequence[str]]] = defaultdict(dict)
    leads: dict[str, dict[str, str]] = defaultdict(dict)
    for test in tests:
        said = test.get("test_metadata") or {}
        table = nodes.get(test.get("attached_node") or "", {}).get("name", "")
        given = said.get("kwargs", {})
        if said.get("name") == "unique_key":
            keys[table] |= dict.fromkeys(given["columns"], given["columns"])
        elif said.get("name") == "foreign_keys":
            leads[table] |= given["references"]
    return defaultdict(
        dict,
        {
            table: {
                column: dg.TableColumnConstraints(
                    nullable=column not in keys[table],
                    unique=keys[table].get(column) == [column],
                    other=[
                        *(
                            [f"unique with {_listed(c for c in of if c != column)}"]
                            if len(of := keys[table].get(column, ())) > 1
                            else []
                        ),
                        *([f"leads to {leads[table][column]}"] if column in leads[table] else []),
                    ],
                )
                for column in (*keys[table], *leads[table])
            }
            for table in {*keys, *leads}
        },
    )
