"""What BI may take for granted about marts.fct_costs."""

from expectations import no_rows

TABLE = "marts.fct_costs"

EXPECTATIONS = [
    no_rows(
        "cost_type not in ('media', 'agency', 'tools', 'events', 'salaries', 'commissions', "
        "'overhead')",
        "every cost is of a type of the shared list",
        "warning",
    ),
    no_rows(
        "channel not in (select channel from marts.dim_channel)",
        "every cost has a channel of the shared list, unattributed among them",
    ),
    no_rows("day(month) != 1", "a month is its first day"),
    no_rows("amount < 0", "no cost is negative", "warning"),
]
