"""Exports of e-mail, web, search and social tools, under the project's contracts."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from typing import Any

import pytest

from orchestration.contracts import read_contracts

from .conftest import Lab

KLAVIYO = """\
Campaign Name,Tags,Subject,List,Send Time,Send Weekday,Total Recipients,Unique Placed Order,\
Placed Order Rate,Revenue,Unique Opens,Open Rate,Total Opens,Unique Clicks,Click Rate,Total Clicks,\
Unsubscribes,Spam Complaints,Spam Complaints Rate,Successful Deliveries,Bounces,Bounce Rate,\
Campaign ID,Campaign Channel
Spring,"sale, spring",[MULTIPLE VARIATIONS],Everyone,2026-04-06 11:00:00,Monday,121401.0,23.0,\
0.02%,1222.91,58647.0,48.43%,83753.0,770.0,0.64%,929.0,476.0,16.0,0.01%,121108.0,293.0,0.24%,01A,Email
Spring by text,,,Everyone,2026-04-07 11:00:00,Tuesday,900,0,0%,0,,,,40,4.5%,41,3,0,0%,890,10,1.1%,\
01B,SMS
"""
OLD_KLAVIYO = """\
Campaign Name,Subject,List,Send Weekday,Total Recipients,Unique Opens,Open Rate,Total Opens,\
Unique Clicks,Click Rate,Total Clicks,Unsubscribes,Spam Complaints,Successful Deliveries,Bounces,\
Send Time
Lion,Hi,All,Thursday,12675.0,6160.0,0.4902,8608.0,70.0,0.0056,102.0,37.0,2.0,12566.0,109.0,\
2024-07-11 14:00
"""
MEMBERS = (
    "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,"
    "LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS"
)
MEMBER = (
    '{},Ann,{},2,,,"2013-06-25 17:38:27",,47.66,-122.29,-8,-7,America/Los_Angeles,US,WA,'
    '"2013-06-27 12:11:50",44877845,c2cb0681af,"two\nlines","""VIP"",""Blog"""'
)
GA4 = """\
# ----------------------------------------
# Traffic acquisition: Session primary channel group (Default channel group)
# Account: Acme
# Property: Acme site
# ----------------------------------------
#
# All Users
# Start date: 20251231
# End date: 20260102
"""


CONTRACTS = read_contracts()


@pytest.fixture
def audience(lab: Lab) -> Lab:
    lab.contracts = CONTRACTS
    return lab


def loaded(lab: Lab) -> dict[str, tuple[str, int, int]]:
    """Contract, rows and rejected rows of each file; of a file of several tables the last one."""
    found = {}
    for result in lab.ingest().files:
        assert result.status in ("loaded", "ignored"), (result.file_name, result.message)
        if result.status == "loaded":
            found[result.file_name] = (result.contract, result.rows, result.rejected)
    return found


def values(lab: Lab, relation: str, columns: str) -> list[tuple[Any, ...]]:
    source, table = relation.split(".")
    return lab.query(
        f"select {columns} from read_parquet('{{raw}}/{source}/{table}/*.parquet', "
        f"union_by_name = true) where _fingerprint is not null order by all"
    )


def packed(members: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 3, 31, 12, 0, 0)), text)
    return buffer.getvalue()


def test_klaviyo_counts_with_a_point_and_tells_texts_from_mail(audience: Lab) -> None:
    audience.export("klaviyo/campaigns.csv", KLAVIYO)

    assert loaded(audience) == {"klaviyo/campaigns.csv": ("klaviyo.campaigns", 2, 0)}
    assert values(
        audience,
        "klaviyo.campaigns",
        "campaign_id, message_channel, recipients, delivered, unique_opens, unique_clicks",
    ) == [
        ("01A", "email", 121401, 121108, 58647, 770),
        ("01B", "sms", 900, 890, None, 40),
    ]


def test_klaviyo_before_it_had_ids_and_channels(audience: Lab) -> None:
    audience.export("klaviyo/old.csv", OLD_KLAVIYO)

    loaded(audience)

    assert values(audience, "klaviyo.campaigns", "campaign_id, message_channel, sent_at") == [
        (None, "email", datetime(2024, 7, 11, 14))
    ]


def test_a_channel_that_klaviyo_did_not_have_is_not_taken_for_mail(audience: Lab) -> None:
    audience.export("klaviyo/campaigns.csv", KLAVIYO.replace("01B,SMS", "01B,Carrier pigeon"))

    [result] = audience.ingest().files

    assert result.rejects == {"bad_value/message_channel": 1}


def test_mailchimp_tells_the_status_of_a_member_by_the_name_of_the_file(audience: Lab) -> None:
    twice = f"UNSUB_REASON,UNSUB_TIME,UNSUB_REASON,{MEMBERS}"
    members = {
        "subscribed_members_export_1b.csv": [MEMBERS, MEMBER.format("Ann@Acme.example", "Archer")],
        "unsubscribed_members_export_1b.csv": [twice, ",,," + MEMBER.format("b@x.example", "B")],
        "cleaned_members_export_1b.csv": [MEMBERS, MEMBER.format("c@x.example", "Testing")],
        "nonsubscribed_members_export_1b.csv": [MEMBERS, MEMBER.format("d@x.example", "D")],
    }
    audience.export(
        "mailchimp/audience_export_1b.zip",
        packed({name: "\n".join(lines) + "\n" for name, lines in members.items()}),
    )

    found = loaded(audience)

    assert {contract for contract, *_ in found.values()} == {"mailchimp.audience"}
    assert values(
        audience, "mailchimp.audience", "consent, email_domain, is_test_name, confirmed_at"
    ) == [
        ("cleaned", "x.example", True, datetime(2013, 6, 25, 17, 38, 27)),
        ("never_subscribed", "x.example", False, datetime(2013, 6, 25, 17, 38, 27)),
        ("subscribed", "acme.example", False, datetime(2013, 6, 25, 17, 38, 27)),
        ("unsubscribed", "x.example", False, datetime(2013, 6, 25, 17, 38, 27)),
    ]
    keys = values(audience, "mailchimp.audience", "email_key")
    assert all(len(key) == 64 for (key,) in keys)


def test_the_bare_list_of_campaigns_is_no_report_of_them(audience: Lab) -> None:
    header = 'Title,Subject,Audience,"Send Date","Send Weekday","Total Recipients"'
    row = '"June 🎉","Hi, you",All,"Jun 01, 2023 09:46 pm",Thursday,"1,203"'
    audience.export("mailchimp/campaigns.csv", f'{header},"Unique Id"\n{row},a1\n')
    audience.export(
        "mailchimp/report.csv",
        f'{header},"Successful Deliveries","Unique Id"\n{row},"1,200",a1\n',
    )

    assert loaded(audience) == {
        "mailchimp/campaigns.csv": ("mailchimp.campaigns", 1, 0),
        "mailchimp/report.csv": ("mailchimp.campaign_reports", 1, 0),
    }


def test_single_events_of_an_account_export_are_told_by_their_folder(audience: Lab) -> None:
    text = "Email,Timestamp,IP\na@x.example,2026-03-05 09:00:12,192.0.2.1\n"
    audience.export("mailchimp/export/granular_activity/opens/12_spring.csv", text)
    audience.export("mailchimp/export/granular_activity/clicks/12_spring.csv", text)

    loaded(audience)

    assert values(audience, "mailchimp.recipient_activity", "campaign_file, event") == [
        ("12_spring", "click"),
        ("12_spring", "open"),
    ]


@pytest.mark.parametrize(
    "folder", ["fivetran_mailchimp", "fivetran/mailchimp", "mailchimp", "mailchimp_data"]
)
def test_the_connector_is_known_wherever_it_lies(audience: Lab, folder: str) -> None:
    audience.export(
        f"{folder}/campaign_recipient_activity.csv",
        "action,campaign_id,member_id,timestamp,_fivetran_synced,bounce_type,combination_id,ip,"
        "list_id,url\n"
        "click,c1,m1,2020-04-06 17:45:52,2020-04-14 21:27:44.245,,,192.0.2.1,l1,"
        "https://www.acme.example/a?b=c\n",
    )
    audience.export(
        f"{folder}/campaign_recipient.csv",
        "campaign_id,member_id,_fivetran_synced,combination_id,list_id\n"
        "c1,m1,2020-04-14 21:27:44.245,,l1\n",
    )
    audience.export(
        f"{folder}/member.csv",
        "id,list_id,_fivetran_synced,email_address,last_changed,merge_fname,status\n"
        "m1,l1,2020-04-14 21:27:44.245,a@x.example,2020-04-01 10:00:00,Ann,subscribed\n",
    )

    assert sorted(contract for contract, *_ in loaded(audience).values()) == [
        "fivetran_mailchimp.campaign_recipient_activity",
        "fivetran_mailchimp.campaign_recipients",
        "fivetran_mailchimp.members",
    ]
    assert values(
        audience, "fivetran_mailchimp.campaign_recipient_activity", "event, url_domain"
    ) == [("click", "acme.example")]


def test_ga4_names_the_property_and_what_breaks_the_sessions_down(audience: Lab) -> None:
    audience.export(
        "ga4/report.csv",
        GA4 + "Session primary channel group (Default channel group),Date,Sessions,Total users\n"
        'Direct,20260101,"1,044",1000\nReferral,20260101,4,4\n',
    )

    assert loaded(audience) == {"ga4/report.csv": ("ga4.traffic_daily", 2, 0)}
    assert values(
        audience,
        "ga4.traffic_daily",
        "web_property, channel_header, page_header, channel_group, sessions, visitors, date_day",
    ) == [
        ("Acme site", "Session primary channel group (Default channel group)", None, "Direct",
         1044, 1000, date(2026, 1, 1)),
        ("Acme site", "Session primary channel group (Default channel group)", None, "Referral",
         4, 4, date(2026, 1, 1)),
    ]  # fmt: skip


def test_ga4_counts_days_from_the_start_of_the_period(audience: Lab) -> None:
    audience.export(
        "ga4/report.csv",
        GA4 + "Nth day,Session source / medium,Sessions\n0000,google / cpc,5\n0002,a / b,7\n",
    )

    loaded(audience)

    assert values(audience, "ga4.traffic_by_nth_day", "source_medium, sessions, date_day") == [
        ("a / b", 7, date(2026, 1, 2)),
        ("google / cpc", 5, date(2025, 12, 31)),
    ]


def test_ga4_days_without_a_start_are_refused(audience: Lab) -> None:
    audience.settings = {"files": [{"match": "*", "contract": "ga4.traffic_by_nth_day"}]}
    audience.export("ga4/report.csv", "Nth day,Sessions\n0000,5\n")

    [result] = audience.ingest().files

    assert result.status == "refused"
    assert "start date" in result.message


def test_ga4_tables_of_one_file_are_each_read_under_their_own_contract(audience: Lab) -> None:
    dates = "\n# Start date: 20260101\n# End date: 20260102\n"
    audience.export(
        "ga4/snapshot.csv",
        f"{GA4}Nth day,Active users\n0000,48\n0001,52\n{dates}"
        f"Session primary channel group (Default Channel Group),Sessions\nDirect,90\n{dates}"
        f"Event name,Event count,Total users\npage_view,400,99\nclick,7,5\n{dates}"
        "Country,Active users\nFrance,12\n",
    )

    results = audience.ingest().files

    assert sorted((r.contract, r.rows, r.status) for r in results) == [
        ("ga4.events_period", 2, "loaded"),
        ("ga4.traffic_period", 1, "loaded"),
        ("ga4.users_by_nth_day", 2, "loaded"),
    ]
    # The nearest dates above a table are its own.
    assert values(audience, "ga4.users_by_nth_day", "visitors, date_day") == [
        (48, date(2025, 12, 31)),
        (52, date(2026, 1, 1)),
    ]
    assert values(audience, "ga4.traffic_period", "channel_group, period_start, period_end") == [
        ("Direct", date(2026, 1, 1), date(2026, 1, 2))
    ]


def test_ga4_sessions_of_a_period_are_not_those_of_a_day(audience: Lab) -> None:
    audience.export("ga4/a.csv", f"{GA4}Session source / medium,Sessions\ngoogle / cpc,5\n")
    audience.export("ga4/b.csv", f"{GA4}Landing page,Sessions,Active users\n/,5,5\n")

    assert {contract for contract, *_ in loaded(audience).values()} == {"ga4.traffic_period"}


def test_search_console_counts_by_its_chart_alone(audience: Lab) -> None:
    audience.export(
        "search_console/https___www.acme.example_-Performance-on-Search-2026-03-31.zip",
        packed(
            {
                "Chart.csv": "Date,Clicks,Impressions,CTR,Position\n"
                '2026-03-01,3,"1,200",0.25%,7.5\n',
                "Queries.csv": "Top queries,Clicks,Impressions,CTR,Position\nlamp,1,9,11%,3\n",
                "Devices.csv": "Device,Clicks,Impressions,CTR,Position\nMobile,1,9,11%,3\n",
                "Filters.csv": "Filter,Value\nSearch type,Web\n",
            }
        ),
    )

    found = audience.ingest().files

    assert sorted(result.status for result in found) == ["ignored", "ignored", "ignored", "loaded"]
    assert values(
        audience, "search_console.searches_daily", "web_property, clicks, impressions"
    ) == [("www.acme.example", 3, 1200)]


def test_search_console_speaks_german(audience: Lab) -> None:
    audience.export(
        "search_console/Diagramm.csv",
        "Datum,Klicks,Impressionen,CTR,Position\n2026-03-01,3,1200,0.25%,7.5\n",
    )

    assert loaded(audience) == {
        "search_console/Diagramm.csv": ("search_console.searches_daily", 1, 0)
    }


SOCIAL = {
    "social/x.csv": (
        "generic.social_snapshots",
        "Post id,Date,Post text,Post Link,Impressions,Likes,Engagements,Bookmarks,Shares,New "
        "follows,Replies,Reposts,Profile visits,Detail Expands,URL Clicks,Hashtag Clicks,Permalink "
        'Clicks\n207,"Tue, Jul 14, 2026",hi,https://x.com/a/status/207,122,12,30,1,9,0,2,4,0,1,6,'
        "0,0\n",
    ),
    "meta_business/instagram.csv": (
        "meta_business.posts",
        "Post ID,Account ID,Account username,Account name,Description,Duration (sec),Publish time,"
        "Permalink,Post type,Data comment,Date,Views,Reach,Likes,Shares,Follows,Comments,Saves\n"
        "18,17,acme,Acme,hi,0,07/14/2026 08:30,https://www.instagram.com/p/1/,IG image,,Lifetime,"
        "122,90,12,4,0,2,1\n",
    ),
    "social/days.csv": (
        "generic.social",
        "network,account,post id,date,impressions,reach,likes,comments,shares,saves,clicks\n"
        "LinkedIn,acme,p1,2026-07-14,122,90,12,2,4,1,6\n",
    ),
}


@pytest.mark.parametrize("name", SOCIAL)
def test_social_exports_are_known_by_their_header(audience: Lab, name: str) -> None:
    contract, text = SOCIAL[name]
    audience.export(name, text)

    assert loaded(audience) == {name: (contract, 1, 0)}
    assert values(audience, contract, "impressions, likes, comments, shares, saves") == [
        (122, 12, 2, 4, 1)
    ]


def test_an_ad_report_is_not_taken_for_social_posts(audience: Lab) -> None:
    audience.export("time series.csv", "Date,Clicks,Impressions,Cost\n2026-07-14,3,122,9.50\n")

    [result] = audience.ingest().files

    assert result.status == "unmatched"


def test_linkedin_writes_american_dates_and_takes_likes_back(audience: Lab) -> None:
    audience.export(
        "linkedin_page/acme_content_1783555200000.csv",
        "Date,Impressions (organic),Impressions (total),Clicks (total),Reactions (total),"
        "Comments (total),Reposts (total)\n07/14/2026,100,122,6,-1,2,4\n",
    )

    loaded(audience)

    assert values(
        audience, "linkedin_page.content_daily", "social_account, impressions, likes, date_day"
    ) == [("acme", 122, -1, date(2026, 7, 14))]


def test_who_mentioned_us_and_what_they_said_is_not_kept(audience: Lab) -> None:
    audience.export(
        "mentions.csv",
        "id,query,source,url,author,snippet,sentiment,date\n"
        "7,Acme,News,https://www.daily.example/7,Zed Zander,Zed likes it,positive,2026-07-14\n",
    )

    assert loaded(audience) == {"mentions.csv": ("generic.mentions", 1, 0)}
    assert values(audience, "generic.mentions", "brand, url_domain, sentiment") == [
        ("Acme", "daily.example", "positive")
    ]
    raw = b"".join(path.read_bytes() for path in (audience.root / "raw").rglob("*.parquet"))
    assert b"Zander" not in raw
    assert b"likes it" not in raw


def test_a_feeling_without_a_meaning_sets_the_mention_aside(audience: Lab) -> None:
    audience.settings = {
        "files": [{"match": "*", "contract": "generic.mentions", "max_reject_share": 1}]
    }
    audience.export("m.csv", "id,sentiment,date\n7,furious,2026-07-14\n8,n/a,2026-07-14\n")

    [result] = audience.ingest().files

    assert (result.rows, result.rejects) == (1, {"bad_value/sentiment": 1})
