"""What BI may take for granted about marts.rpt_pipeline_waterfall."""

from expectations import no_rows, nothing_in

TABLE = "marts.rpt_pipeline_waterfall"

EXPECTATIONS = [
    nothing_in(
        "select quarter_start from {batch} group by quarter_start having "
        "sum(case when movement = 'closing' then -amount else amount end) != 0",
        "opening and all movements add up to closing, to the cent",
    ),
    no_rows(
        "(movement in ('opening', 'created', 'reopened', 'pulled_in', 'increased', 'closing') "
        "and amount < 0) "
        "or (movement in ('won', 'lost', 'decreased', 'pushed_out') and amount > 0)",
        "what comes in is above zero, what leaves below",
    ),
    nothing_in(
        "select report.quarter_start from {batch} as report inner join ("
        "select date_day, sum(amount) as amount from marts.fct_pipeline_daily "
        "inner join marts.dim_date using (date_day) where is_funnel and expected_close_date "
        "between fiscal_quarter_start and fiscal_quarter_end group by date_day) as snapshot "
        "on report.quarter_start = snapshot.date_day where report.movement = 'opening' "
        "and report.amount != snapshot.amount",
        "it opens with what the first day's snapshot holds",
    ),
]
