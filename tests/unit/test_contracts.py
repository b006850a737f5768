from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.contracts import ContractError, nearest, read_contracts

TABLE = """\
sources:
  - name: crm
    tables:
      - name: leads
        description: One row per lead.
        config: {{meta: {{match: ["Lead*.csv"], key: [lead_id]{rules}}}}}
        columns:
          - {{name: lead_id, data_type: varchar, config: {{meta: {{headers: Id, required: true}}}}}}
          - {{name: amount, data_type: "decimal(18, 2)", config: {{meta: {{{column}}}}}}}
          - {{name: made_by, data_type: varchar, config: {{meta: {{constant: 1}}}}}}
  - name: plumbline
    tables:
      - name: files
        columns: [{{name: path}}]
"""


def contracts(folder: Path, rules: str = "", column: str = "") -> Path:
    path = folder / "staging" / "crm" / "_crm__sources.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TABLE.format(rules=rules, column=column), encoding="utf-8")
    return folder


def test_a_source_table_with_meta_is_a_contract(tmp_path: Path) -> None:
    found = read_contracts(contracts(tmp_path, ", mode: full"))

    assert list(found) == ["crm.leads"]
    leads = found["crm.leads"]
    assert (leads.relation, leads.key, leads.mode) == ("crm__leads", ("lead_id",), "full")
    assert [c.data_type for c in leads.columns] == ["varchar", "decimal(18,2)", "varchar"]
    assert [c.headers for c in leads.columns] == [("Id",), ("amount",), ()]
    assert [c.name for c in leads.required] == ["lead_id"]
    assert leads.columns[2].rules.constant == "1"


@pytest.mark.parametrize(
    ("rules", "column", "message"),
    [
        (", keys: [x]", "", "crm.leads: keys: Extra inputs"),
        (", mode: weekly", "", "crm.leads: mode: Input should be 'full'"),
        (", mode: window", "", "crm.leads: window: mode window needs"),
        (", window: {date: day}", "", "crm.leads: window: no column 'day'"),
        (", totals: {column: amont}", "", r"totals: no column 'amont' \(the nearest is 'amount'\)"),
        (", encoding: latin-99", "", "encoding: .*not an encoding"),
        (", timezone: Mars", "", "timezone: .*not a time zone"),
        ("", "formats: x", "crm.leads.amount: formats: Extra inputs"),
        ("", "number: '1.2'", "crm.leads.amount: number: .*write 1234.56"),
        ("", "headers: ['/(/']", "crm.leads.amount: headers: .*not a regular expression"),
        ("", "identity: test_flag", "crm.leads.amount: identity: a test_flag is a boolean"),
    ],
)
def test_a_wrong_contract_says_where(tmp_path: Path, rules: str, column: str, message: str) -> None:
    root = contracts(tmp_path, rules, column)

    with pytest.raises(ContractError, match=message) as raised:
        read_contracts(root)
    assert "_crm__sources.yml" in str(raised.value)


def test_a_type_we_do_not_load_and_a_date_with_an_offset_are_wrong(tmp_path: Path) -> None:
    path = contracts(tmp_path) / "staging/crm/_crm__sources.yml"
    text = path.read_text(encoding="utf-8")

    for wrong, message in (("float", "data_type 'float'"), ("date", "a date has no offset")):
        meta = "{format: '%Y-%m-%d%z'}"
        column = f"{{name: x, data_type: {wrong}, config: {{meta: {meta}}}}}"
        path.write_text(text.replace("{name: made_by", f"{column}\n          - {{name: made_by"))
        with pytest.raises(ContractError, match=f"crm.leads.x: .*{message}"):
            read_contracts(tmp_path)


def test_the_digest_changes_with_what_is_loaded_and_not_with_words(tmp_path: Path) -> None:
    path = contracts(tmp_path) / "staging/crm/_crm__sources.yml"
    before = read_contracts(tmp_path)["crm.leads"].digest

    path.write_text(path.read_text().replace("One row per lead.", "Leads."), encoding="utf-8")
    reworded = read_contracts(tmp_path)["crm.leads"].digest
    contracts(tmp_path, column="not_null: true")
    changed = read_contracts(tmp_path)["crm.leads"].digest

    assert before == reworded != changed


def test_the_nearest_name_is_one_that_is_near() -> None:
    assert nearest("Cost", ["Clicks", "COSTS", "Name"]) == " (the nearest is 'COSTS')"
    assert nearest("Cost", ["Impressions"]) == ""


def test_the_contracts_of_the_project_can_be_read() -> None:
    found = read_contracts()

    assert all(name == contract.name for name, contract in found.items())
    assert list(found) == sorted(found)


def test_doctor_looks_for_the_rate_of_every_currency_that_ads_may_be_paid_in() -> None:
    stated = [
        (contract.name, column.rules)
        for contract in read_contracts().values()
        for column in contract.columns
        if column.name == "currency_code" and contract.source.endswith("_ads")
    ]

    assert stated
    assert [name for name, rules in stated if not rules.definition] == []
