"""Which contract a file goes to, and what is said when that is not clear."""

from __future__ import annotations

import pytest

from orchestration.ingest import idle_entries
from orchestration.workspace import WorkspaceError

from .conftest import Lab

ID = ("varchar", {"required": True})


def found(lab: Lab, name: str, header: str) -> tuple[str, str, str]:
    lab.export(name, f"{header}\n{','.join('1' for _ in header.split(','))}\n")
    [result] = lab.ingest().files
    return result.contract, result.status, result.message


@pytest.fixture
def crm(lab: Lab) -> Lab:
    lab.contract("crm.leads", {"id": ID, "email": ID}, match=["Lead*.csv"])
    lab.contract("crm.people", {"id": ID, "name": ID}, match=["*.csv"], absent=["Day"])
    lab.contract("crm.daily", {"id": ID, "name": ID, "day": ID}, match=["*.csv"])
    lab.contract("generic.leads", {"id": ID, "email": ID, "x": "varchar"})
    return lab


@pytest.mark.hazard("renamed columns")
@pytest.mark.parametrize(
    ("name", "header", "contract", "status", "message"),
    [
        ("crm/2026/LEAD_1.csv", "id,email", "crm.leads", "loaded", ""),
        ("crm/any.csv", "id,name", "crm.people", "loaded", ""),
        ("crm/any.csv", "id,name,Day", "crm.daily", "loaded", ""),
        ("crm/any.csv", "id,nam", "crm", "refused", "lacks the column"),
        ("crm/any.txt", "id,name", "crm", "unmatched", "no contract of crm is for files of this"),
        ("crm/any.xlsx", "id,name", "crm", "unmatched", "save it as CSV"),
        ("elsewhere.csv", "id,email", "crm.leads", "loaded", ""),
        ("new/elsewhere.csv", "name,id", "crm.people", "loaded", ""),
        ("new/elsewhere.csv", "id,a,b", "", "unmatched", "its header fits no contract"),
        ("new/some.csv", "id,email,a,b,c,d,e,f", "generic.leads", "", ""),
    ],
)
def test_a_file_goes_where_folder_name_and_header_say(
    crm: Lab, name: str, header: str, contract: str, status: str, message: str
) -> None:
    if status:
        taken = found(crm, name, header)
        assert taken[:2] == (contract, status)
        assert message in taken[2]
    else:
        # A few headers in common do not make a file one of a kind.
        assert found(crm, name, header)[1] == "loaded"


def test_hidden_files_are_no_exports(crm: Lab) -> None:
    crm.export(".DS_Store", "x")
    crm.export("__MACOSX/Lead.csv", "id,email\n")
    crm.export("crm/~$Lead.csv", "id,email\n")

    assert crm.ingest().files == []


def test_a_file_that_could_be_two_things_is_refused(lab: Lab) -> None:
    lab.contract("a.rows", {"id": ID, "x": ID})
    lab.contract("b.rows", {"id": ID, "x": ID})

    contract, status, message = found(lab, "other/file.csv", "id,x")

    assert (contract, status) == ("", "refused")
    assert "could be any of a.rows, b.rows: state its contract" in message


def test_of_two_that_fit_the_one_the_file_is_called_after_is_taken(lab: Lab) -> None:
    lab.contract("generic.deals", {"id": ID, "x": ID}, match=["deals*.csv"])
    lab.contract("generic.roles", {"id": ID, "x": ID}, match=["roles*.csv"])

    assert found(lab, "deals-2026-06-30.csv", "id,x")[:2] == ("generic.deals", "loaded")


def test_a_named_source_comes_before_a_generic_one(lab: Lab) -> None:
    lab.contract("generic.rows", {"id": ID, "x": ID})
    lab.contract("crm.rows", {"id": ID, "x": ID})

    assert found(lab, "file.csv", "id,x")[0] == "crm.rows"


@pytest.mark.hazard("renamed columns")
def test_a_rule_of_the_workspace_overrides_the_contract(lab: Lab) -> None:
    lab.contract(
        "generic.events",
        {
            "record_id": ("varchar", {"required": True, "not_null": True}),
            "stage": ("varchar", {"required": True}),
            "source_system": ("varchar", {"constant": "generic"}),
            "changed_at": ("timestamp", {"required": True}),
            "amount": "decimal(18,2)",
        },
    )
    lab.settings = {
        "timezone": "America/New_York",
        "files": [
            {
                "match": "CRM/lead_history*.csv",
                "contract": "generic.events",
                "delimiter": "|",
                "encoding": "cp1252",
                "timezone": "Europe/Berlin",
                "null_values": ["-"],
                "where": {"Field": ["Status"]},
                "columns": {
                    "record_id": "Lead",
                    "stage": {"headers": ["New"], "values": {"Zu": "closed"}},
                    "source_system": {"constant": "crm"},
                    "changed_at": {"headers": ["At"], "format": "%d.%m.%Y %H:%M"},
                    "amount": {"headers": ["Geld €"], "number": "1.234,56"},
                },
            }
        ],
    }

    text = (
        "Lead|Field|New|At|Geld €\n"
        "1|Status|Zu|01.07.2026 12:00|1.234,50\n"
        "2|Owner|x|nonsense|x\n"
        "3|Status|Öffen|01.01.2026 12:00|-\n"
    )
    result = lab.one(text.encode("cp1252"), "crm/Lead_History_1.csv")

    assert (result.contract, result.rows, result.skipped) == ("generic.events", 2, 1)
    [first, second] = lab.query(
        "select record_id, stage, source_system, changed_at::varchar, amount::varchar "
        "from '{raw}/generic/events/*.parquet' order by 1"
    )
    assert first == ("1", "closed", "crm", "2026-07-01 10:00:00", "1234.50")
    assert second == ("3", "Öffen", "crm", "2026-01-01 11:00:00", None)


