"""Put dashboards/ on a Metabase server, and find nothing to do the second time.

What is there is read first and compared; only what differs is written. Cards keep their
`entity_id` on the server, collections and dashboards (whose ids the open-source interface does not
take) are found by name in their collection. So a push that was cut off is finished by the next, and
nothing outside of our collections is touched.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from orchestration.metabase import dictionary
from orchestration.metabase.compare import covers, differences
from orchestration.metabase.connection import CONNECTION_VARIABLE, Connection
from orchestration.metabase.content import (
    SCHEMA,
    Content,
    Entity,
    MetabaseError,
    is_path,
)
from orchestration.metabase.server import (
    OLDEST_SERVER,
    URL_VARIABLE,
    Server,
    major_version,
)

if TYPE_CHECKING:
    from orchestration.transform import Keys

# How long Metabase may take to see the tables of a new connection, and how often it is asked.
SECONDS_TO_SYNC = 300.0
SECONDS_BETWEEN_LOOKS = 2.0
# Our stand-in for the reporting currency in dashboards/.
CURRENCY_IN_FILES = "USD"
CARD_FIELDS = ("name", "description", "type", "display", "visualization_settings")
DASHBOARD_FIELDS = ("name", "description", "auto_apply_filters", "width", "parameters")
DASHCARD_FIELDS = ("row", "col", "size_x", "size_y", "visualization_settings")

Say = Callable[[str], None]


@dataclass
class Outcome:
    """What a push did, or with `dry_run` would do: one line for each thing that differs."""

    dry_run: bool
    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    archived: list[str] = field(default_factory=list)
    left_alone: list[str] = field(default_factory=list)
    """Things in our collections that somebody else made."""
    described: int = 0
    """Tables and columns whose description, key or type changed."""
    notes: list[str] = field(default_factory=list)

    @property
    def changes(self) -> int:
        """How many things are other than before."""
        return len(self.created) + len(self.changed) + len(self.archived) + self.described


def push(
    server: Server,
    content: Content,
    connection: Connection,
    manifest: Mapping[str, Any],
    keys: Keys,
    *,
    currency: str = CURRENCY_IN_FILES,
    dry_run: bool = False,
    patience: float = SECONDS_TO_SYNC,
    say: Say = lambda line: None,
) -> Outcome:
    """Make the server show `content`; with `dry_run` only tell what would be done.

    `manifest` and `keys` are those of the dbt project, `currency` the reporting currency. Waits up
    to `patience` seconds for Metabase to see the tables. Raises MetabaseError; what was pushed by
    then stays, and the next push goes on from there.
    """
    return _Push(server, content, Outcome(dry_run), say).run(
        connection, manifest, keys, currency, patience
    )


class _Push:
    """One push: what is known of the server so far, and what came of it."""

    def __init__(self, server: Server, content: Content, outcome: Outcome, say: Say) -> None:
        self.server = server
        self.content = content
        self.outcome = outcome
        self.say = say
        self.me: Mapping[str, Any] = {}
        self.database: int | None = None
        self.table_ids: dict[str, int] = {}
        self.field_ids: dict[tuple[str, str], int] = {}
        self.beside: dict[str, tuple[int, str | None]] = {}
        """Tables that stand beside the marts: their number, and how they are shown."""
        self.ids: dict[str, int] = {}
        """Numbers on the server, by entity_id. What a dry run would create has none."""
        self.items: dict[int, list[Mapping[str, Any]]] = {}
        """What lay in each of our collections before."""

    def run(
        self,
        connection: Connection,
        manifest: Mapping[str, Any],
        keys: Keys,
        currency: str,
        patience: float,
    ) -> Outcome:
        """All steps, in the order in which one needs the other."""
        self.currency = currency
        self._require_server()
        self._require_marts_in_project(manifest)
        self._connect(connection)
        seen = self._synchronize(dictionary.tables(manifest), patience)
        if self.database is not None and seen:
            self.say("describing tables and columns")
            self.outcome.described = dictionary.describe(
                self.server,
                self.content.database,
                manifest,
                keys,
                currency,
                dry_run=self.outcome.dry_run,
            )
            self._hide_bookkeeping()
        for collection in self.content.collections:
            self._collection(collection)
        self.say(f"comparing {len(self.content.cards)} cards")
        for card in self.content.cards:
            self._card(card)
        self.say(f"comparing {len(self.content.dashboards)} dashboards")
        for dashboard in self.content.dashboards:
            self._dashboard(dashboard)
        self._archive()
        return self.outcome

    # --- the server and its connection

    def _require_server(self) -> None:
        properties = self.server.get("/api/session/properties")
        tag = str((properties.get("version") or {}).get("tag") or "")
        if not tag:
            raise MetabaseError(
                f"{self.server.url} does not say which Metabase it is: check {URL_VARIABLE}"
            )
        version = major_version(tag)
        if version is not None and version < OLDEST_SERVER:
            raise MetabaseError(
                f"Metabase at {self.server.url} is {tag}, and dashboards/ needs "
                f"v0.{OLDEST_SERVER} or newer: upgrade the server first"
            )
        self.me = self.server.get("/api/user/current")
        if not self.me.get("is_superuser"):
            raise MetabaseError(
                "the key may not set up connections: give it the group Administrators in "
                "Metabase under Admin settings, Authentication, API keys"
            )
        self.say(f"Metabase {tag} at {self.server.url}")

    def _require_marts_in_project(self, manifest: Mapping[str, Any]) -> None:
        known = dictionary.tables(manifest)
        for table, cards in self.content.readers().items():
            if table not in known:
                raise MetabaseError(f"the card {cards[0]} reads {table}, and there is no such mart")
        for card in self.content.cards:
            for table, column in card.fields():
                if column not in known[table]:
                    raise MetabaseError(
                        f"the card {card.name} refers to {table}.{column}: there is no such column"
                    )

    def _connect(self, connection: Connection) -> None:
        self.server.hide(connection.password)
        name, details = self.content.database, connection.details()
        databases = _rows(self.server.get("/api/database"))
        known = next((one for one in databases if one["name"] == name), None)
        if known is None:
            self.outcome.created.append(f"connection {name}")
            if not self.outcome.dry_run:
                body = {"name": name, "engine": "postgres", "details": details}
                with _reached(connection):
                    self.database = int(self.server.post("/api/database", body)["id"])
            return
        self.database = int(known["id"])
        path = f"/api/database/{self.database}"
        there = self.server.get(path)
        if there.get("engine") != "postgres":
            raise MetabaseError(
                f"Metabase has a connection named {name} that is no PostgreSQL: rename it first"
            )
        # The password cannot be read back: whether it still opens the door, Metabase knows.
        shown = {key: value for key, value in details.items() if key != "password"}
        differs = not covers(there.get("details") or {}, shown)
        if not differs:
            differs = self.server.get(f"{path}/healthcheck").get("status") != "ok"
        if differs:
            self.outcome.changed.append(f"connection {name}")
            if not self.outcome.dry_run:
                body = {"details": {**(there.get("details") or {}), **details}}
                with _reached(connection):
                    self.server.put(path, body)

    def _synchronize(self, tables: Mapping[str, Sequence[str]], patience: float) -> bool:
        """Learn the numbers of tables and columns; whether all marts of the project are there."""
        if self.database is None:
            return False
        if not self.outcome.dry_run:
            self.say("waiting for Metabase to see the marts")
            self.server.post(f"/api/database/{self.database}/sync_schema")
        until = time.monotonic() + (0 if self.outcome.dry_run else patience)
        seen = -1
        while True:
            self._read_tables()
            missing = {
                table: [column for column in columns if (table, column) not in self.field_ids]
                for table, columns in tables.items()
            }
            missing = {table: columns for table, columns in missing.items() if columns}
            if not missing:
                return True
            if len(self.table_ids) != seen:
                seen = len(self.table_ids)
                self.say(f"Metabase sees {len(tables) - len(missing)} of {len(tables)} marts")
            if time.monotonic() >= until:
                break
            self.server.sleep(SECONDS_BETWEEN_LOOKS)
        return self._tell_missing(missing)

    def _read_tables(self) -> None:
        metadata = self.server.get(f"/api/database/{self.database}/metadata", include_hidden="true")
        for table in metadata["tables"]:
            if table.get("schema") == SCHEMA and table.get("active", True):
                self.table_ids[table["name"]] = table["id"]
                if table["name"].startswith("_"):
                    self.beside[table["name"]] = (table["id"], table.get("visibility_type"))
                for column in table["fields"]:
                    self.field_ids[table["name"], column["name"]] = column["id"]

    def _hide_bookkeeping(self) -> None:
        """What a publish notes beside the marts is nothing to ask questions of."""
        for name, (number, visibility) in self.beside.items():
            if visibility is None:
                self.outcome.changed.append(f"table {name} (hidden)")
                if not self.outcome.dry_run:
                    self.server.put(f"/api/table/{number}", {"visibility_type": "technical"})

    def _tell_missing(self, missing: Mapping[str, Sequence[str]]) -> bool:
        """Raise where a card needs what is missing; else some descriptions have to wait."""
        readers = self.content.readers()
        told = []
        for table, columns in sorted(missing.items()):
            what = f"{table}.{columns[0]}" if table in self.table_ids else table
            told.append(what + (f" (for {', '.join(readers[table])})" if table in readers else ""))
        message = (
            f"Metabase does not see {'; '.join(told)}. Publish the marts with "
            "`plumbline publish postgres`, see that the connection is to the same database, and "
            "push again"
        )
        if self.outcome.dry_run:
            self.outcome.notes.append(message)
            return False
        raise MetabaseError(message)

    # --- collections, cards, dashboards

    def _collection(self, entity: Entity) -> None:
        parent = self.ids.get(entity.home) if entity.home else None
        found = None
        if entity.home is None or parent is not None:
            where = "root" if parent is None else str(parent)
            found = self._one(where, "collection", entity)
        wanted = {"name": entity.name, "description": entity.body.get("description")}
        if found is None:
            self.outcome.created.append(f"collection {entity.name}")
            if self.outcome.dry_run:
                return
            found = self.server.post("/api/collection", {**wanted, "parent_id": parent})
        elif any(found.get(key) != value for key, value in wanted.items()):
            self.outcome.changed.append(f"collection {entity.name}")
            if not self.outcome.dry_run:
                self.server.put(f"/api/collection/{found['id']}", wanted)
        self.ids[entity.id] = int(found["id"])
        self.items[int(found["id"])] = self._items(str(found["id"]))

    def _items(self, collection: str, **query: str) -> list[Mapping[str, Any]]:
        return _rows(self.server.get(f"/api/collection/{collection}/items", **query))

    def _one(self, collection: str, model: str, entity: Entity) -> Mapping[str, Any] | None:
        """The item of a collection that is `entity`: by its id where it was imported, or by name.

        Of several, the oldest: the others are archived in the end.
        """
        items = [item for item in self._items(collection, models=model) if item["model"] == model]
        items.sort(key=lambda item: (item.get("entity_id") != entity.id, item["id"]))
        for item in items:
            if item.get("entity_id") == entity.id or item["name"] == entity.name:
                return item
        return None

    def _card(self, entity: Entity) -> None:
        wanted = {
            **{key: self._translated(entity.body.get(key)) for key in CARD_FIELDS},
            "dataset_query": self._query(entity),
            "collection_id": self.ids.get(str(entity.home)),
        }
        there = self.server.find(f"/api/card/{entity.id}")
        if there is None:
            self.outcome.created.append(f"{entity.body['type']} {entity.name}")
            if self.outcome.dry_run:
                return
            there = self.server.post("/api/card", {**wanted, "entity_id": entity.id})
            self._compare(f"{entity.body['type']} {entity.name}", there, wanted)
            if there.get("entity_id") != entity.id:
                raise MetabaseError(
                    f"Metabase gave the card {entity.name} another entity_id: it would not be "
                    "found again. Please report this with the version of your server"
                )
        else:
            wanted |= {"archived": False}
            self._update(f"{entity.body['type']} {entity.name}", "card", there, wanted)
        self.ids[entity.id] = int(there["id"])

    def _dashboard(self, entity: Entity) -> None:
        collection = self.ids.get(str(entity.home))
        found = None if collection is None else self._one(str(collection), "dashboard", entity)
        wanted = {key: self._translated(entity.body.get(key)) for key in DASHBOARD_FIELDS}
        if found is None:
            self.outcome.created.append(f"dashboard {entity.name}")
            if self.outcome.dry_run:
                return
            made = {"name": wanted["name"], "description": wanted["description"]}
            there = self.server.post("/api/dashboard", {**made, "collection_id": collection})
            body = {**wanted, "dashcards": self._dashcards(entity, []), "tabs": []}
            self._written(f"dashboard {entity.name}", "dashboard", int(there["id"]), body)
        else:
            there = self.server.get(f"/api/dashboard/{found['id']}")
            placed = there.get("dashcards") or []
            body = {**wanted, "dashcards": self._dashcards(entity, placed), "tabs": []}
            self._update(f"dashboard {entity.name}", "dashboard", there, body)
        self.ids[entity.id] = int(there["id"])

    def _dashcards(self, entity: Entity, there: Sequence[Any]) -> list[dict[str, Any]]:
        """The cards of a dashboard, with the numbers of those that are placed there already."""
        free = list(there)
        placed = []
        for position, dashcard in enumerate(entity.body["dashcards"], 1):
            card = dashcard.get("card_id")
            wanted = {
                **{key: self._translated(dashcard.get(key)) for key in DASHCARD_FIELDS},
                "card_id": self.ids.get(card) if card else None,
                "parameter_mappings": self._translated(dashcard["parameter_mappings"]),
                "series": [],
            }
            same = next((one for one in free if covers(one, wanted)), None) or next(
                (
                    one
                    for one in free
                    if one.get("card_id") == wanted["card_id"]
                    and (card or (one["row"], one["col"]) == (wanted["row"], wanted["col"]))
                ),
                None,
            )
            if same:
                free.remove(same)
            # A negative number asks for a new one.
            placed.append({"id": same["id"] if same else -position, **wanted})
        return placed

    def _update(
        self, what: str, kind: str, there: Mapping[str, Any], wanted: Mapping[str, Any]
    ) -> None:
        """Write what of `wanted` is other on the server, and tell who changed it there."""
        differs = differences(there, wanted)
        if not differs:
            return
        editor = there.get("last-edit-info") or {}
        by = ""
        if editor.get("id") not in (None, self.me.get("id")):
            name = " ".join(filter(None, (editor.get("first_name"), editor.get("last_name"))))
            by = f"; changed on the server since, by {name or editor.get('email')}: overwritten"
        self.outcome.changed.append(f"{what} ({', '.join(differs)}{by})")
        if not self.outcome.dry_run:
            body = {key: wanted[key] for key in differs}
            if "dashcards" in body:
                body["tabs"] = wanted["tabs"]  # they are written together
            self._written(what, kind, int(there["id"]), body)

    def _written(self, what: str, kind: str, number: int, body: Mapping[str, Any]) -> None:
        self.server.put(f"/api/{kind}/{number}", body)
        kept = self.server.get(f"/api/{kind}/{number}")
        expected = dict(body)
        if "dashcards" in body:
            expected["dashcards"] = [
                {key: value for key, value in dashcard.items() if key != "id"}
                for dashcard in body["dashcards"]
            ]
        self._compare(what, kept, expected)

    def _compare(self, what: str, kept: Mapping[str, Any], sent: Mapping[str, Any]) -> None:
        if differs := differences(kept, sent):
            # Else every push would write it again, and nobody would know why.
            self.outcome.notes.append(
                f"the server keeps {', '.join(differs)} of {what} in another form than was sent"
            )

    def _archive(self) -> None:
        """Archive what we made and dashboards/ no longer holds; leave what others put there."""
        cards, collections, dashboards = (
            {self.ids.get(one.id) for one in entities}
            for entities in (
                self.content.cards,
                self.content.collections,
                self.content.dashboards,
            )
        )
        known = {
            **dict.fromkeys(("card", "dataset", "metric"), cards),
            "collection": collections,
            "dashboard": dashboards,
        }
        for items in self.items.values():
            for item in items:
                model = item["model"]
                kind = "card" if model in ("card", "dataset", "metric") else model
                if item["id"] in known.get(model, ()):
                    continue
                what = f"{kind} {item['name']}"
                if kind not in ("card", "dashboard", "collection"):
                    self.outcome.left_alone.append(what)
                elif kind == "collection":
                    # Who made a collection is not known: it goes when nothing is left in it.
                    if self._items(str(item["id"])):
                        self.outcome.left_alone.append(what)
                    else:
                        self._archive_one(kind, item["id"], what)
                elif self._is_mine(kind, item["id"]):
                    self._archive_one(kind, item["id"], what)
                else:
                    self.outcome.left_alone.append(what)

    def _is_mine(self, kind: str, number: int) -> bool:
        """Whether the user of our key made it."""
        return bool(self.server.get(f"/api/{kind}/{number}").get("creator_id") == self.me["id"])

    def _archive_one(self, kind: str, number: int, what: str) -> None:
        self.outcome.archived.append(what)
        if not self.outcome.dry_run:
            self.server.put(f"/api/{kind}/{number}", {"archived": True})

    # --- from names to numbers

    def _query(self, card: Entity) -> dict[str, Any]:
        query = self._translated(card.body["dataset_query"])
        query["database"] = self.database
        for stage in query["stages"]:
            if "template-tags" in stage:
                stage["template-tags"] = {tag["name"]: tag for tag in stage["template-tags"]}
        return query

    def _translated(self, node: Any) -> Any:
        """`node` with numbers for names, and the reporting currency for its stand-in."""
        if isinstance(node, Mapping):
            return {key: self._value(key, value) for key, value in node.items()}
        if not isinstance(node, list):
            return node
        if is_path(node, 4):
            return self.field_ids.get((node[2], node[3]))
        if is_path(node, 3):
            return self.table_ids.get(node[2])
        if len(node) == 3 and node[0] == "metric":
            return ["metric", node[1], self.ids.get(node[2])]
        return [self._translated(value) for value in node]

    def _value(self, key: str, value: Any) -> Any:
        if key in ("card_id", "source-card") and isinstance(value, str):
            return self.ids.get(value)
        if key == "currency" and value == CURRENCY_IN_FILES:
            return self.currency
        return self._translated(value)


@contextmanager
def _reached(connection: Connection) -> Iterator[None]:
    """Where Metabase cannot open the connection, say what it was told to open."""
    try:
        yield
    except MetabaseError as problem:
        raise MetabaseError(
            f"{problem}. Metabase was told to log in as {connection.user} to {connection.dbname} "
            f"at {connection.host}:{connection.port}: set {CONNECTION_VARIABLE} to the marts' "
            "PostgreSQL as Metabase reaches it"
        ) from None


def _rows(answer: Any) -> list[Mapping[str, Any]]:
    """The rows of a list, which may come in an envelope."""
    return list(answer["data"] if isinstance(answer, Mapping) else answer)
