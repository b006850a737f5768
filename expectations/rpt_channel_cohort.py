"""What BI may take for granted about marts.rpt_channel_cohort."""

from expectations import finite, no_gap_in, no_rows, totals_add_up

TABLE = "marts.rpt_channel_cohort"

EXPECTATIONS = [
    finite("cpl", "cost_per_mql", "cost_per_sql", "cost_per_opportunity", "cost_per_won"),
    no_rows(
        "lead_to_mql_rate not between 0 and 1 or mql_to_sql_rate not between 0 and 1 "
        "or sql_to_opportunity_rate not between 0 and 1 "
        "or opportunity_to_won_rate not between 0 and 1",
        "every rate is between 0 and 100 %",
    ),
    totals_add_up("month", "channel", "spend", "leads", "mqls", "sqls", "opportunities", "won"),
    no_gap_in("month"),
]
