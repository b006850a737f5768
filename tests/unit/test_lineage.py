"""Where a column comes from, and where an export goes: nothing is loaded for nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestration import lineage
from orchestration.lineage import LOADED, Parent
from orchestration.transform import read_manifest

DEALS = {
    "schema": "raw",
    "identifier": "crm__deals",
    "source_name": "crm",
    "name": "deals",
    "columns": {name: {} for name in ("id", "amount", "fee", "stage", "closed")},
}
OLD = {**DEALS, "identifier": "crm__old_deals", "name": "old_deals"}


def traced(*models: str) -> tuple[lineage.Columns, list[str]]:
    """The lineage of models that read one another, the first one the two raw tables."""
    nodes = {
        f"model.p.m{number}": {
            "schema": "s",
            "alias": f"m{number}",
            "name": f"m{number}",
            "columns": {"of_yaml": {}},
            "depends_on": {
                "nodes": [f"model.p.m{number - 1}"] if number else ["source.deals", "source.old"]
            },
        }
        for number in range(len(models))
    }
    manifest: dict[str, Any] = {
        "nodes": nodes,
        "sources": {"source.deals": DEALS, "source.old": OLD},
    }
    return lineage.trace(manifest, {f"m{number}": sql for number, sql in enumerate(models)})


def deals(*columns: str) -> list[Parent]:
    return [Parent("crm.deals", column) for column in columns]


@pytest.mark.parametrize(
    ("sql", "parents"),
    [
        ("select amount as a from w.raw.crm__deals", deals("amount")),
        ("select _exported_at as a from w.raw.crm__deals", deals("_exported_at")),
        ("select sum(amount - fee) as a from w.raw.crm__deals", deals("amount", "fee")),
        (
            "select case when stage = 'won' then amount end as a from w.raw.crm__deals",
            deals("amount", "stage"),
        ),
        (
            "select lag(amount) over (partition by stage order by closed) as a"
            " from w.raw.crm__deals",
            deals("amount", "closed", "stage"),
        ),
        (
            "with d as (select * from w.raw.crm__deals), e as (select *, amount as a from d)"
            " select a from e",
            deals("amount"),
        ),
        (
            "select id as a from w.raw.crm__deals union all select stage from w.raw.crm__old_deals",
            [*deals("id"), Parent("crm.old_deals", "stage")],
        ),
        (
            "select coalesce(d.amount, o.fee) as a from w.raw.crm__deals as d"
            " left join w.raw.crm__old_deals as o on d.id = o.id where d.stage = 'won'",
            [*deals("amount"), Parent("crm.old_deals", "fee")],
        ),
        ("select (select max(fee) from w.raw.crm__deals) as a", deals("fee")),
        ("select 1 as a from w.raw.crm__deals", []),
        ("select count(*) as a from w.raw.crm__deals", []),
        ("select a from (values (1), (2)) as t (a)", []),
    ],
)
def test_a_column_is_made_of_those_whose_values_enter_it(sql: str, parents: list[Parent]) -> None:
    columns, missing = traced(sql)

    assert columns == {"m0": {"a": parents}}
    assert missing == []


def test_a_star_over_a_model_is_its_columns_and_the_way_leads_to_raw() -> None:
    columns, _ = traced(
        "select id, amount - fee as net from w.raw.crm__deals",
        "select *, net * 2 as twice from w.s.m0",
    )

    assert columns["m1"] == {
        "id": [Parent("m0", "id")],
        "net": [Parent("m0", "net")],
        "twice": [Parent("m0", "net")],
    }
    assert lineage.origins(columns, "m1", "twice") == set(deals("amount", "fee"))


@pytest.mark.parametrize(
    ("sql", "missing"),
    [
        ("select nobody_knows as a from w.raw.crm__deals", ["m0.a"]),
        ("select from where", ["m0.of_yaml"]),
    ],
)
def test_what_the_sql_does_not_tell_is_listed_by_name(sql: str, missing: list[str]) -> None:
    columns, found = traced(sql)

    assert found == missing
    assert [parents for parents in columns["m0"].values() if parents] == []


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], lineage.Columns]:
    """The manifest, and the lineage of every model."""
    root = tmp_path_factory.mktemp("lineage")
    assert lineage.unresolved(root) == []
    return read_manifest(root), lineage.column_lineage(root)


@pytest.mark.slow
def test_every_column_of_every_model_is_traced_to_columns_that_exist(
    project: tuple[dict[str, Any], lineage.Columns],
) -> None:
    manifest, columns = project
    raw = {
        f"{source['source_name']}.{source['name']}": {*source["columns"], *LOADED}
        for source in manifest["sources"].values()
    }

    models = {n["name"] for n in manifest["nodes"].values() if n["resource_type"] == "model"}
    assert set(columns) == models
    wrong = [
        (model, column, parent)
        for model, made_of in columns.items()
        for column, parents in made_of.items()
        for parent in parents
        if parent.column not in (raw.get(parent.table) or columns[parent.table])
    ]
    assert wrong == []


@pytest.mark.slow
def test_the_columns_of_a_mart_are_those_of_its_contract(
    project: tuple[dict[str, Any], lineage.Columns],
) -> None:
    manifest, columns = project
    marts = {
        node["name"]: set(node["columns"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "marts"
    }

    assert {name: set(columns[name]) for name in marts} == marts


@pytest.mark.slow
def test_spend_is_traced_from_the_scorecard_to_the_ad_platforms(
    project: tuple[dict[str, Any], lineage.Columns],
) -> None:
    _, columns = project

    assert lineage.origins(columns, "stg_linkedin_ads__ads_daily", "spend") == {
        Parent("linkedin_ads.ads_daily", "spend")
    }
    origins = lineage.origins(columns, "rpt_scorecard", "value")
    assert {
        Parent("google_ads.campaigns_daily", "spend"),
        Parent("linkedin_ads.ads_daily", "spend"),
        Parent("salesforce.opportunities", "amount"),
        Parent("definitions.exchange_rates", "rate"),
    } <= origins


@pytest.mark.slow
def test_every_staged_export_reaches_a_mart(tmp_path: Path) -> None:
    manifest = read_manifest(tmp_path)
    nodes, children = manifest["nodes"], manifest["child_map"]

    def reaches_a_mart(unique_id: str) -> bool:
        node = nodes.get(unique_id, {})
        return node.get("schema") == "marts" or any(map(reaches_a_mart, children[unique_id]))

    lost = {
        node["name"]
        for unique_id, node in nodes.items()
        if node["resource_type"] == "model"
        and node["schema"] == "staging"
        and not reaches_a_mart(unique_id)
    }
    assert lost == set()
