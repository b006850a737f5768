"""What BI may take for granted about marts.rpt_forecast."""

from expectations import finite, no_rows, nothing_in, totals_add_up

TABLE = "marts.rpt_forecast"

EXPECTATIONS = [
    finite("error_day_1", "error_mid_period", "accuracy", "slippage"),
    no_rows("slippage not between 0 and 1", "no more can slip than was forecast"),
    totals_add_up(
        "period_start, forecast_category",
        "sales_rep_id",
        "coalesce(forecast_day_1, 0)",
        "coalesce(forecast_mid_period, 0)",
        "actual",
        "coalesce(slipped_amount, 0)",
    ),
    nothing_in(
        "select period_start, sales_rep_id from {batch} group by period_start, sales_rep_id having "
        "sum(forecast_day_1) filter (forecast_category = 'commit') "
        "> sum(forecast_day_1) filter (forecast_category = 'best_case') "
        "or sum(forecast_day_1) filter (forecast_category = 'best_case') "
        "> sum(forecast_day_1) filter (forecast_category = 'pipeline')",
        "the best case holds the commit, the pipeline the best case",
    ),
]
