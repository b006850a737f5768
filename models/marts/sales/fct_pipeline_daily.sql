-- One row per open deal and day at whose end it was open.
select
    opportunity_id,
    sales_rep_id,
    stage,
    kind,
    currency_code,
    forecast_category,
    next_day_status,
    amount,
    amount_original,
    fx_rate,
    probability,
    weighted_amount,
    is_funnel,
    is_inferred,
    is_first_day,
    expected_close_date,
    date_day

from {{ ref('int_pipeline_daily') }}
