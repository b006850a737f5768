"""What BI may take for granted about marts.dim_sales_rep."""

from expectations import no_rows, nothing_in

TABLE = "marts.dim_sales_rep"

EXPECTATIONS = [
    nothing_in(
        "select sales_rep_id from marts.fct_opportunities "
        "where sales_rep_id not in (select sales_rep_id from {batch})",
        "everyone who owns an opportunity is known",
        "warning",
    ),
    no_rows("trim(coalesce(sales_rep, '')) = ''", "sales reps have a name to show", "warning"),
]
