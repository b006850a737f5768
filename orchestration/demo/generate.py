"""Put the parts together: simulate, write the exports, and write down what is true.

Each part's own decisions belong in its module. Of truth.json (integers throughout; money in cents
of the reporting currency, months and days of New York, ids as Salesforce has them):

    totals        people, excluded_people by rule, cycles, deals by kind and status, accounts, ...
    funnel        month > channel > stage: [entries, entries_incl_imputed, new_people]
    conversions   cohort month > "from>to" > channel and all: [entered, in the window, ever]
    sales         month > sales rep and all > column; cycle_days lists the days of the won deals
    new_customers month > channel: accounts by their first win above zero, or first order
    cac           month > media, paid and fully loaded cost; new customers, of paid channels
    ads           platform > month > spend, impressions, clicks; ad_campaigns: millionths by id;
                  ad_periods: platform > first day > the same of a report without days
    email         campaign > counts of glossary A4; campaigns before 2025 have a report only
    web           month > channel > sums of columns; visitors by day; month > sums of searches
    social        month > network > sums of columns; mentions: month > brand > counts
    touchpoints   channel > touches of known people
    costs         the ledger by month, channel, campaign and type, without media
    revenue       months and accounts ([revenue, cost of goods, revenue of unknown cost]), net of
                  credit notes
    carts         checkouts that were left, and orders of the shop
    subscriptions currency > how many prices they had over time, how many run, and what those pay
    salesforce    records that a later full export lacks, status changes told by comparing exports,
                  month > kind of activity > how many were done
    mess          how often each kind of trouble was planted
    files         export file > contract, and its rows: accepted, rejected, skipped
    ledger        person by person, in small demos only
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from orchestration.demo.ads import Ads
from orchestration.demo.audience import Audience
from orchestration.demo.clock import LAST_DAY, day_text
from orchestration.demo.commerce import Commerce
from orchestration.demo.company import REPORTING_CURRENCY, World
from orchestration.demo.crm import Crm
from orchestration.demo.deals import Deals
from orchestration.demo.desk import Desk
from orchestration.demo.groups import Groups
from orchestration.demo.hubspot import HubSpot
from orchestration.demo.lists import Lists
from orchestration.demo.mailings import Mailings
from orchestration.demo.money import Money
from orchestration.demo.people import People
from orchestration.demo.platforms import Platforms
from orchestration.demo.publishes import write_publishes
from orchestration.demo.records import Books
from orchestration.demo.sales_ops import SalesOps
from orchestration.demo.scores import Scores
from orchestration.demo.service import Service
from orchestration.demo.shop import Shop
from orchestration.demo.stripe import Stripe
from orchestration.demo.subscriptions import Subscriptions
from orchestration.demo.truth import Truth
from orchestration.demo.web import Web
from orchestration.demo.workspace_file import WORKSPACE
from orchestration.demo.write import Folder

LEDGER_LIMIT = 3_000  # people up to which the truth names each of them


def generate(
    directory: Path,
    scale: float = 1,
    seed: int = 20261031,
    progress: Callable[[str], None] | None = None,
) -> None:
    """Write the demo workspace: the same seed and scale give the same bytes, anywhere.

    `directory` gets workspace.yml, exports/, definitions/, history/published/ and truth.json; files
    of the same name are replaced, others are left alone. `progress` hears what is being made.
    """
    tell = progress or (lambda _: None)
    world, books = World(scale, seed), Books()
    People(world, books, Deals(world, books)).live(tell)
    tell("ads, mailings and money")
    ads, mailings, money = Ads(world), Mailings(world, books), Money(world, books)
    platforms = Platforms(world, ads)
    shop, stripe = Shop(world, books), Stripe(world, books, money)
    subscriptions = Subscriptions(world, books, stripe)
    lists, web = Lists(world, books, mailings), Web(world)
    audience = Audience(world, lists, web)

    tell("exports")
    folder = Folder(directory)
    folder.text("workspace.yml", WORKSPACE)
    crm = Crm(world, books, folder)
    crm.write()
    desk = Desk(world, books, folder, crm.binned)
    desk.write()
    Service(world, books, desk).write(folder)
    HubSpot(world, books, folder).write()
    Groups(world).write(folder)
    Commerce(world, books).write(folder)
    Scores(world, books).write(folder)
    ads.write(folder)
    platforms.write(folder)
    mailings.write(folder)
    money.write(folder)
    SalesOps(world, books).write(folder)
    shop.write(folder)
    stripe.write(folder)
    subscriptions.write(folder)
    lists.write(folder)
    web.write(folder)
    audience.write(folder)

    tell("truth")
    _write_truth(
        folder,
        Truth(world, books),
        ads,
        mailings,
        money,
        shop,
        stripe,
        subscriptions,
        lists,
        web,
        audience,
        desk,
        platforms,
    )


def _write_truth(
    folder: Folder,
    truth: Truth,
    ads: Ads,
    mailings: Mailings,
    money: Money,
    shop: Shop,
    stripe: Stripe,
    subscriptions: Subscriptions,
    lists: Lists,
    web: Web,
    audience: Audience,
    desk: Desk,
    platforms: Platforms,
) -> None:
    world = truth.world
    by_platform, costs = ads.truth(), money.truth_of_costs()
    platforms.add_truth(by_platform)
    campaigns = ads.by_campaign()
    platforms.add_campaigns(campaigns)
    buyers = shop.new_customers()
    customers = truth.new_customers(buyers)
    running = stripe.truth_of_subscriptions()
    subscriptions.add_truth(running)
    content: dict[str, object] = {
        "seed": world.seed,
        "scale": world.scale,
        "as_of": day_text(LAST_DAY),
        "reporting_currency": REPORTING_CURRENCY,
        "totals": truth.totals(buyers),
        "sales_reps": {
            rep: f"{s.first_name} {s.last_name}"
            for s in world.staff
            for rep in filter(None, [s.id, s.hubspot_id])
        },
        "funnel_columns": ["entries", "entries_incl_imputed", "new_people"],
        "funnel": truth.funnel(),
        "conversion_columns": ["entered", "converted", "converted_ever"],
        "conversions": truth.conversions(),
        "sales": truth.sales(),
        "new_customers": customers,
        "cac": truth.cac(by_platform, costs, customers),
        "ads": by_platform,
        "ad_campaigns": campaigns,
        "ad_periods": platforms.truth_of_periods(),
        "email": {**mailings.truth(), **lists.truth_of_email()},
        "web": web.truth_of_web(),
        "social": web.truth_of_social(),
        "touchpoints": dict(
            sorted((audience.truth_of_touches() + Counter(lists.truth_of_touches())).items())
        ),
        "costs": [asdict(row) for row in costs],
        "revenue": money.truth_of_revenue(shop),
        "carts": shop.truth_of_carts(),
        "subscriptions": running,
        "salesforce": desk.truth(),
        "mess": truth.mess(),
        "files": dict(sorted(folder.files.items())),
    }
    if len(truth.people) <= LEDGER_LIMIT:
        content["ledger"] = truth.ledger()
    lines = ",\n".join(
        f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}"
        for key, value in content.items()
    )
    folder.text("truth.json", "{\n" + lines + "\n}\n")
    write_publishes(folder, truth.funnel())
