from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.metabase import content, dictionary
from orchestration.metabase.compare import covers
from orchestration.metabase.connection import Connection, connection_from_environment
from orchestration.metabase.content import Content, MetabaseError
from orchestration.metabase.push import Outcome, push
from orchestration.metabase.server import Server, major_version, server_from_environment
from orchestration.transform import ForeignKey, Keys
from tests.metabase_stub import ANNA, KEY, Refused, Stub, failing, serve, slow

CONNECTION = Connection("postgres", 5432, "marts", "bi_reader", "secret")
KEYS = Keys(
    {
        "dim_region": ("region",),
        "dim_rep": ("sales_rep_id",),
        "rpt_sales": ("month", "sales_rep_id"),
    },
    (
        ForeignKey("rpt_sales", "region", "dim_region", "region"),
        ForeignKey("rpt_sales", "sales_rep_id", "dim_rep", "sales_rep_id"),
    ),
)


def model(name: str, **columns: str) -> dict[str, Any]:
    return {
        "resource_type": "model",
        "schema": "marts",
        "name": name,
        "unique_id": f"model.plumbline.{name}",
        "description": f"What {name} is.",
        "columns": {
            column: {"name": column, "data_type": kind, "description": f"What {column} is."}
            for column, kind in columns.items()
        },
    }


NODES = [
    model("dim_region", region="varchar"),
    model("dim_rep", sales_rep_id="varchar", sales_rep="varchar"),
    model(
        "rpt_sales",
        month="date",
        sales_rep_id="varchar",
        region="varchar",
        won="bigint",
        won_amount="decimal(18,2)",
        win_rate="double",
    ),
]
MANIFEST = {"nodes": {node["unique_id"]: node for node in NODES}}
TABLES = {node["name"]: tuple(node["columns"]) for node in NODES}


def identified(model: str, id_: str, name: str, **body: Any) -> dict[str, Any]:
    meta = [{"id": id_, "label": name.lower(), "model": model}]
    return {"name": name, "entity_id": id_, "description": f"{name}.", **body, "serdes/meta": meta}


def field(table: str, column: str, **options: Any) -> list[Any]:
    return ["field", options, ["Marts", "marts", table, column]]


def card(id_: str, name: str, stage: Mapping[str, Any], **body: Any) -> dict[str, Any]:
    query = {"lib/type": "mbql/query", "database": "Marts", "stages": [stage]}
    settings = {"column_settings": {'["name","won_amount"]': {"currency": "USD"}}}
    own = {"type": "question", "display": "line", "collection_id": "c" * 21, **body}
    return identified(
        "Card", id_, name, **own, dataset_query=query, visualization_settings=settings
    )


MONTH = {
    "type": "dimension",
    "name": "month",
    "id": "3670e3e6-1383-4923-a0e9-65887be3a578",
    "dimension": field("rpt_sales", "month"),
    "widget-type": "date/all-options",
    "display-name": "Month",
}
FILES: Mapping[str, Mapping[str, Any]] = {
    "ours": identified("Collection", "C" * 21, "Ours"),
    "questions": identified("Collection", "c" * 21, "Questions", parent_id="C" * 21),
    "wins": card(
        "w" * 21,
        "Wins",
        {
            "lib/type": "mbql.stage/native",
            "native": "select month, won from marts.rpt_sales where true [[and {{month}}]]",
            "template-tags": [MONTH],
        },
    ),
    "amount": card(
        "a" * 21,
        "Amount",
        {
            "lib/type": "mbql.stage/mbql",
            "source-table": ["Marts", "marts", "rpt_sales"],
            "aggregation": [["sum", {"name": "value"}, field("rpt_sales", "won_amount")]],
            "breakout": [field("rpt_sales", "month", **{"temporal-unit": "month"})],
        },
        type="metric",
        display="smartscalar",
    ),
    "board": identified(
        "Dashboard",
        "D" * 21,
        "Board",
        collection_id="C" * 21,
        width="full",
        auto_apply_filters=True,
        tabs=[],
        parameters=[{"id": "p1", "name": "Month", "slug": "month", "type": "date/all-options"}],
        dashcards=[
            {
                "entity_id": "1" * 21,
                "row": 0,
                "col": 0,
                "size_x": 24,
                "size_y": 2,
                "card_id": None,
                "parameter_mappings": [],
                "visualization_settings": {"virtual_card": {"display": "text"}, "text": "Words."},
            },
            {
                "entity_id": "2" * 21,
                "row": 2,
                "col": 0,
                "size_x": 12,
                "size_y": 4,
                "card_id": "w" * 21,
                "visualization_settings": {},
                "parameter_mappings": [
                    {
                        "card_id": "w" * 21,
                        "parameter_id": "p1",
                        "target": ["dimension", ["template-tag", "month"]],
                    }
                ],
            },
            {
                "entity_id": "3" * 21,
                "row": 2,
                "col": 12,
                "size_x": 12,
                "size_y": 4,
                "card_id": "a" * 21,
                "visualization_settings": {},
                "parameter_mappings": [
                    {
                        "card_id": "a" * 21,
                        "parameter_id": "p1",
                        "target": [
                            "dimension",
                            ["field", ["Marts", "marts", "rpt_sales", "month"], None],
                        ],
                    }
                ],
            },
        ],
    ),
}

