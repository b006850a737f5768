"""What BI may take for granted about marts.dim_account."""

from expectations import AS_OF, no_rows

TABLE = "marts.dim_account"

EXPECTATIONS = [
    no_rows(
        "is_customer != (became_customer_date is not null)",
        "an account is a customer when it has a day on which it became one",
    ),
    no_rows(
        f"became_customer_date > {AS_OF}",
        "nobody became a customer after the as-of day",
        "warning",
    ),
]
