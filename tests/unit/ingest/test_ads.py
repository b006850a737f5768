"""Exports of ad platforms, as they look, under the project's own contracts."""

from __future__ import annotations

import functools
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from orchestration.contracts import Contract, read_contracts
from orchestration.ingest import LoadResult

from .conftest import Lab


@functools.cache
def contracts() -> dict[str, Contract]:
    return {n: c for n, c in read_contracts().items() if c.source != "definitions"}


@pytest.fixture
def ads(lab: Lab) -> Lab:
    lab.contracts = contracts()
    return lab


def loaded(lab: Lab, name: str, content: str | bytes, columns: str) -> list[tuple[Any, ...]]:
    """The loaded rows of one file, whose contract must have taken all of it."""
    result = load(lab, name, content)
    assert (result.status, result.rejected) == ("loaded", 0), result.message
    path = f"{result.source}/{result.table}/{result.fingerprint}.parquet"
    return lab.query(f"select {columns} from '{{raw}}/{path}' order by all")


def load(lab: Lab, name: str, content: str | bytes) -> LoadResult:
    lab.export(name, content)
    [result] = lab.ingest().files
    return result


LINKEDIN = """\
Campaign Performance Report (in UTC)
Report Start: 3/1/2026
Report End: 3/2/2026
Date Generated: 3/5/2026, 9:14 AM

Start Date (in UTC),Account Name,Campaign Group Name,Campaign Name,Campaign ID,Currency,\
Total Spent,Impressions,Clicks,Conversions
3/1/2026,Brightwell,Default,"Lamps, offices",700001,EUR,"1,100.10","10,000",10,1
03/02/2026,Brightwell,Default,"Lamps, offices",700001,EUR,50,400,4,0
Total,,,,,EUR,"1,150.10","10,400",14,1
"""


def tabbed(text: str) -> bytes:
    """The same as tab-separated UTF-16, as downloads for Excel are."""
    lines = []
    for line in text.splitlines():
        parts = line.split('"')
        lines.append("".join(p if i % 2 else p.replace(",", "\t") for i, p in enumerate(parts)))
    return "\n".join(lines).replace("2026\t 9", "2026, 9").encode("utf-16")


@pytest.mark.parametrize("content", [LINKEDIN, tabbed(LINKEDIN)], ids=["utf-8", "utf-16"])
def test_linkedin_campaigns_by_day(ads: Lab, content: str | bytes) -> None:
    found = loaded(
        ads,
        "linkedin_ads/account_506123456_campaign_performance_report.csv",
        content,
        "ad_account, ad_account_name, campaign_id, campaign_name, currency_code, impressions, "
        "clicks, spend, platform_conversions, date_day",
    )

    account = ("506123456", "Brightwell", "700001", "Lamps, offices", "EUR")
    assert found == [
        (*account, 400, 4, Decimal(50), 0, date(2026, 3, 2)),
        (*account, 10_000, 10, Decimal("1100.10"), 1, date(2026, 3, 1)),
    ]
    [result] = ads.ingest().files
    assert (result.contract, result.skipped) == ("linkedin_ads.ads_daily", 1)
    assert result.exported_on == date(2026, 3, 5)


def test_linkedin_without_days_is_a_period(ads: Lab) -> None:
    content = LINKEDIN.replace("Start Date (in UTC),", "").replace("Total,,", "Total,")
    content = content.replace("3/1/2026,Bright", "Bright").replace("03/02/2026,", "")

    found = loaded(
        ads, "linkedin_ads/march.csv", content, "sum(spend), min(period_start), max(period_end)"
    )

    assert found == [(Decimal("1150.10"), date(2026, 3, 1), date(2026, 3, 2))]