Edit = Callable[[dict[str, Any]], object]


def held(folder: Path, edit: Edit = lambda files: None) -> Content:
    """The files, after an edit of them."""
    files = copy.deepcopy(dict(FILES))
    edit(files)
    for path in folder.glob("*.yaml"):
        path.unlink()
    for name, body in files.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(body))
    return content.read(folder)


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    monkeypatch.setattr("dbtmetabase._models._SYNC_PERIOD", 0)
    with serve(Stub(TABLES)) as server:
        yield server


@pytest.fixture
def pushed(stub: Stub, tmp_path: Path) -> Callable[..., Outcome]:
    """Push the files, edited; by default with everything as it should be."""

    def once(
        edit: Edit = lambda files: None,
        *,
        connection: Connection = CONNECTION,
        key: str = KEY,
        patience: float = 5.0,
        timeout: float = 10.0,
        **more: Any,
    ) -> Outcome:
        server = Server(stub.url, key)
        server.sleep = lambda seconds: None
        server.timeout = timeout
        stub.requests.clear()
        return push(
            *(server, held(tmp_path, edit), connection, MANIFEST, KEYS), patience=patience, **more
        )

    return once


Pushed = Callable[..., Outcome]


def test_a_push_makes_everything_and_the_second_finds_nothing_to_do(
    stub: Stub, pushed: Pushed
) -> None:
    first = pushed()
    second = pushed()

    assert first.created == [
        *("connection Marts", "collection Ours", "collection Questions"),
        *("metric Amount", "question Wins", "dashboard Board"),
    ]
    assert first.described > 0
    assert first.notes == []
    assert second.changes == 0
    assert stub.writes() == []


def test_names_become_numbers(stub: Stub, pushed: Pushed) -> None:
    pushed()

    month = next(
        one["id"]
        for table in stub.tables_by_id().values()
        if table["name"] == "rpt_sales"
        for one in table["fields"]
        if one["name"] == "month"
    )
    wins, amount, board = stub.card("Wins"), stub.card("Amount"), stub.dashboard("Board")
    (database,) = stub.databases
    assert wins["dataset_query"]["database"] == database
    assert wins["dataset_query"]["stages"][0]["template-tags"][0]["dimension"][2] == month
    assert stub.tables_by_id()[amount["dataset_query"]["stages"][0]["source-table"]]
    assert wins["entity_id"] == "w" * 21
    assert stub.collections[wins["collection_id"]]["name"] == "Questions"
    placed = board["dashcards"]
    assert [one["card_id"] for one in placed] == [None, wins["id"], amount["id"]]
    assert placed[2]["parameter_mappings"][0]["target"] == ["dimension", ["field", month, None]]


def test_money_is_shown_in_the_reporting_currency(stub: Stub, pushed: Pushed) -> None:
    pushed(currency="EUR")

    settings = stub.card("Wins")["visualization_settings"]["column_settings"]
    columns = {one["name"]: one for one in stub.fields().values()}
    assert settings['["name","won_amount"]'] == {"currency": "EUR"}
    assert columns["won_amount"]["settings"]["currency"] == "EUR"


