"""What BI may take for granted about marts.rpt_sla_monthly."""

from expectations import finite, no_rows

TABLE = "marts.rpt_sla_monthly"

EXPECTATIONS = [
    finite("agreed", "committed", "delivered", "attainment", "pacing_committed", "pacing"),
    finite("met_rate", "ci_low", "ci_high"),
    finite("answered_share", "share_within_5min", "share_within_1h", "share_within_24h"),
    finite(
        "median_response_minutes_km",
        "p90_response_minutes_km",
        "median_answered_minutes",
        "p90_answered_minutes",
        "median_routing_minutes",
    ),
    no_rows(
        "met_rate not between 0 and 1 or answered_share not between 0 and 1 "
        "or share_within_5min not between 0 and 1 or share_within_1h not between 0 and 1 "
        "or share_within_24h not between 0 and 1",
        "every share is between 0 and 100 %",
    ),
    no_rows(
        "met_rate < ci_low - 1e-9 or met_rate > ci_high + 1e-9", "every rate is within its interval"
    ),
    no_rows(
        "within_5min > within_1h or within_1h > within_24h or within_24h > answered",
        "whoever is answered within minutes is answered within hours",
    ),
    no_rows(
        "answered > leads "
        "or kind in ('response', 'decision') and leads != met + breached + pending",
        "every lead has one outcome",
    ),
    no_rows("owner not in ('marketing', 'sales', 'both')", "every promise has an owner"),
]
