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
        "select 1 as found from (select created_date, "
        "cast(exclusion_rule is not null and exclusion_rule != 'deleted' as integer) as is_out, "
        f"created_date > {AS_OF} - 7 as is_of_last_week from {{batch}} "
        f"where created_date > {AS_OF} - 28 and created_date <= {AS_OF}) "
        "having count(*) filter (is_of_last_week) >= 20 "
        "and abs(avg(is_out) filter (is_of_last_week) - avg(is_out)) > 0.05",
        "of the people of the last week as many are left out as of the last four, within 5 points",
        "warning",
    ),
    nothing_in(
        "select 1 as found from {batch} where not is_excluded and account_match_method != 'person' "
        "having avg(cast(account_match_tie_breaker is not null as integer)) > 0.2",
        "the account of most people needs no tie-breaker",
        "warning",
    ),
    no_rows(
        "(unmatched_reason is null) != (account_match_method not in ('domain_only', 'person'))",
        "whoever has no listed account has a reason",
    ),
    nothing_in(
        "select 1 as found from {batch} where not is_excluded "
        "having avg(cast(channel in ('unmapped', 'unattributed') as integer)) > 0.5",
        "the channel of most persons is known",
        "warning",
    ),
]
