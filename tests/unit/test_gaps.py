"""Words that no definition knows, and the rows that would make them known."""

from __future__ import annotations

import csv
import re
from datetime import date
from pathlib import Path

import pytest

from orchestration import gaps
from orchestration.contracts import PROJECT_ROOT, read_contracts
from orchestration.gaps import Gap, Known


def seed(name: str) -> list[dict[str, str]]:
    with (PROJECT_ROOT / "seeds" / "definitions" / f"{name}.csv").open(
        encoding="utf-8", newline=""
    ) as file:
        return list(csv.DictReader(file))


def test_the_ladder_is_that_of_the_models() -> None:
    path = PROJECT_ROOT / "models" / "intermediate" / "funnel" / "int_ladder.sql"
    stages = re.findall(r"\('(\w+)', \d", path.read_text(encoding="utf-8"))

    assert set(gaps.LADDER) == set(stages) - {"opportunity", "won", "lost"}


@pytest.mark.parametrize("name", [*gaps.DEFINITIONS])
def test_a_row_has_every_column_of_its_definition(name: str) -> None:
    contracts = read_contracts()
    header = gaps.FILES.get(name) or [c.name for c in contracts[f"definitions.{name}"].columns]
    gap = Gap(name, "crm", "Some, text", 1, first_day=date(2026, 1, 5))

    [row] = csv.reader([gap.row(header)])

    optional = {"team", "region"}
    filled = {name for name, cell in zip(header, row, strict=True) if cell}
    assert filled >= {*header} - optional
    assert "?" not in "".join(row)


@pytest.mark.parametrize(
    "name", ["channel_map", "stage_map", "opportunity_kinds", "opportunity_stages"]
)
def test_what_is_proposed_is_a_word_that_the_models_know(name: str) -> None:
    kind = gaps.DEFINITIONS[name]
    channels = tuple(row["channel"] for row in seed("channels"))
    texts = [row[kind.columns[0]] for row in seed(name)] + [
        "Weird",
        "MQL",
        "Messe",
        "Renewal",
        "Won",
    ]

    proposed = {kind.propose(text) for text in texts}

    assert proposed <= set(kind.choices or channels)


@pytest.mark.parametrize(
    ("definition", "text", "means"),
    [
        ("channel_map", "Google Ads", "paid_search"),
        ("channel_map", "LinkedIn Ads", "paid_social"),
        ("channel_map", "linkedin", "organic_social"),
        ("channel_map", "Trade Show", "event"),
        ("channel_map", "Something", "other"),
        ("stage_map", "Marketing Qualified", "mql"),
        ("stage_map", "Disqualified", "rejected"),
        ("stage_map", "Whatever", "none"),
        ("opportunity_stages", "Closed Won", "won"),
        ("opportunity_stages", "Won't buy / lost", "lost"),
        ("opportunity_stages", "Legal", "open"),
        ("opportunity_stages", "Not closed yet, reassigned", "open"),
        ("opportunity_stages", "Gewonnen", "won"),
        ("stage_map", "Open - Not Contacted", "none"),
        ("stage_map", "Contacted", "sal"),
        ("channel_map", "Direct Mail", "offline"),
        ("channel_map", "Platform information, indirect", "other"),
        ("opportunity_kinds", "Renewal", "renewal"),
        ("loss_reasons", "No Budget", "no_budget"),
    ],
)
def test_a_likely_meaning_is_proposed(definition: str, text: str, means: str) -> None:
    assert gaps.DEFINITIONS[definition].propose(text) == means


def known(currency: str = "EUR") -> Known:
    always = {"valid_from": date(1900, 1, 1), "valid_to": date(9999, 12, 31)}
    january = {"valid_from": date(2026, 1, 1), "valid_to": date(2026, 2, 1)}
    rows: dict[str, list[dict[str, object]]] = {
        "stage_map": [{"source_system": "crm", "source_stage": "Demo", **always}],
        "exchange_rates": [{"currency_code": "USD", "rate": 1, **january}],
        "opportunity_stages": [{"source_system": "hubspot", "stage_name": "Signed", **always}],
        "channels": [{"channel": "email"}],
    }
    return Known(rows, currency)


