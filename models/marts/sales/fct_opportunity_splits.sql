-- One row per deal, sales rep and type of split.
select
    opportunity_id,
    sales_rep_id,
    split_type,
    share,
    amount,
    is_inferred

from {{ ref('int_opportunity_splits') }}
