"""Files that no contract knows get a mapping that loads them when it is pasted."""

from __future__ import annotations

import pytest
import yaml

from .conftest import Patient, rows

DAYS = range(1, 25)

LEADS = rows(
    "No;Mail;Came on;Source;Phone",
    [f"{n};ada{n}@firma{n % 5}.example;{n + 3:02d}/02/2026;webinar;+49 {n}" for n in DAYS],
)
DEALS = rows(
    "Deal,Lead,State,Value,Opened,Closed",
    [
        f'D{n},{n},{("Won", "Lost", "Running")[n % 3]},"1.{n:03d},50",'
        f'"{n} Apr, 2026 00:03:00",{"" if n % 3 == 2 else f"2026-05-{n:02d}"}'
        for n in DAYS
    ],
)
SPEND = rows(
    "Day,Campaign,Cost,Clicks,Impr.",
    [f'"Apr {n}, 2026",Summer,"$1,{n:03d}.25",{n},{n * 100}' for n in DAYS],
)
ORDERS = rows(
    "Rechnungsnummer;Kundennummer;Rechnungsdatum;Art;Netto",
    [
        f"R{n};K{n % 7};{n:02d}.04.2026;{'Rechnung' if n % 9 else 'Gutschrift'};{n}.000,5{n % 9}"
        for n in DAYS
    ],
)
COSTS = rows(
    "Month,Category,Vendor,Cost",
    [f"{('Jan', 'Feb', 'Mar')[n % 3]} 2026,agency,V{n},{n}.50" for n in DAYS],
)
STAGES = rows(
    "Lead No,E-mail,Created,MQL date,SQL date,Rejected on",
    [
        f"{n},q{n}@y.example,2026-01-{n:02d},2026-02-{n:02d},"
        f"{f'2026-03-{n:02d}' if n % 2 else ''},{f'2026-04-{n:02d}' if n % 5 == 0 else ''}"
        for n in DAYS
    ],
)
SPEND_BR = rows(
    "Data;Campanha;Investimento;Cliques",
    [f'{n:02d}/02/2026;Verão;"R$ {n + 12}.000,50";{n}' for n in range(8, 25)],
)
# Zoho's deals are potentials: one column says won or lost, another one the stage.
POTENTIALS = rows(
    "POTENTIALID,Potential Name,LEADID,Account Name,Stage,Forecast Type,Amount,Created Time,"
    "Closing Date,Potential Owner",
    [
        f"P{n},Hotel {n},L{n},Acme {n},{('Signed', 'Talks')[n % 2]},"
        f"{('Won', 'Open', 'Lost')[n % 3]},"
        f'"$1,{n + 100}.10K","{n:02d} Apr, 2021 00:03:00",'
        f"{f'2021-05-{n:02d}' if n % 2 else f'{chr(34)}{n:02d} May, 2021{chr(34)}'},Ana"
        for n in DAYS
    ],
)


@pytest.mark.parametrize(
    ("name", "content", "made"),
    [
        ("crm/enquiries.csv", LEADS, {"generic.leads": 24}),
        ("crm/deals.csv", DEALS, {"generic.opportunities": 24}),
        ("crm/Potentials_001.csv", POTENTIALS, {"generic.opportunities": 24}),
        ("pinterest/spend.csv", SPEND, {"generic.ad_spend": 24}),
        ("rechnungen.csv", ORDERS, {"generic.orders": 24}),
        ("ledger.csv", COSTS, {"generic.costs": 24}),
        ("funnel.csv", STAGES, {"generic.leads": 24, "generic.stage_events": 40}),
        ("reddit/gasto.csv", SPEND_BR, {"generic.ad_spend": 17}),
    ],
)
def test_a_proposal_loads_the_file_when_it_is_pasted(
    patient: Patient, name: str, content: str, made: dict[str, int]
) -> None:
    # Its currencies are not what this is about.
    patient.settings = patient.settings.replace("EUR", "BRL" if content is SPEND_BR else "USD")
    own = "ad_platform,{0},paid_social,1,1900-01-01,9999-12-31,,,"
    header = "source_system,source_value,channel,version,valid_from,valid_to,"
    header += "owner_sales,owner_marketing,reason"
    platforms = [own.format(platform) for platform in ("pinterest", "reddit")]
    patient.export("channel_map.csv", rows(header, platforms), "definitions")
    before = patient.one(name, content)

    after = patient.paste(before)

    found = {f.contract: (f.rows, f.rejected) for f in after.findings if not f.is_definition}
    assert found == {contract: (count, 0) for contract, count in made.items()}
    assert after.exit_code == 0, after
    loaded = patient.load()
    assert {c: loaded.rows(c) for c in made} == made


