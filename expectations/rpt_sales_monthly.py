"""What BI may take for granted about marts.rpt_sales_monthly."""

from expectations import AS_OF, finite, no_gap_in, no_rows, nothing_in, totals_add_up

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
        "deal_size_sum",
        "new_bookings",
    ),
    nothing_in(
        "select 1 as found from (select sum(won) as won from {batch} where sales_rep_id = 'all') "
        "as report cross join (select count(*) as won from marts.fct_opportunities "
        "where status = 'won' and is_funnel and kind != 'renewal') as facts "
        "where report.won != facts.won",
        "it holds every win",
    ),
    totals_add_up(
        "month",
        "sales_rep_id",
        "open_opportunities",
        "open_pipeline",
        "coalesce(period_won, 0)",
        "coalesce(coverage_start_pipeline, 0)",
        "coalesce(coverage_now_pipeline, 0)",
    ),
    finite("trailing_win_rate", "trailing_deal_size", "trailing_cycle_days", "velocity_per_day"),
    finite(
        "period_attainment",
        "coverage_start",
        "coverage_start_weighted",
        "coverage_now",
        "coverage_now_weighted",
    ),
    no_rows("coverage_start < 0 or coverage_now < 0", "coverage is known only of a quota left"),
    nothing_in(
        f"select month from {{batch}} where (coverage_now_pipeline is not null) "
        f"!= (period_won is not null and month = date_trunc('month', {AS_OF}))",
        "only the running month is covered now",
    ),
    finite("renewal_rate", "renewal_rate_ci_low", "renewal_rate_ci_high", "renewal_rate_value"),
    no_rows(
        "renewal_rate not between 0 and 1 or renewal_rate_value not between 0 and 1 "
        "or renewals_won > renewals_due",
        "no more is renewed than was due",
    ),
    totals_add_up("month", "sales_rep_id", "renewals_due", "renewal_amount_kept"),
    finite("discount_rate", "net_discount_rate"),
    finite(
        "touches_per_won",
        "touches_per_won_median",
        "contacts_per_won",
        "contacts_per_won_median",
    ),
    no_gap_in("month"),
]
