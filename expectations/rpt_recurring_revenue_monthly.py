"""What BI may take for granted about marts.rpt_recurring_revenue_monthly."""

from expectations import finite, no_gap_in, no_rows, nothing_in

TABLE = "marts.rpt_recurring_revenue_monthly"

EXPECTATIONS = [
    finite(
        "nrr_12m",
        "grr_12m",
        "logo_churn_12m",
        "gross_revenue_churn_12m",
        "churned_mrr_rate_12m",
        "nrr_1m",
        "grr_1m",
        "logo_churn_1m",
        "growth",
        "growth_target",
        "growth_attainment",
        "logo_churn_1m_ci_low",
        "logo_churn_1m_ci_high",
        "logo_churn_12m_ci_low",
        "logo_churn_12m_ci_high",
    ),
    no_rows(
        "closing_mrr != opening_mrr + new_mrr + reactivation_mrr + expansion_mrr"
        " + contraction_mrr + churn_mrr + fx_mrr",
        "closing is the plain sum of the movements, to the cent",
    ),
    nothing_in(
        "select month from (select month, opening_mrr, lag(closing_mrr) over (order by month) "
        "as closed from {batch}) where opening_mrr != coalesce(closed, 0)",
        "a month opens with what the one before closed with",
    ),
    no_rows("arr != 12 * closing_mrr", "a year's recurring revenue is twelve months'"),
    no_rows("grr_12m > 1 or grr_1m > 1", "nobody keeps more than there was"),
    no_rows("grr_12m > nrr_12m or grr_1m > nrr_1m", "gross retention is never above net"),
    no_rows(
        "logo_churn_12m > 1 or logo_churn_1m > 1 or customers_lost > customers_start",
        "no more customers are lost than there were",
    ),
    no_rows(
        "logo_churn_12m < logo_churn_12m_ci_low or logo_churn_12m > logo_churn_12m_ci_high",
        "a rate lies in its interval",
    ),
    no_gap_in("month"),
]
