"""What the page tells, gathered from where it is said: dbt's manifest, contracts, expectations.

Tables are the models and the raw tables that they read, named as in the lineage: `rpt_scorecard`,
`salesforce.opportunities`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration import lineage, quality
from orchestration.contracts import DEFINITIONS, Contract, read_contracts
from orchestration.report.parts import formatted
from orchestration.transform import Keys, keys, read_manifest
from orchestration.workspace import PROJECT_ROOT

if TYPE_CHECKING:
    from markupsafe import Markup

ROWS_SHOWN = 12  # of a definition
LOADER = {
    "_fingerprint": "Names the loaded file.",
    "_line": "Line of the row in its file.",
    "_exported_at": "When the file was exported (UTC).",
    "_file_name": "Name of the file, below exports/.",
}
TERM = re.compile(r"{% docs (\w+) %}\s*(.*?)\s*{% enddocs %}", re.DOTALL)


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    name: str
    data_type: str
    description: Markup
    facts: Sequence[str]
    made_of: Sequence[tuple[str, Sequence[str]]]
    """The columns of other tables whose values enter it, by table."""


@dataclass(frozen=True)
class Check:
    """What is held of a table, and what happens when it does not hold."""

    words: str
    kind: str
    """`blocks publishing`, `warning`, `stops the run`."""


@dataclass(frozen=True)
class Table:
    """A model, or a raw table."""

    name: str
    layer: str
    """marts, intermediate, staging or raw."""
    area: str
    """Its folder below the layer; of a raw table its source."""
    description: Markup
    file: str
    columns: Sequence[Column]
    facts: Sequence[tuple[str, str]]
    reads: Sequence[str]
    read_by: Sequence[str]
    metrics: Sequence[str]
    dashboards: Sequence[str]
    checks: Sequence[Check]
    rules: Sequence[str]
    """The names of its unit tests, as sentences."""


@dataclass(frozen=True)
class Metric:
    """A number with a name."""

    name: str
    label: str
    description: Markup
    owner: str
    formula: Sequence[tuple[str, str]]
    """Words, and the metric or table that they name, if any."""
    conditions: Sequence[str]
    marts: Sequence[str]
    versions: Sequence[Mapping[str, str]]
    """Its rows in metric_definitions.csv."""


@dataclass(frozen=True)
class Definition:
    """A file of seeds/definitions, and what it says by default."""

    table: Table
    file: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    count: int
    owners: Sequence[str]


@dataclass(frozen=True)
class Term:
    """A term of the glossary, or words between the terms (without a name)."""

    name: str
    text: Markup


@dataclass(frozen=True)
class Docs:
    """All that the page tells."""

    tables: Mapping[str, Table]
    metrics: Sequence[Metric]
    definitions: Sequence[Definition]
    glossary: Sequence[tuple[str, Sequence[Term]]]
    """By heading."""
    about: Mapping[str, Markup]
    """What a source is, by its name."""
    dashboards: Mapping[str, Markup]

    def by_area(self, layer: str) -> list[tuple[str, list[Table]]]:
        """The tables of a layer, by their folder or source; definitions stand apart."""
        tables = sorted(
            (t for t in self.tables.values() if t.layer == layer and t.area != DEFINITIONS),
            key=lambda table: (table.area, table.name),
        )
        return [(area, list(some)) for area, some in groupby(tables, lambda t: t.area)]


def read(root: Path) -> Docs:
    """Everything of the project as it is now. `root` is that of a workspace (`read_project`)."""
    manifest = read_manifest(root)
    reader = _Reader(manifest, read_contracts(), lineage.column_lineage(root))
    tables = {table.name: table for table in (*reader.models(), *reader.sources())}
    exposures = manifest["exposures"].values()
    return Docs(
        tables=tables,
        metrics=sorted(reader.metrics(), key=lambda metric: metric.label.casefold()),
        definitions=[
            _definition(table)
            for table in sorted(tables.values(), key=lambda table: table.name)
            if table.area == DEFINITIONS
        ],
        glossary=_glossary(PROJECT_ROOT / "models" / "glossary.md"),
        about={
            source["source_name"]: formatted(source["source_description"])
            for source in manifest["sources"].values()
        },
        dashboards={e["label"]: formatted(e["description"]) for e in exposures},
    )


class _Reader:
    """The manifest and what stands beside it, looked up by unique id."""

    def __init__(
        self,
        manifest: Mapping[str, Any],
        contracts: Mapping[str, Contract],
        columns: lineage.Columns,
    ) -> None:
        self.manifest = manifest
        self.contracts = contracts
        self.lineage = columns
        self.keys: Keys = keys(manifest)
        self.names = {
            unique_id: f"{node['source_name']}.{node['name']}"
            if unique_id in manifest["sources"]
            else node["name"]
            for unique_id, node in {**manifest["nodes"], **manifest["sources"]}.items()
            if node["resource_type"] in ("model", "source")
        }
        self.expected = {
            suite.table.removeprefix("marts."): [
                Check(quality.in_words(expectation), _severity(expectation))
                for expectation in suite.expectations
            ]
            for suite in quality.mart_suites()
        }
        self.on_marts: dict[str, set[str]] = {}
        """The names of the marts that a metric is counted from, by the metric's unique id."""

    def models(self) -> Iterator[Table]:
        for unique_id, node in self.manifest["nodes"].items():
            if node["resource_type"] != "model":
                continue
            name = node["name"]
            key = self.keys.primary.get(name, ())
            leads_to = {
                foreign.column: f"{foreign.to_table}.{foreign.to_column}"
                for foreign in self.keys.foreign
                if foreign.table == name
            }
            yield Table(
                name=name,
                layer=node["schema"],
                area=node["fqn"][2] if len(node["fqn"]) > 3 else node["schema"],
                description=formatted(node["description"]),
                file=node["original_file_path"],
                columns=[
                    self._column(
                        name,
                        column,
                        node["columns"].get(column, {}),
                        [
                            *(["key"] if column in key else []),
                            *([f"→ {leads_to[column]}"] if column in leads_to else []),
                        ],
                    )
                    for column in dict.fromkeys([*node["columns"], *self.lineage[name]])
                ],
                facts=[("One row per", ", ".join(key))] if key else [],
                **self._around(unique_id),
                checks=[*self._tests(unique_id), *self.expected.get(name, [])],
                rules=sorted(
                    test["name"].replace("_", " ")
                    for test in self.manifest["unit_tests"].values()
                    if test["model"] == name
                ),
            )

    def sources(self) -> Iterator[Table]:
        for unique_id, node in self.manifest["sources"].items():
            name = self.names[unique_id]
            contract = self.contracts.get(name)
            columns = [
                self._column(name, column, words, _column_facts(contract, column))
                for column, words in node["columns"].items()
            ]
            loaded = {column for made in self.lineage.values() for column in _named(made, name)}
            columns += [
                self._column(name, column, {"description": words}, ["added by the loader"])
                for column, words in LOADER.items()
                if column in loaded and column not in node["columns"]
            ]
            yield Table(
                name=name,
                layer="raw",
                area=node["source_name"],
                description=formatted(node["description"]),
                file=node["original_file_path"],
                columns=columns,
                facts=list(_contract_facts(contract, node)),
                **self._around(unique_id),
                checks=[],
                rules=[],
            )

    def _around(self, unique_id: str) -> dict[str, list[str]]:
        """What a table reads, and who reads it."""
        readers = self.manifest["child_map"].get(unique_id, [])
        return {
            "reads": self._tables(self.manifest["parent_map"].get(unique_id, [])),
            "read_by": self._tables(readers),
            "metrics": sorted(
                metric["name"]
                for metric_id, metric in self.manifest["metrics"].items()
                if unique_id in self._marts(metric_id)
            ),
            "dashboards": sorted(
                self.manifest["exposures"][reader]["label"]
                for reader in readers
                if reader in self.manifest["exposures"]
            ),
        }

    def _tables(self, unique_ids: Sequence[str]) -> list[str]:
        return sorted({self.names[name] for name in unique_ids if name in self.names})

    def _column(
        self, table: str, name: str, words: Mapping[str, Any], facts: Sequence[str]
    ) -> Column:
        parents = self.lineage.get(table, {}).get(name, [])
        return Column(
            name=name,
            data_type=words.get("data_type") or "",
            description=formatted(words.get("description", "")),
            facts=facts,
            made_of=[
                (parent, [found.column for found in some])
                for parent, some in groupby(parents, lambda found: found.table)
            ],
        )

    def _tests(self, unique_id: str) -> Iterator[Check]:
        for test in self.manifest["nodes"].values():
            if test["resource_type"] != "test" or test.get("attached_node") != unique_id:
                continue
            kind, given = test["test_metadata"]["name"], test["test_metadata"]["kwargs"]
            if kind == "unique_key":
                yield Check(f"unique, never null: {', '.join(given['columns'])}", "stops the run")
            elif kind == "foreign_keys":
                for column, there in given["references"].items():
                    yield Check(f"{column} is found in {there}", "stops the run")
            else:
                yield Check(f"{kind.replace('_', ' ')}: {given['column_name']}", "stops the run")

    def metrics(self) -> Iterator[Metric]:
        """Every metric as code."""
        path = PROJECT_ROOT / "seeds" / "definitions" / "metric_definitions.csv"
        with path.open(encoding="utf-8", newline="") as file:
            agreed = list(csv.DictReader(file))
        metrics = {metric["name"]: metric for metric in self.manifest["metrics"].values()}
        families = {row["metric"] for row in agreed} - set(metrics)
        for unique_id, metric in self.manifest["metrics"].items():
            name = metric["name"]
            # Of a metric with variants each is one of its own: cac_paid is defined as cac.
            family = max((f for f in families if name.startswith(f"{f}_")), key=len, default="")
            yield Metric(
                name=name,
                label=metric["label"] or name,
                description=formatted(metric["description"]),
                owner=str(metric["config"]["meta"].get("owner", "")),
                formula=self._formula(metric),
                conditions=[
                    re.sub(r"{{\s*Dimension\('(.+?)'\)\s*}}", r"\1", each["where_sql_template"])
                    for each in (metric["filter"] or {}).get("where_filters", [])
                ],
                marts=self._tables(sorted(self._marts(unique_id))),
                versions=[row for row in agreed if row["metric"] in (name, family)],
            )

    def _formula(self, metric: Mapping[str, Any]) -> list[tuple[str, str]]:
        given = metric["type_params"]
        if metric["type"] == "ratio":
            above, below = given["numerator"]["name"], given["denominator"]["name"]
            return [(above, f"metric-{above}"), (" / ", ""), (below, f"metric-{below}")]
        if metric["type"] == "derived":
            formula = [(f"{given['expr']}, of ", "")]
            for place, part in enumerate(given["metrics"]):
                alias = f" as {part['alias']}" if part["alias"] else ""
                offset = part["offset_window"] or {}
                back = f" {offset['count']} {offset['granularity']} before" if offset else ""
                formula += [(", " if place else "", ""), (part["name"], f"metric-{part['name']}")]
                formula += [(f"{back}{alias}", "")]
            return formula
        wanted = given["measure"]["name"]
        for semantic in self.manifest["semantic_models"].values():
            for measure in semantic["measures"]:
                if measure["name"] == wanted:
                    mart = semantic["node_relation"]["alias"]
                    counted = f"{measure['agg']}({measure['expr'] or wanted}) of "
                    return [(counted, ""), (mart, mart)]
        raise KeyError(wanted)

    def _marts(self, unique_id: str) -> set[str]:
        """The unique ids of the marts that a metric is counted from."""
        if unique_id not in self.on_marts:
            above = self.manifest["parent_map"][unique_id]
            models = {name for name in above if name in self.names}
            others = (self._marts(name) for name in above if name not in self.names)
            self.on_marts[unique_id] = models.union(*others)
        return self.on_marts[unique_id]