def test_tables_and_columns_are_described_with_their_keys(stub: Stub, pushed: Pushed) -> None:
    pushed()

    tables = {table["name"]: table for table in stub.tables_by_id().values()}
    reps = {one["name"]: one for one in tables["dim_rep"]["fields"]}
    sales = {one["name"]: one for one in tables["rpt_sales"]["fields"]}
    assert tables["rpt_sales"]["description"] == "What rpt_sales is."
    assert sales["won"]["description"] == "What won is."
    assert reps["sales_rep_id"]["semantic_type"] == "type/PK"
    assert sales["sales_rep_id"]["semantic_type"] == "type/FK"
    assert sales["sales_rep_id"]["fk_target_field_id"] == reps["sales_rep_id"]["id"]
    assert sales["sales_rep_id"]["visibility_type"] == "details-only"
    assert sales["region"]["semantic_type"] == "type/FK"
    assert sales["region"]["has_field_values"] == "list", "a filter on it offers the words"
    assert sales["won_amount"]["semantic_type"] == "type/Currency"
    assert sales["win_rate"]["semantic_type"] == "type/Percentage"
    assert sales["won"]["semantic_type"] is None


def test_what_stands_beside_the_marts_is_hidden_once(stub: Stub, pushed: Pushed) -> None:
    stub.tables = {**TABLES, "_build": ("build_id",)}

    outcome = pushed()

    shown = {one["name"]: one["visibility_type"] for one in stub.tables_by_id().values()}
    assert outcome.changed == ["table _build (hidden)"]
    assert shown == {**dict.fromkeys(TABLES), "_build": "technical"}
    assert pushed().changes == 0


def test_one_edit_is_one_change(stub: Stub, pushed: Pushed) -> None:
    pushed()
    number = stub.card("Wins")["id"]

    outcome = pushed(lambda files: files["wins"].update(display="bar"))

    assert outcome.changed == ["question Wins (display)"]
    assert outcome.changes == 1
    assert stub.writes() == [("PUT", f"/api/card/{number}")]
    assert stub.card("Wins")["display"] == "bar"


def test_a_card_keeps_its_number_when_it_is_renamed(stub: Stub, pushed: Pushed) -> None:
    pushed()
    number = stub.card("Wins")["id"]

    outcome = pushed(lambda files: files["wins"].update(name="Deals won"))

    assert outcome.changed == ["question Deals won (name)"]
    assert stub.card("Deals won")["id"] == number


def test_a_card_that_moves_on_a_dashboard_keeps_its_place_in_it(stub: Stub, pushed: Pushed) -> None:
    pushed()
    before = [one["id"] for one in stub.dashboard("Board")["dashcards"]]

    outcome = pushed(lambda files: files["board"]["dashcards"][1].update(size_y=6))

    assert outcome.changed == ["dashboard Board (dashcards)"]
    assert [one["id"] for one in stub.dashboard("Board")["dashcards"]] == before
    assert pushed(lambda files: files["board"]["dashcards"][1].update(size_y=6)).changes == 0


def test_a_dry_run_tells_and_writes_nothing(stub: Stub, pushed: Pushed) -> None:
    outcome = pushed(dry_run=True)

    assert outcome.created == [
        *("connection Marts", "collection Ours", "collection Questions"),
        *("metric Amount", "question Wins", "dashboard Board"),
    ]
    assert {method for method, _, _ in stub.requests} == {"GET"}


def test_a_dry_run_after_a_push_tells_what_differs(stub: Stub, pushed: Pushed) -> None:
    pushed()
    next(iter(stub.fields().values()))["description"] = None

    outcome = pushed(lambda files: files["wins"].update(display="bar"), dry_run=True)

    assert outcome.changed == ["question Wins (display)"]
    assert outcome.described == 1
    assert {method for method, _, _ in stub.requests} == {"GET"}
    assert stub.card("Wins")["display"] == "line"


def test_what_somebody_changed_is_overwritten_and_told(stub: Stub, pushed: Pushed) -> None:
    pushed()
    stub.edit(stub.card("Wins"), display="pie")
    stub.edit(stub.dashboard("Board"), width="fixed")

    outcome = pushed()

    assert outcome.changed == [
        "question Wins (display; changed on the server since, by Anna Nowak: overwritten)",
        "dashboard Board (width; changed on the server since, by Anna Nowak: overwritten)",
    ]
    assert stub.card("Wins")["display"] == "line"


