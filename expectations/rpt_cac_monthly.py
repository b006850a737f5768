"""What BI may take for granted about marts.rpt_cac_monthly."""

from expectations import finite, no_rows, nothing_in, totals_add_up

TABLE = "marts.rpt_cac_monthly"

EXPECTATIONS = [
    finite("cac", "gross_margin", "payback_months"),
    no_rows("cac < 0 or new_customers < 0", "nothing is negative"),
    no_rows("cac is not null and new_customers = 0", "no cost per customer without a customer"),
    nothing_in(
        "select month from {batch} where channel = 'all' group by month "
        "having count(*) filter (is_headline) > 1",
        "no month has two headlines",
    ),
    totals_add_up("month, variant, lag_months", "channel", "cost", "new_customers", "new_mrr"),
    no_rows("payback_months <= 0", "a payback lies ahead or never comes"),
    no_rows(
        "payback_months is not null and payback_reason is not null",
        "what pays back needs no reason for never doing so",
    ),
    nothing_in(
        "select cac.month from {batch} as cac inner join (select month, sum(new) as new_mrr "
        "from marts.fct_mrr_movements group by month) as movements on cac.month = movements.month "
        "where cac.is_headline and cac.channel = 'all' and cac.new_mrr != movements.new_mrr",
        "new recurring revenue is that of fct_mrr_movements",
    ),
]