def _named(made: Mapping[str, Sequence[lineage.Parent]], table: str) -> set[str]:
    return {parent.column for some in made.values() for parent in some if parent.table == table}


def _severity(expectation: Any) -> str:
    severity = str(getattr(expectation.severity, "value", expectation.severity))
    return "blocks publishing" if severity == "critical" else severity


def _column_facts(contract: Contract | None, name: str) -> list[str]:
    """What the contract asks of a column."""
    column = next((c for c in contract.columns if c.name == name), None) if contract else None
    if column is None:
        return []
    rules = column.rules
    headers = ", ".join(column.headers)
    return [
        *(["required"] if rules.required else []),
        *(["never empty"] if rules.not_null and not rules.required else []),
        *([f"kept as {_KEPT[rules.identity]}"] if rules.identity else []),
        *([f"header: {headers}"] if headers not in ("", name) else []),
        *([f"meaning: {rules.definition.name}"] if rules.definition else []),
    ]


_KEPT = {
    "email": "a keyed hash",
    "id": "a keyed hash",
    "domain": "its domain",
    "test_flag": "a flag",
}


def _contract_facts(
    contract: Contract | None, node: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """How the files of a contract are known, and what a newer one means."""
    if contract is None or contract.source == DEFINITIONS:
        return
    rules = contract.rules
    modes = {
        "full": "what a newer file lacks was deleted",
        "incremental": "a newer file replaces the rows it has",
        "window": "a newer file replaces the days it covers",
    }
    if rules.match:
        yield "Files", ", ".join(rules.match)
    if contract.key:
        yield "One row per", ", ".join(contract.key)
    yield "Loaded", f"{contract.mode}: {modes[contract.mode]}"
    freshness = node.get("freshness") or {}
    for name, words in (("warn_after", "Late after"), ("error_after", "Stale after")):
        limit = freshness.get(name) or {}
        if limit.get("count"):
            yield words, f"{limit['count']} {limit['period']}s"


def _definition(table: Table) -> Definition:
    name = f"{table.name.partition('.')[2]}.csv"
    with (PROJECT_ROOT / "seeds" / DEFINITIONS / name).open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    owners = {
        row[place]
        for row in rows
        for place, column in enumerate(header)
        if column in ("owner", "owner_sales", "owner_marketing") and row[place]
    }
    return Definition(table, name, header, rows[:ROWS_SHOWN], len(rows), sorted(owners))


def _glossary(path: Path) -> list[tuple[str, list[Term]]]:
    """The glossary by its headings; between the terms stand paragraphs without a name."""
    found = []
    for chapter in re.split(r"^## ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        heading, _, text = chapter.partition("\n")
        terms: list[Term] = []
        end = 0
        for match in TERM.finditer(text):
            terms += _paragraphs(text[end : match.start()])
            terms.append(Term(match[1], formatted(match[2])))
            end = match.end()
        terms += _paragraphs(text[end:])
        found.append((heading.strip(), terms))
    return found


def _paragraphs(text: str) -> list[Term]:
    return [Term("", formatted(words)) for words in re.split(r"\n\s*\n", text) if words.strip()]
