"""What BI may take for granted about marts.rpt_unit_economics_monthly."""

from expectations import AS_OF, finite, no_rows, nothing_in

TABLE = "marts.rpt_unit_economics_monthly"

EXPECTATIONS = [
    finite("arpa", "gross_margin", "monthly_churn", "clv_formula", "clv_simple"),
    finite("clv_first_margin_now", "cac_fully_loaded", "ltv_to_cac", "payback_months"),
    finite("monthly_churn_ci_low", "monthly_churn_ci_high"),
    finite("repeat_purchase_ci_low", "repeat_purchase_ci_high"),
    finite("magic_number", "quick_ratio", "quick_ratio_quarter", "repeat_purchase_rate"),
    no_rows("gross_margin > 1", "goods never cost less than nothing", "warning"),
    no_rows(
        "monthly_churn not between 0 and 1 or repeat_purchase_rate not between 0 and 1",
        "every rate is between 0 and 100 %",
    ),
    no_rows("payback_months <= 0", "a payback lies ahead or never comes"),
    no_rows("clv_formula > clv_first_margin_now", "a margin received later is worth no more"),
    no_rows(
        "magic_number is not null and magic_number_reason is not null "
        "or quick_ratio is not null and quick_ratio_reason is not null",
        "what has a value needs no reason for having none",
    ),
    nothing_in(
        "select economics.month from {batch} as economics "
        "inner join marts.rpt_recurring_revenue_monthly as recurring "
        "on economics.month = recurring.month "
        "where economics.closing_mrr is distinct from recurring.closing_mrr",
        "recurring revenue is that of rpt_recurring_revenue_monthly",
    ),
    no_rows(f"month > {AS_OF}", "no month lies ahead"),
]
