"""What marketing of a random company measures: touches, e-mail, page loads, website, networks,
mentions, ads and exposures.

Likely are breaks of exactly half an hour, the same touch again, click ids against utm, robots that
do not say so, two tools on one website, rivals of part of the time, credits.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.oracle.make import World
from tests.oracle.make_people import OWNERS

LINKS = (
    "?gclid=1&utm_source=newsletter&utm_medium=email",
    "?fbclid=x",
    "?utm_source=newsletter&utm_medium=email",
    "?utm_source=LinkedIn&utm_medium=CPC",
    "?utm_source=linkedin&utm_medium=social",
    "?utm_source=pigeon&utm_medium=carrier",
    "?utm_source=webinar",
    "?q=1",
    "",
    "",
)
REFERRERS = (
    "https://www.google.co.uk/search?q=us", "https://chatgpt.com/", "https://l.facebook.com/",
    "https://www.us.example/pricing", "https://docs.us.example/", "https://checkout.stripe.com/",
    "https://blog.other.example/a", "", "",
)  # fmt: skip
SOURCES = ("Webinar", "webinar", "paid_search", "Fax", "", "")
AGENTS = ("Mozilla/5.0", "Mozilla/5.0", "Mozilla/5.0", "", "GoogleBot/2.1", "curl/8.1")
TOUCH = ("touch_id", "email", "record_id", "touch_type", "channel", "touched_at")
EVENT = ("campaign_id", "email", "event", "link", "occurred_at")
LOAD = ("visitor_id", "viewed_at")
GAPS = (0, 1, 600, 1_799, 1_800, 1_801, 3_600)


def make(world: World) -> None:
    """Add the rows, and the definitions that judge them."""
    for part in (_touchpoints, _emails, _loads, _website, _networks, _mentions, _ads, _exposures):
        if world.chance(0.8):
            part(world)


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _add_once(world: World, table: str, key: tuple[str, ...], **columns: object) -> None:
    """Add a row, unless the file has one of its key: the loader takes no two of those."""
    value = [str(columns.get(name, "")).strip().lower() for name in key]
    rows = world.tables.get(table, [])
    if value not in ([str(row.get(n, "")).strip().lower() for n in key] for row in rows):
        world.add(table, **columns)


def _whom(world: World) -> dict[str, object]:
    """An address, a record, both, or nobody known."""
    human = world.random.choice(world.people)
    record = world.random.choice(human.record_ids) if human.record_ids else ""
    return {
        "email": world.random.choice((human.email, human.email, "", "nobody@known.example")),
        "record_id": record if world.chance(0.3) else "",
    }


def _touchpoints(world: World) -> None:
    has_utm = world.chance(0.3)
    for number in range(world.random.randint(1, 40)):
        row: dict[str, object] = {
            "touch_id": f"t{number}" if world.chance(0.7) else "",
            **_whom(world),
            "touch_type": world.random.choice(("visit", "Form", "demo_request")),
            "channel": world.random.choice(SOURCES),
            "landing_page": f"https://www.us.example/{world.random.choice(LINKS)}",
            "referrer": world.random.choice(REFERRERS),
            "msclkid": "m1" if world.chance(0.1) else "",
            "is_machine": world.random.choice(("", "", "no", "yes")),
        }
        if has_utm:
            row["utm_source"] = world.random.choice(("", "newsletter", "facebook"))
            row["utm_medium"] = world.random.choice(("", "email", "paid_social"))
        at = world.instant()
        _add_once(world, "touchpoints", TOUCH, **row, touched_at=_text(at))
        for copy in range(world.random.choice((0, 0, 1, 3))):
            at += timedelta(seconds=world.random.choice(GAPS))
            again = row | {"touch_id": f"t{number}.{copy}" if row["touch_id"] else ""}
            _add_once(world, "touchpoints", TOUCH, **again, touched_at=_text(at))


def _emails(world: World) -> None:
    for campaign in range(world.random.randint(1, 3)):
        sent = world.instant()
        links = world.random.choice(("", 1, 2, 3))
        readers = {human.email for human in world.people if human.email and world.chance(0.6)}
        for email in sorted(readers | {"nobody@known.example"}):
            what = {"campaign_id": f"m{campaign}", "email": email}
            if world.chance(0.9):
                _add_once(world, "email_events", EVENT, **what, event="sent",
                          links_in_message=links, occurred_at=_text(sent))  # fmt: skip
            if world.chance(0.3):
                _add_once(world, "email_events", EVENT, **what, event="delivered",
                          occurred_at=_text(sent + timedelta(seconds=7)))  # fmt: skip
            for _ in range(world.random.choice((0, 0, 1, 2, 4))):
                event = world.random.choice(
                    (
                        "open",
                        "open",
                        "click",
                        "click",
                        "bounce",
                        "unsubscribe",
                        "complaint",
                        "other",
                    )
                )
                late = world.random.choice((0, 5, 10, 11, 17, 3_600, 604_800, 604_801))
                is_click = event == "click"
                path = world.random.choice(("a", "b", "c", "Unsubscribe/1"))
                _add_once(
                    world,
                    "email_events",
                    EVENT, **what, event=event,
                    link=f"/{path}" if is_click and world.chance(0.7) else "",
                    is_honeypot="yes" if is_click and world.chance(0.1) else "",
                    is_machine=world.random.choice(("", "no", "yes")),
                    bounce_type="hard" if event == "bounce" else "",
                    occurred_at=_text(sent + timedelta(seconds=late)),
                )  # fmt: skip


def _loads(world: World) -> None:
    for visitor in range(world.random.randint(1, 15)):
        at = world.instant()
        for _ in range(world.random.randint(1, 12)):
            who = _whom(world) if world.chance(0.1) else {"email": "", "record_id": ""}
            host = world.random.choice(("www.us.example", "docs.us.example"))
            path = world.random.choice(("", "/", "/a", "/b/c"))
            _add_once(
                world,
                "page_views",
                LOAD,
                visitor_id="" if world.chance(0.05) else f"v{visitor}",
                **who,
                page_url=f"https://{host}{path}{world.random.choice(LINKS)}",
                referrer=world.random.choice(REFERRERS),
                gbraid="g" if world.chance(0.05) else "",
                user_agent=world.random.choice(AGENTS),
                is_bot=world.random.choice(("", "", "no", "yes")) if world.chance(0.2) else "",
                is_internal="yes" if world.chance(0.05) else "",
                consent=world.random.choice(("", "yes", "yes", "no")),
                viewed_at=_text(at),
            )
            at += timedelta(seconds=world.random.choice((*GAPS, 86_400, 900_000)))


def _website(world: World) -> None:
    """Two tools; the second covers some days only."""
    for system in ("generic", "other")[: world.random.randint(1, 2)]:
        for _ in range(world.random.randint(1, 30)):
            world.add(
                "web_traffic",
                source_system=system,
                channel=world.random.choice(("direct", "Email", "web", "Fax")),
                sessions=world.random.randint(0, 90),
                visitors=world.random.randint(0, 50),
                page_views=world.random.randint(0, 300),
                date=world.day(),
            )
        for _ in range(world.random.randint(0, 6)):
            world.add(
                "web_visitors",
                source_system=system,
                channel=world.random.choice(("", "direct", "Direct", "email")),
                visitors=world.random.randint(1, 50),
                month=f"{world.day():%Y-%m}",
            )
    # A month told twice for one channel would be a later version of the same row.
    told = {
        (row["source_system"], row["channel"], row["month"]): row
        for row in world.tables.get("web_visitors", [])
    }
    if told:
        world.tables["web_visitors"] = list(told.values())


def _networks(world: World) -> None:
    days = {}
    for _ in range(world.random.randint(1, 30)):
        platform = world.random.choice(("LinkedIn", "mastodon"))
        post = world.random.choice(("", "1", "2"))
        row = {
            "platform": platform,
            "account": "us",
            "post_id": post,
            "impressions": world.random.randint(0, 900),
            "reach": world.random.choice(("", world.random.randint(0, 500))),
            "likes": world.random.randint(0, 40),
            "comments": world.random.choice(("", 3)),
            "shares": world.random.choice(("", 2)),
            "clicks": world.random.randint(0, 9),
            "date": world.day(),
        }
        days[platform, post, row["date"]] = row
    for row in days.values():
        world.add("social", **row)


def _mentions(world: World) -> None:
    for number in range(world.random.randint(1, 40)):
        world.add(
            "mentions",
            mention_id=f"n{number}",
            brand=world.random.choice(("", "random", "We", "Rival", "late rival", "Others")),
            sentiment=world.random.choice(("positive", "negative", "neutral", "")),
            is_own=world.random.choice(("", "no", "no", "yes")),
            is_duplicate=world.random.choice(("", "no", "no", "yes")),
            mentioned_at=_text(world.instant()),
        )
    if world.chance(0.8):
        start = {"version": 1, "valid_from": "1900-01-01", "valid_to": "9999-12-31", **OWNERS}
        late = start | {"valid_from": world.day()}
        rows = [
            {"brand": "we", "relation": "own", **start},
            {"brand": "rival", "relation": "rival", **(start if world.chance(0.5) else late)},
            {"brand": "Late Rival", "relation": "rival", **late},
        ]
        world.definitions["rivals"] = rows[: world.random.randint(1, 3)]


def _ads(world: World) -> None:
    platforms = ("google_ads", "meta_ads", "microsoft_ads", "pigeon_ads")
    for _ in range(world.random.randint(1, 60)):
        clicks = world.random.randint(0, 50)
        world.add(
            "ad_spend",
            platform=world.random.choice(platforms),
            ad_account="a1",
            campaign=world.random.choice(("Spring", "Autumn")),
            impressions=clicks * world.random.randint(0, 30),
            clicks=clicks,
            spend=world.random.choice(("0", "-12.34", world.amount(), "10.005", "0.333333")),
            currency=world.random.choice(("", world.currency)),
            date=world.day(),
        )


def _exposures(world: World) -> None:
    rows = {}
    for _ in range(world.random.randint(1, 40)):
        row = {
            "source_system": world.random.choice(("abm", "abm", "abm", "other")),
            "exposed_id": world.random.choice(("Acme", "acme ", "Beta", "Gamma")),
            "channel": world.random.choice(("display", "paid_social", "")),
            "campaign": world.random.choice(("A", "B")),
            "impressions": world.random.randint(0, 9),
            "date": world.day(),
        }
        key = (row["source_system"], str(row["exposed_id"]).strip().lower(), row["channel"],
               row["campaign"], row["date"])  # fmt: skip
        rows[key] = row
    for row in rows.values():
        world.add("exposures", **row)
