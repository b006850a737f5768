"""Typing: one small file per claim, through the whole loader."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from orchestration.workspace import DEMO_KEY

from .conftest import Lab


def typed(lab: Lab, kind: str, text: str, zone: str = "UTC", **rules: Any) -> Any:
    """What a cell becomes, or why it is rejected."""
    lab.settings["timezone"] = zone
    lab.contract("crm.rows", {"id": "bigint", "x": (kind, rules)}, max_reject_share=1)
    quoted = text.replace('"', '""')
    result = lab.one(f'id,x\n1,"{quoted}"\n2,""\n')
    if result.rejected:
        [(line, column, reason)] = lab.rejects(result)
        assert (line, column) == (2, "x")
        return reason
    return lab.rows()[0][1]


@pytest.mark.hazard("numbers")
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.05", "1.05"),
        ("1.005", "bad_number"),
        ("1.50000", "1.50"),
        ("1164.09", "1164.09"),
        (" 7 ", "7.00"),
        ("+7", "7.00"),
        (".5", "0.50"),
        ("(123.45)", "-123.45"),
        ("(-123.45)", "bad_number"),
        ("1e3", "bad_number"),
        ("1_000", "bad_number"),
        ("1,000", "bad_number"),
        ("1.234,56", "bad_number"),
        ("$1,117.10", "bad_number"),
        ("12%", "bad_number"),
        ("--", "bad_number"),
        ("-", "bad_number"),
        ("inf", "bad_number"),
        ("0x10", "bad_number"),
        ("٣", "bad_number"),
        ("9999999999999999.99", "9999999999999999.99"),
        ("10000000000000000.00", "bad_number"),
        ("", None),
    ],
)
def test_a_plain_number_is_exact_or_bad(lab: Lab, text: str, value: str | None) -> None:
    found = typed(lab, "decimal(18,2)", text)

    assert (str(found) if isinstance(found, Decimal) else found) == value


@pytest.mark.hazard("numbers")
@pytest.mark.parametrize(
    ("shape", "text", "value"),
    [
        ("1,234.56", "1,117.10", "1117.10"),
        ("1,234.56", "1117.10", "1117.10"),
        ("1,234.56", "1,234,567", "1234567.00"),
        ("1,234.56", "1,23.4", "bad_number"),
        ("1,234.56", "1234,567.00", "bad_number"),
        ("1,234.56", "1.234,56", "bad_number"),
        ("1,234.56", "(1,234.50)", "-1234.50"),
        ("1.234,56", "1.234,56", "1234.56"),
        ("1.234,56", "-1.234,5", "-1234.50"),
        ("1.234,56", "1.234", "1234.00"),
        ("1.234,56", "1234.56", "bad_number"),
        ("1234,56", "1234,56", "1234.56"),
        ("1234,56", "1.234,56", "bad_number"),
        ("1 234,56", "1 234,56", "1234.56"),
        ("1 234,56", "1\u00a0234,56", "1234.56"),
        ("1 234,56", "1\u202f234,56", "1234.56"),
        ("1'234.56", "1'234.56", "1234.56"),
    ],
)
def test_a_number_has_the_declared_shape(lab: Lab, shape: str, text: str, value: str) -> None:
    found = typed(lab, "decimal(18,2)", text, number=shape)

    assert (str(found) if isinstance(found, Decimal) else found) == value


@pytest.mark.hazard("numbers")
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$1,117.10", "1117.10"),
        ("$200,000 ", "200000.00"),
        ("US$50.00", "50.00"),
        ("-$5.00", "-5.00"),
        ("$-5.00", "-5.00"),
        ("($5.00)", "-5.00"),
        ("5.00 €", "5.00"),
        ("EUR 5.00", "5.00"),
        ("5.00 USD", "5.00"),
        ("$1,117.10K", "bad_number"),
        ("1.2bn", "bad_number"),
        ("1$2", "bad_number"),
        ("$", "bad_number"),
    ],
)
def test_currency_signs_are_stripped_and_units_are_not(lab: Lab, text: str, value: str) -> None:
    found = typed(lab, "decimal(18,2)", text, number="1,234.56", currency_symbols=True)

    assert (str(found) if isinstance(found, Decimal) else found) == value


@pytest.mark.hazard("numbers")
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("27.78%", "0.277800"),
        ("2.81 %", "0.028100"),
        ("-3%", "-0.030000"),
        ("0.27", "bad_number"),
        ("< 10%", "bad_number"),
    ],
)
def test_a_per_cent_is_a_hundredth(lab: Lab, text: str, value: str) -> None:
    found = typed(lab, "decimal(18,6)", text, percent=True)

    assert (str(found) if isinstance(found, Decimal) else found) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.0000005", "1.000001"),
        ("-1.0000005", "-1.000001"),
        ("1.00000049", "1.000000"),
        ("0.1", "0.100000"),
        ("123456789012.123456", "123456789012.123456"),
    ],
)
def test_finer_than_a_millionth_is_rounded(lab: Lab, text: str, value: str) -> None:
    assert str(typed(lab, "decimal(18,6)", text)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("9223372036854775807", 9223372036854775807),
        ("9223372036854775808", "bad_number"),
        ("121401.0", 121401),
        ("9007199254740993.0", 9007199254740993),
        ("1.5", "bad_number"),
        ("1e3", "bad_number"),
        ("00012", 12),
    ],
)
def test_a_whole_number_is_whole(lab: Lab, text: str, value: Any) -> None:
    assert typed(lab, "bigint", text) == value


@pytest.mark.hazard("dates and zones")
@pytest.mark.parametrize(
    ("text", "form", "value"),
    [
        ("2026-03-04", None, date(2026, 3, 4)),
        ("03/04/2026", "%d/%m/%Y", date(2026, 4, 3)),
        ("03/04/2026", "%Y-%m-%d", "bad_date"),
        ("2026-02-30", "%Y-%m-%d", "bad_date"),
        ("03-04-26", "%d-%m-%y", date(2026, 4, 3)),
        ("26-03-04", "%Y-%m-%d", "out_of_window"),
        ("2018-10-13 00:00:00", ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d"], date(2018, 10, 13)),
        ("1989-12-31", "%Y-%m-%d", "out_of_window"),
        ("Thu, 5 Feb 2026", "%a, %d %b %Y", date(2026, 2, 5)),
    ],
)
def test_a_date_has_its_declared_format(lab: Lab, text: str, form: Any, value: Any) -> None:
    assert typed(lab, "date", text, **({"format": form} if form else {})) == value


def test_a_day_without_a_time_stays_that_day_whatever_the_zone_of_the_times(lab: Lab) -> None:
    forms = ["%Y-%m-%d %H:%M", "%Y-%m-%d"]

    day = typed(
        lab, "timestamp", "2026-02-01", zone="America/New_York", format=forms, timezone="UTC"
    )

    assert day == datetime(2026, 2, 1, 5, 0)  # when that day begins in New York


@pytest.mark.hazard("dates and zones")
@pytest.mark.parametrize(
    ("text", "form", "zone", "value"),
    [
        ("2026-01-05 10:11:12", None, "UTC", datetime(2026, 1, 5, 10, 11, 12)),
        ("2026-07-01 00:30", "%Y-%m-%d %H:%M", "workspace", datetime(2026, 7, 1, 4, 30)),
        ("2026-01-01 00:30", "%Y-%m-%d %H:%M", "workspace", datetime(2026, 1, 1, 5, 30)),
        ("2026-01-01 00:30", "%Y-%m-%d %H:%M", "Europe/Berlin", datetime(2025, 12, 31, 23, 30)),
        # Clocks go back: the later of the two. Clocks go forward: an hour later.
        ("2026-11-01 01:30", "%Y-%m-%d %H:%M", "workspace", datetime(2026, 11, 1, 6, 30)),
        ("2026-03-08 02:30", "%Y-%m-%d %H:%M", "workspace", datetime(2026, 3, 8, 7, 30)),
        ("Jun 01, 2023 09:46 pm", "%b %d, %Y %I:%M %p", "UTC", datetime(2023, 6, 1, 21, 46)),
        ("2026-01-05T10:00:00+02:00", "%Y-%m-%dT%H:%M:%S%z", "UTC", datetime(2026, 1, 5, 8)),
        ("2026-01-05T10:00:00Z", "%Y-%m-%dT%H:%M:%S%z", "workspace", datetime(2026, 1, 5, 10)),
        ("2026-01-05T10:00:00", "%Y-%m-%dT%H:%M:%S%z", "UTC", "bad_date"),
        ("2026-01-05 10:00:00+02:00", None, "UTC", "bad_date"),
        ("infinity", None, "UTC", "out_of_window"),
        ("2101-01-05 10:11:12", None, "UTC", "out_of_window"),
    ],
)
def test_a_time_becomes_utc(lab: Lab, text: str, form: Any, zone: str, value: Any) -> None:
    rules = {"timezone": zone} | ({"format": form} if form else {})

    assert typed(lab, "timestamp", text, "America/New_York", **rules) == value


def test_formats_with_and_without_an_offset_go_together(lab: Lab) -> None:
    forms = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M%z"]

    naive = typed(lab, "timestamp", "2026-01-05 10:00", format=forms, timezone="Europe/Berlin")
    aware = typed(lab, "timestamp", "2026-01-05 10:00+0000", format=forms, timezone="Europe/Berlin")

    assert (naive, aware) == (datetime(2026, 1, 5, 9), datetime(2026, 1, 5, 10))


@pytest.mark.parametrize(
    ("kind", "text", "rules", "value"),
    [
        ("boolean", "TRUE", {}, True),
        ("boolean", "0", {}, False),
        ("boolean", "Yes", {}, True),
        ("boolean", "maybe", {}, "bad_value"),
        ("boolean", "Opened", {"values": {"opened": True}}, True),
        ("varchar", "  Ünïcode\u00a0", {}, "Ünïcode"),
        ("varchar", "  kept ", {"trim": False}, "  kept "),
        ("varchar", " -- ", {"null_values": ["--"]}, None),
        ("varchar", "=1+1", {}, "=1+1"),
        ("varchar", "closed won ", {"values": {"Closed Won": "won"}}, "won"),
        ("varchar", "Other", {"values": {"Closed Won": "won"}}, "Other"),
        ("varchar", "Other", {"values": {"a": "b"}, "unmapped": "null"}, None),
        ("varchar", "Other", {"values": {"a": "b"}, "unmapped": "reject"}, "bad_value"),
        ("bigint", "high", {"values": {"High": 3}}, 3),
        ("bigint", "5", {"min": 6}, "out_of_window"),
        ("varchar", "it's 'quoted'", {"null_values": ["it's"]}, "it's 'quoted'"),
    ],
)
def test_text_and_flags(lab: Lab, kind: str, text: str, rules: dict[str, Any], value: Any) -> None:
    assert typed(lab, kind, text, **rules) == value


@pytest.mark.hazard("hashes of addresses")
def test_an_address_becomes_the_same_key_however_it_is_written(lab: Lab) -> None:
    lab.contract(
        "crm.rows",
        {
            "email_key": ("varchar", {"headers": ["Email"], "identity": "email"}),
            "email_domain": ("varchar", {"headers": ["Email"], "identity": "domain"}),
        },
    )

    lab.one("Email,x\nÉve@Example.COM ,1\n e\u0301ve@example.com,1\nnot an address,1\n,1\n")

    key = hmac.new(DEMO_KEY, "éve@example.com".encode(), hashlib.sha256).hexdigest()
    assert lab.rows() == [(key, "example.com")] * 2 + [(None, None)] * 2


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("https://www.Acme.com/path?x=1", "acme.com"),
        ("acme.co.uk", "acme.co.uk"),
        ("http://user@shop.acme.com:8080", "shop.acme.com"),
        ("n/a", None),
        ("localhost", None),
    ],
)
def test_a_website_gives_its_domain(lab: Lab, text: str, domain: str | None) -> None:
    assert typed(lab, "varchar", text, identity="domain") == domain


@pytest.mark.parametrize(
    ("part", "text", "kept"),
    [
        ("path", "https://shop.example/a/b?mail=ann@x.example#top", "/a/b"),
        ("path", "https://shop.example", "/"),
        ("path", "/a?b=1", "/a"),
        ("parameters", "/?utm_source=a&GCLID=Cj0&mail=ann@x.example", "gclid&mail&utm_source"),
        ("parameters", "https://shop.example/a", None),
        ("utm_source", "https://shop.example/?x=1&utm_source=Spring+news%21&y", "Spring news!"),
        ("utm_source", "/a?utm_source=", None),
        ("utm_source", "/newsletter", None),
        ("utm_source", "newsletter", "newsletter"),
    ],
)
def test_of_an_address_only_a_part_is_kept(
    lab: Lab, part: str, text: str, kept: str | None
) -> None:
    assert typed(lab, "varchar", text, address_part=part) == kept


@pytest.mark.parametrize(
    ("first", "last", "is_test"),
    [
        ("QA", "Test", True),
        ("Ann", "test_user", True),
        ("Test1", "Person", True),
        ("Testa", "Rossa", False),
        ("Qadir", "Contesti", False),
        ("", "", False),
    ],
)
def test_a_test_name_is_told_from_a_name(lab: Lab, first: str, last: str, is_test: bool) -> None:
    flag = {"headers": ["First", "Last", "Full"], "identity": "test_flag"}
    lab.contract("crm.rows", {"id": "bigint", "is_test": ("boolean", flag)})

    lab.one(f"id,First,Last\n1,{first},{last}\n")

    assert lab.rows() == [(1, is_test)]


def test_constants_come_from_contract_header_file_name_and_preamble(lab: Lab) -> None:
    lab.contract(
        "ads.spend",
        {
            "spend": ("decimal(18,2)", {"headers": [r"/Spent \([A-Z]{3}\)/"], "required": True}),
            "currency": ("varchar", {"from_header": r"/Spent \(([A-Z]{3})\)/"}),
            "account": ("varchar", {"headers": ["Account"], "from_file_name": "/ads.([^-]+)-/"}),
            "platform": ("varchar", {"constant": "meta"}),
            "first_day": ("date", {"from_preamble": "period_start", "format": "%d.%m.%Y"}),
            "last_day": ("date", {"from_preamble": "period_end"}),
        },
        preamble={"period": True},
    )

    lab.one('Report\n"March 27, 2026 - April 3, 2026"\nSpent (EUR)\n5.00\n', "ads/Acme-Ads.csv")

    days = (date(2026, 3, 27), date(2026, 4, 3))
    assert lab.rows("ads.spend") == [(Decimal("5.00"), "EUR", "Acme", "meta", *days)]


def test_an_id_that_stands_for_an_address_is_kept_as_a_keyed_hash_only(lab: Lab) -> None:
    lab.contract("crm.rows", {"member_id": ("varchar", {"identity": "id", "not_null": True})})
    plain = hashlib.md5(b"ada@example.com", usedforsecurity=False).hexdigest()

    assert lab.one(f"member_id\n{plain}\n{plain.upper()}\n").rows == 2

    [(key,), (same,)] = lab.rows()
    assert key == same == hmac.new(DEMO_KEY, plain.encode(), "sha256").hexdigest()
