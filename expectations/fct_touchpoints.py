"""What BI may take for granted about marts.fct_touchpoints."""

from expectations import AS_OF, no_rows

TABLE = "marts.fct_touchpoints"

EXPECTATIONS = [
    no_rows(
        "channel not in (select channel from marts.dim_channel)",
        "every channel is known",
    ),
    no_rows(
        "person_id not in (select person_id from marts.dim_person where not is_excluded)",
        "every touch is of a person who counts",
    ),
    no_rows(
        "campaign_id is not null "
        "and campaign_id not in (select campaign_id from marts.dim_campaign)",
        "every campaign is known",
    ),
    no_rows(
        "evidence = 'click_id' and channel in (select channel from marts.dim_channel "
        "where not is_paid)",
        "a click id means paid",
        "warning",
    ),
    no_rows("repeats < 0", "no touch is repeated less than never"),
    no_rows(f"cast(touched_at as date) > {AS_OF} + 1", "no touch after the as-of day", "warning"),
]
