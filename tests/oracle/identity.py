"""Who is who: persons across systems, and why somebody does not count (METRICS 0.7 and 0.8)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from unicodedata import category, normalize

from tests.oracle.company import Company, Row, once

TEST_NAME = re.compile(r"(?<![^\W\d_])(test|testing|qa|dummy|asdf)(?![^\W\d_])")
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
HOST = re.compile(r"^(?:[a-z][a-z0-9+.-]*://)?(?:[^/@]*@)?(?:www\.)?([^/:?#@\s]+\.[^/:?#@\s]+)")


@dataclass
class Record:
    """A lead, a contact or a member of a mailing list."""

    record_id: str
    system: str
    row: Row
    address: str
    created: datetime | None
    is_deleted: bool
    linked: list[str] = field(default_factory=list)
    """Records that this one was converted to or merged into, or that it is a copy of."""
    master: str = ""
    has_left: bool = False
    """Whether it is gone, and lives on in no master that is still there."""


@dataclass
class Person:
    """Everything known of one human."""

    person_id: str
    records: list[Record]

    @property
    def created(self) -> datetime | None:
        """When the first record was created."""
        return min((r.created for r in self.records if r.created), default=None)

    @property
    def has_left(self) -> bool:
        """Whether every record is gone, merged ones with the master that took them over."""
        known = {r.record_id for r in self.records}
        return all(r.is_deleted and (not r.master or r.master in known) for r in self.records)


def address_of(text: str) -> str:
    """An e-mail address in its normal form; empty where the text is none."""
    normal = normalize("NFC", text.strip().lower())
    return normal if ADDRESS.fullmatch(normal) else ""


def domain_of(text: str) -> str:
    """The domain of an address or a site; empty where there is none."""
    found = HOST.match(normalize("NFC", text.strip().lower()))
    return found[1] if found else ""


def instant(text: str) -> datetime | None:
    """An instant of an export, UTC."""
    return datetime.fromisoformat(text) if text else None


def records(company: Company) -> list[Record]:
    """Every record that stands for a person."""
    leads = {(row["source_system"], row["lead_id"]) for row in company.rows("leads")}

    def contact(system: str, number: str) -> str:
        """Leads and contacts of one system may share numbers: then the number means the lead."""
        return f"{system}:contact:{number}" if (system, number) in leads else f"{system}:{number}"

    found = []
    for row in company.rows("leads"):
        system, converted = row["source_system"], row.get("converted_contact_id", "")
        master = row.get("master_record_id", "")
        record = _record(f"{system}:{row['lead_id']}", row)
        record.master = f"{system}:{master}" if master else ""
        record.linked += [contact(system, converted)] if converted else []
        found.append(record)
    for row in company.rows("contacts"):
        system, master = row["source_system"], row.get("master_record_id", "")
        record = _record(contact(system, row["contact_id"]), row)
        record.master = contact(system, master) if master else ""
        found.append(record)
    for record in found:
        named = (record.master, record.row.get("linked_record_id", ""))
        record.linked += [linked for linked in named if linked]
    return found


def _record(record_id: str, row: Row) -> Record:
    return Record(
        record_id=record_id,
        system=row["source_system"],
        row=row,
        address=address_of(row.get("email", "")),
        created=instant(row["created_at"]),
        is_deleted=_is_deleted(row),
    )


@once
def people(company: Company) -> dict[str, Person]:
    """The persons by id: records with one address, and records that one names, are one person."""
    found = records(company)
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    known = {record.record_id for record in found}
    for record in found:
        others = [f"address {record.address}"] if record.address else []
        for other in others + [linked for linked in record.linked if linked in known]:
            parent[root(record.record_id)] = root(other)
    groups = defaultdict(list)
    for record in found:
        groups[root(record.record_id)].append(record)
    named = {min(r.record_id for r in group): group for group in groups.values()}
    everyone = {person_id: Person(person_id, group) for person_id, group in named.items()}
    for person in everyone.values():
        for record in person.records:
            record.has_left = record.is_deleted and (not record.master or person.has_left)
    return everyone


@once
def persons(company: Company) -> dict[str, str]:
    """The person of each record: record_id to person_id."""
    return {r.record_id: p.person_id for p in people(company).values() for r in p.records}


@once
def persons_by_address(company: Company) -> dict[str, str]:
    """The person behind each known e-mail address, in its normal form."""
    return {
        r.address: p.person_id for p in people(company).values() for r in p.records if r.address
    }


def created_date(company: Company, person: Person) -> date | None:
    """The day on which a person was first seen."""
    return company.local_date(person.created) if person.created else None


def exclusion_rules(company: Company) -> dict[str, str | None]:
    """Why a person does not count, each record judged at its own date; the first rule by name."""
    rules, suffixes = company.definitions("exclusions"), suffixes_of(company)
    found = {}
    for person in people(company).values():
        hits = set()
        for record in person.records:
            day = company.local_date(record.created) if record.created else company.as_of
            hits |= {
                rule["rule"]
                for rule in rules
                if rule["valid_from"] <= day.isoformat() < rule["valid_to"]
                and _hits(rule, record, suffixes)
            }
        found[person.person_id] = min(hits, default="deleted" if person.has_left else None)
    return found


def _hits(rule: Row, record: Record, suffixes: set[str]) -> bool:
    value = rule["value"]
    match rule["match_on"]:
        case "email_domain":
            return domain_of(record.address) == value.lower()
        case "test_flag":
            return bool(TEST_NAME.search(normalize("NFC", record.row.get("name", "").lower())))
        case "record_id":
            return record.record_id == value
        case "campaign":
            return record.row.get("campaign", "").lower() == value.lower()
        case "company_name":
            stated = name_key(record.row.get("company", ""), suffixes)
            return stated != "" and stated == name_key(value, suffixes)
    raise ValueError(rule["match_on"])


def systems(person: Person) -> str:
    """The systems that know a person."""
    return "+".join(sorted({record.system for record in person.records}))


@dataclass
class Account:
    """A company that a system lists."""

    account_id: str
    parent: str
    name: str
    domain: str
    created: datetime | None
    is_deleted: bool


@dataclass
class Match:
    """A person's account, and how it was found."""

    account_id: str
    method: str
    score: Fraction
    tie_breaker: str | None = None
    candidates: int = 1
    unmatched: str | None = None