def test_a_proposal_says_how_dates_and_numbers_are_written(patient: Patient) -> None:
    [proposal] = patient.one("crm/deals.csv", DEALS).proposals

    [entry] = yaml.safe_load(proposal.text)

    assert entry["match"] == "crm/deals.csv"
    assert entry["contract"] == "generic.opportunities"
    assert entry["columns"] == {
        "opportunity_id": "Deal",
        "person_record_id": "Lead",
        "status": {
            "headers": ["State"],
            "values": {"Lost": "lost", "Running": "open", "Won": "won"},
        },
        "amount": {"headers": ["Value"], "number": "1.234,56"},
        "close_date": "Closed",
        "created_at": {"headers": ["Opened"], "format": "%d %b, %Y %H:%M:%S"},
        "source_system": {"constant": "crm"},
    }


def test_stage_dates_in_columns_become_events(patient: Patient) -> None:
    finding = patient.one("funnel.csv", STAGES)

    [_, events] = yaml.safe_load(finding.proposals[0].text)

    assert events["contract"] == "generic.stage_events"
    assert events["unpivot"] == {
        "headers": {"MQL date": "mql", "SQL date": "sql", "Rejected on": "rejected"},
        "name": "stage",
        "value": "changed_at",
    }
    assert events["columns"]["record_id"] == "Lead No"


def test_a_file_that_loads_without_its_stage_dates_is_told_of_them(patient: Patient) -> None:
    finding = patient.one("funnel.csv", STAGES.replace("Lead No", "Lead ID"))

    assert (finding.contract, finding.status) == ("generic.leads", "ok")
    assert any("dates of stages" in note for note in finding.notes)
    assert patient.visit().exit_code == 1
    assert patient.paste(finding).exit_code == 0


@pytest.mark.parametrize(
    ("dates", "told"),
    [
        (["03/04/2026", "05/06/2026"], "%d/%m/%Y or %m/%d/%Y"),
        (["03/04/2026 10:00", "05/06/2026 11:30"], "%d/%m/%Y %H:%M or %m/%d/%Y %H:%M"),
        (["03/04/2026", "2026-12-31"], "%d/%m/%Y and %Y-%m-%d or %m/%d/%Y and %Y-%m-%d"),
    ],
)
def test_day_or_month_first_is_left_to_the_user(
    patient: Patient, dates: list[str], told: str
) -> None:
    finding = patient.one(
        "enquiries.csv", rows("Lead No,Came on", [f"{n},{d}" for n, d in enumerate(dates)])
    )

    [proposal] = finding.proposals
    for way in told.split(" or "):
        for form in way.split(" and "):
            assert form in proposal.text
    assert "choose" in proposal.text
    assert "format" not in str(yaml.safe_load(proposal.text)[0]["columns"])
    assert "choose the format of created_at" in proposal.problem
    # Used as it is, it does no harm: such dates are rejected, not misread.
    assert patient.paste(finding).findings[0].status in ("rejects", "refused")


