"""What BI may take for granted about marts.fct_opportunity_splits."""

from expectations import no_rows, nothing_in

TABLE = "marts.fct_opportunity_splits"

EXPECTATIONS = [
    nothing_in(
        "select opportunity_id from {batch} where split_type = 'revenue' group by opportunity_id "
        "having sum(share) != 1",
        "the revenue splits of a deal are the whole of it",
    ),
    nothing_in(
        "select 1 as found from marts.fct_opportunities as deals left join (select opportunity_id, "
        "sum(amount) as amount from {batch} where split_type = 'revenue' group by opportunity_id) "
        "as splits on deals.opportunity_id = splits.opportunity_id "
        "where deals.amount is distinct from splits.amount",
        "the revenue splits of a deal add up to its amount, to the cent",
    ),
    no_rows("share <= 0", "no part of a deal is nothing or less"),
]
