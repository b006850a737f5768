"""What BI may take for granted about marts.rpt_lead_feedback."""

from expectations import finite, no_gap_in, no_rows, nothing_in, totals_add_up

TABLE = "marts.rpt_lead_feedback"

EXPECTATIONS = [
    finite("rejection_rate", "ci_low", "ci_high", "feedback_completeness"),
    finite("cost_per_accepted_lead", "bant_score_avg", "bant_completeness_avg"),
    no_rows(
        "rejection_rate not between 0 and 1 or feedback_completeness not between 0 and 1",
        "every rate is between 0 and 100 %",
    ),
    no_rows("decided != accepted + rejected", "a decision is yes or no"),
    no_rows(
        "rejected != no_budget + no_authority + no_need + bad_timing + not_icp + bad_data "
        "+ duplicate + competitor + unreachable + other + not_given",
        "every rejection has one reason, or none given",
    ),
    totals_add_up(
        "month",
        "campaign_id",
        "accepted",
        "rejected",
        "recycled",
        "pending",
        "spend",
    ),
    nothing_in(
        "select 1 as found from (select sum(decided + recycled + pending) as mqls from {batch} "
        "where campaign_id = 'all') as report cross join (select count(*) as mqls "
        "from marts.fct_funnel_stages where stage = 'mql' and not is_imputed and not via_account) "
        "as facts where report.mqls != facts.mqls",
        "it holds every recorded MQL",
    ),
    no_gap_in("month"),
]
