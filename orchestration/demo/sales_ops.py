"""What sales operations keeps: since when the sellers sell, which quotas were changed while they
ran, what is asked of somebody new, what a booking earns, and which deals were handed over.

The quotas themselves are set in money.py.
"""

from __future__ import annotations

from orchestration.demo.clock import LAST_DAY, date_of, day_text, utc_text
from orchestration.demo.company import World, salesforce_id
from orchestration.demo.records import Books
from orchestration.demo.write import Folder, all_quoted

TEAM = f"people/sales-team-{day_text(LAST_DAY)}.csv"
HANDOVERS = f"salesforce/{day_text(LAST_DAY)}/OpportunityFieldHistory.csv"
CHANGES = f"finance/quota-changes-{day_text(LAST_DAY)}.csv"

# first day of the quarter, day from which it holds, place of the seller, new quota
CHANGED = [
    ("2025-07-01", "2025-08-11", 0, 80_000),
    ("2026-04-01", "2026-05-16", 0, 99_000),
    ("2026-04-01", "2026-06-01", 2, 61_500),
    ("2026-10-01", "2026-10-20", 0, 105_000),
]
RAMP = [("0", "0.00"), ("1", "0.25"), ("2", "0.50"), ("3", "0.75")]
RATES = [
    ("all", "0.08", "0.10", "1", "1900-01-01", "2026-01-01", "Plan of 2025"),
    ("all", "0.08", "0.12", "2", "2026-01-01", "9999-12-31", "Plan of 2026"),
]
OWNERS = "VP Sales,VP Marketing"
ALWAYS = f"1,1900-01-01,9999-12-31,{OWNERS}"


class SalesOps:
    """Writes the lists of sales operations and the definitions that go with them."""

    def __init__(self, world: World, books: Books) -> None:
        self.world = world
        self.books = books

    def write(self, folder: Folder) -> None:
        """All files."""
        self._sellers(folder)
        self._quotas(folder)
        self._handovers(folder)

    def _sellers(self, folder: Folder) -> None:
        lines = ["Salesforce User ID,Name,Team,Region,Selling since"]
        for place, seller in enumerate(self.world.sellers):
            since = "" if place == 3 else f"{date_of(seller.starts):%m/%d/%Y}"
            name = f"{seller.first_name} {seller.last_name}"
            lines.append(f"{seller.id},{name},{seller.team},{seller.region},{since}")
        self.world.note("sellers_without_a_start")
        folder.lines(f"exports/{TEAM}", lines)
        folder.expect(TEAM, "generic.sales_reps", len(lines) - 1)

    def _quotas(self, folder: Folder) -> None:
        lines = ["metric,month,period_months,sales_rep_id,target,valid_from"]
        for quarter, since, place, quota in CHANGED:
            seller = self.world.sellers[place]
            lines.append(f"quota,{quarter},3,{seller.hubspot_id or seller.id},{quota},{since}")
        folder.lines(f"exports/{CHANGES}", lines)
        folder.expect(CHANGES, "generic.targets", len(lines) - 1)

        dated = "version,valid_from,valid_to,owner_sales,owner_marketing,reason"
        folder.lines(
            "definitions/quota_ramps.csv",
            [f"tenure_month,ramp_share,{dated}"]
            + [f"{month},{share},{ALWAYS},Ramp of a new seller" for month, share in RAMP],
        )
        folder.lines(
            "definitions/commission_rates.csv",
            [f"team,rate,accelerator,{dated}"]
            + [
                f"{team},{rate},{accelerator},{version},{first},{last},{OWNERS},{reason}"
                for team, rate, accelerator, version, first, last, reason in RATES
            ],
        )

    def _handovers(self, folder: Folder) -> None:
        """Deals that somebody else began; Salesforce writes such a change by name and by id."""
        header = "Id,IsDeleted,OpportunityId,CreatedById,CreatedDate,Field,OldValue,NewValue"
        kept = [
            deal
            for deal in self.books.opportunities
            if deal.is_deal
            and not deal.hubspot_id
            and not deal.is_deleted
            and len(deal.changes) > 2
        ]
        rows: list[tuple[str, ...]] = []
        for deal in sorted(kept, key=lambda deal: (deal.created, deal.id))[::23]:
            before = self.world.sellers[-1 if deal.owner is not self.world.sellers[-1] else -2]
            now, at = deal.owner, utc_text(deal.changes[1].instant - 90)
            names = [f"{seller.first_name} {seller.last_name}" for seller in (before, now)]
            for old, new in (names, [before.id, now.id]):
                number = salesforce_id("017", 9_000_000 + len(rows))
                rows.append((number, "0", deal.id, before.id, at, "Owner", old, new))
            self.world.note("deals_handed_over")
        folder.lines(f"exports/{HANDOVERS}", [*all_quoted([header.split(",")]), *all_quoted(rows)])
        folder.expect(HANDOVERS, "salesforce.opportunity_field_history", len(rows))