def test_two_formats_in_one_file_are_both_stated(patient: Patient) -> None:
    dates = ["2026-01-05 10:00:00", "31.01.2026", "2026-02-05 11:00:00", "28.02.2026"]
    finding = patient.one(
        "enquiries.csv", rows("Lead No,Came on", [f"{n},{d}" for n, d in enumerate(dates)])
    )

    created = yaml.safe_load(finding.proposals[0].text)[0]["columns"]["created_at"]

    assert sorted(created["format"]) == ["%Y-%m-%d %H:%M:%S", "%d.%m.%Y"]
    assert patient.paste(finding).exit_code == 0


def test_the_format_is_told_by_all_values_and_not_the_first(patient: Patient) -> None:
    lines = [f"{n},03/04/2026" for n in range(5_000)]
    finding = patient.one("enquiries.csv", rows("Lead No,Came on", [*lines, "5000,03/25/2026"]))

    created = yaml.safe_load(finding.proposals[0].text)[0]["columns"]["created_at"]

    assert created == {"headers": ["Came on"], "format": "%m/%d/%Y"}


@pytest.mark.parametrize(
    ("values", "rules"),
    [
        (["1.234,56", "12,00"], {"number": "1.234,56"}),
        (["1,234.56", "12.00"], {"number": "1,234.56"}),
        (["146536,25", "100,5"], {"number": "1.234,56"}),
        (["R$ 100.000", "R$ 7,5"], {"number": "1.234,56", "currency_symbols": True}),
        (
            ["$1,117.10K", "$2M"],
            {"number": "1,234.56", "currency_symbols": True, "multipliers": None},
        ),
        (["12.5", "7"], {}),
        (["1 234,56", "99,00"], {"number": "1 234,56"}),
    ],
)
def test_the_shape_of_numbers_is_told(
    patient: Patient, values: list[str], rules: dict[str, object]
) -> None:
    lines = [f'{n};2026-01-0{n + 1};"{value}"' for n, value in enumerate(values)]
    finding = patient.one("rechnungen.csv", rows("Rechnungsnummer;Rechnungsdatum;Netto", lines))

    [proposal] = finding.proposals
    revenue = yaml.safe_load(proposal.text)[0]["columns"]["revenue"]

    said = {} if isinstance(revenue, str) else {k: v for k, v in revenue.items() if k != "headers"}
    assert said.keys() == rules.keys()
    assert all(said[key] == rule for key, rule in rules.items() if rule is not None)
    assert (proposal.rows, proposal.problem) == (len(values), "")


def test_a_number_that_may_be_two_is_left_to_the_user(patient: Patient) -> None:
    lines = [f"2026-01-0{n},Summer,{n}.250" for n in range(1, 8)]
    finding = patient.one("pinterest/spend.csv", rows("Day,Campaign,Cost", lines))

    [proposal] = finding.proposals

    assert "choose the format of spend" in proposal.problem
    assert 'choose: number: "1234.56" or number: "1.234,56":' in proposal.text


def test_what_another_column_tells_settles_a_number(patient: Patient) -> None:
    lines = [f"0{n}.01.2026;Sommer;R$ {n}.000;{n}.250,5" for n in range(1, 8)]
    finding = patient.one("pinterest/spend.csv", rows("Datum;Kampagne;Kosten;Conversions", lines))

    [proposal] = finding.proposals

    spend = yaml.safe_load(proposal.text)[0]["columns"]["spend"]
    assert spend["number"] == "1.234,56"
    assert "decimals as in 'Conversions'" in proposal.text
    assert proposal.problem == ""


def test_windows_letters_are_read(patient: Patient) -> None:
    text = LEADS.replace("webinar", "événement").replace("Source", "Herkunft")
    finding = patient.one("crm/enquiries.csv", text.encode("cp1252"))

    assert yaml.safe_load(finding.proposals[0].text)[0]["encoding"] == "cp1252"
    assert patient.paste(finding).findings[0].status == "ok"


