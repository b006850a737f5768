"""Groups of companies: subsidiaries as the ERP lists them, and whose further domains are.

They change no number of people or deals: a subsidiary has no deal of its own, and the companies
behind the further domains never bought.
"""

from __future__ import annotations

from orchestration.demo.clock import LAST_DAY, day_text
from orchestration.demo.company import World
from orchestration.demo.write import Folder

FILE = f"erp/accounts-{day_text(LAST_DAY)}.csv"
ALWAYS = "1,1900-01-01,9999-12-31,VP Sales,VP Marketing"
HOLDING = "E-1000"


class Groups:
    """Writes the ERP's accounts and the definition of who belongs to whom."""

    def __init__(self, world: World) -> None:
        self.world = world

    def write(self, folder: Folder) -> None:
        """Both files."""
        customers = [c for c in self.world.companies if c.account_id and c.is_customer]
        strangers = [c for c in self.world.companies if not c.account_id]
        accounts = ["Account;Name;Above;Web site;Country;Since"]
        parents = [
            "match_on,value,parent_account_id,version,valid_from,valid_to,owner_sales,"
            "owner_marketing,reason"
        ]
        accounts.append(f"{HOLDING};Wetherby Holding plc;;;UK;2025-01-15 09:00:00")
        for place, company in enumerate(customers[:: max(1, len(customers) // 8)]):
            number = f"E-{1001 + place}"
            # It answers to the mail domain of the group, and some have its very name.
            name = company.name + (" GmbH" if place % 2 else " Deutschland GmbH")
            since = f"2026-09-{1 + place:02} 09:00:00"
            accounts.append(f"{number};{name};;{company.domain};Germany;{since}")
            self.world.note("accounts_that_share_a_domain")
            if place % 2 == 0:
                parents.append(
                    f"account_id,erp:{number},salesforce:{company.account_id},{ALWAYS},Subsidiary"
                )
        for company in strangers[:: max(1, len(strangers) // 3)][:3]:
            parents.append(f"domain,{company.domain},erp:{HOLDING},{ALWAYS},Brand of the holding")
            self.world.note("domains_of_a_group")
        folder.lines(f"exports/{FILE}", accounts)
        folder.expect(FILE, "generic.accounts", len(accounts) - 1)
        folder.lines("definitions/account_parents.csv", parents)