def test_a_header_that_a_rule_states_must_be_there(lab: Lab) -> None:
    lab.contract("generic.rows", {"id": ID, "name": "varchar"})
    lab.settings["files"] = [
        {"match": "*.csv", "contract": "generic.rows", "columns": {"name": "Full name"}}
    ]

    result = lab.one("id,Full_name\n1,a\n", "x.csv")

    assert result.status == "refused"
    assert "lacks the column 'Full name'" in result.message
    assert "the nearest is 'Full_name'" in result.message


def test_one_file_may_feed_several_contracts_and_one_contract_twice(lab: Lab) -> None:
    lab.contract("generic.a", {"id": ID, "kind": ("varchar", {"constant": "a"})})
    lab.contract("generic.b", {"id": ID})
    lab.settings["files"] = [
        {"match": "*.csv", "contract": "generic.a", "where": {"T": ["x"]}},
        {"match": "*.csv", "contract": "generic.b"},
        {
            "match": "*.csv",
            "contract": "generic.a",
            "where": {"T": "y"},
            "columns": {"kind": {"constant": "second"}},
        },
    ]
    lab.export("f.csv", "id,T\n1,x\n2,y\n3,z\n")

    lab.ingest()
    lab.ingest()
    (lab.root / "exports/f.csv").unlink()
    lab.ingest()

    assert lab.rows("generic.a") == [("1", "a"), ("2", "second")]
    assert lab.rows("generic.b") == [("1",), ("2",), ("3",)]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"contract": "generic.row"}, r"files.0.contract: no contract 'generic.row' \(the nearest"),
        ({"columns": {"nam": "x"}}, r"line \d+: files.0.columns.nam: generic.rows has no such col"),
        ({"totals": {"column": "x"}}, "generic.rows has no column 'x'"),
    ],
)
def test_a_rule_about_nothing_stops_the_run(
    lab: Lab, rule: dict[str, object], message: str
) -> None:
    lab.contract("generic.rows", {"id": ID, "name": "varchar"})
    lab.settings["files"] = [{"match": "*.csv", "contract": "generic.rows", **rule}]

    with pytest.raises(WorkspaceError, match=message):
        lab.ingest()


def test_an_entry_that_fits_no_file_is_told_with_the_nearest_name(crm: Lab) -> None:
    crm.settings["files"] = [
        {"match": "crm/Leads-*.csv", "contract": "crm.leads"},
        {"match": "CRM/people.csv", "contract": "crm.people"},
    ]
    crm.export("crm/Lead_1.csv", "id,email\n1,1\n")
    crm.export("crm/people.csv", "id,name\n1,1\n")

    [line] = idle_entries(crm.workspace)

    assert "no file matches 'crm/Leads-*.csv' (the nearest is 'crm/Lead_1.csv')" in line


def test_outside_its_folder_a_common_header_counts_only_below_a_telling_line(lab: Lab) -> None:
    columns = {"campaign": ID, "cost": ID, "day": ID}
    lab.contract("ads.daily", columns, by_header="/^campaign report/")
    lab.contract("shop.orders", {"a": ID, "b": ID}, by_header=False)

    lab.export("ads/any.csv", "Campaign,Cost,Day\na,1,2\n")
    lab.export("told.csv", "Campaign report\n2026\nCampaign,Cost,Day\nb,1,2\n")
    lab.export("untold.csv", "Campaign,Cost,Day\nc,1,2\n")
    lab.export("other.csv", "a,b\nc,1\n")

    statuses = {result.file_name: result.status for result in lab.ingest().files}
    assert statuses == {
        "ads/any.csv": "loaded",
        "told.csv": "loaded",
        "untold.csv": "unmatched",
        "other.csv": "unmatched",
    }


def test_a_connectors_file_is_known_in_the_folder_of_its_system(lab: Lab) -> None:
    lab.contract("crm.leads", {"id": ID, "email": ID}, match=["lead*.csv"])
    lab.contract("fivetran_crm.lead", {"id": ID, "_synced": ID}, match=["lead.*"])

    lab.export("crm/lead.csv", "id,_synced\n1,2\n")
    lab.export("fivetran/crm/lead.csv", "id,_synced\n3,4\n")

    assert [result.contract for result in lab.ingest().files] == ["fivetran_crm.lead"] * 2
