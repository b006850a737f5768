{{ config(tags=['closing']) }}

-- One row per definition, two of its versions, metric and variant that differ between them (glossary 0.11).
select
    definition,
    metric,
    variant,
    unit,
    from_version,
    to_version,
    value_from,
    value_to,
    value_moved,
    events_moved,
    months_affected,
    first_month,
    last_month

from {{ source('plumbline', 'impacts') }}
