"""HubSpot's exports and the connector's tables, in the shapes that they really have."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from orchestration.contracts import Contract, read_contracts

from .conftest import Lab

FOLDER = "hubspot"
DEALS = f"{FOLDER}/hubspot-crm-exports-all-deals-2026-03-31.csv"
CONTACTS = f"{FOLDER}/hubspot-crm-exports-all-contacts-2026-03-31.csv"
COMPANIES = f"{FOLDER}/hubspot-crm-exports-all-companies-2026-03-31.csv"


@pytest.fixture
def hubspot(lab: Lab) -> Lab:
    """A workspace in Berlin, with the contracts of HubSpot."""
    lab.settings["timezone"] = "Europe/Berlin"
    lab.contracts = _contracts()
    return lab


@cache
def _contracts() -> dict[str, Contract]:
    return {n: c for n, c in read_contracts().items() if c.source.endswith("hubspot")}


def loaded(lab: Lab) -> dict[str, str]:
    """What became of each file, by contract."""
    return {result.contract: result.status for result in lab.ingest().files}


def column(lab: Lab, relation: str, *names: str) -> list[Any]:
    """Some columns of a raw table; one alone is not in tuples."""
    source, table = relation.split(".")
    rows = lab.query(
        f"select {', '.join(names)} from read_parquet('{{raw}}/{source}/{table}/*.parquet') "
        f"where _fingerprint is not null order by all"
    )
    return [row[0] for row in rows] if len(names) == 1 else rows


def test_a_deals_file_gives_deals_stage_dates_and_associations(hubspot: Lab) -> None:
    hubspot.export(
        DEALS,
        '"Record ID","Deal Name","Deal Stage","Pipeline","Amount","Currency","Close Date",'
        '"Create Date","Deal owner","Closed Lost Reason",'
        '"Date entered ""Closed Won (Sales Pipeline)""","Date entered ""Signed"" (EMEA)",'
        '"Date entered current stage","Associated Company IDs","Associated Contact",'
        '"Associated Contact IDs"\n'
        '"901","Lamps, ""big""","Closed Won (Sales Pipeline)","Sales Pipeline","12000.5","EUR",'
        '"2026-03-05 00:30","2026-01-10 00:10","Dana Diaz","","2026-03-05 00:30","",'
        '"2026-03-05 00:30","71;72","Ann Archer;Ben Bay","101; 102"\n'
        '"902","Torches","Signed (EMEA)","EMEA","","","2026-04-01 00:00","2026-07-01 12:00","","",'
        '"","2026-03-29 03:30","2026-03-29 03:30","","",""\n',
    )

    assert loaded(hubspot) == {
        "hubspot.deals": "loaded",
        "hubspot.deal_stage_dates": "loaded",
        "hubspot.deal_companies": "loaded",
        "hubspot.deal_contacts": "loaded",
    }
    # A close date is a day of the account's own calendar; a time is one of its zone.
    assert column(
        hubspot, "hubspot.deals", "deal_id", "deal_stage", "amount", "close_date", "created_at"
    ) == [
        ("901", "Closed Won (Sales Pipeline)", Decimal("12000.50"), date(2026, 3, 5),
         datetime(2026, 1, 9, 23, 10)),
        ("902", "Signed (EMEA)", None, date(2026, 4, 1), datetime(2026, 7, 1, 10, 0)),
    ]  # fmt: skip
    assert column(
        hubspot, "hubspot.deal_stage_dates", "deal_id", "stage_name", "entered_at"
    ) == [
        ("901", "Closed Won (Sales Pipeline)", datetime(2026, 3, 4, 23, 30)),
        ("902", "Signed (EMEA)", datetime(2026, 3, 29, 1, 30)),
    ]  # fmt: skip
    assert column(hubspot, "hubspot.deal_contacts", "deal_id", "contact_id") == [
        ("901", "101"),
        ("901", "102"),
    ]
    assert column(hubspot, "hubspot.deal_companies", "company_id") == ["71", "72"]


@pytest.mark.parametrize(
    ("header", "stage", "entered"),
    [
        ("hs_object_id,dealname,dealstage,amount,closedate,hs_v2_date_entered_closedwon",
         "closedwon", ["closedwon"]),
        ("Datensatz-ID,Deal-Name,Deal-Phase,Betrag,Abschlussdatum,Pipeline", "Gewonnen", None),
        ("ID de fiche d'informations,Nom de la transaction,Phase de la transaction,Montant,"
         "Date de fermeture,Pipeline", "Fermé gagné", None),
        ("Record ID,Nombre del negocio,Etapa del negocio,Valor,Fecha de cierre,Moneda",
         "Cierre ganado", None),
        ("ID do registro,Nome do negócio,Etapa do negócio,Valor,Data de fechamento,Moeda",
         "Fechado ganho", None),
    ],
)  # fmt: skip
def test_deals_with_internal_names_or_in_another_language(
    hubspot: Lab, header: str, stage: str, entered: list[str] | None
) -> None:
    hubspot.export(
        f"{FOLDER}/hubspot-crm-exports-view-2026-03-31.csv",
        f"{header}\n7,Lamps,{stage},150,2026-03-05 12:00,{'2026-03-05 12:00' if entered else ''}\n",
    )

    assert loaded(hubspot)["hubspot.deals"] == "loaded"
    assert column(hubspot, "hubspot.deals", "deal_id", "deal_stage", "amount", "close_date") == [
        ("7", stage, Decimal(150), date(2026, 3, 5))
    ]
    if entered:
        assert column(hubspot, "hubspot.deal_stage_dates", "stage_name") == entered