@pytest.mark.parametrize(
    ("definition", "system", "text", "day", "is_known"),
    [
        ("stage_map", "crm", "DEMO", None, True),
        ("stage_map", "other", "Demo", None, False),
        ("stage_map", "other", "MQL", None, True),
        ("stage_map", "other", "won", None, False),
        ("channel_map", "crm", "Email", None, True),
        ("channel_map", "crm", "Mail", None, False),
        ("exchange_rates", "", "usd", date(2026, 1, 31), True),
        ("exchange_rates", "", "USD", date(2026, 2, 1), False),
        ("exchange_rates", "", "eur", date(2030, 1, 1), True),
        ("opportunity_stages", "hubspot", "Signed (EMEA)", None, True),
        ("opportunity_kinds", "crm", "renewal", None, True),
        ("loss_reasons", "crm", "Duplicate", None, True),
    ],
)
def test_a_word_is_known_as_the_models_look_it_up(
    definition: str, system: str, text: str, day: date | None, is_known: bool
) -> None:
    assert known().has(definition, system, text, day) is is_known


def test_a_rep_of_any_system_is_known_where_none_is_stated() -> None:
    reps = known()
    reps.add("sales_reps", "salesforce", ["0055"])

    assert reps.has("sales_reps", "", "0055", None)
    assert reps.has("sales_reps", "", "salesforce:0055", None)
    assert not reps.has("sales_reps", "hubspot", "0055", None)
    assert reps.lists("sales_reps", "")
    assert not reps.lists("sales_reps", "hubspot")


@pytest.mark.parametrize("text", ["ada@example.com", "x\x1b[31m", "long " * 40])
def test_what_is_shown_is_fit_for_a_terminal(text: str) -> None:
    shown = gaps.shown(text)

    assert "@" not in shown
    assert shown.isprintable()
    assert len(shown) <= gaps.LONGEST


def test_what_cannot_be_shown_whole_is_not_pasted() -> None:
    assert not Gap("channel_map", "crm", "x\x1b[31m", 1).can_be_pasted
    assert not Gap("channel_map", "crm", "ada@example.com", 1).can_be_pasted
    assert Gap("channel_map", "crm", "Messe Köln", 1).can_be_pasted


# Columns that hold such words by their name say so in their contract, so that doctor looks at them.
TELLING = {
    "channel_source": "channel_map",
    "lead_source": "channel_map",
    "original_source": "channel_map",
    "deal_type": "opportunity_kinds",
    "deal_stage": "opportunity_stages",
    "lifecycle_stage": "stage_map",
    "loss_reason": "loss_reasons",
    "cost_type": "cac_cost_types",
}
# Companies have no stage of the funnel, forms no channel, and old versions and lines of a deal the
# words of the deal.
APART = {
    "hubspot.companies",
    "fivetran_hubspot.companies",
    "klaviyo.subscribers",
    "fivetran_salesforce.opportunity_history",
    "fivetran_salesforce.opportunity_line_item",
    "salesforce.opportunity_line_items",
}


def test_contracts_say_which_definition_their_words_belong_to() -> None:
    missing = [
        f"{contract.name}.{column.name}"
        for contract in read_contracts().values()
        for column in contract.columns
        if contract.source != "definitions" and contract.name not in APART
        if column.name in TELLING
        and (
            column.rules.definition is None or column.rules.definition.name != TELLING[column.name]
        )
    ]

    assert missing == []


def test_the_currency_of_an_amount_is_looked_up_by_day() -> None:
    money = {"amount", "revenue", "spend", "cost", "value"}
    missing = [
        contract.name
        for contract in read_contracts().values()
        if contract.name not in APART and any(column.name in money for column in contract.columns)
        for column in contract.columns
        if column.name == "currency_code"
        and (column.rules.definition is None or not column.rules.definition.day)
    ]

    assert missing == []


def test_a_meaning_changes_no_row(tmp_path: Path) -> None:
    text = (
        "sources:\n  - name: crm\n    tables:\n      - name: deals\n"
        "        config: {meta: {match: [a.csv]}}\n        columns:\n"
        "          - name: stage\n            data_type: varchar\n"
        "            config: {meta: {headers: [Stage]%s}}\n"
    )
    digests = set()
    for number, more in enumerate(("", ", definition: stage_map", ", lists: sales_reps")):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "_crm__sources.yml").write_text(text % more, encoding="utf-8")
        digests.add(read_contracts(folder)["crm.deals"].digest)

    assert len(digests) == 1
