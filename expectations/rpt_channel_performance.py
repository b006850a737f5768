"""What BI may take for granted about marts.rpt_channel_performance."""

from expectations import finite, no_gap_in, no_rows, nothing_in, totals_add_up

TABLE = "marts.rpt_channel_performance"

EXPECTATIONS = [
    finite("ctr", "cpc", "cpm", "flow_cpl", "flow_cost_per_mql", "flow_cost_per_sql"),
    finite("flow_cost_per_opportunity", "lead_velocity_rate"),
    no_rows("ctr not between 0 and 1", "the click-through rate is between 0 and 100 %", "warning"),
    totals_add_up(
        "month", "channel", "spend", "leads", "mqls", "sqls", "opportunities", "won", "won_amount"
    ),
    nothing_in(
        "select performance.month from {batch} as performance left join ("
        "select month, sum(entries) as mqls from marts.rpt_funnel_monthly where stage = 'mql' "
        "group by month) as funnel on performance.month = funnel.month "
        "where performance.channel = 'all' and performance.mqls != coalesce(funnel.mqls, 0)",
        "the funnel counts as many MQLs in each month",
    ),
    nothing_in(
        "select ads.month from (select date_trunc('month', date_day) as month, sum(spend) as spend "
        "from marts.fct_ad_performance_daily group by all) as ads left join {batch} as performance "
        "on ads.month = performance.month and performance.channel = 'all' "
        "where performance.month is null or abs(ads.spend - performance.spend) > 0.05",
        "the ad reports hold the same spend in each month",
    ),
    no_gap_in("month"),
]
