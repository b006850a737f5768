from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.metabase.content import FOLDER, Content, MetabaseError, read
from orchestration.workspace import PROJECT_ROOT
from tests.tools import need

NODE_PACKAGES = PROJECT_ROOT / "tests" / "node" / "node_modules"
VALIDATOR = NODE_PACKAGES / "@metabase" / "representations" / "dist" / "bin" / "cli.js"
GRID = 24


@pytest.fixture(scope="module")
def content() -> Content:
    return read()


def test_metabase_itself_finds_every_file_well_formed() -> None:
    node = shutil.which("node")
    need("node", node and VALIDATOR.exists(), "install Node.js, then `make tools`")

    checked = subprocess.run(
        [str(node), str(VALIDATOR), "validate-schema", "--folder", str(FOLDER)],
        capture_output=True,
        text=True,
        check=False,
    )

    files = len(list(FOLDER.rglob("*.yaml")))
    assert checked.returncode == 0, checked.stderr
    assert f"{files} passed, 0 failed" in checked.stdout


def test_the_validator_finds_a_mistake(tmp_path: Path) -> None:
    node = shutil.which("node")
    need("node", node and VALIDATOR.exists(), "install Node.js, then `make tools`")
    write(tmp_path, "card", {**CARD, "display": "hologram"})

    checked = subprocess.run(
        [str(node), str(VALIDATOR), "validate-schema", "--folder", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 1
    assert "/display" in checked.stderr


def test_there_are_five_dashboards_with_six_to_fifteen_cards_each(content: Content) -> None:
    names = [dashboard.name for dashboard in content.dashboards]

    assert sorted(names) == [
        "Acquisition and CAC",
        "Funnel",
        "Revenue and CLV",
        "SLA and feedback",
        "Scorecard",
    ]
    assert all(6 <= len(content.cards_of(dashboard)) <= 15 for dashboard in content.dashboards)


def test_every_card_is_shown_or_is_a_model(content: Content) -> None:
    shown = {card.id for dashboard in content.dashboards for card in content.cards_of(dashboard)}

    assert not [
        card.name for card in content.cards if card.id not in shown and card.body["type"] != "model"
    ]


def test_files_lie_and_are_named_as_metabase_exports_them(content: Content) -> None:
    folders = {one.id: one.path.with_suffix("") for one in content.collections}
    for entity in (*content.collections, *content.cards, *content.dashboards):
        slug = re.sub(r"[^a-z0-9]+", "_", entity.name.lower()).strip("_")
        top = FOLDER / "collections" / "main"

        assert entity.path.name == f"{slug}.yaml"
        assert entity.path.parent == (folders[entity.home] if entity.home else top)
        meta = {"id": entity.id, "label": slug, "model": entity.model}
        assert entity.body["serdes/meta"] == [meta]


def test_everything_says_what_it_is(content: Content) -> None:
    for entity in (*content.collections, *content.cards, *content.dashboards):
        assert len(entity.body["description"]) > 15, entity.path
    for dashboard in content.dashboards:
        texts = [dashcard["visualization_settings"] for dashcard in dashboard.body["dashcards"]]
        assert "text" in texts[0], f"{dashboard.path} does not begin with a definition"


def test_the_cards_of_a_dashboard_fit_its_grid_and_do_not_overlap(content: Content) -> None:
    for dashboard in content.dashboards:
        taken: set[tuple[int, int]] = set()
        for card in dashboard.body["dashcards"]:
            cells = {
                (row, col)
                for row in range(card["row"], card["row"] + card["size_y"])
                for col in range(card["col"], card["col"] + card["size_x"])
            }
            assert not cells & taken, f"{dashboard.name}: {card['entity_id']}"
            taken |= cells
        assert max(col for _, col in taken) < GRID


def test_every_filter_of_a_card_is_wired_to_the_dashboard(content: Content) -> None:
    cards = {card.id: card for card in content.cards}
    for dashboard in content.dashboards:
        kinds = {one["id"]: one["type"] for one in dashboard.body["parameters"]}
        used = set()
        for dashcard in dashboard.body["dashcards"]:
            if dashcard["card_id"] is None:
                continue
            stage = cards[dashcard["card_id"]].body["dataset_query"]["stages"][0]
            tags = {tag["name"]: tag for tag in stage.get("template-tags", ())}
            wired = {}
            for mapping in dashcard["parameter_mappings"]:
                assert mapping["card_id"] == dashcard["card_id"]
                used.add(mapping["parameter_id"])
                target = mapping["target"][1]
                if target[0] == "template-tag":
                    wired[target[1]] = kinds[mapping["parameter_id"]]
            shown = {name: tag["widget-type"] for name, tag in tags.items()}
            assert wired == shown, cards[dashcard["card_id"]].path
        assert used == set(kinds), f"{dashboard.name}: a filter that filters nothing"


def test_a_filter_that_must_have_a_value_has_one(content: Content) -> None:
    for dashboard in content.dashboards:
        for parameter in dashboard.body["parameters"]:
            assert bool(parameter.get("required")) == bool(parameter.get("default"))


def test_sql_reads_marts_alone_and_binds_a_filter_to_a_mart_it_reads(content: Content) -> None:
    for card in content.cards:
        for stage in card.stages():
            sql = stage.get("native", "")
            ctes = set(re.findall(r"(\w+) as \(\n", sql))
            sources = re.findall(r"\b(?:from|join)\s+([\w.]+)", sql)
            others = [one for one in sources if not one.startswith("marts.") and one not in ctes]
            assert set(others) <= {"lateral"}, card.path
        assert {table for table, _ in card.fields()} <= card.tables(), card.path


def test_no_sum_holds_a_total_and_its_parts(content: Content) -> None:
    """Where a mart has rows `all`, a card that adds up takes either them or the others."""
    total = {
        **dict.fromkeys(("rpt_channel_performance", "rpt_channel_cohort"), "channel"),
        **dict.fromkeys(("rpt_cac_monthly", "rpt_clv_cohort", "rpt_audience_monthly"), "channel"),
        **dict.fromkeys(("rpt_sales_monthly", "rpt_rep_attainment"), "sales_rep"),
        "rpt_lead_feedback": "campaign_id",
        "rpt_products_monthly": "product_id",
    }
    held = 0
    for card in content.cards:
        for stage in card.stages():
            for table in card.tables() & set(total):
                sql = stage.get("native") or yaml.safe_dump(stage.get("filters"))
                assert re.search(rf"{total[table]}[\W]*(=|!=)?\W*'?all\b", sql), card.path
                held += 1
    assert held > 20


def test_exposures_name_the_marts_that_the_dashboards_read(content: Content) -> None:
    path = PROJECT_ROOT / "models" / "exposures.yml"
    exposures = {
        exposure["label"]: {
            re.fullmatch(r"ref\('(\w+)'\)", one)[1]  # type: ignore[index]
            for one in exposure["depends_on"]
        }
        for exposure in yaml.safe_load(path.read_text())["exposures"]
        if exposure["name"].startswith("metabase_")
    }

    assert exposures == {
        dashboard.name: {table for card in content.cards_of(dashboard) for table in card.tables()}
        for dashboard in content.dashboards
    }


COLLECTION: Mapping[str, Any] = {
    "name": "Ours",
    "entity_id": "collectioncollection1",
    "serdes/meta": [{"id": "collectioncollection1", "model": "Collection"}],
}
CARD: Mapping[str, Any] = {
    "name": "Leads",
    "entity_id": "cardcardcardcardcard1",
    "display": "table",
    "creator_id": "a@example.com",
    "collection_id": "collectioncollection1",
    "dataset_query": {
        "lib/type": "mbql/query",
        "database": "Marts",
        "stages": [{"lib/type": "mbql.stage/native", "native": "select 1", "template-tags": []}],
    },
    "visualization_settings": {},
    "serdes/meta": [{"id": "cardcardcardcardcard1", "model": "Card"}],
}


def write(folder: Path, name: str, body: Mapping[str, Any]) -> None:
    path = folder / "collections" / "main" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(dict(body)))


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(MetabaseError, match="holds no dashboards"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({**CARD, "collection_id": "nocollectionatallever"}, "that no file describes"),
        ({**CARD, "collection_id": None}, "set its collection_id"),
        ({**CARD, "entity_id": COLLECTION["entity_id"]}, "the same entity_id"),
        ({**CARD, "serdes/meta": [{"id": "x", "model": "Document"}]}, "holds a Document"),
        ({"name": "Leads"}, "is not a Metabase representation"),
        (
            {
                **CARD,
                "dataset_query": {
                    "database": "Marts",
                    "stages": [{"source-card": "cardcardcardcardcard9"}],
                },
            },
            "refers to a card that no file describes: cardcardcardcardcard9",
        ),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, body: Mapping[str, Any], message: str) -> None:
    write(tmp_path, "ours", COLLECTION)
    write(tmp_path, "leads", body)

    with pytest.raises(MetabaseError, match=message) as caught:
        read(tmp_path)

    assert "leads.yaml" in str(caught.value)


def test_a_file_that_is_no_yaml_is_named(tmp_path: Path) -> None:
    write(tmp_path, "ours", COLLECTION)
    (tmp_path / "collections" / "main" / "broken.yaml").write_text("name: [")

    with pytest.raises(MetabaseError, match=r"broken\.yaml"):
        read(tmp_path)


def test_cards_of_two_databases_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "ours", COLLECTION)
    write(tmp_path, "leads", CARD)
    query = {**CARD["dataset_query"], "database": "Other"}
    other = {**CARD, "entity_id": "cardcardcardcardcard2", "dataset_query": query}
    write(tmp_path, "other", other)

    with pytest.raises(MetabaseError, match="2 databases"):
        read(tmp_path)