@pytest.mark.parametrize(
    "change",
    [
        {"archived": True},
        {"collection_id": None},
        {"visualization_settings": {"graph.show_values": True}},
        {"description": None},
    ],
)
def test_every_change_of_a_card_is_seen(
    stub: Stub, pushed: Pushed, change: Mapping[str, Any]
) -> None:
    pushed()
    before = copy.deepcopy(stub.card("Wins"))
    stub.edit(stub.card("Wins"), **change)

    outcome = pushed()

    assert outcome.changes == 1
    after = stub.card("Wins")
    assert {key: after[key] for key in change} == {key: before[key] for key in change}
    assert pushed().changes == 0


def test_a_card_that_somebody_put_on_a_dashboard_is_taken_off_and_told(
    stub: Stub, pushed: Pushed
) -> None:
    pushed()
    board = stub.dashboard("Board")
    before = [one["id"] for one in board["dashcards"]]
    another = {**copy.deepcopy(board["dashcards"][1]), "id": 990, "row": 9}
    stub.edit(board, dashcards=[*board["dashcards"], another])

    outcome = pushed()

    assert outcome.changed == [
        "dashboard Board (dashcards; changed on the server since, by Anna Nowak: overwritten)"
    ]
    assert [one["id"] for one in stub.dashboard("Board")["dashcards"]] == before


def test_an_edited_query_is_seen(stub: Stub, pushed: Pushed) -> None:
    pushed()
    query = copy.deepcopy(stub.card("Wins")["dataset_query"])
    query["stages"][0]["native"] += " limit 1"
    stub.edit(stub.card("Wins"), dataset_query=query)

    assert pushed().changed[0].startswith("question Wins (dataset_query; changed on the server")
    assert "limit" not in stub.card("Wins")["dataset_query"]["stages"][0]["native"]


def test_what_is_no_longer_held_is_archived_and_what_others_made_stays(
    stub: Stub, pushed: Pushed
) -> None:
    pushed()
    wins = stub.card("Wins")
    theirs = {**copy.deepcopy(wins), "id": 900, "entity_id": "t" * 21, "name": "Theirs"}
    stub.cards[900] = {**theirs, "creator_id": ANNA["id"]}
    elsewhere = {**copy.deepcopy(wins), "id": 901, "entity_id": "e" * 21, "collection_id": None}
    stub.cards[901] = elsewhere

    def without_wins(files: dict[str, Any]) -> None:
        del files["wins"]
        del files["board"]["dashcards"][1]

    outcome = pushed(without_wins)

    assert outcome.archived == ["card Wins"]
    assert outcome.left_alone == ["card Theirs"]
    assert wins["archived"]
    assert not stub.cards[900]["archived"]
    assert not elsewhere["archived"]
    assert pushed(without_wins).changes == 0


def test_a_renamed_dashboard_takes_the_place_of_the_old_one(stub: Stub, pushed: Pushed) -> None:
    pushed()

    outcome = pushed(lambda files: files["board"].update(name="New board"))

    assert outcome.created == ["dashboard New board"]
    assert outcome.archived == ["dashboard Board"]


def test_a_collection_goes_when_nothing_is_left_in_it(stub: Stub, pushed: Pushed) -> None:
    pushed()

    outcome = pushed(lambda files: files["questions"].update(name="Answers"))

    assert outcome.created == ["collection Answers"]
    assert outcome.archived == ["collection Questions"]
    assert len(outcome.changed) == 2, "the cards have moved"
    assert pushed(lambda files: files["questions"].update(name="Answers")).changes == 0


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/collection"),
        ("POST", "/api/card"),
        ("POST", "/api/dashboard"),
        ("PUT", r"/api/dashboard/\d+"),
        ("PUT", r"/api/field/\d+"),
    ],
)
def test_a_push_that_was_cut_off_is_finished_by_the_next(
    stub: Stub, pushed: Pushed, method: str, path: str
) -> None:
    stub.fail = failing(99, method, path)
    with pytest.raises(MetabaseError, match="ush again to go on"):
        pushed()
    stub.fail = lambda method, path: None

    pushed()

    assert len(stub.cards) == 2
    assert len(stub.collections) == 2
    assert len(stub.dashboards) == 1
    assert len(stub.dashboard("Board")["dashcards"]) == 3
    assert pushed().changes == 0