def test_a_deals_file_without_the_stage_is_refused_and_says_so(hubspot: Lab) -> None:
    hubspot.export(DEALS, "Record ID,Deal Name,Some Id,Amount\n7,Lamps,12,150.00\n")

    [result] = hubspot.ingest().files

    assert result.status == "refused"
    assert "Deal Stage" in result.message


def test_a_day_first_date_is_rejected_not_guessed(hubspot: Lab) -> None:
    rows = "".join(f"{n},Lamp {n},Closed Won,1,2026-03-05\n" for n in range(100))
    hubspot.export(
        DEALS,
        f"Record ID,Deal Name,Deal Stage,Amount,Close Date\n{rows}100,Last,Open,1,05/03/2026\n",
    )

    [result] = hubspot.ingest().files

    assert (result.rows, result.rejected) == (100, 1)
    assert hubspot.rejects(result) == [(102, "close_date", "bad_date")]


def test_a_contacts_file_gives_companies_addresses_and_merges(hubspot: Lab) -> None:
    hubspot.export(
        CONTACTS,
        "Record ID,First Name,Last Name,Email,Additional email addresses,Create Date,"
        "Lifecycle Stage,Merged record IDs,Associated Company IDs,"
        "Associated Company IDs (Primary),Salesforce Contact ID,"
        '"Date entered ""Marketing Qualified Lead (Lifecycle Stage Pipeline)"""\n'
        "101,Ann,Archer,Ann@Aldersey.example,a@x.example;b@x.example,2026-01-02 09:00,"
        "Marketing Qualified Lead,98;99,71;72,72,0035g00000AbCdEAAV,2026-01-04 23:30\n"
        "102,Ben,Bay,,,2026-01-03 09:00,Lead,,,,,\n",
    )

    assert loaded(hubspot) == {
        "hubspot.contacts": "loaded",
        "hubspot.contact_companies": "loaded",
        "hubspot.contact_emails": "loaded",
        "hubspot.contact_merges": "loaded",
    }
    assert column(
        hubspot, "hubspot.contacts", "contact_id", "primary_company_id", "email_domain",
        "became_mql_at",
    ) == [
        ("101", "72", "aldersey.example", datetime(2026, 1, 4, 22, 30)),
        ("102", None, None, None),
    ]  # fmt: skip
    assert column(hubspot, "hubspot.contact_companies", "contact_id", "company_id") == [
        ("101", "71"),
        ("101", "72"),
    ]
    assert column(hubspot, "hubspot.contact_merges", "merged_contact_id") == ["98", "99"]
    keys = column(hubspot, "hubspot.contact_emails", "email_key")
    assert len({*keys, None}) == 3
    assert not any("@" in key for key in keys)


def test_the_three_objects_are_told_apart_by_their_headers(hubspot: Lab) -> None:
    """The name of a view may be anything, and a contact has a company's name as well."""
    view = f"{FOLDER}/hubspot-crm-exports-{{}}-2026-03-31.csv".format
    hubspot.export(
        view("one"),
        "Record ID,First Name,Last Name,Email,Company Name,Create Date\n"
        "1,Ann,Archer,ann@aldersey.example,Aldersey,2026-01-02 09:00\n",
    )
    hubspot.export(
        view("two"),
        "Record ID,Company name,Company owner,Create Date,Country/Region,Company Domain Name\n"
        "2,Aldersey Mills,Dana Diaz,2026-01-02 09:00,Germany,https://www.Aldersey.example/de\n",
    )
    hubspot.export(view("three"), "Record ID,Deal Name,Deal Stage,Company name\n3,Lamps,New,A\n")
    hubspot.export(
        view("four"), "Record ID,Ticket name,Ticket status,Company name\n4,Broken,New,A\n"
    )

    found = {
        result.file_name: (result.contract, result.status) for result in hubspot.ingest().files
    }

    assert found[view("one")] == ("hubspot.contacts", "loaded")
    assert found[view("two")] == ("hubspot.companies", "loaded")
    assert found[view("three")] == ("hubspot.deals", "loaded")
    assert found[view("four")][1] == "refused"
    assert column(hubspot, "hubspot.companies", "company_name", "domain", "country") == [
        ("Aldersey Mills", "aldersey.example", "Germany")
    ]