def test_linkedin_conversions_are_an_export_of_their_own(ads: Lab) -> None:
    content = """\
Creative Conversion Performance Report (in UTC)
Report Start: 3/1/2026
Report End: 3/2/2026
Date Generated: 3/5/2026, 9:14 AM

Start Date (in UTC),Account Name,Campaign Name,Creative Name,Conversion Name,Conversion Type,\
Conversions,Post-Click Conversions,View-Through Conversions
3/1/2026,Brightwell,Offices,Video 1,Demo request,Lead,3,2,1
3/1/2026,Brightwell,Offices,Video 1,Price list,Download,1,1,0
"""

    found = loaded(
        ads,
        "linkedin_ads/conversions.csv",
        content,
        "campaign_name, ad_name, conversion_name, platform_conversions",
    )

    assert found == [
        ("Offices", "Video 1", "Demo request", 3),
        ("Offices", "Video 1", "Price list", 1),
    ]


def microsoft(header: str, rows: str, aggregation: str = "Daily", said: int = 2) -> str:
    return (
        '"Report Name: Campaigns"\n"Report Time: 3/14/2026, 3/15/2026"\n'
        '"Time Zone: (GMT-08:00) Pacific Time (US & Canada); Tijuana"\n'
        '"Last Completed Available Day: 3/17/2026 10:15:00 PM (GMT)"\n'
        '"Last Completed Available Hour: 3/17/2026 10:15:00 PM (GMT)"\n'
        f'"Report Aggregation: {aggregation}"\n"Report Filter: "\n'
        f'"Potential Incomplete Data: true"\n"Rows: {said}"\n\n{header}\n{rows}\n'
        '"@2026 Microsoft Corporation. All rights reserved. "\n'
    )


API = '"TimePeriod","AccountId","AccountName","CampaignName","CampaignId","CurrencyCode",'
API += '"Impressions","Clicks","Spend","ConversionsQualified"'
SCREEN = '"Gregorian date","Account ID","Account name","Campaign name","Campaign ID",'
SCREEN += '"Currency code","Impressions","Clicks","Spend","Conversions qualified"'


@pytest.mark.parametrize(
    ("header", "days", "aggregation"),
    [
        (API, ("3/14/2026", "3/15/2026"), "Daily"),
        (API, ("2026-03-14", "2026-03-15"), "Daily"),
        (API, ("2026-03-14|7", "2026-03-15|23"), "Hourly"),
        (API, ("3/14/2026 12:00:00 AM|7", "3/15/2026 12:00:00 AM|8"), "Hourly"),
        (SCREEN, ("3/14/2026", "3/15/2026"), "Daily"),
        (SCREEN.replace("Gregorian date", "Date"), ("3/14/2026", "3/15/2026"), "Daily"),
    ],
)
def test_microsoft_campaigns_by_day_or_hour(
    ads: Lab, header: str, days: tuple[str, str], aggregation: str
) -> None:
    rows = "".join(
        f'"{day}","11","Brightwell","Lamps, bright","77","EUR","1,000","20","1,{spend}","0.5"\n'
        for day, spend in zip(days, ("010.50", "200.00"), strict=True)
    )

    found = loaded(
        ads,
        "any_folder/report.csv",
        microsoft(header, rows, aggregation),
        "ad_account, campaign_name, currency_code, impressions, spend, platform_conversions, "
        "date_day",
    )

    account = ("11", "Lamps, bright", "EUR", 1000)
    assert found == [
        (*account, Decimal("1010.50"), Decimal("0.5"), date(2026, 3, 14)),
        (*account, Decimal("1200.00"), Decimal("0.5"), date(2026, 3, 15)),
    ]
    [result] = ads.ingest().files
    table = "ads_by_date" if '"Date"' in header else "ads_daily"
    assert result.contract == f"microsoft_ads.{table}"
    assert result.exported_on == date(2026, 3, 17)


def test_microsoft_weeks_are_no_days(ads: Lab) -> None:
    rows = '"3/8/2026","11","Brightwell","Lamps","77","EUR","1000","20","1200.00","0.5"\n'

    result = load(ads, "microsoft_ads/weeks.csv", microsoft(API, rows * 2, "Weekly"))

    assert result.status == "refused"
    assert "bad_value in report_aggregation" in result.message


def test_microsoft_report_that_was_cut_is_refused(ads: Lab) -> None:
    rows = '"3/14/2026","11","Brightwell","Lamps","77","EUR","1000","20","1200.00","0.5"\n'

    result = load(ads, "microsoft_ads/cut.csv", microsoft(API, rows, said=2))

    assert result.status == "refused"
    assert "says that it has 2 rows, and has 1" in result.message


