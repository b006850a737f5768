"""What BI may take for granted about marts.fct_pipeline_daily."""

from expectations import AS_OF, no_rows, nothing_in

TABLE = "marts.fct_pipeline_daily"

EXPECTATIONS = [
    no_rows(f"date_day > {AS_OF}", "no day lies ahead"),
    no_rows("amount < 0", "no open deal takes money away"),
    no_rows("probability not between 0 and 100", "no deal is less than hopeless or more than won"),
    nothing_in(
        "select opportunity_id from marts.fct_opportunities "
        "where status = 'open' and kind != 'refund' "
        f"and coalesce(created_date, {AS_OF}) <= {AS_OF} except "
        f"select opportunity_id from {{batch}} where date_day = {AS_OF}",
        "today holds every open deal",
    ),
    nothing_in(
        f"select opportunity_id from {{batch}} where date_day = {AS_OF} except "
        "select opportunity_id from marts.fct_opportunities where status = 'open'",
        "today holds no closed deal",
    ),
    nothing_in(
        "select today.opportunity_id from {batch} as today left join {batch} as tomorrow "
        "on today.opportunity_id = tomorrow.opportunity_id "
        "and today.date_day = tomorrow.date_day - 1 where tomorrow.date_day is null "
        f"and today.next_day_status = 'open' and today.date_day < {AS_OF}",
        "a deal leaves the pipeline only by being won or lost",
    ),
]
