"""Give everyone a name, an employer and addresses, when all is done: they change no decision.

How an address is spelled in an export belongs in crm.py.
"""

from __future__ import annotations

from random import Random

from orchestration.demo.company import OWN_DOMAIN, Company, World, pick
from orchestration.demo.names import FIRST_NAMES, LAST_NAMES
from orchestration.demo.records import Books, ContactRecord, LeadRecord, Person

TEST_NAMES = [("QA", "Test"), ("Test", "User"), ("Testing", "Signup"), ("asdf", "asdf")]
FREE_MAIL = ["gmail.com", "outlook.com"]
ACCENT_EACH = 500  # among those in both systems


def name_everyone(world: World, books: Books) -> None:
    """Names, employers and addresses of all people and of each of their records."""
    dice, known, in_both = world.dice("naming"), list(world.companies), 0
    for person in books.people:
        person.first_name = FIRST_NAMES[dice.randrange(len(FIRST_NAMES))]
        person.last_name = LAST_NAMES[dice.randrange(len(LAST_NAMES))]
        if person.company is None:
            person.company = _employer(world, known, dice)
        domain = person.company.domain
        if person.rule == "own_domain":
            domain = OWN_DOMAIN
        elif person.rule == "test_name":
            person.first_name, person.last_name = pick(dice, TEST_NAMES, [4, 3, 2, 1])
        elif person.kind in ("inbound", "outbound") and not person.contact:
            person.is_free_mail = person.has_email and dice.random() < 0.07
            if person.is_free_mail:
                domain = FREE_MAIL[dice.randrange(len(FREE_MAIL))]
        if person.has_email:
            is_in_both = bool(person.hubspot and person.leads and not person.rule)
            in_both += is_in_both
            accent = "é" if is_in_both and in_both % ACCENT_EACH == 3 else ""
            person.email = world.email(person.first_name + accent, person.last_name, domain)
        _address(world, person, domain)


def _address(world: World, person: Person, domain: str) -> None:
    """Each record's address: the person's own, another one of theirs, or none."""
    first = f"{person.first_name[0]}-{person.first_name}"
    records: list[LeadRecord | ContactRecord] = list(person.leads)
    if person.contact:
        records.append(person.contact)
    for record in records:
        if record.email == "other":
            record.email = world.email(first, person.last_name, domain)
        elif record.email == "none":
            record.email = ""
        else:
            record.email = person.email


def _employer(world: World, known: list[Company], dice: Random) -> Company:
    """One of the companies, or one more."""
    if known and dice.random() < 0.55:
        return known[dice.randrange(len(known))]
    company = world.company()
    known.append(company)
    return company