def test_microsoft_summary_is_a_period(ads: Lab) -> None:
    header = '"Account name","Campaign name","Keyword","Clicks","Spend"'
    rows = '"Brightwell","Lamps","lamp","3","4.50"\n"Brightwell","Lamps","light","1","0.50"\n'

    found = loaded(
        ads,
        "elsewhere.csv",
        microsoft(header, rows, "Summary"),
        "sum(clicks), sum(spend), min(period_start), max(period_end)",
    )

    assert found == [(4, Decimal(5), date(2026, 3, 14), date(2026, 3, 15))]


def test_tiktok_tables_of_a_connector(ads: Lab) -> None:
    content = """\
CAMPAIGN_ID,STAT_TIME_HOUR,CPC,IMPRESSIONS,CONVERSION,CLICKS,REACH,SECONDARY_GOAL_RESULT,SPEND
1,2026-03-01 5:00:00,1.88,2222,-,22,900,-,22.22
1,2026-03-01 23:00:00,0,400,1,3,-,-,5.00
2,2026-03-02 04:00:00,-,4,0,0,3,-,0
"""

    found = loaded(
        ads,
        "tiktok_ads/TIKTOK_CAMPAIGN_REPORT_HOURLY.csv",
        content,
        "campaign_id, impressions, reach, spend, platform_conversions, date_day",
    )

    assert found == [
        ("1", 400, None, Decimal(5), 1, date(2026, 3, 1)),
        ("1", 2222, 900, Decimal("22.22"), None, date(2026, 3, 1)),
        ("2", 4, 3, Decimal(0), 0, date(2026, 3, 2)),
    ]


def test_tiktok_report_of_the_screen(ads: Lab) -> None:
    content = """\
Campaign name,Ad group name,By Day,Currency,Cost,CPC (destination),CPM,Impressions,\
Clicks (destination),CTR (destination),Reach,Conversions
"Spring, short",Teens,2026-03-01,EUR,"1,010.00",0.91,10.1,"100,000",1110,1.11%,80000,12
"Spring, short",Teens,2026-03-02,EUR,-,-,-,0,0,0.00%,0,0
Total of 2 results,-,-,EUR,"1,010.00",0.91,10.1,"100,000",1110,1.11%,80000,12
"""

    found = loaded(
        ads, "tiktok_ads/report.csv", content, "campaign_name, ad_group_name, spend, date_day"
    )

    assert found == [
        ("Spring, short", "Teens", Decimal(1010), date(2026, 3, 1)),
        ("Spring, short", "Teens", None, date(2026, 3, 2)),
    ]


GOOGLE = """\
Ad report
"March 1, 2026 - March 2, 2026"
Ad status,Ad group,Campaign,Day,Currency code,Headline 1,Final URL,Ad type,Clicks,Impr.,Cost,\
Conversions
Enabled,Exact,Brand,2026-03-01,USD,Bright lamps,https://x.example,Responsive,3,30,"1,003.10",1
Enabled,Exact,Brand,2026-03-02,USD,Bright lamps,https://x.example,Responsive,1,10,1.00,0
Total: Ads, --, --, --,USD, --, --, --,4,40,"1,004.10",1.00
Total: Account, --, --, --,USD, --, --, --,9,90,"9,009.99",1.00
"""


@pytest.mark.parametrize(
    ("name", "account"),
    [
        ("google_ads/Ad report.csv", None),
        ("google_ads/account=614-220-9071/2026-03-31/Ad report.csv", "614-220-9071"),
        ("google_ads/account=Larkmoor US/Ad report.csv", "Larkmoor US"),
        ("google_ads/Ad report 614-220-9071_exported-2026-03-31.csv", "614-220-9071"),
    ],
)
def test_google_report_tells_its_account_by_its_path(
    ads: Lab, name: str, account: str | None
) -> None:
    found = loaded(ads, name, GOOGLE, "distinct ad_account, ad_group_name, ad_name")

    assert found == [(account, "Exact", "Bright lamps")]


