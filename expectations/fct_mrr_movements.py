"""What BI may take for granted about marts.fct_mrr_movements."""

from expectations import AS_OF, no_rows, nothing_in

TABLE = "marts.fct_mrr_movements"

EXPECTATIONS = [
    no_rows(
        "closing != opening + new + reactivation + expansion + contraction + churn + fx",
        "closing is the plain sum, to the cent",
    ),
    nothing_in(
        "select * from (select month, opening, lag(closing) over customer as closed, "
        "lag(month) over customer as before from {batch} "
        "window customer as (partition by account_id order by month)) "
        "where opening != case when before = month - interval 1 month then closed else 0 end",
        "a month opens with what the one before closed with",
    ),
    no_rows(
        "new < 0 or reactivation < 0 or expansion < 0 or contraction > 0 or churn > 0",
        "gains are positive, losses negative",
    ),
    nothing_in(
        "select account_id from {batch} where new != 0 group by account_id having count(*) > 1",
        "nobody is new twice",
    ),
    no_rows(f"month > {AS_OF}", "no month lies ahead"),
    no_rows("closing < 0", "nobody pays less than nothing", "warning"),
    no_rows(
        "subscriptions_not_valued > 0", "every subscription has an amount and a rate", "warning"
    ),
]
