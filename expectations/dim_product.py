"""What BI may take for granted about marts.dim_product."""

from expectations import no_rows

TABLE = "marts.dim_product"

EXPECTATIONS = [
    no_rows("list_price < 0 or unit_cost < 0", "no price or cost is below zero"),
]
