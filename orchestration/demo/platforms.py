"""What smaller ad platforms report, and a second Google account, which a connector delivers.

Google's and Meta's own reports belong in ads.py. Some days are exported at two levels, as people
do: they hold the same spend, so the truth has it once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from orchestration.demo.ads import GOOGLE_ACCOUNT, GOOGLE_ACCOUNT_NAME, Ads, figures, plain
from orchestration.demo.clock import (
    FIRST_DAY,
    LAST_DAY,
    MONTH_STARTS,
    MONTHS,
    date_of,
    day_text,
    month_of,
    weekday,
)
from orchestration.demo.company import EURO_RATES, RATE_UNIT, World
from orchestration.demo.write import Folder, quoted_if_needed

EMEA_ACCOUNT, EMEA_ACCOUNT_NAME = "8035550142", "Larkmoor EMEA"
LINKEDIN_ACCOUNT, MICROSOFT_ACCOUNT, TIKTOK_ACCOUNT = "506118204", "180044912", "7098812004"
# Platform and campaign: id, cents a day, first month, currency.
CAMPAIGNS = {
    "linkedin_ads": [
        ("ABM | Revenue Leaders, DACH", "701188204", 9_800, 21, "EUR"),
        ("ABM | Finance Leaders", "701188317", 6_400, 21, "EUR"),
    ],
    "microsoft_ads": [
        ("Brand - Bing", "372011840", 2_100, 22, "USD"),
        ("Nonbrand - Bing, Planning", "372011852", 5_300, 22, "USD"),
    ],
    "tiktok_ads": [("Founders, short", "1790011820044", 1_900, 23, "USD")],
    "google_ads": [
        ("EMEA - Brand", "20911880042", 1_700, 21, "EUR"),
        ("EMEA - Nonbrand", "20911880137", 6_100, 21, "EUR"),
    ],
}
BEFORE = 31  # days of the month before, of which there is only a report without days
AD_DAYS = 7  # at the end, for which Google's ads were exported as well


@dataclass(frozen=True)
class Row:
    """What one campaign did on one day."""

    campaign: str
    campaign_id: str
    day: int
    impressions: int
    clicks: int
    cents: int
    conversions: int  # quarters
    currency: str


class Platforms:
    """A few campaigns of the last months."""

    def __init__(self, world: World, ads: Ads) -> None:
        self.world, self.ads = world, ads
        self.random = np.random.Generator(np.random.PCG64([world.seed, 43]))
        self.rows = {platform: self._live(platform) for platform in CAMPAIGNS}
        # October 2024, by campaign of the first account: clicks, impressions, cents.
        self.before = [
            (line.campaign, line.campaign_id, clicks, 47 * clicks, 611 * clicks)
            for line in ads.google_lines[:7]
            for clicks in (int(self.random.integers(40, 400)),)
        ]

    def _live(self, platform: str) -> list[Row]:
        found = []
        for campaign, number, budget, first_month, currency in CAMPAIGNS[platform]:
            for day in range(MONTH_STARTS[first_month], LAST_DAY + 1):
                noise = 0.6 + 0.8 * self.random.random()
                quiet = 0.5 if weekday(day) > 4 else 1.0
                cents = int(budget * self.world.scale * noise * quiet) + 101
                clicks = cents // 410 + int(self.random.integers(0, 3))
                conversions = int(self.random.integers(0, clicks // 8 + 2))
                shown = clicks * 61 + int(self.random.integers(20, 90))
                found.append(
                    Row(campaign, number, day, shown, clicks, cents, conversions, currency)
                )
        return found

    def add_truth(self, found: dict[str, dict[str, dict[str, int]]]) -> None:
        """Add to the truth of ads.py, by platform and month."""
        for platform, rows in self.rows.items():
            months = found.setdefault(platform, {})
            for row in rows:
                month = months.setdefault(
                    MONTHS[month_of(row.day)],
                    {
                        "spend_cents": 0,
                        "spend_millionths": 0,
                        "spend_original_cents": 0,
                        "impressions": 0,
                        "clicks": 0,
                    },
                )
                month["spend_millionths"] += row.cents * _rate(row)
                month["spend_original_cents"] += row.cents
                month["impressions"] += row.impressions
                month["clicks"] += row.clicks
            for month in months.values():
                month["spend_cents"] = (month["spend_millionths"] + RATE_UNIT // 2) // RATE_UNIT

    def add_campaigns(self, found: dict[str, dict[str, int]]) -> None:
        """Add to the truth of campaigns: spend in millionths of a dollar over all months."""
        for platform, rows in self.rows.items():
            totals = found.setdefault(platform, {})
            for row in rows:
                spend = totals.get(row.campaign_id, 0) + row.cents * _rate(row)
                totals[row.campaign_id] = spend

    def truth_of_periods(self) -> dict[str, dict[str, dict[str, int]]]:
        """Platform, first day: what was reported without days, in dollars."""
        start = day_text(FIRST_DAY - BEFORE)
        totals = {
            "campaigns": len(self.before),
            "clicks": sum(row[2] for row in self.before),
            "impressions": sum(row[3] for row in self.before),
            "spend_cents": sum(row[4] for row in self.before),
        }
        return {"google_ads": {start: totals}}

    def write(self, folder: Folder) -> None:
        """The files of all platforms."""
        self._linkedin(folder)
        self._microsoft(folder)
        self._tiktok(folder)
        self._google_connector(folder)
        self._google_before(folder)
        self._google_ads(folder)

    def _linkedin(self, folder: Folder) -> None:
        rows = self.rows["linkedin_ads"]
        header = (
            "Start Date (in UTC)\tAccount Name\tCampaign Group Name\tCampaign Name\tCampaign ID\t"
            "Currency\tTotal Spent\tImpressions\tClicks\tReactions\tLeads"
        )
        lines = [*_linkedin_top("Campaign Performance", rows), header]
        for row in rows:
            lines.append(
                f"{_american(row.day)}\tLarkmoor\tABM 2026\t{row.campaign}\t{row.campaign_id}\t"
                f"EUR\t{plain(row.cents)}\t{row.impressions}\t{row.clicks}\t{row.clicks // 5}\t0"
            )
        spent, shown, clicked = _sums(rows)
        lines.append(f"Total\t\t\t\t\tEUR\t{spent / 100:,.2f}\t{shown:,}\t{clicked:,}\t\t")
        name = f"linkedin_ads/account_{LINKEDIN_ACCOUNT}_campaign_performance_report.csv"
        folder.text(f"exports/{name}", "\ufeff" + "\n".join(lines) + "\n", "utf-16-le")
        folder.expect(name, "linkedin_ads.ads_daily", len(rows) + 1, skipped=1)
        self.world.note("utf16_files")

        # The last month once more, by creative: two of each campaign, with the same sums.
        last = [row for row in rows if row.day >= MONTH_STARTS[-2]]
        lines = [
            *_linkedin_top("Creative Performance", last),
            "Start Date (in UTC),Account Name,Campaign Name,Campaign ID,Creative Name,Currency,"
            "Total Spent,Impressions,Clicks",
        ]
        for row in last:
            for name, share in (("Video, 30 s", 3), ("Document", 2)):
                cents, shown, clicks = (
                    value * 3 // 5 if share == 3 else value - value * 3 // 5
                    for value in (row.cents, row.impressions, row.clicks)
                )
                lines.append(
                    f"{_american(row.day)},Larkmoor,{quoted_if_needed(row.campaign)},"
                    f"{row.campaign_id},{quoted_if_needed(name)},EUR,{plain(cents)},{shown},{clicks}"
                )
        name = f"linkedin_ads/account_{LINKEDIN_ACCOUNT}_creative_performance_report.csv"
        folder.lines(f"exports/{name}", lines)
        folder.expect(name, "linkedin_ads.ads_daily", 2 * len(last))
        self.world.note("ad_days_exported_at_two_levels", len({row.day for row in last}))

        converted = [row for row in rows if row.conversions]
        lines = [
            *_linkedin_top("Creative Conversion Performance", rows),
            "Start Date (in UTC),Account Name,Campaign Name,Creative Name,Conversion Name,"
            "Conversion Type,Conversions,Post-Click Conversions,View-Through Conversions",
        ]
        for row in converted:
            n = row.conversions
            lines.append(
                f'{_american(row.day)},Larkmoor,{quoted_if_needed(row.campaign)},"Video, 30 s",'
                f"Demo request,Lead,{n},{n - n // 3},{n // 3}"
            )
        name = f"linkedin_ads/account_{LINKEDIN_ACCOUNT}_creative_conversion_performance_report.csv"
        folder.lines(f"exports/{name}", lines)
        folder.expect(name, "linkedin_ads.conversions_daily", len(converted))

    def _microsoft(self, folder: Folder) -> None:
        rows = self.rows["microsoft_ads"]
        days = sorted({row.day for row in rows})
        lines = [
            '"Report Name: Campaign performance, daily"',
            f'"Report Time: {_american(days[0])}, {_american(days[-1])}"',
            '"Time Zone: (GMT-05:00) Eastern Time (US & Canada)"',
            '"Last Completed Available Day: 10/31/2026 9:00:00 PM (GMT)"',
            '"Last Completed Available Hour: 10/31/2026 9:00:00 PM (GMT)"',
            '"Report Aggregation: Daily"',
            '"Report Filter: "',
            '"Potential Incomplete Data: false"',
            f'"Rows: {len(rows)}"',
            "",
            '"TimePeriod","AccountId","AccountName","CampaignId","CampaignName","CurrencyCode",'
            '"Impressions","Clicks","Spend","ConversionsQualified"',
            *(
                f'"{_american(row.day)}","{MICROSOFT_ACCOUNT}","Larkmoor","{row.campaign_id}",'
                f'"{row.campaign}","USD","{row.impressions:,}","{row.clicks}",'
                f'"{row.cents / 100:,.2f}","{row.conversions / 4:.2f}"'
                for row in rows
            ),
            "",
            '"@2026 Microsoft Corporation. All rights reserved. "',
        ]
        name = "microsoft_ads/Campaign_performance_daily-2026-10-31.zip"
        member = "Campaign performance, daily.csv"
        folder.zip(f"exports/{name}", {member: lines})
        folder.expect(f"{name}/{member}", "microsoft_ads.ads_daily", len(rows))

    def _tiktok(self, folder: Folder) -> None:
        rows = self.rows["tiktok_ads"]
        lines = [
            "CAMPAIGN_ID,STAT_TIME_HOUR,CPC,CPM,IMPRESSIONS,CLICKS,CONVERSION,REACH,"
            "SECONDARY_GOAL_RESULT,SPEND,_FIVETRAN_SYNCED"
        ]
        for row in rows:
            # In the morning, and in the evening the rest; at night nothing, written as a dash.
            for hour, part in ((3, None), (9, 2), (20, 1)):
                parts = (row.impressions, row.clicks, row.cents)
                shown, clicked, cents = (
                    0 if part is None else n * 2 // 3 if part == 2 else n - n * 2 // 3
                    for n in parts
                )
                conversions = "-" if part is None else str(row.conversions // 2)
                lines.append(
                    f"{row.campaign_id},{day_text(row.day)} {hour}:00:00,-,-,{shown},{clicked},"
                    f"{conversions},-,-,{'-' if part is None else plain(cents)},"
                    f"{day_text(row.day + 1)} 02:58:05.904"
                )
        names = {
            "TIKTOK_CAMPAIGN_REPORT_HOURLY": ("reports_hourly", lines),
            "TIKTOK_CAMPAIGN_HISTORY": (
                "campaigns",
                [
                    "CAMPAIGN_ID,UPDATED_AT,ADVERTISER_ID,CAMPAIGN_NAME,OPERATION_STATUS,"
                    "_FIVETRAN_SYNCED",
                    *(
                        f"{number},2026-{month}-28 00:52:08.000,{TIKTOK_ACCOUNT},"
                        f"{quoted_if_needed(named)},ENABLE,2026-10-31 02:47:54.737"
                        for campaign, number, *_ in CAMPAIGNS["tiktok_ads"]
                        for month, named in (("08", f"{campaign} (draft)"), ("09", campaign))
                    ),
                ],
            ),
            "TIKTOK_ADVERTISER_DATA": (
                "advertisers",
                [
                    "ID,NAME,COUNTRY,CURRENCY,TIMEZONE,_FIVETRAN_SYNCED",
                    f"{TIKTOK_ACCOUNT},Larkmoor,US,USD,America/New_York,2026-10-31 02:53:18.938",
                ],
            ),
        }
        for base, (table, content) in names.items():
            name = f"tiktok_ads/2026-10-31/{base}.csv"
            folder.lines(f"exports/{name}", content)
            folder.expect(name, f"tiktok_ads.{table}", len(content) - 1)

    def _google_connector(self, folder: Folder) -> None:
        """One table as Parquet, the histories as text; phones and desks have a row each."""
        stats: list[tuple[object, ...]] = []
        for row in self.rows["google_ads"]:
            for device, half in (("MOBILE", 1), ("DESKTOP", 0)):
                shown, clicks, cents = (
                    n // 2 if half else n - n // 2 for n in (row.impressions, row.clicks, row.cents)
                )
                conversions = row.conversions / 4 if half else 0.0
                stats.append(
                    (
                        EMEA_ACCOUNT,
                        row.campaign_id,
                        date_of(row.day),
                        device,
                        shown,
                        clicks,
                        conversions,
                        cents * 10_000,
                        datetime(2026, 10, 31, 4),
                    )
                )
        name = "fivetran_google_ads/2026-10-31/campaign_stats.parquet"
        columns = {
            "customer_id": "bigint",
            "id": "bigint",
            "date": "date",
            "device": "varchar",
            "impressions": "bigint",
            "clicks": "bigint",
            "conversions": "double",
            "cost_micros": "bigint",
            "_fivetran_synced": "timestamp",
        }
        folder.parquet(f"exports/{name}", columns, stats)
        folder.expect(name, "fivetran_google_ads.campaign_stats", len(stats))

        campaigns = CAMPAIGNS["google_ads"]
        texts = {
            "campaign_history": [
                "id,updated_at,name,customer_id,advertising_channel_type,status,_fivetran_active",
                *(
                    f"{number},2026-0{month}-20T17:19:05.102,{named},{EMEA_ACCOUNT},SEARCH,"
                    f"ENABLED,{active}"
                    for campaign, number, *_ in campaigns
                    for month, named, active in (
                        (7, f"{campaign} (test)", "false"),
                        (8, campaign, "true"),
                    )
                ),
            ],
            "account_history": [
                "id,updated_at,currency_code,descriptive_name,manager,time_zone,_fivetran_active",
                f"{EMEA_ACCOUNT},2026-07-01 02:20:51,EUR,{EMEA_ACCOUNT_NAME},FALSE,"
                "Europe/Berlin,TRUE",
            ],
        }
        for table, lines in texts.items():
            name = f"fivetran_google_ads/2026-10-31/{table}.csv"
            folder.lines(f"exports/{name}", lines)
            folder.expect(name, f"fivetran_google_ads.{table}", len(lines) - 1)

    def _google_before(self, folder: Folder) -> None:
        """The month before the first quarter: a report without days, as downloaded by default."""
        last = date_of(FIRST_DAY - 1)
        lines = [
            "Campaign report",
            f'"October 1, {last.year} - October 31, {last.year}"',
            "Campaign status,Campaign,Campaign ID,Customer ID,Currency code,Budget,Budget type,"
            "Clicks,Impr.,CTR,Cost,Avg. CPC,Conversions,Cost / conv.,Conv. rate",
        ]
        totals = [(clicks, shown, cents) for *_, clicks, shown, cents in self.before]
        for campaign, number, clicks, shown, cents in self.before:
            lines.append(
                f"Enabled,{quoted_if_needed(campaign)},{number},{GOOGLE_ACCOUNT},USD,150.00,Daily,"
                f"{figures(clicks, shown, cents, clicks * 5)}"
            )
        clicked, shown, spent = (sum(row[place] for row in totals) for place in (0, 1, 2))
        total = figures(clicked, shown, spent, clicked * 5)
        lines += [
            f"Total: Campaigns, --, --, --,USD, --, --,{total}",
            f"Total: Account,,,,USD,,,{total}",
        ]
        name = (
            f"google_ads/campaign-report-{last.isoformat()[:7]}_exported-{day_text(FIRST_DAY)}.csv"
        )
        folder.lines(f"exports/{name}", lines)
        folder.expect(name, "google_ads.campaigns_period", len(self.before) + 2, skipped=2)
        self.world.note("ad_reports_without_days")

    def _google_ads(self, folder: Folder) -> None:
        """The last days once more, by ad: two of each ad group, with the same sums."""
        rows = self.ads.google.between(LAST_DAY - AD_DAYS + 1, LAST_DAY)
        first, last = (date_of(day) for day in (LAST_DAY - AD_DAYS + 1, LAST_DAY))
        lines = [
            "Ad report",
            f'"October {first.day}, {first.year} - October {last.day}, {last.year}"',
            "Ad status,Campaign,Ad group,Day,Campaign ID,Customer ID,Account name,Currency code,"
            "Headline 1,Headline 1 position,Final URL,Ad type,"
            "Clicks,Impr.,CTR,Cost,Avg. CPC,Conversions,Cost / conv.,Conv. rate",
        ]
        count = 0
        for line, day, shown, clicks, cents, conversions in zip(
            rows.line.tolist(), rows.day.tolist(), rows.impressions.tolist(),
            rows.clicks.tolist(), rows.cents.tolist(), rows.conversions.tolist(), strict=True,
        ):  # fmt: skip
            of = self.ads.google_lines[line]
            for headline, half in (("Plan revenue, not hopes", 1), ("One funnel", 0)):
                parts = [
                    n // 2 if half else n - n // 2 for n in (clicks, shown, cents, conversions)
                ]
                lines.append(
                    f"Enabled,{quoted_if_needed(self.ads.renamed(of.campaign, day))},"
                    f"{quoted_if_needed(of.group)},{day_text(FIRST_DAY + day)},{of.campaign_id},"
                    f"{GOOGLE_ACCOUNT},{GOOGLE_ACCOUNT_NAME},USD,{quoted_if_needed(headline)}, --,"
                    f"https://www.larkmoor.example/,Responsive search ad,{figures(*parts)}"
                )
                count += 1
        total = figures(
            int(rows.clicks.sum()), int(rows.impressions.sum()), int(rows.cents.sum()),
            int(rows.conversions.sum()),
        )  # fmt: skip
        blanks = ", --, --, --, --, --, --,USD, --, --, --, --,"
        lines += [f"Total: Ads{blanks}{total}", f"Total: Account{blanks}{total}"]
        name = f"google_ads/ad-report-last-{AD_DAYS}-days_exported-{day_text(LAST_DAY)}.csv"
        folder.lines(f"exports/{name}", lines)
        folder.expect(name, "google_ads.campaigns_daily", count + 2, skipped=2)
        self.world.note("ad_days_exported_at_two_levels", AD_DAYS)


def _linkedin_top(title: str, rows: list[Row]) -> list[str]:
    days = [row.day for row in rows]
    return [
        f"{title} Report (in UTC)",
        f"Report Start: {_american(min(days))}",
        f"Report End: {_american(max(days))}",
        "Date Generated: 10/31/2026, 6:05 PM",
        "",
    ]


def _american(day: int) -> str:
    date = date_of(day)
    return f"{date.month}/{date.day}/{date.year}"


def _rate(row: Row) -> int:
    return EURO_RATES[month_of(row.day)] if row.currency == "EUR" else RATE_UNIT


def _sums(rows: list[Row]) -> tuple[int, int, int]:
    return (
        sum(row.cents for row in rows),
        sum(row.impressions for row in rows),
        sum(row.clicks for row in rows),
    )
