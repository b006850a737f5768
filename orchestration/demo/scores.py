"""The history of HubSpot's lead score of some contacts, and the two teams' rules for it.

Who becomes an MQL, and when, is decided in people.py: the score of whoever has a history gets to
the threshold of the day at just those instants. From March 2026 on the teams ask for more; some
people come to a score that would have been enough before.
"""

from __future__ import annotations

from orchestration.demo.clock import (
    DAY,
    END,
    LAST_DAY,
    MINUTE,
    MONTH_STARTS,
    at,
    day_text,
    utc_text,
)
from orchestration.demo.company import World
from orchestration.demo.records import Books, HubSpotRecord
from orchestration.demo.write import Folder

NAME = f"hubspot/lead-score-history-{day_text(LAST_DAY)}.csv"
RAISED = MONTH_STARTS[16]  # the day from which the higher threshold holds
FIRST, SECOND = 50, 65  # the thresholds


class Scores:
    """Draws the scores of a share of those whom marketing's system knows."""

    def __init__(self, world: World, books: Books) -> None:
        self.dice = world.dice("scores")
        self.records = sorted(
            (person.hubspot for person in books.people if person.hubspot),
            key=lambda record: (record.created, record.id),
        )

    def write(self, folder: Folder) -> None:
        """The export and the definitions."""
        readings = sorted(
            (instant, record.id, score)
            for record in self.records
            if self.dice.random() < 0.06
            for instant, score in self._history(record).items()
        )
        lines = ["Record ID,HubSpot Score,Changed At"]
        lines += [f"{record},{score},{utc_text(instant)}" for instant, record, score in readings]
        folder.lines(f"exports/{NAME}", lines)
        folder.expect(NAME, "generic.lead_scores", len(readings))
        folder.lines("definitions/mql_rules.csv", _rules())

    def _history(self, record: HubSpotRecord) -> dict[int, int]:
        """Scores by the instant from which they hold."""
        dice = self.dice
        found = {record.created: dice.randrange(5, 40)}
        before = record.created
        for crossing in sorted(set(record.crossings)):
            if before > record.created:
                fallen = before + (crossing - before) // 2 // MINUTE * MINUTE
                found[fallen] = dice.randrange(5, 45)
            score = dice.randrange(FIRST if crossing < at(RAISED, 0) else SECOND, 99)
            found[crossing] = score
            before = crossing
        if record.crossings:
            return found
        # Interest grows, but not to what is asked for on that day.
        later = max(before, at(RAISED, 0)) + dice.randrange(2, 40) * DAY
        if before + DAY < at(RAISED, 0):
            found[before + DAY] = dice.randrange(30, FIRST)
        if later < END and dice.random() < 0.4:
            found[later] = dice.randrange(FIRST, SECOND)
        return found


def _rules() -> list[str]:
    owners = "VP Sales,VP Marketing"
    raised = day_text(RAISED)
    always = f"1,1900-01-01,9999-12-31,{owners}"
    ready = "Who asks is ready whatever the score"
    return [
        "rule,source_system,evidence,threshold,value,version,valid_from,valid_to,owner_sales,"
        "owner_marketing,reason",
        f"lead score,*,score,{FIRST},,1,1900-01-01,{raised},{owners},A score of 50 is worth a call",
        f"lead score,*,score,{SECOND},,2,{raised},9999-12-31,{owners},"
        "Sales could not follow up on all",
        f"demo request,*,hand_raise,,demo_request,{always},{ready}",
        f"contact request,*,hand_raise,,contact_request,{always},{ready}",
        f"lifecycle date,*,lifecycle,,,{always},Where no history of scores is exported",
    ]