def test_the_connectors_tables_keep_versions_and_leave_personal_values(hubspot: Lab) -> None:
    folder = "fivetran_hubspot"
    hubspot.export(
        f"{folder}/contact.csv",
        "id,property_email,property_firstname,property_createdate,_fivetran_active,"
        "_fivetran_start,_fivetran_synced,property_hs_merged_object_ids\n"
        "1,ann@x.example,Ann,2026-01-02 9:00:00,FALSE,2026-01-02 09:00:00,2026-03-01 1:00:00,\n"
        "1,ann@y.example,Ann,2026-01-02 9:00:00,TRUE,2026-02-02 09:00:00.5,2026-03-01 1:00:00,"
        "8;9\n",
    )
    hubspot.export(
        f"{folder}/contact_property_history_data.csv",
        "contact_id,timestamp,_fivetran_synced,source,name,value\n"
        "1,2026-01-05 10:00:00.123,2026-03-01 01:00:00,CRM_UI,lifecyclestage,"
        "marketingqualifiedlead\n"
        "1,2026-01-05 10:00:00.123,2026-03-01 01:00:00,CRM_UI,firstname,Ann\n",
    )
    hubspot.export(
        f"{folder}/email_event.csv",
        "id,_fivetran_synced,created,email_campaign_id,sent_by_id,type,filtered_event,recipient\n"
        "a,2026-03-01 01:00:00,2026-01-05 10:00:00.123,7,,SENT,,ann@x.example\n"
        "b,2026-03-01 01:00:00,2026-01-05 10:00:00.123,7,a,OPEN,true,ann@x.example\n"
        "c,2026-03-01 01:00:00,2026-01-05 10:00:00.123,7,a,SPAMREPORT,false,ann@x.example\n",
    )
    hubspot.export(f"{folder}/ticket.csv", "id,property_subject\n1,Broken\n")

    found = loaded(hubspot)

    assert found.pop("fivetran_hubspot") == "ignored"
    assert set(found.values()) == {"loaded"}
    assert column(
        hubspot, "fivetran_hubspot.contacts", "contact_id", "is_current", "email_domain"
    ) == [("1", False, "x.example"), ("1", True, "y.example")]
    assert column(hubspot, "fivetran_hubspot.contact_merged_ids", "merged_contact_id") == ["8", "9"]
    assert column(hubspot, "fivetran_hubspot.contact_property_history", "value") == [
        "marketingqualifiedlead"
    ]
    assert column(hubspot, "fivetran_hubspot.email_events", "event", "is_machine") == [
        ("complaint", False),
        ("open", True),
        ("sent", None),
    ]


def test_the_connectors_tables_are_known_in_the_folder_of_the_native_exports(hubspot: Lab) -> None:
    hubspot.export(
        f"{FOLDER}/deal_data.csv",
        "deal_id,is_deleted,deal_pipeline_id,deal_pipeline_stage_id,owner_id,portal_id,"
        "property_dealname,property_amount,property_closedate,property_createdate\n"
        "5,false,default,closedwon,77,1,Lamps,100,2026-03-05 23:30:00,2026-01-02 09:00:00\n",
    )

    assert loaded(hubspot) == {"fivetran_hubspot.deals": "loaded"}
    assert column(hubspot, "fivetran_hubspot.deals", "deal_stage", "closed_at") == [
        ("closedwon", datetime(2026, 3, 5, 23, 30))
    ]


def test_a_german_export_of_contacts_dates_the_stages_and_names_the_owners(hubspot: Lab) -> None:
    hubspot.export(
        f"{FOLDER}/alle-kontakte.csv",
        "Datensatz-ID,Vorname,E-Mail,Zuständiger Mitarbeiter für Kontakt,Lifecycle-Phase,"
        "Erstellungsdatum,Datum der Konversion zum Lead,"
        "Datum der Konversion zum Marketing-Qualified-Lead,"
        "Datum der Konversion zum Sales-Qualified-Lead,Datum der Konversion zum Kunden\n"
        "1,Ann,ann@x.example,Jana Krüger,Kunde,2026-01-02 09:00,2026-01-02 09:00,"
        "2026-01-03 09:00,2026-01-04 09:00,2026-01-05 09:00\n",
    )

    assert loaded(hubspot) == {"hubspot.contacts": "loaded"}
    assert column(
        hubspot,
        "hubspot.contacts",
        "contact_owner",
        "became_lead_at",
        "became_mql_at",
        "became_sql_at",
        "became_customer_at",
    ) == [("Jana Krüger", *(datetime(2026, 1, day, 8) for day in (2, 3, 4, 5)))]
