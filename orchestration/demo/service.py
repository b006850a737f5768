"""What sales does about the leads that marketing hands over: calls and mails, what was found out,
and why some were turned down; and what both teams promised each other.

When a lead is accepted, qualified or given up is decided in people.py. Nothing here moves that: a
lead is found to be qualified in the very moment in which its status says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.demo.clock import (
    DAY,
    END,
    HOUR,
    LAST_DAY,
    MINUTE,
    at,
    day_text,
    local,
    local_day,
    utc_text,
    workday,
)
from orchestration.demo.company import World, pick
from orchestration.demo.desk import Activity, Desk
from orchestration.demo.records import Books, LeadRecord
from orchestration.demo.write import Folder

TODAY = day_text(LAST_DAY)
ACTIVITIES = f"engagement/activities-{TODAY}.csv"
FINDINGS = f"engagement/qualification-{TODAY}.csv"
REJECTIONS = f"engagement/rejections-{TODAY}.csv"

OPEN = "Open - Not Contacted"
# Minutes until the first call, and how often it takes so long; none is never.
WAITS = [4, 22, 50, 170, 420, 1_100, 2_600, 6_000, None]
WAIT_WEIGHTS = [10, 14, 12, 18, 14, 12, 7, 5, 8]
REASONS = [
    "No Budget", "Not a Decision Maker", "No Need", "Not Ready", "Not a Fit",
    "Wrong Contact Details", "Duplicate", "Competitor", "No Response", "Prefers to build it", "",
]  # fmt: skip
REASON_WEIGHTS = [15, 6, 17, 14, 16, 5, 3, 4, 9, 2, 9]

ALWAYS = "1,1900-01-01,9999-12-31,VP Sales,VP Marketing"
PROMISES = [
    "mql_volume,marketing,volume,mqls,,,count,,{always},The target of the month",
    "sql_volume,marketing,volume,sqls,,,count,,{always},The target of the month",
    "first_response,sales,response,sla_response_rate,assignment,24,hours,clock,"
    "1,1900-01-01,2025-11-01,VP Sales,VP Marketing,An answer within a day",
    "first_response,sales,response,sla_response_rate,assignment,8,hours,business,"
    "2,2025-11-01,9999-12-31,VP Sales,VP Marketing,What came on a Friday was always late",
    "mql_response,both,response,,mql,24,hours,clock,{always},Routing counts too",
    "lead_decision,sales,decision,,assignment,5,days,business,{always},Yes or no within a week",
    "sql_to_opportunity,sales,conversion,sql_to_opportunity_rate,,0.75,ratio,,{always},3 of 4",
    "opportunity_to_won,sales,conversion,opportunity_to_won_rate,,0.3,ratio,,{always},3 of 10",
]
HOURS = [("default", "09:00", "17:00", ""), ("emea", "09:00", "17:30", "Europe/London")]
HOLIDAYS = [
    ("default", "2024-11-28", "Thanksgiving"), ("default", "2024-12-25", "Christmas Day"),
    ("default", "2025-01-01", "New Year's Day"), ("default", "2025-05-26", "Memorial Day"),
    ("default", "2025-07-04", "Independence Day"), ("default", "2025-09-01", "Labor Day"),
    ("default", "2025-11-27", "Thanksgiving"), ("default", "2025-12-25", "Christmas Day"),
    ("default", "2026-01-01", "New Year's Day"), ("default", "2026-05-25", "Memorial Day"),
    ("default", "2026-07-03", "Independence Day"), ("default", "2026-09-07", "Labor Day"),
    ("emea", "2024-12-25", "Christmas Day"), ("emea", "2024-12-26", "Boxing Day"),
    ("emea", "2025-01-01", "New Year's Day"), ("emea", "2025-05-26", "Spring bank holiday"),
    ("emea", "2025-08-25", "Summer bank holiday"), ("emea", "2025-12-25", "Christmas Day"),
    ("emea", "2025-12-26", "Boxing Day"), ("emea", "2026-01-01", "New Year's Day"),
    ("emea", "2026-05-25", "Spring bank holiday"), ("emea", "2026-08-31", "Summer bank holiday"),
]  # fmt: skip


class Service:
    """Writes the exports of the tool that sales development works with, and the promises."""

    def __init__(self, world: World, books: Books, desk: Desk) -> None:
        self.world = world
        self.desk = desk
        self.dice = world.dice("service")
        found = [
            (lead.created, lead.id, lead)
            for person in books.people
            for lead in person.leads
            if not lead.is_deleted and lead.created < END
        ]
        self.leads = [lead for _, _, lead in sorted(found, key=lambda row: row[:2])]

    def write(self, folder: Folder) -> None:
        """All files."""
        self._definitions(folder)
        self._activities(folder)
        self._findings(folder)
        self._rejections(folder)

    def _definitions(self, folder: Folder) -> None:
        lines = [
            "commitment,owner,kind,metric,starts_at,committed,unit,calendar,version,valid_from,"
            "valid_to,owner_sales,owner_marketing,reason"
        ]
        lines += [promise.format(always=ALWAYS) for promise in PROMISES]
        folder.lines("definitions/sla.csv", lines)
        lines = [
            "calendar,weekday,opens,closes,time_zone,version,valid_from,valid_to,owner_sales,"
            "owner_marketing,reason"
        ]
        for calendar, opens, closes, zone in HOURS:
            for weekday in range(1, 6):
                lines.append(f"{calendar},{weekday},{opens},{closes},{zone},{ALWAYS},Office hours")
        folder.lines("definitions/business_hours.csv", lines)
        lines = ["calendar,day,holiday,owner_sales,owner_marketing,reason"]
        lines += [f"{c},{day},{name},VP Sales,VP Marketing,Closed" for c, day, name in HOLIDAYS]
        folder.lines("definitions/holidays.csv", lines)
        lines = [
            "match_on,value,calendar,version,valid_from,valid_to,owner_sales,owner_marketing,reason"
        ]
        lines.append(f"region,EMEA,emea,{ALWAYS},They sit in London")
        folder.lines("definitions/rep_calendars.csv", lines)

    def _activities(self, folder: Folder) -> None:
        """The first call or mail after each hand-over, now and then what came back."""
        dice, rows = self.dice, []
        for lead in self.leads:
            for start, following in _hand_overs(lead):
                wait = pick(dice, WAITS, WAIT_WEIGHTS)
                accepted = following is not None and following[1] == "Working - Contacted"
                if wait is None and not accepted:
                    continue
                answer = END + 1 if wait is None else self._awake(start + wait * MINUTE)
                if accepted and following is not None:
                    answer = min(answer, following[0])
                if answer > END:
                    continue
                kind = "Call" if dice.random() < 0.6 else "Email"
                rows.append((answer, lead, kind, "outbound", "completed"))
                if kind == "Email" and dice.random() < 0.3 and answer + 3 * HOUR < END:
                    rows.append((answer + 2 * HOUR, lead, kind, "inbound", "replied"))
        lines = ["Activity ID,Type,Direction,Lead ID,User ID,Started At,Result"]
        for number, (instant, lead, kind, direction, result) in enumerate(
            sorted(rows, key=lambda row: (row[0], row[1].id, row[3]))
        ):
            lines.append(
                f"SE-{number + 1:06d},{kind},{direction},{lead.id},{lead.owner.id},"
                f"{utc_text(instant)},{result}"
            )
            self.desk.activities.append(Activity(kind.lower(), instant, is_done=True))
        folder.lines(f"exports/{ACTIVITIES}", lines)
        folder.expect(ACTIVITIES, "generic.activities", len(lines) - 1)

    def _awake(self, instant: int) -> int:
        """The instant itself in working hours, else in the next morning."""
        day, second = local_day(instant), local(instant) % DAY
        if second < 8 * HOUR:
            return at(workday(day), 8 * HOUR + self.dice.randrange(90) * MINUTE)
        if second > 18 * HOUR:
            return at(workday(day + 1), 8 * HOUR + self.dice.randrange(90) * MINUTE)
        return at(workday(day), second)

    def _findings(self, folder: Folder) -> None:
        """What is known of budget, authority, need and timeline, each time of all of them."""
        dice, rows = self.dice, []
        for lead in self.leads:
            for instant, status in lead.statuses:
                if status == "Qualified" and dice.random() < 0.85:
                    answers = [
                        "Yes",
                        "Yes",
                        "Yes",
                        str(pick(dice, [1, 2, 3, 6, 9, 12], [8, 14, 20, 16, 9, 5])),
                    ]
                    if dice.random() < 0.4:
                        answers[dice.randrange(2)] = pick(dice, ["No", "?"], [2, 3])
                    if dice.random() < 0.06:
                        answers[2] = "?"  # sales said yes to it all the same
                elif status == "Working - Contacted" and dice.random() < 0.25:
                    answers = [pick(dice, ["Yes", "?"], [1, 2]), "?", "?", ""]
                elif status in ("Unqualified", "Nurture") and dice.random() < 0.45:
                    answers = [
                        pick(dice, ["Yes", "No", "?"], [2, 5, 3]),
                        pick(dice, ["Yes", "No", "?"], [4, 2, 3]),
                        pick(dice, ["No", "?"], [5, 2]),
                        str(pick(dice, [6, 12, 18, 24], [1, 4, 3, 2])),
                    ]
                else:
                    continue
                rows.append((instant, lead.id, lead.owner.id, answers))
        lines = ["Lead ID,User ID,Assessed At,Budget,Authority,Need,Timeline (months)"]
        for instant, lead_id, owner, answers in sorted(rows, key=lambda row: row[:2]):
            lines.append(f"{lead_id},{owner},{utc_text(instant)},{','.join(answers)}")
        folder.lines(f"exports/{FINDINGS}", lines)
        folder.expect(FINDINGS, "generic.qualification", len(lines) - 1)

    def _rejections(self, folder: Folder) -> None:
        """Why sales turned a lead down, in the words of a list that not everybody keeps to."""
        rows = [
            (instant, lead.id, lead.owner.id, pick(self.dice, REASONS, REASON_WEIGHTS))
            for lead in self.leads
            for instant, status in lead.statuses
            if status == "Unqualified"
        ]
        lines = ["Lead ID,User ID,Status,Reason,Changed At"]
        for instant, lead_id, owner, reason in sorted(rows):
            lines.append(f"{lead_id},{owner},Unqualified,{reason},{utc_text(instant)}")
        folder.lines(f"exports/{REJECTIONS}", lines)
        folder.expect(REJECTIONS, "generic.stage_events", len(lines) - 1)


def _hand_overs(lead: LeadRecord) -> Iterator[tuple[int, tuple[int, str] | None]]:
    """When a lead lay open for sales, and the change of status that came next."""
    starts = [(lead.created, 0)]
    starts += [(t, place + 1) for place, (t, status) in enumerate(lead.statuses) if status == OPEN]
    for start, place in starts:
        yield start, lead.statuses[place] if place < len(lead.statuses) else None
