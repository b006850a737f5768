"""Who came to the website before the analytics tool did, by the company's own log of page loads;
touches with what their links carried; ads shown to known companies; what both teams agreed on about
rivals and the market.

It decides nothing in the funnel: page loads are no touches, and touches are of people who never
qualified and whose channel is known. Daily figures of the tools belong in web.py.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from random import Random

from orchestration.demo.clock import (
    DAY,
    END,
    HOUR,
    LAST_DAY,
    MINUTE,
    MONTH_STARTS,
    MONTHS,
    any_hour,
    clear_of_fold,
    day_text,
    local_minute_text,
    month_of,
    utc_text,
)
from orchestration.demo.company import World
from orchestration.demo.lists import Lists
from orchestration.demo.records import Person
from orchestration.demo.web import CHANNELS, FIRST_MONTH, RIVALS, SITE, Web
from orchestration.demo.write import Folder, quoted_if_needed

FIRST = MONTH_STARTS[FIRST_MONTH - 2]
LAST = MONTH_STARTS[FIRST_MONTH] + 2  # the log was kept until the tool was seen to work
BROWSER = "Mozilla/5.0 (X11; Linux x86_64)"
# What a link carries, the page that leads here, and the channel of a touch that comes so.
WAYS = [
    ("?utm_source=mail&utm_medium=email&gclid=Cj0K{}", "https://www.google.com/", "paid_search"),
    ("?utm_source=linkedin&utm_medium=cpc", "https://www.linkedin.com/feed/", "paid_social"),
    ("?utm_source=chatgpt.com", "https://chatgpt.com/", "ai_assistant"),
    ("", "https://www.perplexity.ai/search/plans", "ai_assistant"),
    ("", "https://www.google.de/", "organic_search"),
    ("", f"https://{SITE}/pricing", "unattributed"),
    ("?msclkid=b2{}", "", "paid_search"),
    ("?utm_source=fair&utm_medium=stand", "", "unmapped"),
    ("", "https://reviews-of-software.example/planning", "referral"),
    ("?utm_source=newsletter&utm_medium=email", "", "email"),
]  # fmt: skip
PAGES = ["/", "/pricing", "/product", "/docs", "/contact"]


@dataclass
class Load:
    """A page load."""

    visitor: str
    email: str
    page: str
    referrer: str
    agent: str
    consent: str
    instant: int


class Audience:
    """Draws two months of visits, some touches, and who was shown an ad."""

    def __init__(self, world: World, lists: Lists, web: Web) -> None:
        self.dice = Random(f"{world.seed}/audience")
        self.scale = world.scale
        self.web = web
        self.loads = self._loads(lists)
        self.touches = self._touches(lists)
        self.exposures = self._exposures()

    def _loads(self, lists: Lists) -> list[Load]:
        dice, loads = self.dice, []
        for number in range(max(40, round(300 * self.scale))):
            visitor = f"v{number:05d}.{dice.getrandbits(32):08x}"
            agent = "ExampleBot/2.1 (+https://crawl.example)" if number % 20 == 7 else BROWSER
            consent = "no" if number % 12 == 5 else "yes"
            person = lists.readers[dice.randrange(len(lists.readers))]
            for _ in range(dice.randrange(1, 4)):
                link, referrer, _ = WAYS[dice.randrange(len(WAYS))]
                query, when = link.format(number), any_hour(dice.randrange(FIRST, LAST + 1), dice)
                if dice.random() < 0.1:
                    when += (24 * HOUR - when % (24 * HOUR)) - 5 * MINUTE + 4 * HOUR  # midnight
                for _ in range(dice.randrange(1, 6)):
                    page = PAGES[dice.randrange(len(PAGES))]
                    is_known = page == "/contact" and number % 3 == 0
                    loads.append(
                        Load(
                            visitor=visitor,
                            email=person.email if is_known else "",
                            page=f"https://{SITE}{page}{query}",
                            referrer=referrer,
                            agent=agent,
                            consent=consent,
                            instant=when,
                        )
                    )
                    # Half an hour to the second is no break, a second more is.
                    gap = dice.choice((25, 140, 600, 1_799, 1_800, 1_801))
                    query, referrer, when = "", f"https://{SITE}{page}", when + gap
        return sorted(loads, key=lambda load: (load.instant, load.visitor, load.page))

    def _touches(self, lists: Lists) -> list[tuple[Person, int, int, bool]]:
        """Whose form, when, by which way, and whether it was sent again at once."""
        dice, taken = self.dice, {p.number for p, *_ in lists.touches if p}
        settled = [
            p
            for p in lists.readers
            if p.first_channel
            and p.number not in taken
            and not any("mql" in cycle.observed for cycle in p.cycles)
        ]
        touches = []
        for number, person in enumerate(settled[:: max(1, len(settled) // 60)]):
            known = max(r.created for r in (person.hubspot, *person.leads, person.contact) if r)
            if known + 31 * DAY < END:
                instant = clear_of_fold(known + DAY + dice.randrange(29 * DAY))
                touches.append((person, instant, number % len(WAYS), number % 8 == 3))
        return touches

    def _exposures(self) -> list[tuple[int, int, int]]:
        """Day, company and how often it was shown the display ads of autumn."""
        dice = self.dice
        return [
            (day, company, dice.randrange(1, 9))
            for day in range(MONTH_STARTS[FIRST_MONTH + 2], LAST_DAY + 1)
            for company in range(30)
            if dice.random() < 0.12
        ]

    def truth_of_touches(self) -> Counter[str]:
        """By channel; one that was sent again at once is one."""
        return Counter(WAYS[way][2] for _, _, way, _ in self.touches)

    def write(self, folder: Folder) -> None:
        """The log, the forms, the shown ads, the visitors of months, and the definitions."""
        self._write_loads(folder)
        self._write_touches(folder)
        self._write_exposures(folder)
        self._write_visitors(folder)
        owners = "VP Sales,VP Marketing"
        folder.lines(
            "definitions/rivals.csv",
            [
                "brand,relation,version,valid_from,valid_to,owner_sales,owner_marketing,reason",
                f"{RIVALS[0]},rival,1,1900-01-01,9999-12-31,{owners},In every second deal",
                f"{RIVALS[1]},rival,1,2026-09-01,9999-12-31,{owners},Lost to them since summer",
            ],
        )
        folder.lines(
            "definitions/market_sizes.csv",
            [
                "market_size,currency_code,version,valid_from,valid_to,owner_sales,"
                "owner_marketing,reason",
                f"480000000.00,USD,1,2025-01-01,2026-01-01,{owners},Analyst report of 2025",
                f"135000000.00,USD,1,2026-07-01,2026-10-01,{owners},Association of vendors",
            ],
        )

    def _write_loads(self, folder: Folder) -> None:
        header = "visitor_id,email,page_url,referrer,user_agent,consent,viewed_at"
        for month in range(FIRST_MONTH - 2, FIRST_MONTH + 1):
            first, last = MONTH_STARTS[month], MONTH_STARTS[month + 1]
            lines = [header] + [
                f"{load.visitor},{load.email},{load.page},{load.referrer},"
                f"{quoted_if_needed(load.agent)},{load.consent},{utc_text(load.instant)}"
                for load in self.loads
                if first <= load.instant // DAY < last
            ]
            name = f"web/page-views-{MONTHS[month]}_exported-{day_text(LAST_DAY)}.csv"
            folder.lines(f"exports/{name}", lines)
            folder.expect(name, "generic.page_views", len(lines) - 1)

    def _write_touches(self, folder: Folder) -> None:
        lines = ["touch_id,email,touch_type,landing_page,referrer,touched_at"]
        for number, (person, when, way, again) in enumerate(self.touches):
            link, referrer, _ = WAYS[way]
            for copy in range(2 if again else 1):
                instant = local_minute_text(when + copy * 12 * MINUTE)
                lines.append(
                    f"w{number:05d}{'b' if copy else ''},{person.email},form,"
                    f"https://{SITE}/contact{link.format(number)},{referrer},{instant}"
                )
        name = f"web/forms-{day_text(LAST_DAY)}.csv"
        folder.lines(f"exports/{name}", lines)
        folder.expect(name, "generic.touchpoints", len(lines) - 1)

    def _write_exposures(self, folder: Folder) -> None:
        lines = ["platform,exposed account,channel,campaign,impressions,date"]
        lines += [
            f"abm,target-{company:03d}.example,display,Target accounts,{shown},{day_text(day)}"
            for day, company, shown in self.exposures
        ]
        name = f"abm/exposures-{day_text(LAST_DAY)}.csv"
        folder.lines(f"exports/{name}", lines)
        folder.expect(name, "generic.exposures", len(lines) - 1)

    def _write_visitors(self, folder: Folder) -> None:
        """What the analytics tool counts for a month: fewer than its days have together."""
        days: Counter[tuple[int, int]] = Counter()
        for row in self.web.visits:
            days[month_of(row.day), row.channel] += row.visitors
        lines = ["month,channel group,monthly visitors"]
        for month in range(FIRST_MONTH, FIRST_MONTH + 4):
            by_channel = {c: n * 62 // 100 for (m, c), n in sorted(days.items()) if m == month}
            lines.append(f"{MONTHS[month]},,{sum(by_channel.values()) * 91 // 100}")
            lines += [f"{MONTHS[month]},{CHANNELS[c][0]},{n}" for c, n in by_channel.items()]
        name = f"web/monthly-visitors-{day_text(LAST_DAY)}.csv"
        folder.lines(f"exports/{name}", lines)
        folder.expect(name, "generic.web_visitors", len(lines) - 1)
