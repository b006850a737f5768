"""Everything that people meet is described, in words that say more than its name."""

from __future__ import annotations

import csv
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration import lineage
from orchestration.contracts import read_contracts
from orchestration.quality import mart_names
from orchestration.transform import read_manifest
from orchestration.workspace import PROJECT_ROOT

MODELS = PROJECT_ROOT / "models"
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "deploy/*.md")
    for path in PROJECT_ROOT.glob(pattern)
)
LINK = re.compile(r"\[[^\]]+\]\(([^)#\s]+)(?:#[^)]*)?\)")
INLINE = re.compile(r"`([^`]+)`|^ {4}(.*)$|^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def says_nothing(name: str, description: str | None) -> bool:
    """Whether a description is empty, or the name again."""
    plain = re.sub(r"[^a-z0-9]+", " ", (description or "").lower()).strip()
    return plain in ("", re.sub(r"[^a-z0-9]+", " ", name.lower()).strip())


@pytest.mark.parametrize(
    ("description", "nothing"),
    [("", True), (None, True), ("Lead id.", True), ("Id of the lead in its system.", False)],
)
def test_a_name_again_is_no_description(description: str | None, nothing: bool) -> None:
    assert says_nothing("lead_id", description) is nothing


def described() -> Iterator[tuple[str, str | None]]:
    """All that is described in the YAML of models/, as it stands there."""
    for path in sorted(MODELS.rglob("*.yml")):
        document = yaml.load(path.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        for kind in ("models", "exposures", "metrics", "semantic_models"):
            for thing in document.get(kind) or []:
                yield thing["name"], thing.get("description")
                for column in thing.get("columns") or []:
                    yield f"{thing['name']}.{column['name']}", column.get("description")
        for source in document.get("sources") or []:
            yield source["name"], source.get("description")
            for table in source["tables"]:
                yield f"{source['name']}.{table['name']}", table.get("description")
                for column in table.get("columns") or []:
                    name = f"{source['name']}.{table['name']}.{column['name']}"
                    yield name, column.get("description")


def test_every_model_column_source_metric_and_dashboard_is_described() -> None:
    silent = [name for name, text in described() if says_nothing(name.rpartition(".")[2], text)]

    assert silent == []


def test_every_model_stands_in_a_yaml_file_beside_it() -> None:
    lonely = [path.name for path in MODELS.rglob("*.sql") if not path.with_suffix(".yml").is_file()]

    assert lonely == []


@pytest.mark.slow
def test_every_column_that_a_model_gives_is_described_and_no_other(tmp_path: Path) -> None:
    columns = lineage.column_lineage(tmp_path)
    nodes = read_manifest(tmp_path)["nodes"].values()
    models = {node["name"]: node["columns"] for node in nodes if node["resource_type"] == "model"}

    differ = {name: set(columns[name]) ^ set(models[name]) for name in models}
    assert {name: found for name, found in differ.items() if found} == {}


def test_every_column_of_a_definition_is_described_and_every_described_one_is_there() -> None:
    contracts = read_contracts()
    for path in sorted((PROJECT_ROOT / "seeds" / "definitions").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            header = next(csv.reader(file))

        columns = [column.name for column in contracts[f"definitions.{path.stem}"].columns]
        assert sorted(header) == sorted(columns), path.name


def test_every_macro_opens_with_what_it_is() -> None:
    """In words of their own: all that others call, and not what stands behind a dispatch."""
    silent = []
    for path in sorted((PROJECT_ROOT / "macros").glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        for match in re.finditer(r"{%-?\s*macro\s+(\w+)\s*\(", text):
            name = match[1]
            if re.match(r"(duckdb|spark|default)__", name):
                continue
            before = text[: match.start()].rstrip()
            if not before.endswith(("#}", "-#}")):
                silent.append(f"{path.name}: {name}")
    assert silent == []


@pytest.mark.parametrize("mart", mart_names())
def test_the_expectations_of_a_mart_say_what_they_are_about(mart: str) -> None:
    module: Any = importlib.import_module(f"expectations.{mart}")

    assert f"marts.{mart}" in (module.__doc__ or ""), mart


@pytest.mark.slow
def test_every_agreed_metric_can_be_asked_for_and_every_metric_of_a_scorecard_is_agreed(
    tmp_path: Path,
) -> None:
    path = PROJECT_ROOT / "seeds" / "definitions" / "metric_definitions.csv"
    with path.open(encoding="utf-8", newline="") as file:
        agreed = {row["metric"] for row in csv.DictReader(file)}
    metrics = {metric["name"] for metric in read_manifest(tmp_path)["metrics"].values()}

    # One number per experiment: neither time nor experiments add up to another (docs/metrics.md).
    without = {"campaign_lift"}
    unasked = {
        name
        for name in agreed - without
        if name not in metrics and not any(metric.startswith(f"{name}_") for metric in metrics)
    }
    assert unasked == set()


@pytest.mark.slow
def test_every_term_of_the_glossary_is_used_and_each_once(tmp_path: Path) -> None:
    glossary = (MODELS / "glossary.md").read_text(encoding="utf-8")
    terms = re.findall(r"{% docs (\w+) %}", glossary)
    said = "\n".join(path.read_text(encoding="utf-8") for path in MODELS.rglob("*.yml"))

    assert len(terms) == len(set(terms))
    assert {term for term in terms if f"doc('{term}')" not in said} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_command_and_make_target_that_a_page_names_exists() -> None:
    from typer.main import get_command

    from orchestration.cli import app

    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    makefile = (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    unknown = []
    for page in PAGES:
        for code in INLINE.finditer(page.read_text(encoding="utf-8")):
            text = next(filter(None, code.groups()), "")
            named = re.findall(r"(?:^|/|\s)plumbline ([a-z]+)\b", text)
            unknown += [f"{page.name}: plumbline {n}" for n in named if n not in commands]
            made = re.findall(r"^\s*make ([a-z-]+)\b(?!=)", text, flags=re.MULTILINE)
            unknown += [f"{page.name}: make {name}" for name in made if name not in targets]
    assert unknown == []
