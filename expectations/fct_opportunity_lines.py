"""What BI may take for granted about marts.fct_opportunity_lines."""

from expectations import no_rows

TABLE = "marts.fct_opportunity_lines"

EXPECTATIONS = [
    no_rows("amount_up_to_list > discountable_amount", "no line counts above what it was sold for"),
    no_rows(
        "opportunity_id not in (select opportunity_id from marts.fct_opportunities)",
        "every line is of a deal",
    ),
    no_rows(
        "product_id not in (select product_id from marts.dim_product)",
        "every product is in the list",
    ),
]
