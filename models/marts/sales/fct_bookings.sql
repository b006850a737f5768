-- One row per booking event: won, reopened, refund. Bookings are the signed sum of the amounts.
select
    opportunity_id,
    original_opportunity_id,
    account_id,
    sales_rep_id,
    event,
    kind,
    currency_code,
    cast(sequence_number as integer) as sequence_number,
    amount,
    amount_original,
    fx_rate,
    event_date

from {{ ref('int_bookings') }}
