-- One row per customer and month with recurring revenue at its end or its beginning.
select
    account_id,
    opening,
    new,
    reactivation,
    expansion,
    contraction,
    churn,
    fx,
    closing,
    subscriptions_not_valued,
    month

from {{ ref('int_mrr_movements') }}
