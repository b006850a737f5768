"""What BI may take for granted about marts.rpt_customer_value."""

from expectations import AS_OF, no_rows, nothing_in

TABLE = "marts.rpt_customer_value"

EXPECTATIONS = [
    no_rows(
        "segment not in ('high', 'mid', 'low', 'none') "
        "or (segment = 'none') != (coalesce(clv_historical, 0) <= 0)",
        "whoever brought a margin is in a segment by it",
    ),
    no_rows(f"first_order_date > {AS_OF}", "nobody ordered after the as-of day", "warning"),
    no_rows("orders < 0 or (orders = 0 and revenue != 0)", "there is no revenue without an order"),
    nothing_in(
        "select billed.account_id from (select account_id, sum(revenue) as revenue "
        "from marts.fct_revenue group by account_id) as billed "
        "inner join {batch} as customers on billed.account_id = customers.account_id "
        "where abs(billed.revenue - customers.revenue) > 0.005",
        "a customer's revenue is what was billed",
    ),
]
