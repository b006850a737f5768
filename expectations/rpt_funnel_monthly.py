"""What BI may take for granted about marts.rpt_funnel_monthly."""

from expectations import finite, no_gap_in, no_rows, nothing_in

TABLE = "marts.rpt_funnel_monthly"

EXPECTATIONS = [
    finite("flow_ratio"),
    no_rows("entries > entries_incl_imputed", "what was seen is part of what is inferred as well"),
    no_rows(
        "stage not in ('opportunity', 'won', 'lost') and new_people > entries_incl_imputed",
        "there are no more new people than entries",
    ),
    nothing_in(
        "select funnel.month from (select month, stage, sum(entries) as entries from {batch} "
        "where stage in ('lead', 'mql', 'sal', 'sql') group by month, stage) as funnel "
        "full join (select date_trunc('month', entered_date) as month, stage, count(*) as entries "
        "from marts.fct_funnel_stages where not is_imputed "
        "and stage in ('lead', 'mql', 'sal', 'sql') group by all) as facts "
        "on funnel.month = facts.month and funnel.stage = facts.stage "
        "where coalesce(funnel.entries, 0) != coalesce(facts.entries, 0)",
        "its counts are those of the facts",
    ),
    no_gap_in("month"),
]