def test_a_read_that_fails_once_is_tried_again(stub: Stub, pushed: Pushed) -> None:
    stub.fail = failing(2, "GET", "/api/database")

    assert pushed().changes > 0


def test_what_makes_something_is_not_tried_twice(stub: Stub, pushed: Pushed) -> None:
    stub.fail = failing(1, "POST", "/api/card")

    with pytest.raises(MetabaseError, match=r"failed \(500, POST /api/card\)"):
        pushed()

    assert sum(path == "/api/card" for _, path, _ in stub.requests) == 1


def test_a_server_that_does_not_answer_in_time_is_told(stub: Stub, pushed: Pushed) -> None:
    stub.fail = slow(0.2, "/api/user/current")

    with pytest.raises(MetabaseError, match="does not answer at http://127"):
        pushed(timeout=0.05)


def test_it_waits_until_metabase_sees_the_tables(stub: Stub, pushed: Pushed) -> None:
    stub.sync_after = 3

    assert pushed().changes > 0


def test_a_mart_that_metabase_does_not_see_is_named_with_the_cards_that_need_it(
    stub: Stub, pushed: Pushed
) -> None:
    stub.tables = {name: TABLES[name] for name in ("dim_region", "dim_rep")}

    with pytest.raises(MetabaseError) as caught:
        pushed(patience=0.0)

    assert "rpt_sales (for Amount, Wins)" in str(caught.value)
    assert "plumbline publish postgres" in str(caught.value)
    assert not stub.cards


def test_a_column_that_metabase_does_not_see_is_named(stub: Stub, pushed: Pushed) -> None:
    stub.tables = {**TABLES, "rpt_sales": TABLES["rpt_sales"][:3]}

    with pytest.raises(MetabaseError, match=r"rpt_sales\.won \(for Amount, Wins\)"):
        pushed(patience=0.0)


def test_a_dry_run_names_a_missing_mart_too(stub: Stub, pushed: Pushed) -> None:
    pushed()
    for tables in stub.metadata.values():
        tables[:] = [table for table in tables if table["name"] != "dim_rep"]
    stub.tables = {name: TABLES[name] for name in ("dim_region", "rpt_sales")}

    outcome = pushed(dry_run=True)

    assert "does not see dim_rep" in outcome.notes[0]


def test_an_old_server_is_named_with_what_is_needed(stub: Stub, pushed: Pushed) -> None:
    stub.version = "v0.50.36"

    with pytest.raises(MetabaseError, match=r"v0\.50\.36, and .* needs v0\.58 or newer"):
        pushed()


@pytest.mark.parametrize(
    ("tag", "major"),
    [("v0.58.3", 58), ("v1.60.0", 60), ("v0.61.1-beta", 61), ("vUNKNOWN", None), ("master", None)],
)
def test_a_version_is_read_from_its_tag(tag: str, major: int | None) -> None:
    assert major_version(tag) == major


def test_a_wrong_key_is_told_and_not_shown(pushed: Pushed) -> None:
    with pytest.raises(MetabaseError, match="does not accept the key") as caught:
        pushed(key="mb_wrong")

    assert "mb_wrong" not in str(caught.value)


def test_a_key_without_rights_is_told(stub: Stub, pushed: Pushed) -> None:
    stub.me["is_superuser"] = False

    with pytest.raises(MetabaseError, match="group Administrators"):
        pushed()


def test_a_request_that_is_forbidden_is_told(stub: Stub, pushed: Pushed) -> None:
    stub.fail = failing(9, "POST", "/api/card", 403)

    with pytest.raises(MetabaseError, match=r"may not do this .* \(POST /api/card\)"):
        pushed()


def test_a_connection_that_metabase_cannot_open_is_told_without_its_password(
    stub: Stub, pushed: Pushed
) -> None:
    wrong = Connection("postgres", 5432, "marts", "bi_reader", "hunter2")

    with pytest.raises(MetabaseError, match="FATAL: bi_reader") as caught:
        pushed(connection=wrong)

    assert "as bi_reader to marts at postgres:5432" in str(caught.value)
    assert "PLUMBLINE_METABASE_POSTGRES" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(wrong)