def suffixes_of(company: Company) -> set[str]:
    """The legal forms that tell no two companies apart."""
    return {row["suffix"] for row in company.in_force("company_suffixes", company.as_of)}


def free_mail(company: Company) -> set[str]:
    """The mail domains of the public."""
    return {row["domain"] for row in company.in_force("free_mail_domains", company.as_of)}


def name_key(text: str, suffixes: set[str]) -> str:
    """A company's name without signs and legal form."""
    letters = text.lower().replace("&", " and ")
    words = "".join(c if category(c)[0] in "LN" else " " for c in letters).split()
    ends = [n for n in range(1, len(words)) if " ".join(words[n:]) in suffixes]
    return " ".join(words[: min(ends)] if ends else words)


def account_ids(company: Company) -> dict[str, str]:
    """The account that each listed company is: system:id to account_id.

    One of HubSpot is the account of Salesforce that alone has its domain.
    """
    free = free_mail(company)
    rows = company.rows("accounts")
    by_domain = defaultdict(list)
    for row in rows:
        if row["source_system"] == "salesforce" and not _is_deleted(row):
            by_domain[domain_of(row.get("domain", ""))].append(f"salesforce:{row['account_id']}")
    found = {}
    for row in rows:
        domain, own = (
            domain_of(row.get("domain", "")),
            f"{row['source_system']}:{row['account_id']}",
        )
        same = by_domain[domain] if domain and domain not in free else []
        is_copy = row["source_system"] == "hubspot" and len(same) == 1
        found[own] = same[0] if is_copy else own
    return found


@once
def accounts(company: Company) -> dict[str, Account]:
    """The accounts that systems list, by id."""
    ids = account_ids(company)
    agreed = {
        row["value"]: row["parent_account_id"]
        for row in company.in_force("account_parents", company.as_of, match_on="account_id")
    }
    found = {}
    for row in company.rows("accounts"):
        own = f"{row['source_system']}:{row['account_id']}"
        if ids[own] != own:
            continue
        above = row.get("parent_account_id", "")
        above = f"{row['source_system']}:{above}" if above else ""
        parent = agreed.get(own, ids.get(above, above))
        found[own] = Account(
            account_id=own,
            parent="" if parent == own else parent,
            name=row.get("account_name", ""),
            domain=domain_of(row.get("domain", "")),
            created=instant(row.get("created_at", "")),
            is_deleted=_is_deleted(row),
        )
    return found


@once
def matches(company: Company) -> dict[str, Match]:
    """The account of each person: of all ways to one, the surest."""
    ids, listed, everyone = account_ids(company), accounts(company), people(company)
    free = free_mail(company)
    suffixes = suffixes_of(company)
    scores = {
        row["method"]: (Fraction(row["score"]), Fraction(row["tied_score"]))
        for row in company.in_force("account_match_methods", company.as_of)
    }
    agreed = {
        row["value"].lower(): row["parent_account_id"]
        for row in company.in_force("account_parents", company.as_of, match_on="domain")
    }
    there = [account for account in listed.values() if not account.is_deleted]
    domains = _accounts_of_domains(
        company, [a for a in there if a.domain not in free], everyone, ids
    )
    names = defaultdict(list)
    for account in there:
        names[name_key(account.name, suffixes)].append(account.account_id)

    found = {}
    for person in everyone.values():
        ways = []
        said = [r for r in person.records if r.row.get("account_id")]
        if said:
            numbers = [ids.get(a, a) for a in map(_crm_account, said)]
            newest = max(
                zip(said, numbers, strict=True),
                key=lambda way: (not way[0].has_left, way[0].created or datetime.min,
                                 _reverse(way[0].record_id)),
            )[1]  # fmt: skip
            several = len(set(numbers))
            ways.append(("crm", newest, "newest_record" if several > 1 else None, several))
        oldest = sorted(
            person.records, key=lambda r: (r.has_left, r.created or datetime.max, r.record_id)
        )
        mail = [domain_of(r.address) for r in oldest if r.address]
        corporate = [domain for domain in mail if domain not in free]
        if corporate:
            domain = corporate[0]
            if domain in agreed:
                ways.append(("parent", agreed[domain], None, 1))
            elif domain in domains:
                ways.append(("domain", *domains[domain]))
            ways.append(("domain_only", f"domain:{domain}", None, 1))
        stated = [name_key(r.row.get("company", ""), suffixes) for r in oldest]
        named = names.get(next(filter(None, stated), ""), []) if any(stated) else []
        if len(named) == 1:
            ways.append(("company_name", named[0], None, 1))

        match = Match(f"person:{person.person_id}", "person", Fraction(0), None, 0)
        for method, account_id, tie_breaker, candidates in sorted(ways, key=lambda way: way[0]):
            if method in scores:
                score = scores[method][candidates > 1]
                if score > match.score or match.method == "person":
                    match = Match(account_id, method, score, tie_breaker, candidates)
        if match.method in ("person", "domain_only"):
            match.unmatched = (
                "name_ambiguous" if len(named) > 1 else "domain_unknown" if corporate
                else "free_mail" if mail else "no_address"
            )  # fmt: skip
        found[person.person_id] = match
    return found


