"""What BI may take for granted about marts.dim_campaign."""

from expectations import no_rows

TABLE = "marts.dim_campaign"

EXPECTATIONS = [
    no_rows(
        "channel not in (select channel from marts.dim_channel)",
        "every campaign has a channel of the shared list",
    ),
    no_rows("trim(coalesce(campaign_name, '')) = ''", "campaigns have a name to show", "warning"),
]
