"""What Dagster's pages show before anything was run: the graph says what is what."""

from __future__ import annotations

import dagster as dg
import pytest
from dagster._core.definitions.antlr_asset_selection.antlr_asset_selection import (
    AntlrAssetSelectionParser,
)
from dagster._utils.warnings import disable_dagster_warnings

from orchestration.definitions import build_defs
from orchestration.graph import Graph
from orchestration.lineage import Parent
from orchestration.transform import marts, read_manifest
from orchestration.workspace import DEMO_ROOT


@pytest.fixture(scope="module")
def repository() -> dg.RepositoryDefinition:
    return build_defs(DEMO_ROOT).get_repository_def()


def keys(repository: dg.RepositoryDefinition, selection: str) -> set[str]:
    """What the selection above the graph shows, in the words of Dagster's pages."""
    with disable_dagster_warnings():  # of its own parser
        parsed = AntlrAssetSelectionParser(selection).asset_selection
    found = parsed.resolve(repository.asset_graph)
    return {key.to_user_string() for key in found}


def test_every_asset_has_a_group_owners_kinds_a_layer_and_a_description(
    repository: dg.RepositoryDefinition,
) -> None:
    nodes = [repository.asset_graph.get(key) for key in repository.asset_graph.get_all_asset_keys()]

    assert len(nodes) > 500
    for node in nodes:
        assert node.group_name not in (None, "default"), node.key
        assert node.owners, node.key
        assert all(owner.startswith("team:") for owner in node.owners), node.key
        assert node.kinds, node.key
        assert node.description, node.key
        assert node.tags["layer"], node.key


def test_groups_follow_source_layer_and_subject(repository: dg.RepositoryDefinition) -> None:
    assert keys(repository, "group:stripe and tag:layer=raw") >= {"stripe/invoices"}
    assert keys(repository, "group:stripe and tag:layer=staging") >= {
        "staging/stg_stripe__invoices"
    }
    assert "intermediate/int_persons" in keys(repository, "group:intermediate_identity")
    assert keys(repository, "group:marts_scorecard") == {
        f"marts/rpt_{name}"
        for name in ("definitions", "reconciliation", "restatements", "scorecard")
    }
    assert keys(repository, "group:published") == {"published", "report"}


def test_a_layer_is_selected_by_its_tag(repository: dg.RepositoryDefinition) -> None:
    published = {f"marts/{mart.name}" for mart in marts(read_manifest(DEMO_ROOT))}

    assert keys(repository, "tag:layer=marts") == published
    assert keys(repository, 'owner:"team:finance" and tag:"layer"="marts"') <= published
    assert keys(repository, "tag:closing") == {
        f"marts/rpt_{name}" for name in ("definitions", "restatements", "scorecard")
    }


def test_kinds_tell_what_a_table_is(repository: dg.RepositoryDefinition) -> None:
    def kinds(*path: str) -> set[str]:
        return set(repository.asset_graph.get(dg.AssetKey(path)).kinds)

    assert kinds("hubspot", "contacts") == {"csv", "parquet"}
    assert kinds("plumbline", "files") == {"parquet"}
    assert kinds("staging", "stg_hubspot__contacts") == {"dbt", "duckdb", "view"}
    assert kinds("marts", "rpt_scorecard") == {"dbt", "duckdb", "table"}
    assert kinds("published") == {"duckdb"}
    assert kinds("report") == {"html"}


def test_columns_tell_their_types_and_what_the_tests_hold_them_to(
    repository: dg.RepositoryDefinition,
) -> None:
    def columns(*path: str) -> dict[str, dg.TableColumn]:
        metadata = repository.asset_graph.get(dg.AssetKey(path)).metadata
        return {column.name: column for column in metadata["dagster/column_schema"].columns}

    raw = columns("hubspot", "contacts")
    assert (raw["contact_id"].type, raw["contact_id"].constraints.nullable) == ("varchar", False)
    assert raw["email_key"].tags == {"identity": "email"}

    mart = columns("marts", "fct_bookings")
    assert mart["opportunity_id"].constraints.other == ["unique with event and sequence_number"]
    assert not mart["opportunity_id"].constraints.nullable
    assert mart["account_id"].constraints.other == ["leads to dim_account.account_id"]
    assert mart["account_id"].constraints.nullable
    assert mart["account_id"].description


def test_every_data_test_of_a_run_is_a_check_that_blocks_and_says_what_it_claims(
    repository: dg.RepositoryDefinition,
) -> None:
    graph = repository.asset_graph
    specs = {key.name: graph.get_check_spec(key) for key in graph.asset_check_keys}

    tests = {
        name: spec for name, spec in specs.items() if name not in ("expectations", "freshness")
    }
    assert len(tests) > 150
    assert all(spec.blocking and spec.description.endswith(".") for spec in tests.values())
    assert specs["unique_key_rpt_scorecard_month__metric__variant"].description == (
        "No two rows have the same month, metric and variant, and none lacks it."
    )


def test_columns_are_linked_to_those_they_are_made_of() -> None:
    lineage = {"stg_stripe__invoices": {"invoice_id": [Parent("stripe.invoices", "invoice_id")]}}

    graph = Graph(read_manifest(DEMO_ROOT), lineage)

    assert graph.columns("stg_stripe__invoices") == dg.TableColumnLineage(
        {"invoice_id": [dg.TableColumnDep(dg.AssetKey(["stripe", "invoices"]), "invoice_id")]}
    )
    assert graph.columns("stg_stripe__customers") is None
