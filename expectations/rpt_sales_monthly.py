"""What BI may take for granted about marts.rpt_sales_monthly."""

from expectations import finite, no_gap_in, no_rows, nothing_in, totals_add_up

TABLE = "marts.rpt_sales_monthly"

EXPECTATIONS = [
    finite("win_rate", "win_rate_value", "average_deal_size", "attainment", "cycle_mean_days"),
    finite("median_deal_size", "cycle_median_days", "cycle_p90_days"),
    no_rows(
        "win_rate not between 0 and 1 or win_rate_cohort not between 0 and 1",
        "every rate is between 0 and 100 %",
    ),
    no_rows("cycle_median_days > cycle_p90_days", "half have closed before nine tenths have"),
    totals_add_up(
        "month",
        "sales_rep_id",
        "opportunities_created",
        "won",
        "lost",
        "won_amount",
        "new_bookings",
    ),
    nothing_in(
        "select 1 as found from (select sum(won) as won from {batch} where sales_rep_id = 'all') "
        "as report cross join (select count(*) as won from marts.fct_opportunities "
        "where status = 'won' and is_funnel and kind != 'renewal') as facts "
        "where report.won != facts.won",
        "it holds every win",
    ),
    no_gap_in("month"),
]