def test_google_report_of_keywords_is_refused(ads: Lab) -> None:
    content = GOOGLE.replace("Headline 1", "Keyword")

    result = load(ads, "google_ads/keywords.csv", content)

    assert result.status == "refused"
    assert "has a column 'Keyword'" in result.message


CARD = "Date,Clicks,Impressions,Avg. CPC,Cost\n"


def test_google_overview_card_holds_the_whole_account(ads: Lab) -> None:
    rows = '"Thu, 5 Feb 2026",0,0,US$0.00,US$0.00\n"Fri, 6 Feb 2026",26,75,US$1.92,"US$1,050.00"\n'

    found = loaded(
        ads,
        "google_ads/cards/Time_series(2026.02.05-2026.02.06).csv",
        CARD + rows,
        "spend, spend_as_written, clicks, date_day",
    )

    assert found == [
        (Decimal(0), "US$0.00", 0, date(2026, 2, 5)),
        (Decimal(1050), "US$1,050.00", 26, date(2026, 2, 6)),
    ]


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("Devices(2026.02.05-2026.02.10).csv", "Device,Cost,Impressions,Clicks"),
        ("Day_&_hour(Day_2026.02.05-2026.02.10).csv", "Day,Impressions"),
        ("Search_keywords(2026.02.05-2026.02.10).csv", "Search Keyword,Match type,Cost,Clicks"),
        ("Networks(2026.02.05-2026.02.10).csv", "Network,Clicks,Cost,Avg. CPC"),
    ],
)
def test_other_cards_are_known_and_left_alone(ads: Lab, name: str, header: str) -> None:
    row = ",".join("1" for _ in header.split(","))
    result = load(ads, f"google_ads/cards/{name}", f"{header}\n{row}\n")

    assert (result.status, result.rows) == ("ignored", 0)
    assert "without days" in result.message


CONNECTOR = {
    "campaign_stats": "_fivetran_id,customer_id,date,_fivetran_synced,ad_network_type,base_campaign"
    ",clicks,conversions,cost_micros,device,id,impressions\n"
    "a=,61,2026-03-01,2026-03-02 10:00:00,SEARCH,c/1,5,0.25,1250000,MOBILE,9,70\n",
    "ad_group_stats": "customer_id,date,campaign_id,clicks,conversions,cost_micros,id,impressions\n"
    "61,2026-03-01,9,5,0.25,1250000,22,70\n",
    "ad_stats": "customer_id,date,ad_group_id,ad_id,campaign_id,clicks,cost_micros,impressions\n"
    "61,2026-03-01,,33,9,5,1250000,70\n",
    "account_stats": "customer_id,date,device,clicks,conversions,cost_micros,impressions\n"
    "61,2026-03-01,MOBILE,5,0.25,1250000,70\n",
}


@pytest.mark.parametrize("table", CONNECTOR)
@pytest.mark.parametrize("path", ["{}.csv", "google_ads/{}_data.csv", "fivetran/google_ads/{}.csv"])
def test_connector_tables_are_told_apart_by_their_header(ads: Lab, table: str, path: str) -> None:
    found = loaded(ads, path.format(table), CONNECTOR[table], "ad_account, spend, clicks, date_day")

    assert found == [("61", Decimal("1.25"), 5, date(2026, 3, 1))]
    [result] = ads.ingest().files
    assert result.contract == f"fivetran_google_ads.{table}"


def test_facebook_results_and_histories_of_a_connector(ads: Lab) -> None:
    ads.export(
        "fivetran_facebook_ads/basic_ad.csv",
        "ad_id,date,account_id,impressions,inline_link_clicks,spend,reach\n"
        "33,2026-03-01,61,4233,10,76.53,608\n34,2026-03-01,61,1,0,144.,1\n",
    )
    ads.export(
        "fivetran_facebook_ads/ad_history.csv",
        "id,account_id,ad_set_id,campaign_id,creative_id,name,_fivetran_synced,updated_time\n"
        "33,61,22,9,7,v1,2026-03-01T14:22:06.401,2026-02-28T15:30:04\n",
    )
    ads.export(
        "fivetran_facebook_ads/basic_ad_actions.csv", "ad_id,date,action_type,value\n1,2,3,4\n"
    )

    found = {r.table or r.file_name: (r.status, r.rows) for r in ads.ingest().files}

    assert found == {
        "basic_ad": ("loaded", 2),
        "ad_history": ("loaded", 1),
        "fivetran_facebook_ads/basic_ad_actions.csv": ("ignored", 0),
    }


