"""Mailing lists beside the newsletter: Klaviyo's campaigns and profiles, Mailchimp's audience, its
connector, and a log of touches.

Nobody new appears here: lists hold people whom marketing's system knew before, so that no one's
first day, channel or stage depends on them. Newsletters and their events belong in mailings.py.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from random import Random

import numpy as np

from orchestration.demo.clock import (
    DAY,
    END,
    HOUR,
    LAST_DAY,
    MINUTE,
    MONTH_STARTS,
    WEEKDAY_NAMES,
    at,
    clear_of_fold,
    date_of,
    day_text,
    local,
    local_minute_text,
    month_name,
    utc_text,
    weekday,
    workday,
)
from orchestration.demo.company import World
from orchestration.demo.mailings import LEAVE, Events, Mailings
from orchestration.demo.records import Books, Person
from orchestration.demo.write import Folder, quoted_if_needed

AUDIENCE = "mailchimp/audience_export_5c1d09e7a4.zip"
MEMBER_COLUMNS = (
    "MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,"
    "TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS"
)
# Words of the log of touches, and our channel.
TOUCHES = [
    ("Webinar", "webinar", "form"),
    ("organic_social", "organic_social", "visit"),
    ("referral", "referral", "visit"),
    ("Event Scan", "unmapped", "badge"),
]


class Lists:
    """Draws who is on which list, and what twelve campaigns of another system came to."""

    def __init__(self, world: World, books: Books, mailings: Mailings) -> None:
        self.dice = Random(f"{world.seed}/lists")
        self.mailings = mailings
        self.readers = [
            p
            for p in books.people
            if p.hubspot and p.email and not p.rule and p.hubspot.created < END - 40 * DAY
        ]
        self.welcome_id = f"c{self.dice.getrandbits(36):09x}"
        self.campaigns = self._campaigns()
        self.welcome = self._welcome()
        self.touches = self._touches(books)

    def _campaigns(self) -> list[dict[str, int | str]]:
        """Product news to customers, a month each, every fourth as a text message."""
        dice, campaigns = self.dice, []
        for number in range(12):
            day, by_text = workday(MONTH_STARTS[12 + number] + 10), number % 4 == 3
            sent = dice.randrange(700, 1_400)
            bounces = dice.randrange(3, 12)
            delivered = sent - bounces
            campaigns.append(
                {
                    "id": f"01K{number:02d}LARKMOOR{number * 7_919 % 9973:04d}QX",
                    "name": f"Product news {number + 1}{', in short' if by_text else ''}",
                    "channel": "SMS" if by_text else "Email",
                    "day": day,
                    "sent": sent,
                    "bounces": bounces,
                    "delivered": delivered,
                    "opens": delivered * dice.randrange(30, 55) // 100,
                    "clicks": delivered * dice.randrange(2, 6) // 100,
                    "unsubscribes": dice.randrange(0, 9),
                    "complaints": dice.randrange(0, 2),
                }
            )
        return campaigns

    def _welcome(self) -> list[tuple[Person, int, int | None, int | None]]:
        """Whom the connector says to have got the welcome campaign: sent, opened, clicked."""
        dice, sent = self.dice, at(workday(MONTH_STARTS[23] + 5), 10 * HOUR)
        known = [p for p in self.readers[::3] if p.hubspot and p.hubspot.created < sent - DAY][-40:]
        rows = []
        for person in known:
            opened = sent + dice.randrange(HOUR, 3 * DAY) if dice.random() < 0.5 else None
            clicked = opened + 90 if opened and dice.random() < 0.3 else None
            rows.append((person, sent, opened, clicked))
        return rows

    def _touches(self, books: Books) -> list[tuple[Person | None, int, int]]:
        """Touches of people who never qualified and whose channel is known: they decide nothing."""
        dice = self.dice
        settled = [
            p
            for p in self.readers
            if p.first_channel and not any("mql" in cycle.observed for cycle in p.cycles)
        ]
        touches: list[tuple[Person | None, int, int]] = []
        # Even of a small company's people half are left, for touches of another log (audience.py).
        for number, person in enumerate(settled[:: max(2, len(settled) // 120)]):
            when = (
                max(r.created for r in (person.hubspot, *person.leads, person.contact) if r) + DAY
            )
            if when + 30 * DAY < END:
                instant = clear_of_fold(when + dice.randrange(30 * DAY))
                touches.append((person, instant, number % len(TOUCHES)))
        return [*touches, *((None, END - DAY * n, 0) for n in range(1, 4))]

    def truth_of_email(self) -> dict[str, dict[str, int | str]]:
        """By campaign id, like the newsletters: text messages are no e-mail."""
        found: dict[str, dict[str, int | str]] = {}
        for row in self.campaigns:
            if row["channel"] == "Email":
                found[str(row["id"])] = {
                    "source": "report",
                    "sent_date": day_text(int(row["day"])),
                    "sent": row["sent"],
                    "delivered": row["delivered"],
                    "opens_raw": row["opens"],
                    "clicks_raw": row["clicks"],
                    "unsubscribes": row["unsubscribes"],
                    "complaints": row["complaints"],
                }
        for _, campaign, day, recipients in self._tests():
            found[campaign] = {"source": "report", "sent_date": day_text(day), "sent": recipients}
        opens = sum(opened is not None for _, _, opened, _ in self.welcome)
        found[self.welcome_id] = {
            "source": "events",
            "sent_date": day_text(local(self.welcome[0][1]) // DAY),
            "sent": len(self.welcome),
            "delivered": len(self.welcome),
            "opens_raw": opens,
            "opens_human": opens,
            "clicks_human": sum(clicked is not None for *_, clicked in self.welcome),
            "unsubscribes": 0,
            "complaints": 0,
        }
        return found

    def truth_of_touches(self) -> dict[str, int]:
        """By channel: touches of people whom we know."""
        return dict(sorted(Counter(TOUCHES[kind][1] for p, _, kind in self.touches if p).items()))

    def _tests(self) -> list[tuple[str, str, int, int]]:
        """Sendings to ourselves, which no report holds: title, id, day, recipients."""
        return [
            ("Test, please ignore", "7e57000001", workday(MONTH_STARTS[3] + 4), 3),
            ("Footer test 🧪", "7e57000002", workday(MONTH_STARTS[9] + 4), 2),
        ]

    def write(self, folder: Folder) -> None:
        """The exports of each list."""
        self._write_klaviyo(folder)
        self._write_audience(folder)
        self._write_account(folder)
        self._write_connector(folder)
        self._write_touches(folder)

    def _write_klaviyo(self, folder: Folder) -> None:
        lines = [
            "Campaign Name,Tags,Subject,List,Send Time,Send Weekday,Total Recipients,"
            "Unique Placed Order,Placed Order Rate,Revenue,Unique Opens,Open Rate,Total Opens,"
            "Unique Clicks,Click Rate,Total Clicks,Unsubscribes,Spam Complaints,"
            "Spam Complaints Rate,Successful Deliveries,Bounces,Bounce Rate,Campaign ID,"
            "Campaign Channel"
        ]
        for row in self.campaigns:
            by_text = row["channel"] == "SMS"
            day, delivered = int(row["day"]), int(row["delivered"])
            opens, clicks = int(row["opens"]), int(row["clicks"])
            lines.append(
                f'{quoted_if_needed(str(row["name"]))},"news, customers",'
                f"{'' if by_text else '[MULTIPLE VARIATIONS]'},Customers,{day_text(day)} 11:00:00,"
                f"{WEEKDAY_NAMES[weekday(day)]},{row['sent']}.0,0.0,0.00%,0.0,"
                + (",,," if by_text else f"{opens}.0,{_share(opens, delivered)},{opens * 2}.0,")
                + f"{clicks}.0,{_share(clicks, delivered)},{clicks + 3}.0,{row['unsubscribes']}.0,"
                f"{row['complaints']}.0,0.00%,{delivered}.0,{row['bounces']}.0,"
                f"{_share(int(row['bounces']), int(row['sent']))},{row['id']},{row['channel']}"
            )
        name = f"klaviyo/campaigns-{day_text(LAST_DAY)}.csv"
        folder.lines(f"exports/{name}", lines)
        folder.expect(name, "klaviyo.campaigns", len(self.campaigns))

        lines = [
            "Email,Klaviyo ID,First Name,Last Name,City,State / Region,Country,Zip Code,Source,"
            "Email Marketing Consent,Profile Created On,Date Added"
        ]
        for number, person in enumerate(self.readers[1::17][:150]):
            assert person.hubspot
            created = local_minute_text(clear_of_fold(person.hubspot.created + 30 * DAY)) + ":00"
            consent = ("SUBSCRIBED", "NEVER_SUBSCRIBED", "UNSUBSCRIBED")[
                number % 9 // 7 + number % 2
            ]
            lines.append(
                f"{person.email},01P{number:05d}LM,{person.first_name},{person.last_name},,,,,"
                f"Shopify,{consent},{created},{created}"
            )
        name = f"klaviyo/members-customers-{day_text(LAST_DAY)}.csv"
        folder.lines(f"exports/{name}", lines)
        folder.expect(name, "klaviyo.subscribers", len(lines) - 1)

    def _write_audience(self, folder: Folder) -> None:
        """A zip of a file per status, which is told by the file's name alone."""
        mailings = self.mailings
        left = {who for m in mailings.mailings for who in _of_kind(m.events, LEAVE)}
        cleaned = {int(who) for m in mailings.mailings for who in m.hard} - left
        people = {p.email: p for p in self.readers}
        picked = [*range(0, len(mailings.emails), max(1, len(mailings.emails) // 160))]
        picked += sorted([*left, *cleaned])[::5][:60]
        rows: dict[str, list[str]] = {
            kind: [] for kind in ("subscribed", "unsubscribed", "cleaned", "nonsubscribed")
        }
        for place in dict.fromkeys(picked):
            person = people.get(mailings.emails[place])
            if person is None:
                continue
            kind = (
                "cleaned" if place in cleaned else "unsubscribed" if place in left else "subscribed"
            )
            if kind == "subscribed" and place % 11 == 10:
                kind = "nonsubscribed"
            confirmed = utc_text(mailings.joined[place] + 30 * DAY)
            more = ',,,,"NORMAL","",' if kind == "unsubscribed" else ""
            rows[kind].append(
                f"{person.email},{person.first_name},{person.last_name},{2 + place % 4},"
                f'"{confirmed if place % 3 else ""}",,"{confirmed}",,,,,,,US,,"{utc_text(END)}",'
                f"{88_000_000 + place},{place * 2_654_435_761 % 2**40:010x},,"
                f'"""VIP"",""Blog"""{more}'
            )
        header = f"Email Address,First Name,Last Name,{MEMBER_COLUMNS}"
        members = {}
        for kind, lines in rows.items():
            # Mailchimp names a column twice in the file of those who left.
            extra = ",UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,"
            extra += "UNSUB_REASON_OTHER,UNSUB_CAMPAIGN_ID"
            heading = header + (extra if kind == "unsubscribed" else "")
            members[f"{kind}_members_export_5c1d09e7a4.csv"] = [heading, *lines]
        folder.zip(f"exports/{AUDIENCE}", members)
        for member, lines in members.items():
            folder.expect(f"{AUDIENCE}/{member}", "mailchimp.audience", len(lines) - 1)

    def _write_account(self, folder: Folder) -> None:
        """The bare list of campaigns of an account export: what was sent, without results."""
        lines = ["Title,Subject,Audience,Send Date,Send Weekday,Total Recipients,Unique Id"]
        sendings = [(m.title, m.id, m.sent, int(m.truth["sent"])) for m in self.mailings.mailings]
        sendings += [(title, name, at(day, 15 * HOUR), n) for title, name, day, n in self._tests()]
        for title, campaign, sent, recipients in sendings:
            wall = local(sent)
            when, minute = date_of(wall // DAY), wall % DAY // MINUTE
            clock = f"{(minute // 60 - 1) % 12 + 1:02d}:{minute % 60:02d}"
            clock += " pm" if minute >= 12 * 60 else " am"
            lines.append(
                f'"{title}","{title} 📬","All readers",'
                f'"{month_name(when)[:3]} {when.day:02d}, {when.year} {clock}",'
                f"{WEEKDAY_NAMES[weekday(wall // DAY)]},{recipients},{campaign}"
            )
        name = f"mailchimp/account_export_{day_text(LAST_DAY)}.zip"
        folder.zip(f"exports/{name}", {"campaigns.csv": lines})
        folder.expect(f"{name}/campaigns.csv", "mailchimp.campaigns", len(sendings))

    def _write_connector(self, folder: Folder) -> None:
        synced = f"{day_text(LAST_DAY)} 17:00:00.123"
        sent = self.welcome[0][1]
        ids = {p.number: _plain_hash(p.email) for p, *_ in self.welcome}
        tables = {
            "campaign": (
                "id,_fivetran_deleted,_fivetran_synced,create_time,list_id,send_time,status,"
                "subject_line,title,type",
                [
                    f"{self.welcome_id},false,{synced},{utc_text(sent - DAY)},8e42,"
                    f'{utc_text(sent)},sent,"Welcome, and thanks","Welcome, autumn",regular'
                ],
            ),
            "list": (
                "id,_fivetran_deleted,_fivetran_synced,date_created,name",
                [f"8e42,false,{synced},2024-10-01 09:00:00,All readers"],
            ),
            "member": (
                "id,list_id,_fivetran_synced,country_code,email_address,last_changed,member_rating,"
                "merge_fname,merge_lname,status,timestamp_opt,timestamp_signup,unique_email_id",
                [
                    f"{ids[p.number]},8e42,{synced},US,{p.email},{utc_text(sent)},3,{p.first_name},"
                    f"{p.last_name},subscribed,{utc_text(p.hubspot.created + 30 * DAY)},,"
                    f"{p.number:010x}"
                    for p, *_ in self.welcome
                    if p.hubspot
                ],
            ),
            "campaign_recipient": (
                "campaign_id,member_id,_fivetran_synced,combination_id,list_id",
                [f"{self.welcome_id},{ids[p.number]},{synced},,8e42" for p, *_ in self.welcome],
            ),
            "campaign_recipient_activity": (
                "action,campaign_id,member_id,timestamp,_fivetran_synced,bounce_type,"
                "combination_id,ip,list_id,url",
                [
                    f"{action},{self.welcome_id},{ids[p.number]},{utc_text(when)},{synced},,,,8e42,{url}"
                    for p, _, opened, clicked in self.welcome
                    for action, when, url in (
                        ("open", opened, ""),
                        ("click", clicked, "https://www.larkmoor.example/docs"),
                    )
                    if when
                ],
            ),
        }
        for table, (header, rows) in tables.items():
            name = f"fivetran/mailchimp/{day_text(LAST_DAY)}/{table}.csv"
            folder.lines(f"exports/{name}", [header, *rows])
            contract = "" if table == "list" else f"fivetran_mailchimp.{_plural(table)}"
            folder.expect(name, contract, len(rows))

    def _write_touches(self, folder: Folder) -> None:
        lines = ["touch_id,email,touch_type,channel,campaign,touched_at,is_bot"]
        for number, (person, when, kind) in enumerate(self.touches):
            words, _, form = TOUCHES[kind]
            address = person.email if person else f"someone.{number}@unheard-of.example"
            lines.append(f"t{number:05d},{address},{form},{words},,{local_minute_text(when)},no")
        name = f"touchpoints/touchpoints-{day_text(LAST_DAY)}.csv"
        folder.lines(f"exports/{name}", lines)
        folder.expect(name, "generic.touchpoints", len(self.touches))


def _of_kind(events: Events, kind: int) -> list[int]:
    """Who has events of a kind."""
    return [
        int(person)
        for kinds, people in zip(events.kind, events.who, strict=True)
        if np.all(kinds == kind)
        for person in people
    ]


def _plain_hash(address: str) -> str:
    """Mailchimp's id of a member."""
    return hashlib.md5(address.lower().encode(), usedforsecurity=False).hexdigest()


def _plural(table: str) -> str:
    return table if table.endswith("activity") else f"{table}s"


def _share(part: int, whole: int) -> str:
    return f"{part * 10_000 // whole / 100:.2f}%"
