"""What marketing measures beside leads: website, search, social posts, mentions of the brand.

Nothing here touches a person: the figures are drawn by day, written the way each tool exports them,
and summed for the truth. Who came to the website is not among them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from random import Random

from orchestration.demo.clock import (
    DAY,
    HOUR,
    LAST_DAY,
    MINUTE,
    MONTH_STARTS,
    MONTHS,
    WEEKDAY_NAMES,
    at,
    date_of,
    day_text,
    local,
    local_minute_text,
    month_name,
    month_of,
    weekday,
)
from orchestration.demo.company import World
from orchestration.demo.write import Folder, quoted_if_needed

SITE = "www.larkmoor.example"
FIRST_MONTH = 20  # July 2026: older reports were never downloaded
BY_SOURCE = MONTH_STARTS[FIRST_MONTH + 1]  # until then the report was by source and medium
RIVALS = ["Beaconless", "Planwright"]

# GA4's channel group, our channel, its source and medium, sessions of a weekday
CHANNELS = [
    ("Direct", "direct", "(direct) / (none)", 240),
    ("Organic Search", "organic_search", "google / organic", 310),
    ("Paid Search", "paid_search", "google / cpc", 150),
    ("Organic Social", "organic_social", "linkedin / social", 60),
    ("Email", "email", "newsletter / email", 70),
    ("Referral", "referral", "reviews-of-software.example / referral", 45),
]
MENTION_SITES = [("News", "daily-ledger.example"), ("Blog", "ops-notes.example"), ("X", "x.com")]


@dataclass
class Visits:
    """One channel on one day."""

    day: int
    channel: int
    sessions: int
    engaged: int
    visitors: int
    views: int


@dataclass
class Post:
    """A post on a network, and its totals at the end of September and of October."""

    id: str
    network: str
    published: int
    totals: list[list[int]]  # impressions, likes, comments, shares, saves, clicks


@dataclass
class Mention:
    """Something that somebody wrote about a brand."""

    number: int
    instant: int
    place: int
    brand: str
    sentiment: str
    is_own: bool
    is_copy: bool


class Web:
    """Draws four months of audience."""

    def __init__(self, world: World) -> None:
        self.dice = Random(f"{world.seed}/web")
        self.scale = world.scale
        self.visits: list[Visits] = []
        self.users: dict[int, int] = {}
        self.searches: dict[int, tuple[int, int]] = {}
        self.page: dict[int, list[int]] = {}
        for day in range(MONTH_STARTS[FIRST_MONTH], LAST_DAY + 1):
            self._visit(day)
            self._be_found(day)
        self.posts = self._posts()
        self.mentions = self._mentions()

    def _much(self, number: float) -> int:
        return max(1, round(number * (0.3 + 0.7 * self.scale) * (0.8 + 0.4 * self.dice.random())))

    def _visit(self, day: int) -> None:
        visitors = 0
        for channel, (_, _, _, sessions) in enumerate(CHANNELS):
            number = self._much(sessions * (0.45 if weekday(day) > 4 else 1))
            row = Visits(
                day,
                channel,
                number,
                engaged=number * self.dice.randrange(40, 70) // 100,
                visitors=max(1, number * self.dice.randrange(70, 95) // 100),
                views=number * self.dice.randrange(120, 260) // 100,
            )
            visitors += row.visitors
            self.visits.append(row)
        # Some come twice a day, from two channels.
        self.users[day] = visitors * 95 // 100 or 1

    def _be_found(self, day: int) -> None:
        impressions = self._much(5_200)
        self.searches[day] = (impressions, impressions * self.dice.randrange(2, 6) // 100)
        shown = self._much(900)
        likes, comments = shown * self.dice.randrange(1, 4) // 100, self.dice.randrange(0, 9)
        shares, clicks = self.dice.randrange(0, 6), shown * self.dice.randrange(1, 5) // 100
        self.page[day] = [shown, shown * 7 // 10, likes, comments, shares, clicks]

    def _posts(self) -> list[Post]:
        dice, posts = self.dice, []
        for number in range(24):
            network = ("facebook", "instagram", "x")[number % 3]
            day = MONTH_STARTS[FIRST_MONTH + 2] + 2 + number * 2
            september = [dice.randrange(400, 4_000), *(dice.randrange(2, 90) for _ in range(5))]
            october = [a + dice.randrange(0, 300) for a in september]
            october[1] = september[1] - 1  # somebody takes a like back
            totals = [september, october] if day < MONTH_STARTS[FIRST_MONTH + 3] - 2 else [october]
            if network == "x":
                totals = totals[-1:]  # of X only the last export was kept
            published = at(day, 9 * HOUR + 15 * number * MINUTE % (10 * HOUR))
            posts.append(Post(str(180_000_000_000 + 7_919 * number), network, published, totals))
        return posts

    def _mentions(self) -> list[Mention]:
        dice, mentions = self.dice, []
        brands = ["Larkmoor", "Larkmoor", *RIVALS]
        for number in range(160):
            day = MONTH_STARTS[FIRST_MONTH] + number * 123 // 160
            mentions.append(
                Mention(
                    number=number,
                    instant=at(day, dice.randrange(24 * HOUR)),
                    place=dice.randrange(len(MENTION_SITES)),
                    brand=brands[number % len(brands)],
                    sentiment=("positive", "neutral", "negative", "")[dice.randrange(4)],
                    is_own=number % 13 == 5,
                    is_copy=number % 11 == 7,
                )
            )
        return mentions

    def truth_of_web(self) -> dict[str, object]:
        """Sums by month; visitors by day, as they have no sum."""
        months: dict[str, dict[str, list[int]]] = defaultdict(dict)
        for row in self.visits:
            sums = months[MONTHS[month_of(row.day)]].setdefault(CHANNELS[row.channel][1], [0] * 3)
            for place, value in enumerate((row.sessions, row.engaged, row.views)):
                sums[place] += value
        searches: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for day, numbers in self.searches.items():
            for place, value in enumerate(numbers):
                searches[MONTHS[month_of(day)]][place] += value
        october = MONTH_STARTS[FIRST_MONTH + 3]
        return {
            "columns": ["sessions", "engaged_sessions", "page_views"],
            "months": months,
            "visitors": {day_text(d): n for d, n in self.users.items() if d >= october},
            "search_columns": ["search_impressions", "search_clicks"],
            "searches": searches,
        }

    def truth_of_social(self) -> dict[str, object]:
        """Sums by month: the first total of a post on its day, the rest when it is exported."""
        months: dict[str, dict[str, list[int]]] = defaultdict(dict)

        def add(day: int, network: str, impressions: int, engagements: int) -> None:
            sums = months[MONTHS[month_of(day)]].setdefault(network, [0, 0])
            sums[0] += impressions
            sums[1] += engagements

        for day, (impressions, _, *engagements) in self.page.items():
            add(day, "linkedin", impressions, sum(engagements))
        for post in self.posts:
            first, *later = [_as_exported(post, totals) for totals in post.totals]
            add(local(post.published) // DAY, post.network, first[0], sum(first[1:]))
            for now in later:
                gained = [a - b for a, b in zip(now, first, strict=True)]
                add(LAST_DAY, post.network, gained[0], sum(gained[1:]))
        mentions: dict[str, dict[str, list[int]]] = defaultdict(dict)
        for mention in self.mentions:
            if not mention.is_own and not mention.is_copy:
                month = mentions[MONTHS[month_of(local(mention.instant) // DAY)]]
                counts = month.setdefault(mention.brand, [0, 0, 0])
                counts[0] += 1
                counts[1] += mention.sentiment == "positive"
                counts[2] += mention.sentiment == "negative"
        return {
            "columns": ["impressions", "engagements"],
            "months": months,
            "mention_columns": ["mentions", "positive_mentions", "negative_mentions"],
            "mentions": mentions,
        }

    def write(self, folder: Folder) -> None:
        """The downloads of each tool."""
        self._write_ga4(folder)
        self._write_searches(folder)
        self._write_social(folder)
        self._write_mentions(folder)

    def _write_ga4(self, folder: Folder) -> None:
        def preamble(title: str, first: int, last: int) -> list[str]:
            line = "# ----------------------------------------"
            return [
                line, f"# {title}", "# Account: Larkmoor", "# Property: Larkmoor site", line, "# ",
                "# All Users", f"# Start date: {date_of(first):%Y%m%d}",
                f"# End date: {date_of(last):%Y%m%d}",
            ]  # fmt: skip

        july, august, october = (MONTH_STARTS[FIRST_MONTH + n] for n in (0, 1, 3))
        lines = preamble("Traffic acquisition", july, august - 1)
        lines.append("Nth day,Session source / medium,Sessions,Engaged sessions,Total users,Views")
        rows = [row for row in self.visits if row.day < BY_SOURCE]
        lines += [
            f"{row.day - july:04d},{CHANNELS[row.channel][2]},{row.sessions},{row.engaged},"
            f"{row.visitors},{row.views}"
            for row in rows
        ]
        name = f"ga4/traffic-acquisition-2026-07_exported-{day_text(august + 1)}.csv"
        folder.lines(f"exports/{name}", lines)
        folder.expect(name, "ga4.traffic_by_nth_day", len(rows))

        lines = preamble("Traffic acquisition", august, LAST_DAY)
        lines.append(
            "Session primary channel group (Default Channel Group),Date,Sessions,Engaged sessions,"
            "Total users,Views"
        )
        rows = [row for row in self.visits if row.day >= BY_SOURCE]
        lines += [
            f"{CHANNELS[row.channel][0]},{date_of(row.day):%Y%m%d},{row.sessions},{row.engaged},"
            f"{row.visitors},{row.views}"
            for row in rows
        ]
        name = f"ga4/traffic-acquisition-by-day_exported-{day_text(LAST_DAY)}.csv"
        folder.lines(f"exports/{name}", lines)
        folder.expect(name, "ga4.traffic_daily", len(rows))

        # The overview: several tables in one file, most of them of no day.
        lines = preamble("Reports snapshot", october, LAST_DAY)
        lines.append("Nth day,Active users")
        days = range(october, LAST_DAY + 1)
        lines += [f"{day - october:04d},{self.users[day]}" for day in days]
        lines += ["", *preamble("Reports snapshot", october, LAST_DAY)[-2:]]
        lines.append("Session primary channel group (Default Channel Group),Sessions")
        sums: dict[int, int] = defaultdict(int)
        for row in self.visits:
            if row.day >= october:
                sums[row.channel] += row.sessions
        lines += [f"{CHANNELS[channel][0]},{number}" for channel, number in sums.items()]
        lines += ["", *preamble("Reports snapshot", october, LAST_DAY)[-2:]]
        lines += ["Event name,Event count,Total users", "page_view,91240,20310"]
        lines += ["session_start,28110,20288", "form_submit,402,377"]
        name = f"ga4/reports-snapshot_exported-{day_text(LAST_DAY)}.csv"
        folder.lines(f"exports/{name}", lines)
        folder.expect(name, "ga4.users_by_nth_day", len(days))
        folder.expect(name, "ga4.traffic_period", len(sums))
        folder.expect(name, "ga4.events_period", 3)

    def _write_searches(self, folder: Folder) -> None:
        chart = ["Date,Clicks,Impressions,CTR,Position"]
        august = MONTH_STARTS[FIRST_MONTH + 1]
        for day, (impressions, clicks) in self.searches.items():
            share = f"{clicks * 10_000 // impressions / 100:g}%"
            chart.append(
                f"{day_text(day)},{clicks},{impressions},{share},{12 + day % 7}.{day % 10}"
            )
        part = sum(clicks for day, (_, clicks) in self.searches.items() if day >= august)
        members = {
            "Chart.csv": chart,
            "Queries.csv": [
                "Top queries,Clicks,Impressions,CTR,Position",
                f"revenue planning,{part // 9},{part * 2},5.56%,4.1",
                f'"forecast, weighted",{part // 20},{part},5%,7.3',
            ],
            "Pages.csv": [
                "Top pages,Clicks,Impressions,CTR,Position",
                f"https://{SITE}/,{part // 3},{part * 9},3.7%,9.9",
            ],
            "Countries.csv": [
                "Country,Clicks,Impressions,CTR,Position",
                f"United States,{part // 2},{part * 12},4.17%,11.2",
            ],
            "Devices.csv": [
                "Device,Clicks,Impressions,CTR,Position",
                f"Desktop,{part // 2},{part * 11},4.55%,10.8",
            ],
            "Filters.csv": ["Filter,Value", "Search type,Web", "Date,Last 3 months"],
        }
        name = f"search_console/https___{SITE}_-Performance-on-Search-{day_text(LAST_DAY)}.zip"
        folder.zip(f"exports/{name}", members)
        for member, lines in members.items():
            contract = "search_console.searches_daily" if member == "Chart.csv" else ""
            folder.expect(f"{name}/{member}", contract, len(lines) - 1)

    def _write_social(self, folder: Folder) -> None:
        kinds = ["organic", "sponsored", "total"]
        measures = ["Impressions", "Clicks", "Reactions", "Comments", "Reposts"]
        header = ["Date", *(f"{m} ({kind})" for m in measures for kind in kinds)]
        lines = [",".join([*header, "Unique impressions (organic)", "Engagement rate (total)"])]
        for day, (shown, reach, likes, comments, shares, clicks) in self.page.items():
            cells = [f"{date_of(day):%m/%d/%Y}"]
            for value in (shown, clicks, likes, comments, shares):
                cells += [str(value), "0", str(value)]
            lines.append(",".join([*cells, str(reach), "0.04"]))
        name = f"linkedin_page/larkmoor_content_{day_text(LAST_DAY)}.csv"
        folder.lines(f"exports/{name}", lines)
        folder.expect(name, "linkedin_page.content_daily", len(lines) - 1)

        for place, last in enumerate((MONTH_STARTS[FIRST_MONTH + 3] - 1, LAST_DAY)):
            for network in ("facebook", "instagram"):
                self._write_meta(folder, network, place, last)

        lines = [
            "Post id,Date,Post text,Post Link,Impressions,Likes,Engagements,Bookmarks,Shares,"
            "New follows,Replies,Reposts,Profile visits,Detail Expands,URL Clicks,Hashtag Clicks,"
            "Permalink Clicks"
        ]
        for post in self.posts:
            if post.network == "x":
                shown, likes, comments, shares, saves, clicks = post.totals[-1]
                day = local(post.published) // DAY
                when = f"{WEEKDAY_NAMES[weekday(day)][:3]}, {month_name(date_of(day))[:3]}"
                lines.append(
                    f'{post.id},"{when} {date_of(day).day}, 2026","Plans, again",'
                    f"https://x.com/larkmoor/status/{post.id},{shown},{likes},0,{saves},9,0,"
                    f"{comments},{shares},0,0,{clicks},0,0"
                )
        name = f"social/account_analytics_content_{day_text(LAST_DAY)}.csv"
        folder.lines(f"exports/{name}", lines)
        folder.expect(name, "generic.social_snapshots", len(lines) - 1)

    def _write_meta(self, folder: Folder, network: str, place: int, last: int) -> None:
        """Lifetime figures of the posts, in the two shapes of Meta Business Suite."""
        if network == "facebook":
            lines = [
                "Post ID,Page ID,Page name,Title,Description,Duration (sec),Publish time,"
                "Permalink,Post type,Data comment,Date,Views,Reach,"
                '"Reactions, Comments and Shares",Reactions,Comments,Shares,Total clicks'
            ]
        else:
            lines = [
                "Post ID,Account ID,Account username,Account name,Description,Duration (sec),"
                "Publish time,Permalink,Post type,Data comment,Date,Views,Reach,Likes,Shares,"
                "Follows,Comments,Saves"
            ]
        for post in self.posts:
            there = post.totals[place - 2 :]  # the last export has all posts, the first some
            if post.network != network or len(there) < 2 - place:
                continue
            shown, likes, comments, shares, saves, clicks = there[0]
            wall = local(post.published)
            clock = f"{wall % DAY // HOUR:02d}:{wall % HOUR // MINUTE:02d}"
            when = f"{date_of(wall // DAY):%m/%d/%Y} {clock}"
            head = f"{post.id},77120045"
            link = f"https://www.{network}.com/larkmoor/{post.id}"
            text = quoted_if_needed("Plans, again")
            if network == "facebook":
                lines.append(
                    f"{head},Larkmoor,,{text},0,{when},{link},Photos,,Lifetime,{shown},"
                    f"{shown * 8 // 10},{likes + comments + shares},{likes},{comments},{shares},"
                    f"{clicks}"
                )
            else:
                lines.append(
                    f"{head},larkmoor,Larkmoor,{text},0,{when},{link},IG image,,Lifetime,{shown},"
                    f"{shown * 8 // 10},{likes},{shares},0,{comments},{saves}"
                )
        name = f"meta_business/{network}-content_{day_text(last)}.csv"
        folder.lines(f"exports/{name}", lines)
        folder.expect(name, "meta_business.posts", len(lines) - 1)

    def _write_mentions(self, folder: Folder) -> None:
        lines = ["mention_id,brand,source type,url,author,title,sentiment,is_own,is_duplicate,date"]
        for mention in self.mentions:
            kind, site = MENTION_SITES[mention.place]
            lines.append(
                f"m-{mention.number:05d},{mention.brand},{kind},https://{site}/{mention.number},"
                f'Somebody,"{mention.brand}, reviewed",{mention.sentiment},'
                f"{'yes' if mention.is_own else 'no'},{'yes' if mention.is_copy else 'no'},"
                f"{local_minute_text(mention.instant)}"
            )
        name = f"social/mentions_{day_text(LAST_DAY)}.csv"
        folder.lines(f"exports/{name}", lines)
        folder.expect(name, "generic.mentions", len(lines) - 1)


def _as_exported(post: Post, totals: list[int]) -> list[int]:
    """The figures that the network's export has: Facebook tells no saves, Instagram no clicks."""
    missing = {"facebook": 4, "instagram": 5}.get(post.network)
    return [0 if place == missing else value for place, value in enumerate(totals)]
