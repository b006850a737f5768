"""What BI may take for granted about marts.fct_funnel_stages."""

from expectations import AS_OF, no_rows, nothing_in

TABLE = "marts.fct_funnel_stages"

EXPECTATIONS = [
    no_rows(
        "stage not in ('lead', 'mql', 'sal', 'sql', 'opportunity', 'won', 'lost', 'rejected', "
        "'recycled')",
        "every stage is one of the shared ladder",
    ),
    no_rows(f"entered_date > {AS_OF}", "nobody enters a stage after the as-of day", "warning"),
    no_rows(
        "person_id in (select person_id from marts.dim_person where is_excluded)",
        "who is left out is not in the funnel",
    ),
    no_rows(
        "channel not in (select channel from marts.dim_channel)",
        "every entry has a channel of the shared list",
    ),
    no_rows(
        "stage = 'mql' and not is_imputed and mql_evidence is null",
        "every recorded MQL says what made it one",
    ),
    nothing_in(
        "select person_id, cycle_number from {batch} group by person_id, cycle_number "
        "having bool_or(stage = 'won') and not bool_or(stage = 'opportunity')",
        "every win was an opportunity",
    ),
    nothing_in(
        "select 1 as found from {batch} having avg(cast(is_imputed as integer)) > 0.5",
        "most entries were seen, not inferred",
        "warning",
    ),
]
