"""Newsletters: who got them, opened, clicked and left, and how Mailchimp sums that up.

Who the people are belongs in people.py. A mailing's recipients are arrays of positions; an event is
a kind, a recipient and an instant. No two events of one kind, mailing and recipient share an
instant, and nobody qualifies after a click of theirs: mail never decides a channel of the funnel.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from orchestration.demo.clock import (
    DAY,
    END,
    HOUR,
    LAST_DAY,
    MINUTE,
    MONTH_STARTS,
    N_MONTHS,
    WEEKDAY_NAMES,
    at,
    date_of,
    day_text,
    local,
    month_name,
    month_of,
    utc_text,
    weekday,
    workday,
)
from orchestration.demo.company import World
from orchestration.demo.records import Books
from orchestration.demo.write import Folder, quoted_if_needed

Array = NDArray[np.int64]

FIRST_MONTH_WITH_EVENTS = 2  # from January 2025 the events were kept, before it the totals only
EVENT_NAMES = [
    "send", "delivered", "bounce", "open", "click", "unsubscribe", "spamreport", "deferred",
]  # fmt: skip
SEND, DELIVERED, BOUNCE, OPEN, CLICK, LEAVE, COMPLAIN, DEFERRED = range(8)
TOPICS = [
    "The forecast you can defend", "Five plans that failed well", "What's new in Beacon",
    "How Alderport cut its close to 3 days", "Board slides, faster", "Quota season survival kit",
]  # fmt: skip


@dataclass
class Events:
    """Events of one mailing, an element each."""

    kind: list[Array] = field(default_factory=list)
    who: list[Array] = field(default_factory=list)
    instant: list[Array] = field(default_factory=list)
    is_machine: list[Array] = field(default_factory=list)

    def add(self, kind: int, who: Array, instant: Array, is_machine: int = 0) -> None:
        """Some events of one kind."""
        self.kind.append(np.full(len(who), kind, dtype=np.int64))
        self.who.append(who)
        self.instant.append(instant)
        self.is_machine.append(np.full(len(who), is_machine, dtype=np.int64))


@dataclass
class Mailing:
    """One newsletter and what came of it."""

    id: str
    title: str
    sent: int
    recipients: Array
    soft: Array
    hard: Array
    events: Events
    truth: dict[str, int | str]
    total_opens: int
    total_clicks: int
    unique_clicks: int
    unique_opens: int


class Mailings:
    """Sends four newsletters a month to everyone whom marketing's system knows."""

    def __init__(self, world: World, books: Books) -> None:
        self.world = world
        self.random = np.random.Generator(np.random.PCG64([world.seed, 42]))
        readers = sorted(
            (p.hubspot.created, p.number, p.email, max(p.hubspot.crossings, default=0),
             bool(p.hubspot.source))
            for p in books.people
            if p.hubspot and p.email and not p.rule
        )  # fmt: skip
        self.joined = [reader[0] for reader in readers]
        self.emails = [reader[2] for reader in readers]
        self.settled = np.array([reader[3] for reader in readers], dtype=np.int64)
        # Someone without any source must not get one from a click.
        self.may_click = np.array([reader[4] for reader in readers], dtype=bool)
        self.gone = np.zeros(len(readers), dtype=bool)
        self.mailings = [
            self._send(month, number)
            for month in range(N_MONTHS)
            for number in range(4)
            if (month, number) != (N_MONTHS - 1, 3)  # too late to be read before the export
        ]

    def _send(self, month: int, number: int) -> Mailing:
        random = self.random
        day = workday(MONTH_STARTS[month] + 3 + 7 * number)
        sent = at(day, (9 + number) * HOUR + 30 * MINUTE)
        known = bisect_right(self.joined, sent - DAY)
        taken = random.random(known) < 440 * self.world.scale / max(1, known) * (0.55 + month / 26)
        who = np.nonzero(taken & ~self.gone[:known])[0].astype(np.int64)
        n = len(who)
        events = Events()
        events.add(SEND, who, sent + random.integers(0, 20 * MINUTE, n))
        fate = random.random(n)
        soft, hard = who[fate < 0.008], who[(fate >= 0.008) & (fate < 0.016)]
        bounced = np.concatenate([soft, hard])
        reached = who[fate >= 0.016]
        arrived = sent + 25 * MINUTE + 2 * random.integers(0, 15 * MINUTE, len(reached))
        events.add(BOUNCE, bounced, sent + 22 * MINUTE + random.integers(0, 90, len(bounced)))
        events.add(DELIVERED, reached, arrived)
        held = random.random(len(reached)) < 0.01
        events.add(DEFERRED, reached[held], arrived[held] - 90)

        machine = random.random(len(reached)) < 0.24
        fetched = arrived + 2 * random.integers(1, 400, len(reached)) + 1
        events.add(OPEN, reached[machine], fetched[machine], 1)
        human = random.random(len(reached)) < 0.21
        readers = reached[human]
        # Hours later, at even seconds (machines open at odd ones), within six days; then again.
        opened = sent + 2 * HOUR + 2 * self._soon(len(readers), 3 * DAY - 2 * HOUR)
        events.add(OPEN, readers, opened)
        again = random.random(len(readers)) < 0.3
        reopened = opened + 2 * random.integers(30, 9_000, len(readers))
        events.add(OPEN, readers[again], reopened[again])
        late = (random.random(len(reached)) < 0.006) & (sent + 15 * DAY < END)
        late_at = sent + 9 * DAY + 2 * random.integers(0, 2 * DAY, int(late.sum()))
        events.add(OPEN, reached[late], late_at)

        free = self.may_click[reached] & (self.settled[reached] < sent)
        eager = np.where(human, 0.16, np.where(machine, 0.03, 0.002))
        clicks = (random.random(len(reached)) < eager) & free
        clickers = reached[clicks]
        clicked = sent + 2 * HOUR + 2 * self._soon(len(clickers), 3 * DAY - 2 * HOUR)
        events.add(CLICK, clickers, clicked)
        bots = random.random(len(reached)) < 0.035
        for link in range(3):  # a scanner follows every link at once
            events.add(CLICK, reached[bots], arrived[bots] + 2 * link + 1, 1)

        leaving = random.random(len(reached)) < np.where(human, 0.008, 0.0006)
        leavers = reached[leaving]
        events.add(LEAVE, leavers, sent + 3 * HOUR + self._soon(len(leavers), 5 * DAY))
        annoyed = random.random(len(reached)) < 0.0006
        complained = sent + 3 * HOUR + self._soon(len(reached), 4 * DAY)
        events.add(COMPLAIN, reached[annoyed], complained[annoyed])
        self.gone[leavers] = True
        self.gone[hard] = True

        open_human = human | clicks
        any_open = open_human | machine
        return Mailing(
            id=f"{(month * 4 + number + 17) * 2_654_435_761 % 2**40:010x}",
            title=f"{TOPICS[(month * 4 + number) % len(TOPICS)]} #{month * 4 + number + 1}",
            sent=sent,
            recipients=who,
            soft=soft,
            hard=hard,
            events=events,
            truth={
                "source": "events" if month >= FIRST_MONTH_WITH_EVENTS else "report",
                "sent_date": day_text(day),
                "sent": n,
                "delivered": len(reached),
                "opens_raw": int(any_open.sum()),
                "opens_human": int(open_human.sum()),
                "clicks_human": len(clickers),
                "unsubscribes": len(leavers),
                "complaints": int(annoyed.sum()),
            },
            total_opens=sum(int((kind == OPEN).sum()) for kind in events.kind),
            total_clicks=len(clickers) + 3 * int(bots.sum()),
            unique_clicks=int((clicks | bots).sum()),
            unique_opens=int((any_open | late).sum()),
        )  # fmt: skip

    def _soon(self, number: int, within: int) -> Array:
        """Seconds until people react: mostly at once, some take days."""
        haste = self.random.random(number)
        return np.rint(within * haste * haste * haste).astype(np.int64)

    def truth(self) -> dict[str, dict[str, int | str]]:
        """By campaign id: the counts of glossary A4; a report's totals know no humans."""
        found = {}
        for mailing in self.mailings:
            row = dict(mailing.truth)
            if row["source"] == "report":
                row["opens_raw"] = mailing.unique_opens
                row["clicks_raw"] = mailing.unique_clicks
                del row["opens_human"], row["clicks_human"]
            found[mailing.id] = row
        return found

    def write(self, folder: Folder) -> None:
        """The events of each year, and Mailchimp's report of all campaigns."""
        self._report(folder)
        for year, first, last in (("2025", 2, 14), ("2026", 14, N_MONTHS)):
            sent = [m for m in self.mailings if first <= month_of(local(m.sent) // DAY) < last]
            self._events(folder, year, sent)

    def _events(self, folder: Folder, year: str, mailings: list[Mailing]) -> None:
        random = self.random
        header = "event_id,campaign_id,campaign_name,email,event,occurred_at,is_bot,bounce_type"
        lines = [header]
        number = 70_000_000 + 10_000_000 * int(year[-1])
        variants = [self.emails, [e.upper() for e in self.emails], [e.title() for e in self.emails]]
        for mailing in mailings:
            kind, who, instant, machine = (
                np.concatenate(part)
                for part in (
                    mailing.events.kind, mailing.events.who, mailing.events.instant,
                    mailing.events.is_machine,
                )
            )  # fmt: skip
            order = np.lexsort((who, kind, instant))
            head = f",{mailing.id},{quoted_if_needed(mailing.title)},"
            soft = set(mailing.soft.tolist())
            odd, way = random.random(len(order)) < 0.2, random.integers(1, 3, len(order))
            spelling = np.where(odd, way, 0)
            for k, w, t, m, s in zip(
                kind[order].tolist(), who[order].tolist(), instant[order].tolist(),
                machine[order].tolist(), spelling.tolist(), strict=True,
            ):  # fmt: skip
                number += 1
                bounce = ("soft" if w in soft else "hard") if k == BOUNCE else ""
                lines.append(
                    f"{number}{head}{variants[s][w]},{EVENT_NAMES[k]},{utc_text(t)},"
                    f"{'true' if m else 'false'},{bounce}"
                )
        # What providers deliver twice, and what has lost its address.
        doubles = [line for line in lines[1:] if ",open," in line][::80]
        lines.extend(doubles)
        self.world.note("email_events_delivered_twice", len(doubles))
        bad = 3 if len(lines) > 500 else 1
        for place in range(bad):
            parts = lines[1 + place * (len(lines) // 7)].rsplit(",", 5)
            lines.append(f"{parts[0]},,{','.join(parts[2:])}")
        folder_name = f"email/events-{year}_exported-{day_text(LAST_DAY)}.csv"
        folder.lines(f"exports/{folder_name}", lines)
        folder.expect(folder_name, "generic.email_events", len(lines) - 1, rejected=bad)
        self.world.note("email_events_without_address", bad)

    def _report(self, folder: Folder) -> None:
        header = (
            'Title,Subject,Audience,"Send Date","Send Weekday","Total Recipients",'
            '"Successful Deliveries","Soft Bounces","Hard Bounces","Total Bounces",'
            '"Times Forwarded","Forwarded Opens","Unique Opens","Open Rate","Total Opens",'
            '"Unique Clicks","Click Rate","Total Clicks",Unsubscribes,"Abuse Complaints",'
            '"Times Liked on Facebook","Folder Id","Unique Id","Total Orders",'
            '"Total Gross Sales","Total Revenue","Analytics ROI","Campaign Cost"'
        )
        lines = [header]
        for mailing in self.mailings:
            wall = local(mailing.sent)
            when, minute = date_of(wall // DAY), wall % DAY // MINUTE
            half = "pm" if minute >= 12 * 60 else "am"
            clock = f"{(minute // 60 - 1) % 12 + 1:02d}:{minute % 60:02d} {half}"
            row = mailing.truth
            delivered = int(row["delivered"])
            lines.append(
                f'"{mailing.title}","{mailing.title} 📬","All readers",'
                f'"{month_name(when)[:3]} {when.day:02d}, {when.year} {clock}",'
                f"{WEEKDAY_NAMES[weekday(wall // DAY)]},{row['sent']},{delivered},"
                f"{len(mailing.soft)},{len(mailing.hard)},{len(mailing.soft) + len(mailing.hard)},"
                f"0,0,{mailing.unique_opens},{_share(mailing.unique_opens, delivered)},"
                f"{mailing.total_opens},{mailing.unique_clicks},"
                f"{_share(mailing.unique_clicks, delivered)},{mailing.total_clicks},"
                f"{row['unsubscribes']},{row['complaints']},0,0,{mailing.id},0,0,0,n/a,n/a"
            )
        name = f"mailchimp/campaigns-report-{day_text(LAST_DAY)}.csv"
        folder.lines(f"exports/{name}", lines)
        folder.expect(name, "mailchimp.campaign_reports", len(lines) - 1)


def _share(part: int, whole: int) -> str:
    return f"{part * 10_000 // whole / 100:.2f}%" if whole else "n/a"