def test_a_changed_password_is_brought_to_metabase(stub: Stub, pushed: Pushed) -> None:
    pushed()
    stub.password = "rotated"

    outcome = pushed(connection=Connection("postgres", 5432, "marts", "bi_reader", "rotated"))

    assert outcome.changed == ["connection Marts"]
    assert pushed(connection=CONNECTION).changes == 0, "the one that works stays"


def test_another_host_is_brought_to_metabase(stub: Stub, pushed: Pushed) -> None:
    pushed()

    outcome = pushed(connection=Connection("db2", 5432, "marts", "bi_reader", "secret"))

    assert outcome.changed == ["connection Marts"]
    (database,) = stub.databases.values()
    assert database["details"]["host"] == "db2"


def test_a_connection_of_another_kind_is_not_touched(stub: Stub, pushed: Pushed) -> None:
    details = {"db": "file", "password": "x"}
    stub.databases[1] = {"id": 1, "name": "Marts", "engine": "h2", "details": details}

    with pytest.raises(MetabaseError, match="that is no PostgreSQL: rename it"):
        pushed()


def test_a_card_that_reads_what_is_no_mart_is_named(pushed: Pushed) -> None:
    def edit(files: dict[str, Any]) -> None:
        files["wins"]["dataset_query"]["stages"][0]["native"] = "select 1 from marts.rpt_gone"

    with pytest.raises(MetabaseError, match="the card Wins reads rpt_gone"):
        pushed(edit)


def test_a_card_that_names_what_is_no_column_is_named(pushed: Pushed) -> None:
    def edit(files: dict[str, Any]) -> None:
        files["amount"]["dataset_query"]["stages"][0]["aggregation"][0][2][2][3] = "gone"

    with pytest.raises(MetabaseError, match=r"the card Amount refers to rpt_sales\.gone"):
        pushed(edit)


def test_what_is_not_metabase_is_told(stub: Stub, pushed: Pushed) -> None:
    def page(method: str, path: str) -> None:
        raise Refused(200, "<html>Welcome</html>")

    stub.fail = page

    with pytest.raises(MetabaseError, match="is not Metabase's interface"):
        pushed()


def test_a_redirect_is_not_followed_with_the_key(stub: Stub, pushed: Pushed) -> None:
    stub.fail = failing(9, "GET", "/api/session/properties", 302)

    with pytest.raises(MetabaseError, match="sends on to"):
        pushed()


def test_a_refused_body_is_told_with_metabases_reason(stub: Stub, pushed: Pushed) -> None:
    with pytest.raises(MetabaseError, match=r"POST /api/card \(400\): display: unknown"):
        pushed(lambda files: files["wins"].update(display="hologram"))


