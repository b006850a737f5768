"""What BI may take for granted about marts.rpt_campaign_performance."""

from expectations import finite, no_rows, nothing_in

TABLE = "marts.rpt_campaign_performance"

EXPECTATIONS = [
    finite("roas", "roi", "revenue_roi"),
    no_rows(
        "spend <= 0 and (roas is not null or roi is not null or revenue_roi is not null)",
        "what cost nothing has no return",
    ),
    nothing_in(
        "select 1 as found from (select coalesce(sum(spend), 0) as spend from {batch} "
        "where is_headline) as report cross join (select coalesce(sum(amount), 0) as amount "
        "from marts.fct_costs where cost_type in ('media', 'agency')) as costs "
        "cross join (select count(distinct month) as months from {batch}) as rounding "
        "where abs(report.spend - costs.amount) > 0.005 * (months + 1)",
        "the cost of all campaigns is the ad spend and the agency cost",
    ),
    nothing_in(
        "select 1 as found from (select sum(credited_won) as won, sum(credited_amount) as amount "
        "from {batch} where is_headline) as report cross join (select count(*) as won, "
        "coalesce(sum(acv), 0) as amount from marts.fct_opportunities where status = 'won' "
        "and is_funnel and close_date is not null) as deals "
        "where report.won != deals.won or report.amount != deals.amount",
        "every win is credited once, to a campaign or to none",
    ),
]
