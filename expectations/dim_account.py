"""What BI may take for granted about marts.dim_account."""

from expectations import AS_OF, no_rows

TABLE = "marts.dim_account"

EXPECTATIONS = [
    no_rows(
        "is_customer != (became_customer_date is not null)",
        "an account is a customer when it has a day on which it became one",
    ),
    no_rows(
        "people < people_by_crm + people_by_parent + people_by_domain + people_by_company_name "
        "or (people = 0) != (match_score is null)",
        "the people of an account are found in one way each",
    ),
    no_rows(
        "parent_account_id is not null "
        "and parent_account_id not in (select account_id from {batch})",
        "an account above another one is an account",
        "warning",
    ),
    no_rows(
        f"became_customer_date > {AS_OF}",
        "nobody became a customer after the as-of day",
        "warning",
    ),
]
