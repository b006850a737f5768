"""What BI may take for granted about marts.dim_channel."""

from expectations import no_rows, nothing_in

TABLE = "marts.dim_channel"

EXPECTATIONS = [
    nothing_in(
        "select channel from (values ('unmapped'), ('unattributed')) as needed (channel) "
        "where channel not in (select channel from {batch})",
        "what is unknown has a row to be shown in",
    ),
    no_rows(
        "channel_group not in ('paid', 'owned', 'earned', 'direct', 'sales', 'partner', "
        "'offline', 'ai', 'unknown')",
        "every channel is in a group of the shared list",
    ),
    no_rows("is_paid != (channel_group = 'paid')", "paid channels are the group paid"),
]
