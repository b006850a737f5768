"""What dashboards/ holds, in Metabase's own representation format, and what it reads.

Files are read and their references are checked here; nothing knows of a server. The form of each
file is checked by Metabase's own validator (tests/unit/test_metabase_content.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import yaml

from orchestration.workspace import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "dashboards"
SCHEMA = "marts"
TABLE_IN_SQL = re.compile(rf"\b(?:from|join)\s+{SCHEMA}\.(\w+)", re.IGNORECASE)


class MetabaseError(Exception):
    """The push cannot go on; the message says what is wrong and what to do."""


@dataclass(frozen=True)
class Entity:
    """One file: a collection, a card or a dashboard."""

    path: Path
    model: str
    body: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Its name in references, the same on every server."""
        return str(self.body["entity_id"])

    @property
    def name(self) -> str:
        """What people read."""
        return str(self.body["name"])

    @property
    def home(self) -> str | None:
        """The id of the collection it lies in; None is the top."""
        return self.body.get("parent_id" if self.model == "Collection" else "collection_id")

    def stages(self) -> list[Mapping[str, Any]]:
        """The stages of a card's query, and those of its joins."""
        stages = list(self.body["dataset_query"]["stages"])
        for stage in list(stages):
            stages += [joined for join in stage.get("joins", ()) for joined in join["stages"]]
        return stages

    def tables(self) -> set[str]:
        """The marts that a card reads."""
        found = set()
        for stage in self.stages():
            found.update(TABLE_IN_SQL.findall(stage.get("native", "")))
            if "source-table" in stage:
                found.add(stage["source-table"][2])
        return found

    def fields(self) -> set[tuple[str, str]]:
        """The columns, as (mart, column), that are referred to outside of SQL."""
        return {(path[2], path[3]) for path in field_paths(self.body)}


@dataclass(frozen=True)
class Content:
    """All of dashboards/, each kind in an order in which it can be made."""

    database: str
    collections: tuple[Entity, ...]
    cards: tuple[Entity, ...]
    dashboards: tuple[Entity, ...]

    def cards_of(self, dashboard: Entity) -> list[Entity]:
        """The cards that a dashboard shows."""
        shown = {dashcard.get("card_id") for dashcard in dashboard.body["dashcards"]}
        return [card for card in self.cards if card.id in shown]

    def readers(self) -> dict[str, list[str]]:
        """The marts that are read, each with the names of the cards that do."""
        found: dict[str, list[str]] = {}
        for card in self.cards:
            for table in card.tables() | {table for table, _ in card.fields()}:
                found.setdefault(table, []).append(card.name)
        return found


def read(folder: Path = FOLDER) -> Content:
    """Read `folder`. Raises MetabaseError where a file, or what it refers to, is wrong."""
    entities = [_entity(path) for path in sorted(folder.rglob("*.yaml"))]
    if not entities:
        raise MetabaseError(f"{folder} holds no dashboards")
    by_id: dict[str, Entity] = {}
    for entity in entities:
        other = by_id.setdefault(entity.id, entity)
        if other is not entity:
            raise MetabaseError(f"{other.path} and {entity.path} have the same entity_id")

    kinds: dict[str, dict[str, Entity]] = {"Collection": {}, "Card": {}, "Dashboard": {}}
    for entity in entities:
        kinds[entity.model][entity.id] = entity
    collections, cards = kinds["Collection"], kinds["Card"]
    needs: dict[str, list[str]] = {}
    for entity in entities:
        if entity.home is not None and entity.home not in collections:
            raise MetabaseError(f"{entity.path} lies in a collection that no file describes")
        wanted = {entity.home} if entity.model == "Collection" and entity.home else set()
        if entity.model != "Collection":
            if entity.home is None:
                raise MetabaseError(f"{entity.path} lies in no collection: set its collection_id")
            wanted = set(_cards_in(entity.body))
            if unknown := wanted - set(cards):
                raise MetabaseError(
                    f"{entity.path} refers to a card that no file describes: {min(unknown)}"
                )
        needs[entity.id] = sorted(wanted)  # the same order each time

    names = {card.body["dataset_query"]["database"] for card in cards.values()}
    if len(names) != 1:
        raise MetabaseError(f"the cards of {folder} ask {len(names)} databases; one is served")
    try:
        order = [by_id[id_] for id_ in TopologicalSorter(needs).static_order()]
    except CycleError:
        raise MetabaseError(f"entities of {folder} refer to each other in a circle") from None
    return Content(
        names.pop(),
        *(tuple(entity for entity in order if entity.model == model) for model in kinds),
    )


def _entity(path: Path) -> Entity:
    try:
        body = yaml.safe_load(path.read_text(encoding="utf-8"))
        model = body["serdes/meta"][-1]["model"]
        entity = Entity(path, model, body)
        named = bool(entity.id and entity.name)
    except (yaml.YAMLError, KeyError, IndexError, TypeError) as problem:
        raise MetabaseError(f"{path} is not a Metabase representation: {problem!r}") from None
    if model not in ("Collection", "Card", "Dashboard") or not named:
        raise MetabaseError(f"{path} holds a {model}: only collections, cards and dashboards")
    return entity


def field_paths(node: Any) -> Iterator[list[str]]:
    """The references [database, schema, table, column] anywhere in `node`."""
    if isinstance(node, Mapping):
        for value in node.values():
            yield from field_paths(value)
    elif isinstance(node, list):
        if is_path(node, 4):
            yield node
        else:
            for value in node:
                yield from field_paths(value)


def is_path(node: Any, length: int) -> bool:
    """Whether `node` names a table (3) or a column (4) of the marts."""
    return (
        isinstance(node, list)
        and len(node) == length
        and node[1] == SCHEMA
        and all(isinstance(part, str) for part in node)
    )


def _cards_in(node: Any) -> Iterator[str]:
    """The ids of the cards that `node` refers to."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key in ("card_id", "source-card") and value is not None:
                yield value
            else:
                yield from _cards_in(value)
    elif isinstance(node, list):
        if len(node) == 3 and node[0] == "metric":
            yield node[2]
        else:
            for value in node:
                yield from _cards_in(value)
