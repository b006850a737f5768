"""A Metabase that keeps state: enough of its open-source interface for a push, and as strict.

What it takes and refuses was read in Metabase's source (versions 58 to 64): bodies are closed maps,
ids are numbers, cards take an `entity_id` when they are made and never again, dashboards and
collections never; a query gets ids and types of its own when it is kept. The connection is to
tables that a test gives, not to a server. A test may have it fail.
"""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

KEY = "mb_a-key-of-the-administrators="
PROTECTED = "**MetabasePass**"
ME = {"id": 7, "is_superuser": True, "first_name": "Plumbline", "last_name": None, "email": "k@x"}
ANNA = {"id": 8, "first_name": "Anna", "last_name": "Nowak", "email": "anna@example.com"}
DISPLAYS = {
    *("table", "bar", "line", "row", "pie", "scalar", "smartscalar", "combo", "funnel"),
    *("waterfall", "area", "pivot"),
}
NANOID = re.compile(r"[A-Za-z0-9_-]{21}")


class Refused(Exception):
    """The request is answered with an error."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


@dataclass
class Stub:
    """The state of the server, and what it was asked."""

    tables: Mapping[str, Sequence[str]]
    """The tables of schema `marts` that the connection leads to, each with its columns."""
    version: str = "v0.58.2"
    key: str = KEY
    password: str = "secret"
    me: dict[str, Any] = field(default_factory=lambda: dict(ME))
    sync_after: int = 0
    """How often metadata is asked before the tables are there."""
    fail: Callable[[str, str], None] = lambda method, path: None
    """Called first with each request; may raise Refused, or wait."""
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    databases: dict[int, dict[str, Any]] = field(default_factory=dict)
    metadata: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    collections: dict[int, dict[str, Any]] = field(default_factory=dict)
    cards: dict[int, dict[str, Any]] = field(default_factory=dict)
    dashboards: dict[int, dict[str, Any]] = field(default_factory=dict)
    url: str = ""
    _next: int = 100

    def writes(self) -> list[tuple[str, str]]:
        """The requests that were no reading, other than the wish to synchronize."""
        return [
            (method, path)
            for method, path, _ in self.requests
            if method != "GET" and not path.endswith("/sync_schema")
        ]

    def card(self, name: str) -> dict[str, Any]:
        """The card of that name."""
        return next(card for card in self.cards.values() if card["name"] == name)

    def dashboard(self, name: str) -> dict[str, Any]:
        """The dashboard of that name that is not archived."""
        return next(
            one for one in self.dashboards.values() if one["name"] == name and not one["archived"]
        )

    def edit(self, thing: dict[str, Any], **changes: Any) -> None:
        """As a person does in the browser."""
        thing.update(changes)
        thing["last-edit-info"] = ANNA

    def new_id(self) -> int:
        """A number that nothing has yet."""
        self._next += 1
        return self._next

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Any) -> Any:
        """The answer to one request."""
        for wanted, pattern, handler in ROUTES:
            found = re.fullmatch(pattern, path)
            if method == wanted and found:
                return handler(self, *found.groups(), query=query, body=body)
        raise Refused(404, "API endpoint does not exist.")

    # --- the server

    def properties(self, *, query: Any, body: Any) -> Any:
        return {"version": {"tag": self.version, "hash": "abc"}, "site-name": "Stub"}

    def current_user(self, *, query: Any, body: Any) -> Any:
        return self.me

    # --- databases

    def list_databases(self, *, query: Any, body: Any) -> Any:
        rows = [{"id": id_, "name": one["name"]} for id_, one in self.databases.items()]
        return {"data": rows, "total": len(rows)}

    def make_database(self, *, query: Any, body: Any) -> Any:
        _closed(body, {"name": str, "engine": str, "details": dict})
        self._require_connection(body["details"])
        id_ = self.new_id()
        self.databases[id_] = {**body, "id": id_}
        self.metadata[id_] = []
        return self._shown(self.databases[id_])

    def _require_connection(self, details: Mapping[str, Any]) -> None:
        if details["password"] != self.password:
            raise Refused(400, {"message": f"FATAL: {details['user']}: {details['password']} no"})

    def _shown(self, database: Mapping[str, Any]) -> Any:
        return {**database, "details": {**database["details"], "password": PROTECTED}}

    def read_database(self, id_: str, *, query: Any, body: Any) -> Any:
        return self._shown(_one(self.databases, id_))

    def health(self, id_: str, *, query: Any, body: Any) -> Any:
        details = _one(self.databases, id_)["details"]
        fine = details["password"] == self.password
        return {"status": "ok"} if fine else {"status": "error", "message": "FATAL"}

    def change_database(self, id_: str, *, query: Any, body: Any) -> Any:
        _closed(body, {}, {"name": str, "details": dict})
        self._require_connection(body["details"])
        _one(self.databases, id_).update(body)
        return self._shown(_one(self.databases, id_))

    def synchronize(self, id_: str, *, query: Any, body: Any) -> Any:
        _one(self.databases, id_)
        return {"status": "ok"}

    def read_metadata(self, id_: str, *, query: Any, body: Any) -> Any:
        database = _one(self.databases, id_)
        if self.sync_after > 0:
            self.sync_after -= 1
        else:
            self._sync(int(id_))
        return {**self._shown(database), "tables": self.metadata[int(id_)]}

    def _sync(self, database: int) -> None:
        there = {table["name"]: table for table in self.metadata[database]}
        for name, columns in self.tables.items():
            if name not in there:
                there[name] = {
                    "id": self.new_id(),
                    "db_id": database,
                    "schema": "marts",
                    "name": name,
                    "display_name": name.replace("_", " ").title(),
                    "description": None,
                    "visibility_type": None,
                    "active": True,
                    "fields": [],
                    "points_of_interest": None,
                    "caveats": None,
                    "field_order": "database",
                }
                self.metadata[database].append(there[name])
            known = {one["name"] for one in there[name]["fields"]}
            for column in columns:
                if column not in known:
                    there[name]["fields"].append(
                        {
                            "id": self.new_id(),
                            "name": column,
                            "description": None,
                            "display_name": column.replace("_", " ").title(),
                            "settings": None,
                            "semantic_type": None,
                            "fk_target_field_id": None,
                            "visibility_type": "normal",
                            "has_field_values": None,
                            "coercion_strategy": None,
                            "base_type": "type/*",
                        }
                    )

    def fields(self) -> dict[int, dict[str, Any]]:
        """All columns, by number."""
        return {
            one["id"]: one
            for tables in self.metadata.values()
            for table in tables
            for one in table["fields"]
        }

    def tables_by_id(self) -> dict[int, dict[str, Any]]:
        """All tables, by number."""
        return {table["id"]: table for tables in self.metadata.values() for table in tables}

    def change_table(self, id_: str, *, query: Any, body: Any) -> Any:
        names = ("display_name", "description", "visibility_type", "points_of_interest", "caveats")
        _closed(body, {}, dict.fromkeys(names, (str, type(None))))
        _one(self.tables_by_id(), id_).update(body)
        return _one(self.tables_by_id(), id_)

    def change_field(self, id_: str, *, query: Any, body: Any) -> Any:
        text = (str, type(None))
        names = ("display_name", "description", "visibility_type", "semantic_type")
        more = {
            "has_field_values": str,
            "fk_target_field_id": (int, type(None)),
            "settings": (dict, type(None)),
        }
        _closed(body, {}, {**dict.fromkeys(names, text), **more})
        target = body.get("fk_target_field_id")
        if target is not None and target not in self.fields():
            raise Refused(400, {"errors": {"fk_target_field_id": "no such field"}})
        if body.get("visibility_type") not in (None, "normal", "details-only", "sensitive"):
            raise Refused(400, {"errors": {"visibility_type": "nullable enum"}})
        if not str(body.get("semantic_type") or "type/").startswith("type/"):
            raise Refused(400, {"errors": {"semantic_type": "value must be a valid type"}})
        _one(self.fields(), id_).update(body)
        return _one(self.fields(), id_)

    # --- collections

    def items(self, id_: str, *, query: Any, body: Any) -> Any:
        home = None if id_ == "root" else _one(self.collections, id_)["id"]
        rows = [
            *(
                {**one, "model": "collection"}
                for one in self.collections.values()
                if one["parent_id"] == home and not one["archived"]
            ),
            *(
                {**_item(one), "model": MODELS[one["type"]]}
                for one in self.cards.values()
                if one["collection_id"] == home and not one["archived"]
            ),
            *(
                {**_item(one), "model": "dashboard"}
                for one in self.dashboards.values()
                if one["collection_id"] == home and not one["archived"]
            ),
        ]
        if "models" in query:
            rows = [row for row in rows if row["model"] == query["models"]]
        return {"data": rows, "total": len(rows), "models": [query.get("models")]}

    def make_collection(self, *, query: Any, body: Any) -> Any:
        optional = {"description": (str, type(None)), "parent_id": (int, type(None))}
        _closed(body, {"name": str}, optional)
        if body.get("parent_id") is not None:
            _one(self.collections, body["parent_id"])
        made = {"id": self.new_id(), "entity_id": _nanoid(), "archived": False, **body}
        self.collections[made["id"]] = made
        return made

    def change_collection(self, id_: str, *, query: Any, body: Any) -> Any:
        optional = {"name": str, "description": (str, type(None)), "archived": bool}
        _closed(body, {}, {**optional, "parent_id": (int, type(None))})
        _one(self.collections, id_).update({"archived": False, **body})
        return _one(self.collections, id_)

    # --- cards

    def read_card(self, id_: str, *, query: Any, body: Any) -> Any:
        if NANOID.fullmatch(id_):
            for card in self.cards.values():
                if card["entity_id"] == id_:
                    return card
            raise Refused(404, "Not found.")
        return _one(self.cards, id_)

    def make_card(self, *, query: Any, body: Any) -> Any:
        _closed(body, CARD_REQUIRED, {**CARD_OPTIONAL, "entity_id": (str, type(None))})
        self._require_card(body)
        if any(card["entity_id"] == body["entity_id"] for card in self.cards.values()):
            raise Refused(500, {"message": "duplicate key value violates unique constraint"})
        card = {
            "id": self.new_id(),
            "archived": False,
            "creator_id": self.me["id"],
            **body,
            "dataset_query": _kept(body["dataset_query"]),
            "parameters": [],
            "last-edit-info": {**self.me},
        }
        self.cards[card["id"]] = card
        return card

    def change_card(self, id_: str, *, query: Any, body: Any) -> Any:
        either = {**CARD_REQUIRED, **CARD_OPTIONAL, "archived": (bool, type(None))}
        _closed(body, {}, either)
        card = _one(self.cards, id_)
        self._require_card({**card, **body, "dataset_query": body.get("dataset_query")})
        if "dataset_query" in body:
            body = {**body, "dataset_query": _kept(body["dataset_query"])}
        card.update(body)
        card["last-edit-info"] = {**self.me}
        return card

    def _require_card(self, card: Mapping[str, Any]) -> None:
        _require(card["display"] in DISPLAYS, "display", "unknown visualization")
        _require(card["type"] in MODELS, "type", "question, model or metric")
        _require(card["collection_id"] in self.collections, "collection_id", "no such collection")
        query = card["dataset_query"]
        if query is None:  # it stays as it is
            return
        _require(query.get("lib/type") == "mbql/query", "dataset_query", "no query")
        _require(query.get("database") in self.databases, "dataset_query", "no such database")
        if card["type"] == "metric":
            stage = query["stages"][-1]
            _require(len(stage.get("aggregation", ())) == 1, "dataset_query", "one aggregation")
        for stage in query["stages"]:
            self._require_stage(stage)

    def _require_stage(self, stage: Mapping[str, Any]) -> None:
        if stage["lib/type"] == "mbql.stage/native":
            used = set(re.findall(r"{{\s*(\w+)\s*}}", stage["native"]))
            tags = stage.get("template-tags", {})
            _require(isinstance(tags, dict) and used == set(tags), "template-tags", f"{used}")
            for name, tag in tags.items():
                _require(tag["name"] == name, "template-tags", name)
                _require(tag["type"] == "dimension", "template-tags", name)
                self._require_field(tag["dimension"])
                _require(tag["widget-type"] in WIDGETS, "widget-type", tag["widget-type"])
            return
        _require(stage["source-table"] in self.tables_by_id(), "source-table", "no such table")
        for clause in _clauses({**stage, "joins": []}):
            self._require_field(clause)
        for join in stage.get("joins", ()):
            _require({"alias", "stages", "conditions"} <= set(join), "joins", "missing key")
            for inner in join["stages"]:
                self._require_stage(inner)
            for clause in _clauses([join["conditions"], join.get("fields", [])]):
                self._require_field(clause)

    def _require_field(self, clause: Any) -> None:
        fine = isinstance(clause[1], dict) and clause[2] in self.fields()
        _require(fine, "dataset_query", f"not a field: {clause}")

    # --- dashboards

    def read_dashboard(self, id_: str, *, query: Any, body: Any) -> Any:
        return _one(self.dashboards, id_)

    def make_dashboard(self, *, query: Any, body: Any) -> Any:
        number = (int, type(None))
        optional = {"description": (str, type(None)), "parameters": list, "collection_id": number}
        _closed(body, {"name": str}, {**optional, "collection_position": number})
        _require(body["collection_id"] in self.collections, "collection_id", "no such collection")
        made = {
            "id": self.new_id(),
            "entity_id": _nanoid(),
            "archived": False,
            "tabs": [],
            "dashcards": [],
            "parameters": [],
            "width": "fixed",
            "auto_apply_filters": True,
            "creator_id": self.me["id"],
            "last-edit-info": {**self.me},
            **body,
        }
        self.dashboards[made["id"]] = made
        return made

    def change_dashboard(self, id_: str, *, query: Any, body: Any) -> Any:
        optional = {
            "name": str,
            "description": (str, type(None)),
            "parameters": list,
            "width": str,
            "archived": bool,
            "auto_apply_filters": bool,
            "dashcards": list,
            "tabs": list,
            "collection_id": int,
            "collection_position": (int, type(None)),
        }
        _closed(body, {}, optional)
        dashboard = _one(self.dashboards, id_)
        parameters = {one["id"] for one in body.get("parameters", dashboard["parameters"])}
        for parameter in body.get("parameters", ()):
            _require({"id", "type"} <= set(parameter), "parameters", "id and type are required")
        if "dashcards" in body:
            body = {**body, "dashcards": self._placed(body["dashcards"], dashboard, parameters)}
        dashboard.update(body)
        dashboard["last-edit-info"] = {**self.me}
        return dashboard

    def _placed(self, dashcards: Any, dashboard: Any, parameters: set[str]) -> list[Any]:
        numbers = [dashcard["id"] for dashcard in dashcards]
        _require(len(set(numbers)) == len(numbers), "dashcards", "ids are not unique")
        there = {dashcard["id"] for dashcard in dashboard["dashcards"]}
        placed = []
        for dashcard in dashcards:
            required = {"id": int, "size_x": int, "size_y": int, "row": int, "col": int}
            optional = {
                "card_id": (int, type(None)),
                "parameter_mappings": list,
                "series": list,
                "visualization_settings": dict,
                "dashboard_tab_id": (int, type(None)),
            }
            _closed(dashcard, required, optional)
            _require(dashcard["col"] + dashcard["size_x"] <= 24, "dashcards", "too wide")
            card = dashcard.get("card_id")
            _require(card is None or card in self.cards, "dashcards", "no such card")
            virtual = "virtual_card" in dashcard["visualization_settings"]
            _require((card is None) == virtual, "dashcards", "neither card nor text")
            for mapping in dashcard["parameter_mappings"]:
                self._require_mapping(mapping, card, parameters)
            _require(dashcard["id"] < 0 or dashcard["id"] in there, "dashcards", "no such id")
            id_ = dashcard["id"] if dashcard["id"] > 0 else self.new_id()
            placed.append({**dashcard, "id": id_, "dashboard_tab_id": None, "entity_id": _nanoid()})
        return placed

    def _require_mapping(self, mapping: Any, card: int | None, parameters: set[str]) -> None:
        _closed(mapping, {"parameter_id": str, "target": list}, {"card_id": int})
        _require(mapping["parameter_id"] in parameters, "parameter_mappings", "no such parameter")
        _require(mapping["card_id"] == card, "parameter_mappings", "another card")
        kind, target = mapping["target"][0], mapping["target"][1]
        _require(kind == "dimension", "target", kind)
        if target[0] == "template-tag":
            tags = self.cards[mapping["card_id"]]["dataset_query"]["stages"][0]["template-tags"]
            _require(target[1] in {tag["name"] for tag in tags}, "target", f"no tag {target[1]}")
        else:
            _require(target[0] == "field" and target[1] in self.fields(), "target", f"{target}")


MODELS = {"question": "card", "model": "dataset", "metric": "metric"}
WIDGETS = {"date/all-options", "string/=", "number/="}
CARD_REQUIRED: Mapping[str, Any] = {
    "name": str,
    "display": str,
    "dataset_query": dict,
    "visualization_settings": dict,
}
CARD_OPTIONAL: Mapping[str, Any] = {
    "description": (str, type(None)),
    "type": (str, type(None)),
    "collection_id": (int, type(None)),
    "collection_position": (int, type(None)),
}

ROUTES: Sequence[tuple[str, str, Callable[..., Any]]] = (
    ("GET", "/api/session/properties", Stub.properties),
    ("GET", "/api/user/current", Stub.current_user),
    ("GET", "/api/database", Stub.list_databases),
    ("POST", "/api/database", Stub.make_database),
    ("GET", r"/api/database/(\d+)", Stub.read_database),
    ("PUT", r"/api/database/(\d+)", Stub.change_database),
    ("GET", r"/api/database/(\d+)/healthcheck", Stub.health),
    ("POST", r"/api/database/(\d+)/sync_schema", Stub.synchronize),
    ("GET", r"/api/database/(\d+)/metadata", Stub.read_metadata),
    ("PUT", r"/api/table/(\d+)", Stub.change_table),
    ("PUT", r"/api/field/(\d+)", Stub.change_field),
    ("GET", r"/api/collection/(root|\d+)/items", Stub.items),
    ("POST", "/api/collection", Stub.make_collection),
    ("PUT", r"/api/collection/(\d+)", Stub.change_collection),
    ("GET", r"/api/card/(\d+|[A-Za-z0-9_-]{21})", Stub.read_card),
    ("POST", "/api/card", Stub.make_card),
    ("PUT", r"/api/card/(\d+)", Stub.change_card),
    ("GET", r"/api/dashboard/(\d+)", Stub.read_dashboard),
    ("POST", "/api/dashboard", Stub.make_dashboard),
    ("PUT", r"/api/dashboard/(\d+)", Stub.change_dashboard),
)


def _closed(body: Any, required: Mapping[str, Any], optional: Mapping[str, Any] = {}) -> None:
    """A body with all that is required, nothing that is unknown, and the right types."""
    _require(isinstance(body, dict), "body", "not a map")
    for key in required:
        _require(key in body, key, "missing required key")
    for key, value in body.items():
        kinds = required.get(key, optional.get(key))
        _require(kinds is not None, key, "disallowed key")
        _require(isinstance(value, kinds), key, f"wrong type: {value!r}")


def _require(condition: object, key: str, message: str) -> None:
    if not condition:
        raise Refused(400, {"errors": {key: message}, "specific-errors": {key: [message]}})


def _one(things: Mapping[int, Any], id_: int | str) -> Any:
    if int(id_) not in things:
        raise Refused(404, "Not found.")
    return things[int(id_)]


def _item(thing: Mapping[str, Any]) -> dict[str, Any]:
    return {key: thing[key] for key in ("id", "name", "entity_id", "collection_id")}


def _nanoid() -> str:
    return uuid.uuid4().hex[:21]


def _clauses(node: Any) -> Iterator[Any]:
    """The references to columns below `node`."""
    if isinstance(node, dict):
        for value in node.values():
            yield from _clauses(value)
    elif isinstance(node, list):
        if node and node[0] == "field":
            yield node
        else:
            for value in node:
                yield from _clauses(value)


def _kept(query: Any) -> Any:
    """A query as Metabase gives it back: each clause has an id, each tag stands in a list."""
    if isinstance(query, dict):
        if "template-tags" in query:
            tags = [_kept(tag) for tag in query["template-tags"].values()]
            return {**{k: _kept(v) for k, v in query.items()}, "template-tags": tags}
        return {key: _kept(value) for key, value in query.items()}
    if not isinstance(query, list):
        return query
    if len(query) > 1 and isinstance(query[0], str) and isinstance(query[1], dict):
        options = {"lib/uuid": str(uuid.uuid4()), **query[1]}
        if query[0] == "field":
            options = {"base-type": "type/Text", **options}
        return [query[0], options, *map(_kept, query[2:])]
    return [_kept(value) for value in query]


@contextmanager
def serve(stub: Stub) -> Iterator[Stub]:
    """Answer on a port of this machine until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer in one packet: two wait for each other, 40 ms
        disable_nagle_algorithm = True

        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            status, answer = 200, None
            try:
                stub.requests.append((self.command, parts.path, body))
                stub.fail(self.command, parts.path)
                is_open = parts.path == "/api/session/properties"
                if not is_open and self.headers.get("X-API-Key") != stub.key:
                    raise Refused(401, "Unauthenticated")
                query = dict(parse_qsl(parts.query))
                answer = stub.answer(self.command, parts.path, query, body)
            except Refused as refused:
                status, answer = refused.status, refused.body
            text = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_DELETE = handle_any

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        httpd.daemon_threads = True
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        stub.url = f"http://127.0.0.1:{httpd.server_port}"
        try:
            yield stub
        finally:
            httpd.shutdown()
            thread.join()


def failing(times: int, method: str, path: str, status: int = 500) -> Callable[[str, str], None]:
    """A failure of the first `times` requests of a kind; `path` is a regular expression."""
    left = [times]

    def fail(asked: str, where: str) -> None:
        if asked == method and re.fullmatch(path, where) and left[0] > 0:
            left[0] -= 1
            raise Refused(status, "Internal Server Error")

    return fail


def slow(seconds: float, path: str) -> Callable[[str, str], None]:
    """Waits before every answer at `path`."""

    def fail(_: str, where: str) -> None:
        if re.fullmatch(path, where):
            time.sleep(seconds)

    return fail
