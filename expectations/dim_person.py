"""What BI may take for granted about marts.dim_person."""

from expectations import AS_OF, no_rows, nothing_in

TABLE = "marts.dim_person"

EXPECTATIONS = [
    no_rows(f"created_date > {AS_OF} + 1", "nobody was created after the as-of day", "warning"),
    no_rows("is_excluded != (exclusion_rule is not null)", "who is left out is so by a rule"),
    no_rows(
        "channel not in (select channel from marts.dim_channel)",
        "every person has a channel of the shared list",
    ),
    nothing_in(
        "select 1 as found from {batch} having avg(cast(is_excluded as integer)) > 0.2",
        "at most a fifth of all persons is left out",
        "warning",
    ),
    nothing_in(
        "select 1 as found from {batch} where not is_excluded "
        "having avg(cast(channel in ('unmapped', 'unattributed') as integer)) > 0.5",
        "the channel of most persons is known",
        "warning",
    ),
]
