-- One row per metric and version: what was agreed, by whom, and when it held.
select
    metric,
    version,
    parameters,
    owner_sales,
    owner_marketing,
    reason,
    valid_from,
    valid_to,
    approved_on

from {{ source('definitions', 'metric_definitions') }}
