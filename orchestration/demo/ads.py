"""What the ad platforms report: Google Ads by ad group and day, Meta Ads by ad and day.

Leads that ads bring belong in people.py. Google bills in dollars, Meta in euros. Arrays hold a row
per ad group (or ad) and day; a platform leaves out the days on which nothing was shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from orchestration.demo.clock import (
    FIRST_DAY,
    LAST_DAY,
    MONTH_STARTS,
    MONTHS,
    N_MONTHS,
    date_of,
    day_text,
    month_name,
    month_of,
)
from orchestration.demo.company import (
    EURO_RATES,
    RATE_UNIT,
    RENAMED_CAMPAIGN,
    RENAMED_FROM,
    SEARCH_CAMPAIGNS,
    SEASONS,
    SOCIAL_CAMPAIGNS,
    World,
)
from orchestration.demo.write import Folder, quoted_if_needed

Array = NDArray[np.int64]

GOOGLE_ACCOUNT, GOOGLE_ACCOUNT_NAME = "614-220-9071", "Larkmoor Search"
META_ACCOUNT = "Larkmoor"
N_DAYS = LAST_DAY - FIRST_DAY + 1
DAY_OF_MONTH = np.array([month_of(day) for day in range(FIRST_DAY, LAST_DAY + 1)])
WEEKDAYS = [1.1, 1.18, 1.16, 1.12, 0.98, 0.7, 0.76]
QUARTERS = [(MONTH_STARTS[m], MONTH_STARTS[m + 3] - 1) for m in range(0, N_MONTHS, 3)]
CORRECTED = 1  # the quarter that Google re-stated, and that was exported again
AD_FORMATS = ["Static", "Video", "Carousel", "Story"]
EMPTY_ACCOUNT = "Larkmoor-Lab"
_CLICK_HABITS = {"Brand - US": 3.0, "Brand - EMEA": 3.0, "PMax, Demo Requests": 0.08}


@dataclass
class Line:
    """One ad group or ad: where it belongs, and the ids and names that reports show."""

    campaign: str
    campaign_id: str
    group: str
    ad: str


@dataclass
class Rows:
    """Daily results, one array element per line and day on which something was shown."""

    line: Array
    day: Array  # from FIRST_DAY on
    impressions: Array
    clicks: Array
    cents: Array
    conversions: Array  # hundredths

    def between(self, first: int, last: int) -> Rows:
        """The rows of some days."""
        kept = (self.day >= first - FIRST_DAY) & (self.day <= last - FIRST_DAY)
        return self._where(kept)

    def _where(self, kept: NDArray[np.bool_]) -> Rows:
        return Rows(
            self.line[kept],
            self.day[kept],
            self.impressions[kept],
            self.clicks[kept],
            self.cents[kept],
            self.conversions[kept],
        )


class Ads:
    """Spends the budget day by day."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.random = np.random.Generator(np.random.PCG64([world.seed, 41]))
        self.google_lines = self._lines(SEARCH_CAMPAIGNS, world.count(36, least=7), 21_480_000_000)
        self.meta_lines = self._lines(
            SOCIAL_CAMPAIGNS, world.count(36, least=6), 120_210_000_000_000_000
        )
        self.google = self._spend(
            SEARCH_CAMPAIGNS, self.google_lines, 2_300_000, cpc=620, click_rate=3_900
        )
        self.meta = self._spend(
            SOCIAL_CAMPAIGNS, self.meta_lines, 1_200_000, cpc=270, click_rate=1_050
        )

    def _lines(self, campaigns: list[tuple[str, float]], number: int, first_id: int) -> list[Line]:
        """Ad groups and ads, spread over the campaigns in turn."""
        lines = []
        for place in range(number):
            campaign, of = place % len(campaigns), place // len(campaigns)
            name = campaigns[campaign][0]
            lines.append(
                Line(
                    campaign=name,
                    campaign_id=str(first_id + 7_919 * (campaign + 1)),
                    group=f"{name.split(' ')[-1].strip('%d')} set {of // 2 + 1}".strip(),
                    ad=f"{AD_FORMATS[of % len(AD_FORMATS)]} {of + 1}, v{of % 3 + 1}",
                )
            )
        return lines

    def _spend(
        self, campaigns: list[tuple[str, float]], lines: list[Line], monthly_cents: int, *,
        cpc: int, click_rate: int,
    ) -> Rows:  # fmt: skip
        """Money, clicks and impressions; `cpc` in cents, `click_rate` in clicks of 100,000."""
        random, n = self.random, len(lines)
        season = np.array([SEASONS[(m + 10) % 12] for m in range(N_MONTHS)])
        growth = np.array([demand for *_, demand in self.world.months()]) / season
        budget = monthly_cents * self.world.scale * (0.62 + 0.38 * growth)
        budget = budget * (0.5 + 0.5 * season)
        days = np.arange(FIRST_DAY, LAST_DAY + 1)
        weekday = np.array(WEEKDAYS)[(days + 3) % 7]
        by_day = budget[DAY_OF_MONTH] / 30.4 * weekday

        in_campaign = np.array([place % len(campaigns) for place in range(n)])
        share = np.array([c[1] for c in campaigns]) / np.bincount(in_campaign)
        noise = 0.55 + 0.9 * random.random((N_DAYS, n))
        cents = np.rint(by_day[:, None] * share[in_campaign] * noise).astype(np.int64)
        price = cpc * (0.8 + 0.4 * random.random((N_DAYS, n)))
        clicks = np.rint(cents / price).astype(np.int64)
        habit = np.array([_CLICK_HABITS.get(c[0], 1.0) for c in campaigns])[in_campaign]
        rate = click_rate * habit * (0.7 + 0.6 * random.random((N_DAYS, n)))
        impressions = np.rint(np.maximum(clicks, 0.2) * 100_000 / rate).astype(np.int64)
        conversions = np.rint(clicks * (2 + 7 * random.random((N_DAYS, n)))).astype(np.int64)
        # Some ad groups rest, some came late: the platform reports no row for such a day.
        shown = random.random((N_DAYS, n)) > 0.02
        starts = np.where(np.arange(n) % 9 == 8, N_DAYS // 3, 0)
        shown &= np.arange(N_DAYS)[:, None] >= starts
        # A few rows without a cent: shown, never clicked.
        idle = random.random((N_DAYS, n)) < 0.004
        cents[idle], clicks[idle], conversions[idle] = 0, 0, 0
        day, line = np.nonzero(shown)
        return Rows(
            line.astype(np.int64),
            day.astype(np.int64),
            impressions[day, line],
            clicks[day, line],
            cents[day, line],
            conversions[day, line],
        )

    def renamed(self, campaign: str, day: int) -> str:
        """The name that a campaign has on a day, counted from FIRST_DAY."""
        return _renamed(campaign, day >= RENAMED_FROM - FIRST_DAY)

    def truth(self) -> dict[str, dict[str, dict[str, int]]]:
        """By platform and month: spend in dollars, impressions, clicks.

        Euros are turned into dollars row by row at the rate of the day, kept to the millionth; a
        month is rounded to cents at its end.
        """
        euro = np.array(EURO_RATES, dtype=np.int64)
        found: dict[str, dict[str, dict[str, int]]] = {}
        for platform, rows in (("google_ads", self.google), ("meta_ads", self.meta)):
            month = DAY_OF_MONTH[rows.day]
            rate = euro[month] if platform == "meta_ads" else np.int64(RATE_UNIT)
            millionths = _by_month(month, rows.cents * rate)
            cents = _by_month(month, rows.cents)
            impressions, clicks = _by_month(month, rows.impressions), _by_month(month, rows.clicks)
            found[platform] = {
                MONTHS[m]: {
                    "spend_cents": (millionths[m] + RATE_UNIT // 2) // RATE_UNIT,
                    "spend_millionths": millionths[m],
                    "spend_original_cents": cents[m],
                    "impressions": impressions[m],
                    "clicks": clicks[m],
                }
                for m in range(N_MONTHS)
            }
        return found

    def by_campaign(self) -> dict[str, dict[str, int]]:
        """By platform and campaign id: spend in millionths of a dollar over all months."""
        euro = np.array(EURO_RATES, dtype=np.int64)
        found: dict[str, dict[str, int]] = {}
        for platform, rows, lines in (
            ("google_ads", self.google, self.google_lines),
            ("meta_ads", self.meta, self.meta_lines),
        ):
            rate = euro[DAY_OF_MONTH[rows.day]] if platform == "meta_ads" else RATE_UNIT
            spend = np.zeros(len(lines), dtype=np.int64)
            np.add.at(spend, rows.line, rows.cents * rate)
            totals: dict[str, int] = {}
            for line, amount in zip(lines, spend.tolist(), strict=True):
                totals[line.campaign_id] = totals.get(line.campaign_id, 0) + amount
            found[platform] = totals
        return found

    def write(self, folder: Folder) -> None:
        """The files of both platforms, one for each quarter."""
        for number, (first, last) in enumerate(QUARTERS):
            rows = self.google.between(first, last)
            if number == CORRECTED:
                self._google(folder, self._before_correction(rows), number, last + 2)
                self._google(folder, rows, number, last + 24)
            else:
                self._google(folder, rows, number, min(last + 2, LAST_DAY))
            self._meta(folder, self.meta.between(first, last), number, min(last + 3, LAST_DAY))
        self._empty_meta(folder)

    def _before_correction(self, rows: Rows) -> Rows:
        """The same quarter as first reported: some clicks were later found to be invalid."""
        wrong = np.arange(len(rows.line)) % 3 == 0
        self.world.note("google_rows_corrected_later", int(wrong.sum()))
        return Rows(
            rows.line,
            rows.day,
            np.where(wrong, rows.impressions + 11, rows.impressions),
            np.where(wrong, rows.clicks + 1, rows.clicks),
            np.where(wrong, rows.cents + 137, rows.cents),
            rows.conversions,
        )

    def _google(self, folder: Folder, rows: Rows, number: int, exported: int) -> None:
        first, last = (date_of(day) for day in QUARTERS[number])
        british, wide = number % 2 == 1, number == 3
        if british:
            period = " - ".join(f"{d.day} {month_name(d)} {d.year}" for d in (first, last))
        else:
            period = " - ".join(f"{month_name(d)} {d.day}, {d.year}" for d in (first, last))
            period = f'"{period}"'
        header = (
            "Campaign status,Campaign,Ad group,Day,Campaign ID,Customer ID,Account name,"
            "Currency code,Budget,Budget type,Status,"
            f"{'Optimisation' if british else 'Optimization'} score,Clicks,Impr.,CTR,Cost,"
            "Avg. CPC,Conversions,Cost / conv.,Conv. rate"
        )
        names = [quoted_if_needed(line.campaign) for line in self.google_lines]
        heads = [
            [
                f"Enabled,{_renamed(name, later)},{quoted_if_needed(line.group)},"
                for name, line in zip(names, self.google_lines, strict=True)
            ]
            for later in (False, True)
        ]
        tails = [
            f",{line.campaign_id},{GOOGLE_ACCOUNT},{GOOGLE_ACCOUNT_NAME},"
            "USD,150.00,Daily,Eligible, --,"
            for line in self.google_lines
        ]
        days = [day_text(FIRST_DAY + day) for day in range(N_DAYS)]
        renamed = RENAMED_FROM - FIRST_DAY
        lines = ["Campaign report", period, header]
        for line, day, shown, clicked, cents, conversions in zip(
            rows.line.tolist(), rows.day.tolist(), rows.impressions.tolist(),
            rows.clicks.tolist(), rows.cents.tolist(), rows.conversions.tolist(), strict=True,
        ):  # fmt: skip
            lines.append(
                f"{heads[day >= renamed][line]}{days[day]}{tails[line]}"
                f"{figures(clicked, shown, cents, conversions)}"
            )
        total = figures(
            int(rows.clicks.sum()), int(rows.impressions.sum()), int(rows.cents.sum()),
            int(rows.conversions.sum()),
        )  # fmt: skip
        blanks = ", --, --, --, --, --, --,USD, --, --, --, --,"
        lines.append(f"Total: Campaigns{blanks}{total}")
        lines.append(f"Total: Account{blanks.replace(' --', '')}{total}")
        lines.append(f"Total: Search{blanks.replace(' --', '')}{total}")
        period = f"{first.isoformat()[:7]}-to-{last.isoformat()[:7]}"
        name = f"google_ads/campaign-report-{period}_exported-{day_text(exported)}.csv"
        if wide:  # what the download for Excel looks like
            text = "\n".join(_tabbed(line) for line in lines) + "\n"
            folder.text(f"exports/{name}", "\ufeff" + text, "utf-16-le")
            self.world.note("utf16_files")
        else:
            folder.lines(f"exports/{name}", lines)
        folder.expect(name, "google_ads.campaigns_daily", len(lines) - 3, skipped=3)

    def _meta(self, folder: Folder, rows: Rows, number: int, exported: int) -> None:
        first, last = (date_of(day) for day in QUARTERS[number])
        starts, ends = first.isoformat(), last.isoformat()
        heads = [
            f"{quoted_if_needed(line.campaign)},{line.campaign_id},"
            f"{quoted_if_needed(line.group)},{quoted_if_needed(line.ad)},active,"
            for line in self.meta_lines
        ]
        days = [f"{starts},{ends},{day_text(FIRST_DAY + day)}," for day in range(N_DAYS)]
        total = plain(int(rows.cents.sum()))
        lines = [
            META_HEADER,
            f"{starts},{ends},,,,,,,{int(rows.conversions.sum()) // 100},,"
            f"{int(rows.impressions.sum()) * 6 // 10},{int(rows.impressions.sum())},,{total},"
            f"{int(rows.clicks.sum())},{int(rows.clicks.sum()) * 12 // 10},",
        ]
        for line, day, shown, clicked, cents, conversions in zip(
            rows.line.tolist(), rows.day.tolist(), rows.impressions.tolist(),
            rows.clicks.tolist(), rows.cents.tolist(), rows.conversions.tolist(), strict=True,
        ):  # fmt: skip
            results = conversions // 100
            each = plain(cents // results) if results else ""
            kind = "actions:offsite_conversion.fb_pixel_lead" if results else ""
            lines.append(
                f"{days[day]}{heads[line]}{results or ''},{kind},{shown * 8 // 10},{shown},"
                f"{each},{plain(cents)},{clicked},{clicked * 12 // 10},"
                '"7-day click or 1-day view"'
            )
        name = _meta_name(META_ACCOUNT, number, exported)
        folder.lines(f"exports/{name}", lines)
        folder.expect(name, "meta_ads.ads_daily", len(lines) - 1, skipped=1)

    def _empty_meta(self, folder: Folder) -> None:
        """An account that never ran an ad."""
        name = _meta_name(EMPTY_ACCOUNT, len(QUARTERS) - 1, LAST_DAY)
        folder.lines(f"exports/{name}", [META_HEADER, '"No data available."'])
        folder.expect(name, "meta_ads.ads_daily", 0)
        self.world.note("files_that_say_no_data")


META_HEADER = (
    '"Reporting starts","Reporting ends",Day,"Campaign name","Campaign ID","Ad set name",'
    '"Ad name","Ad delivery",Results,"Result indicator",Reach,Impressions,"Cost per results",'
    '"Amount spent (EUR)","Link clicks","Clicks (all)","Attribution setting"'
)


def _by_month(month: Array, values: Array) -> list[int]:
    totals = np.zeros(N_MONTHS, dtype=np.int64)
    np.add.at(totals, month, values)
    return [int(total) for total in totals]


def _renamed(name: str, later: bool) -> str:
    return RENAMED_CAMPAIGN[1] if later and name == RENAMED_CAMPAIGN[0] else name


def plain(cents: int) -> str:
    """`1234.50`."""
    return f"{cents // 100}.{cents % 100:02d}"


def _grouped(number: int) -> str:
    return f'"{number:,}"' if number > 999 else str(number)


def _money(cents: int) -> str:
    text = f"{cents // 100:,}.{cents % 100:02d}"
    return f'"{text}"' if cents >= 100_000 else text


def figures(clicks: int, shown: int, cents: int, conversions: int) -> str:
    """Clicks to conversion rate, as Google writes them: thousands grouped, nothing as ` --`."""
    rate = f"{clicks * 10_000 // shown / 100:.2f}%" if shown else " --"
    per_click = plain(cents // clicks) if clicks else " --"
    per_conversion = plain(cents * 100 // conversions) if conversions else "0.00"
    share = f"{conversions * 100 // clicks / 100:.2f}%" if clicks else "0.00%"
    return (
        f"{_grouped(clicks)},{_grouped(shown)},{rate},{_money(cents)},{per_click},"
        f"{plain(conversions)},{per_conversion},{share}"
    )


def _tabbed(line: str) -> str:
    """A line of comma-separated values as tab-separated ones; quotes are no longer needed."""
    parts, inside, field = [], False, ""
    for mark in line:
        if mark == '"':
            inside = not inside
        elif mark == "," and not inside:
            parts.append(field)
            field = ""
        else:
            field += mark
    return "\t".join([*parts, field])


def _meta_name(account: str, number: int, exported: int) -> str:
    first, last = (_dashed(date_of(day)) for day in QUARTERS[number])
    return f"meta_ads/{account}-Ads-{first}-{last}_exported-{day_text(exported)}.csv"


def _dashed(day: date) -> str:
    return f"{day.day}-{month_name(day)[:3]}-{day.year}"