def test_a_file_without_a_header_is_mapped_by_position(patient: Patient) -> None:
    lines = [f"{n},ada{n}@firma.example,2026-01-{n:02d},web" for n in DAYS]
    finding = patient.one("people.csv", "\n".join(lines) + "\n")

    [entry] = yaml.safe_load(finding.proposals[0].text)

    assert entry["header"] is False
    assert entry["columns"]["email_key"] == {"position": 2}
    assert entry["columns"]["created_at"] == {"position": 3}
    assert patient.paste(finding).exit_code == 0
    assert "firma.example" not in patient.shown(patient.visit())


def test_won_and_lost_may_stand_apart_from_the_stage(patient: Patient) -> None:
    # Whatever the file is called.
    [proposal] = patient.one("crm/all.csv", POTENTIALS).proposals

    [entry] = yaml.safe_load(proposal.text)

    assert entry["contract"] == "generic.opportunities"
    columns = entry["columns"]
    assert columns["opportunity_id"] == "POTENTIALID"
    assert columns["status"] == "Forecast Type"
    assert columns["stage_name"] == "Stage"
    assert columns["sales_rep_id"] == "Potential Owner"


def test_in_a_file_without_a_header_the_id_may_follow_a_time(patient: Patient) -> None:
    lines = [f"2026-01-{n:02d} 10:15:00,L{n},ada{n}@firma.example,web,Summer" for n in DAYS]
    finding = patient.one("site/sign-ups.txt", "\n".join(lines) + "\n")

    [entry] = yaml.safe_load(finding.proposals[0].text)

    assert entry["columns"]["lead_id"] == {"position": 2}
    assert entry["columns"]["created_at"]["position"] == 1
    assert "not used: columns 4, 5" in finding.proposals[0].text
    assert patient.paste(finding).exit_code == 0


def test_marks_for_nothing_are_stated(patient: Patient) -> None:
    content = DEALS.replace(",2026-05-03", ",-").replace(",2026-05-06", ",n/a")
    finding = patient.one("crm/deals.csv", content)

    assert yaml.safe_load(finding.proposals[0].text)[0]["null_values"] == ["", "-", "n/a"]
    assert patient.paste(finding).exit_code == 0


def test_the_date_in_a_name_is_left_open(patient: Patient) -> None:
    finding = patient.one("crm/enquiries [all] 2026-10-31.csv", LEADS)

    [proposal] = finding.proposals

    assert yaml.safe_load(proposal.text)[0]["match"] == "crm/enquiries [[]all] *.csv"
    assert patient.paste(finding).exit_code == 0


def test_a_file_of_a_known_source_in_a_folder_of_another_name_is_sent_there(
    patient: Patient,
) -> None:
    more = ",".join(f"Custom{n}__c" for n in range(40))
    header = f"Id,Name,OwnerId,ParentId,Industry,Website,IsDeleted,CreatedDate,{more}"
    line = "001000000000001AAA,Acme,005x,,Shops,acme.example,0,2026-01-05T10:00:00.000+0000"
    line += "," * 40
    finding = patient.one("weekly export/Account.csv", rows(header, [line]))

    [proposal] = finding.proposals

    assert yaml.safe_load(proposal.text)[0]["contract"] == "salesforce.accounts"
    assert "or put it into exports/salesforce/" in proposal.text
    assert patient.paste(finding).exit_code == 0


def test_the_nearest_contract_is_told_with_what_it_lacks(patient: Patient) -> None:
    header = "Invoice No,Customer,Invoice Date,Currency"
    finding = patient.one(
        "invoices.csv", rows(header, ["R1,K1,2026-01-05,EUR", "R2,K2,2026-01-06,EUR"])
    )

    assert finding.proposals == ()
    assert "the nearest contract is generic.orders, but nothing gives revenue" in finding.message


def test_what_is_nothing_of_ours_gets_no_mapping(patient: Patient) -> None:
    finding = patient.one("weather.csv", rows("station,humidity", ["a,1", "b,2"]))

    assert (finding.status, finding.proposals) == ("unmatched", ())


def test_what_is_no_table_is_said_to_be_none(patient: Patient) -> None:
    finding = patient.one("notes.txt", "Hello.\nThis is no table.\n")

    assert "does not look like a table" in finding.message
