-- A finding means that two rows of a definition hold on the same day, which doubles whatever they judge,
-- or that a metric or a window has days on which nothing holds (glossary 0.11).
with

dated as (

    select 'metric_definitions' as definition, metric as name, valid_from, valid_to
    from {{ source('definitions', 'metric_definitions') }}

    union all

    select 'conversion_windows', from_stage || ' to ' || to_stage, valid_from, valid_to
    from {{ source('definitions', 'conversion_windows') }}

    union all

    select 'stage_map', source_system || ': ' || lower(source_stage), valid_from, valid_to
    from {{ source('definitions', 'stage_map') }}

    union all

    select 'channel_map', source_system || ': ' || lower(source_value), valid_from, valid_to
    from {{ source('definitions', 'channel_map') }}

    union all

    select 'opportunity_kinds', source_system || ': ' || lower(source_type), valid_from, valid_to
    from {{ source('definitions', 'opportunity_kinds') }}

    union all

    select 'opportunity_stages', source_system || ': ' || lower(stage_name), valid_from, valid_to
    from {{ source('definitions', 'opportunity_stages') }}

    union all

    select 'loss_reasons', source_system || ': ' || lower(source_reason), valid_from, valid_to
    from {{ source('definitions', 'loss_reasons') }}

    union all

    select 'cac_cost_types', variant || ': ' || cost_type, valid_from, valid_to
    from {{ source('definitions', 'cac_cost_types') }}

    union all

    select 'exchange_rates', currency_code, valid_from, valid_to
    from {{ source('definitions', 'exchange_rates') }}

),

with_previous as (

    select
        *,
        lag(valid_to) over (partition by definition, name order by valid_from, valid_to) as previous_valid_to

    from dated

)

select
    definition,
    name,
    case when previous_valid_to > valid_from then 'two rows' else 'no row' end as finding,
    valid_from

from with_previous

where
    previous_valid_to > valid_from
    or (previous_valid_to < valid_from and definition in ('metric_definitions', 'conversion_windows'))