def _accounts_of_domains(
    company: Company, there: list[Account], everyone: dict[str, Person], ids: dict[str, str]
) -> dict[str, tuple[str, str | None, int]]:
    """The account of each domain, the tie-breaker that chose it, and how many there were."""
    bought = {
        ids.get(number, number)
        for row in company.rows("opportunities")
        for number in [f"{row['source_system']}:{row.get('account_id', '')}"]
        if row["status"] == "won" and Decimal(row.get("amount") or 0) > 0 and not _is_deleted(row)
    }
    crowd = defaultdict(set)
    for person in everyone.values():
        for record in person.records:
            if record.row.get("account_id") and not record.has_left:
                number = _crm_account(record)
                crowd[ids.get(number, number)].add(person.person_id)

    found: dict[str, tuple[str, str | None, int]] = {}
    for domain in {account.domain for account in there if account.domain}:
        those = [account for account in there if account.domain == domain]
        heads = {account.parent for account in those}
        traits = sorted(
            (
                a.account_id not in bought,
                a.account_id not in heads,
                -len(crowd[a.account_id]),
                a.created or datetime(9999, 12, 31),
                a.account_id,
            )
            for a in those
        )
        tie_breaker = None
        if len(traits) > 1:
            names = ("customer", "head_of_group", "most_people", "oldest", "id")
            first, second = traits[:2]
            tie_breaker = next(n for n, x, y in zip(names, first, second, strict=True) if x != y)
        found[domain] = (str(traits[0][-1]), tie_breaker, len(traits))
    return found


def _crm_account(record: Record) -> str:
    return f"{record.system}:{record.row['account_id']}"


def _is_deleted(row: Row) -> bool:
    return row.get("is_deleted", "") in ("1", "true")


def _reverse(text: str) -> tuple[int, ...]:
    """A key that sorts texts backwards."""
    return (*(-ord(letter) for letter in text), 1)


QUERIES = {
    "persons": (
        "select person_id, source_systems, created_date, exclusion_rule, account_id, "
        "account_match_method, cast(account_match_score as double), account_match_tie_breaker, "
        "account_match_candidates, unmatched_reason from marts.dim_person"
    ),
    "accounts": (
        "select account_id, parent_account_id, match_method, match_tie_breaker, "
        "cast(match_score as double), people, people_by_crm, people_by_parent, people_by_domain, "
        "people_by_company_name, people_by_tie_breaker, is_listed "
        "from marts.dim_account where is_listed or people > 0"
    ),
}


def expected(company: Company) -> dict[str, list[tuple[object, ...]]]:
    """The rows of each query."""
    rules, found = exclusion_rules(company), matches(company)
    return {
        "persons": [
            (
                p.person_id, systems(p), created_date(company, p), rules[p.person_id],
                m.account_id, m.method, float(m.score), m.tie_breaker, m.candidates, m.unmatched,
            )
            for p in people(company).values()
            for m in [found[p.person_id]]
        ],
        "accounts": list(_account_rows(company, found)),
    }  # fmt: skip


def _account_rows(company: Company, found: dict[str, Match]) -> Iterator[tuple[object, ...]]:
    listed = accounts(company)
    theirs = defaultdict(list)
    for match in found.values():
        theirs[match.account_id].append(match)
    for account_id in {*listed, *theirs}:
        matched = theirs[account_id]
        best = min(matched, key=lambda m: (-m.score, m.method, m.tie_breaker or ""), default=None)
        yield (
            account_id,
            listed[account_id].parent or None if account_id in listed else None,
            best.method if best else "no_people",
            best.tie_breaker if best else None,
            float(best.score) if best else None,
            len(matched),
            *(
                sum(match.method == method for match in matched)
                for method in ("crm", "parent", "domain", "company_name")
            ),
            sum(match.tie_breaker is not None for match in matched),
            account_id in listed,
        )