def test_what_the_server_keeps_otherwise_is_told(
    stub: Stub, pushed: Pushed, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Stub.make_card

    def upper(self: Stub, *, query: Any, body: Any) -> Any:
        card = made(self, query=query, body=body)
        card["description"] = card["description"].upper()
        return card

    monkeypatch.setattr("tests.metabase_stub.ROUTES", (("POST", "/api/card", upper), *routes()))

    assert "the server keeps description of metric Amount in another form" in pushed().notes[0]


def routes() -> tuple[Any, ...]:
    from tests import metabase_stub

    return tuple(metabase_stub.ROUTES)


@pytest.mark.parametrize(
    ("there", "wanted", "agree"),
    [
        ({"a": 1, "added": 2}, {"a": 1}, True),
        ({"a": 2}, {"a": 1}, False),
        (["field", {"lib/uuid": "x"}, 7], ["field", {}, 7], True),
        (["field", {}, 8], ["field", {}, 7], False),
        ([1, 2], [1], False),
        (None, [], True),
        (None, None, True),
        ({}, None, True),
        ({"a": 1}, None, False),
        (
            ["dimension", ["template-tag", "a"], {"stage-number": 0}],
            ["dimension", ["template-tag", "a"]],
            True,
        ),
        (
            ["dimension", ["template-tag", "a"], {"stage-number": 1}],
            ["dimension", ["template-tag", "a"]],
            False,
        ),
    ],
)
def test_what_a_server_adds_is_no_difference(there: Any, wanted: Any, agree: bool) -> None:
    assert covers(there, wanted) is agree


def test_the_manifest_for_metabase_names_no_project_secrets() -> None:
    text = json.dumps(dictionary.for_metabase(MANIFEST, KEYS, "EUR"))

    assert set(json.loads(text)) == {"nodes", "sources", "child_map"}


CLEAR = ("PLUMBLINE_POSTGRES", "PLUMBLINE_BI_READER_PASSWORD", "PLUMBLINE_METABASE_POSTGRES")


@pytest.mark.parametrize(
    ("environment", "connection"),
    [
        (
            {
                "PLUMBLINE_POSTGRES": "postgresql://warehouse:own@db.example.com:6543/marts",
                "PLUMBLINE_BI_READER_PASSWORD": "r",
            },
            Connection("db.example.com", 6543, "marts", "bi_reader", "r"),
        ),
        (
            {
                "PLUMBLINE_POSTGRES": "postgresql://warehouse:own@localhost/marts",
                "PLUMBLINE_METABASE_POSTGRES": "postgres://bi:p%40ss@pg/x?sslmode=verify-full",
            },
            Connection("pg", 5432, "x", "bi", "p@ss", ssl=True),
        ),
    ],
)
def test_the_connection_is_that_of_the_reader(
    monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str], connection: Connection
) -> None:
    for name in CLEAR:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert connection_from_environment() == connection


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "PLUMBLINE_METABASE_POSTGRES is not set"),
        ({"PLUMBLINE_METABASE_POSTGRES": "pg:5432/marts"}, "is not an address"),
        ({"PLUMBLINE_METABASE_POSTGRES": "postgresql://u:p@h:port/marts"}, "is not an address"),
        ({"PLUMBLINE_POSTGRES": "postgresql://w:own@h/marts"}, "password of bi_reader"),
    ],
)
def test_a_connection_that_is_not_told_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str], message: str
) -> None:
    for name in CLEAR:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(MetabaseError, match=message) as caught:
        connection_from_environment()

    assert "own" not in str(caught.value).replace("known", "")


def test_the_server_and_its_key_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PLUMBLINE_METABASE_URL", raising=False)
    monkeypatch.delenv("PLUMBLINE_METABASE_KEY", raising=False)

    with pytest.raises(MetabaseError, match="PLUMBLINE_METABASE_URL is not set"):
        server_from_environment()
    with pytest.raises(MetabaseError, match="PLUMBLINE_METABASE_KEY is not set"):
        server_from_environment("https://metabase.example.com")


def test_the_command_says_what_is_missing_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "workspace.yml").write_text("company: Acme\n")
    code = "from orchestration.cli import main; main()"
    bare = {key: value for key, value in os.environ.items() if not key.startswith("PLUMBLINE_")}

    done = subprocess.run(
        [sys.executable, "-c", code, "metabase", "push", "--workspace", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env=bare,
    )

    assert done.returncode == 1
    assert "PLUMBLINE_METABASE_URL is not set" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("column", "data_type", "semantic_type"),
    [
        ("won_amount", "decimal(18,2)", "type/Currency"),
        ("spend", "decimal(18,6)", "type/Currency"),
        ("cost_per_mql", "double", "type/Currency"),
        ("clv_formula", "double", "type/Currency"),
        ("amount_original", "decimal(18,2)", None),
        ("fx_rate", "decimal(20,12)", None),
        ("quantity", "decimal(18,4)", None),
        ("units_won", "decimal(18,4)", None),
        ("list_price", "decimal(18,2)", None),
        ("probability", "decimal(18,2)", None),
        ("conversion_rate", "double", "type/Percentage"),
        ("nrr_12m", "double", "type/Percentage"),
        ("share_within_1h", "double", "type/Percentage"),
        ("value", "double", None),
        ("payback_months", "double", None),
        ("leads", "bigint", None),
        ("country", "varchar", "type/Country"),
    ],
)
def test_a_column_is_what_its_name_and_type_say(
    column: str, data_type: str, semantic_type: str | None
) -> None:
    node = model("rpt_any", **{column: data_type})
    manifest = {"nodes": {node["unique_id"]: node}}

    told = dictionary.for_metabase(manifest, Keys({}, ()), "EUR")

    meta = told["nodes"][node["unique_id"]]["columns"][column]["meta"]
    assert meta.get("metabase.semantic_type") == semantic_type
    assert meta.get("metabase.currency") == ("EUR" if "Currency" in str(semantic_type) else None)
