"""People of a random company: records in one to three systems, their accounts, and who is left out.

What the rules are about is likely: addresses in other spellings, mail providers, domains and names
that two accounts share, chains of conversions and merges, tests, rivals, and records that are gone.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.oracle.make import Human, World

DOMAINS = ("acme.example", "shared.example", "group.example", "sub.example", "nobody.example")
FREE = ("gmail.com", "gmx.de")
COMPANIES = ("Acme", "Beta & Söhne", "Twin", "Group", "Nobody", "Rival")
FORMS = ("", "", " Inc.", ", GmbH", " GmbH & Co. KG", " S.A.")
SOURCES = ("Webinar", "web", "paid_search", "event", "newspaper", "", "")
OWNERS = {"owner_sales": "S", "owner_marketing": "M", "reason": "R"}
ALWAYS = {"valid_from": "1900-01-01", "valid_to": "9999-12-31", **OWNERS}


def make(world: World) -> None:
    """Add accounts, leads and contacts, and the definitions that judge them."""
    systems = ["generic", "crm", "list"][: world.random.randint(1, 3)]
    _accounts(world, systems)
    for number in range(world.random.randint(5, 40)):
        _human(world, number, systems)
    _merge_some(world)
    _definitions(world)


def _company(world: World) -> str:
    name = world.random.choice(COMPANIES) + world.random.choice(FORMS)
    return name.upper() if world.chance(0.1) else name


def _accounts(world: World, systems: list[str]) -> None:
    for system in systems[:2]:
        for number in range(1, world.random.randint(2, 7)):
            site = world.random.choice((*DOMAINS[:3], DOMAINS[1], *FREE[:1], ""))
            above = world.random.randint(1, 6)
            world.add(
                "accounts",
                account_id=f"A{number}",
                source_system=system,
                parent_account_id=f"A{above}" if world.chance(0.4) else "",
                account_name=_company(world),
                domain=world.random.choice((site, f"https://www.{site}/")) if site else "",
                created_at=world.random.choice(("", _text(world.instant()))),
            )
            if system == "generic":
                world.accounts.append(f"A{number}")


def _address(world: World, number: int) -> str:
    if world.chance(0.1):
        return ""
    domain = world.random.choice(DOMAINS + FREE)
    # Now and then an address of somebody else, who is then the same person.
    who = world.random.randrange(number + 1) if world.chance(0.15) else number
    return f"person{who}.é@{domain}" if world.chance(0.1) else f"person{who}@{domain}"


def _as_typed(world: World, address: str) -> str:
    way = world.random.random()
    if way < 0.1:
        return address.upper()
    if way < 0.2:
        return f" {address} "
    return address.replace("é", "e\u0301") if way < 0.5 else address


def _human(world: World, number: int, systems: list[str]) -> None:
    human = Human(email=_address(world, number))
    lead = f"L{number}"
    contact = lead if world.chance(0.1) else f"C{number}"
    converted = world.chance(0.4)
    first = world.instant()
    if world.chance(0.85) or not converted:
        _record(
            world, "leads", human.email, lead_id=lead, source_system="generic", created_at=first,
            converted_contact_id=contact if converted else "",
            account_id=world.random.choice(world.accounts) if world.chance(0.1) else "",
        )  # fmt: skip
        human.record_ids.append(lead)
    if converted:
        human.account_id = world.random.choice(world.accounts)
        other = _address(world, number) if world.chance(0.3) else human.email
        _record(
            world, "contacts", other, contact_id=contact, source_system="generic",
            created_at=first + timedelta(hours=world.random.choice((-30, 0, 1, 50))),
            account_id=human.account_id if world.chance(0.8) else "",
        )  # fmt: skip
        if contact != lead:
            human.record_ids.append(contact)
    for system in systems[1:]:
        if world.chance(0.3):
            others = [
                row["account_id"] for row in world.tables["accounts"]
                if row["source_system"] == system
            ]  # fmt: skip
            _record(
                world, "leads", human.email, lead_id=f"L{number}", source_system=system,
                created_at="" if world.chance(0.1) else world.instant(),
                account_id=world.random.choice(others) if others and world.chance(0.3) else "",
            )  # fmt: skip
    world.people.append(human)


def _record(
    world: World, table: str, address: str, created_at: datetime | str, **columns: object
) -> None:
    name = world.random.choice(("Ann Test", "Qadir Testa", "Q.A. Lee", "qa bot", *["Bo Li"] * 20))
    world.add(
        table,
        **columns,
        master_record_id="",
        email=_as_typed(world, address),
        name=name,
        company=_company(world) if world.chance(0.5) else "",
        channel_source=world.random.choice(SOURCES),
        campaign="QA run" if world.chance(0.05) else "",
        is_deleted="true" if world.chance(0.06) else world.random.choice(("", "false")),
        created_at=created_at if isinstance(created_at, str) else _text(created_at),
    )


def _merge_some(world: World) -> None:
    """Records of one table and system swallow each other, mostly the loser is in the bin."""
    for table, key in (("leads", "lead_id"), ("contacts", "contact_id")):
        rows = [r for r in world.tables.get(table, []) if r["source_system"] == "generic"]
        for place, row in enumerate(rows):
            if place and world.chance(0.15):
                row["master_record_id"] = rows[world.random.randrange(place)][key]
                row["is_deleted"] = "true" if world.chance(0.9) else ""
                if world.chance(0.1):
                    row["master_record_id"] = "X1"


def _definitions(world: World) -> None:
    middle = world.first_day + timedelta(days=(world.as_of - world.first_day).days // 2)
    rules = [
        ("test_name", "test_flag", "true", None),
        ("competitor", "company_name", "RIVAL Inc", None),
        ("competitor", "email_domain", "Nobody.example", middle),
        ("qa_campaign", "campaign", "qa RUN", middle),
        ("spam", "record_id", "generic:L3", None),
    ]
    kept = [rule for rule in rules if world.chance(0.5)] or rules[:1]
    world.definitions["exclusions"] = [
        {
            "rule": rule,
            "match_on": match_on,
            "value": value,
            "version": 1,
            **ALWAYS,
            **({"valid_from": since.isoformat()} if since else {}),
        }
        for rule, match_on, value, since in kept
    ]
    if world.chance(0.5):
        world.definitions["account_parents"] = [
            {"match_on": match_on, "value": value, "parent_account_id": "generic:A1",
             "version": 1, **ALWAYS}
            for match_on, value in (("domain", "sub.example"), ("account_id", "generic:A2"))
        ]  # fmt: skip


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
