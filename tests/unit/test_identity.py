"""Which records are one person: the model's own SQL against the plainest way to say it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Template

from orchestration.workspace import PROJECT_ROOT

MODEL = PROJECT_ROOT / "models" / "intermediate" / "identity" / "int_person_records.sql"
TEXTS = [
    "record_id",
    "source_system",
    "email_key",
    "email_domain",
    "account_id",
    "converted_record_id",
    "master_record_id",
    "company_name",
    "channel_source",
    "campaign_name",
]
IDS = [f"r{number:02}" for number in range(40)]

Record = tuple[str, str | None]
Link = tuple[str, str]

records = st.lists(
    st.tuples(st.sampled_from(IDS), st.sampled_from([None, None, "a", "b", "c", "d", "e"])),
    min_size=1,
    unique_by=lambda record: record[0],
)
links = st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(IDS)))


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as found:
        columns = ", ".join(f"{name} varchar" for name in TEXTS)
        found.execute(
            f"create table int_records_unioned "
            f"({columns}, is_test_name boolean, is_deleted boolean, created_at timestamp)"
        )
        found.execute("create table int_record_links (record_id varchar, linked_record_id varchar)")
        yield found


@settings(deadline=None, max_examples=25)
@given(records=records, links=links)
def test_records_that_hang_together_are_one_person(
    connection: duckdb.DuckDBPyConnection, records: list[Record], links: list[Link]
) -> None:
    known = {record_id for record_id, _ in records}
    links = [link for link in links if known.issuperset(link)]

    assert persons(connection, records, links) == components(records, links)


@settings(deadline=None, max_examples=8)
@given(order=st.permutations(IDS))
def test_a_chain_of_merges_leads_to_one_person_however_long_it_is(
    connection: duckdb.DuckDBPyConnection, order: list[str]
) -> None:
    found = persons(connection, [(r, None) for r in order], pairwise(order))

    assert set(found.values()) == {min(order)}


@settings(deadline=None, max_examples=8)
@given(order=st.permutations(IDS))
def test_a_chain_of_addresses_and_links_leads_to_one_person(
    connection: duckdb.DuckDBPyConnection, order: list[str]
) -> None:
    """Every second step is an address that two records share, the others are conversions."""
    found = persons(
        connection,
        [(record, f"address {place // 2}") for place, record in enumerate(order)],
        [(order[place], order[place + 1]) for place in range(1, len(order) - 1, 2)],
    )

    assert set(found.values()) == {min(order)}


def persons(
    connection: duckdb.DuckDBPyConnection, records: Iterable[Record], links: Iterable[Link]
) -> dict[str, str]:
    """What the model says."""
    sql = Template(MODEL.read_text()).render(
        config=lambda **_: "", ref=lambda name: name, computed_once=lambda: "materialized"
    )
    for table in ("int_records_unioned", "int_record_links"):
        connection.execute(f"delete from {table}")
    for record in records:
        connection.execute(
            "insert into int_records_unioned (record_id, email_key, is_deleted) "
            "values (?, ?, false)",
            record,
        )
    for link in links:
        connection.execute("insert into int_record_links values (?, ?)", link)
    return dict(connection.execute(f"select record_id, person_id from ({sql})").fetchall())


def components(records: Iterable[Record], links: Iterable[Link]) -> dict[str, str]:
    """The smallest record id of all that can be reached, one step at a time."""
    neighbours = defaultdict(set)
    by_email = defaultdict(list)
    for record_id, email in records:
        neighbours[record_id].add(record_id)
        if email:
            by_email[email].append(record_id)
    for one, other in [*links, *((r, same[0]) for same in by_email.values() for r in same)]:
        neighbours[one].add(other)
        neighbours[other].add(one)
    found: dict[str, str] = {}
    for start in sorted(neighbours):
        reached = [start] if start not in found else []
        for record_id in reached:
            if record_id not in found:
                found[record_id] = start
                reached += neighbours[record_id]
    return found