def test_a_connectors_schema_may_lie_in_a_folder_of_its_own_name(ads: Lab) -> None:
    # As the schema is called in the warehouse, which no source of ours is.
    ads.export(
        "facebook_ads/basic_ad.csv",
        "ad_id,date,account_id,impressions,inline_link_clicks,spend,reach\n"
        "33,2026-03-01,61,4233,10,76.53,608\n",
    )
    ads.export("facebook_ads/basic_ad_actions.csv", "ad_id,date,action_type,value\n1,2,3,4\n")

    found = {r.file_name: (r.contract, r.status) for r in ads.ingest().files}

    assert found == {
        "facebook_ads/basic_ad.csv": ("fivetran_facebook_ads.basic_ad", "loaded"),
        "facebook_ads/basic_ad_actions.csv": ("", "ignored"),
    }


WIDE_GOOGLE = """\
Campaign report
27 January 2026 - 23 February 2026
Campaign status,Campaign,Budget,Budget name,Budget type,Currency code,Status,Status reasons,\
Optimisation score,Clicks,Impr.,CTR,Cost,Avg. CPC,Conversions,Cost / conv.,Bid strategy type
Enabled,Lamps,25.00, --,Daily,GBP,Eligible,,57.35,603,"31,193",1.93%,798.88,1.32,49.00,16.30,x
Total: Campaigns, --, --, --, --,GBP, --,, --,603,"31,193",1.93%,798.88,1.32,49.00,16.30, --
"""
WIDE_TIKTOK = (
    "campaign_id,stat_time_hour,cost_per_conversion,cpc,video_play_actions,conversion_rate,result,"
    "impressions,comments,conversion,shares,secondary_goal_result,clicks,reach,profile_visits,cpm,"
    "ctr,follows,result_rate,spend,likes,_fivetran_synced\n"
    f"1,2026-03-01 5:00:00,{'0,' * 17}2.5,0,2026-03-01 15:58:05.904\n"
)


@pytest.mark.parametrize(
    ("content", "contract"),
    [
        (WIDE_GOOGLE, "google_ads.campaigns_period"),
        (GOOGLE, "google_ads.campaigns_daily"),
        (LINKEDIN, "linkedin_ads.ads_daily"),
        (microsoft(API, ('"3/14/2026"' + ',"1"' * 9 + "\n") * 2), "microsoft_ads.ads_daily"),
        (WIDE_TIKTOK, "tiktok_ads.reports_hourly"),
    ],
    ids=lambda value: value if "\n" not in value else "",
)
def test_a_report_is_known_wherever_it_lies(ads: Lab, content: str, contract: str) -> None:
    result = load(ads, "download.csv", content)

    assert (result.status, result.contract) == ("loaded", contract), result.message


def test_a_home_made_list_of_spend_is_no_platforms_report(ads: Lab) -> None:
    result = load(ads, "spend.csv", "Date,Campaign,Clicks,Impressions,Spend\n2026-03-01,a,1,2,3\n")

    assert (result.status, result.contract) == ("unmatched", "")


def test_an_account_called_total_loses_no_row(ads: Lab) -> None:
    content = LINKEDIN.replace(
        "Start Date (in UTC),Account Name", "Account Name,Start Date (in UTC)"
    )
    content = content.replace("3/1/2026,Brightwell", "Total Lamps,3/1/2026")
    content = content.replace("03/02/2026,Brightwell", "Total Lamps,03/02/2026")

    found = loaded(ads, "linkedin_ads/report.csv", content, "ad_account_name, spend")

    assert found == [("Total Lamps", Decimal(50)), ("Total Lamps", Decimal("1100.10"))]
