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

    select 'forecast_categories', source_system || ': ' || lower(source_category), valid_from, valid_to
    from {{ source('definitions', 'forecast_categories') }}

    union all

    select 'quota_ramps', cast(tenure_month as varchar), valid_from, valid_to
    from {{ source('definitions', 'quota_ramps') }}

    union all

    select 'commission_rates', team, valid_from, valid_to
    from {{ source('definitions', 'commission_rates') }}

    union all

    select 'cac_cost_types', variant || ': ' || cost_type, valid_from, valid_to
    from {{ source('definitions', 'cac_cost_types') }}

    union all

    select
        'channel_rules', evidence || ': ' || source_pattern || ', ' || coalesce(medium_pattern, ''),
        valid_from, valid_to
    from {{ source('definitions', 'channel_rules') }}

    union all

    select 'bot_agents', agent_pattern, valid_from, valid_to
    from {{ source('definitions', 'bot_agents') }}

    union all

    select 'rivals', lower(brand), valid_from, valid_to
    from {{ source('definitions', 'rivals') }}

    union all

    select 'sales_roles', lower(source_text), valid_from, valid_to
    from {{ source('definitions', 'sales_roles') }}

    union all

    select 'experiments', lower(experiment), valid_from, valid_to
    from {{ source('definitions', 'experiments') }}

    union all

    select 'exchange_rates', currency_code, valid_from, valid_to
    from {{ source('definitions', 'exchange_rates') }}

    union all

    select 'exclusions', rule || ': ' || match_on || ' ' || lower(value), valid_from, valid_to
    from {{ source('definitions', 'exclusions') }}

    union all

    select 'account_match_methods', method, valid_from, valid_to
    from {{ source('definitions', 'account_match_methods') }}

    union all

    select 'account_parents', match_on || ': ' || lower(value), valid_from, valid_to
    from {{ source('definitions', 'account_parents') }}

    union all

    select 'company_suffixes', suffix, valid_from, valid_to
    from {{ source('definitions', 'company_suffixes') }}

    union all

    select 'free_mail_domains', domain, valid_from, valid_to
    from {{ source('definitions', 'free_mail_domains') }}

    union all

    select 'fiscal_calendar', 'months', valid_from, valid_to
    from {{ source('definitions', 'fiscal_calendar') }}

    union all

    select
        'mql_rules',
        evidence || ' of ' || source_system || coalesce(': ' || lower(value), ''),
        valid_from,
        valid_to
    from {{ source('definitions', 'mql_rules') }}

    union all

    select 'margins', 'margin', valid_from, valid_to
    from {{ source('definitions', 'margins') }}

    union all

    select 'sla', commitment, valid_from, valid_to
    from {{ source('definitions', 'sla') }}

    union all

    -- One promise is the headline that every MQL is judged by.
    select 'sla', 'metric ' || metric, valid_from, valid_to
    from {{ source('definitions', 'sla') }}
    where kind = 'response' and metric is not null

    union all

    select 'business_hours', calendar || ' on weekday ' || cast(weekday as varchar), valid_from, valid_to
    from {{ source('definitions', 'business_hours') }}

    union all

    select 'rep_calendars', match_on || ': ' || lower(value), valid_from, valid_to
    from {{ source('definitions', 'rep_calendars') }}

    union all

    select 'reject_reasons', source_system || ': ' || lower(source_reason), valid_from, valid_to
    from {{ source('definitions', 'reject_reasons') }}

),

with_previous as (

    select
        *,
        lag(valid_to) over (partition by definition, name order by valid_from, valid_to) as previous_valid_to

    from dated

)

select
    definition || '.csv: ' || name || case
        when previous_valid_to > valid_from then ' has two rows on ' || cast(valid_from as varchar)
        else ' has no row on ' || cast(previous_valid_to as varchar)
    end as finding

from with_previous

where
    previous_valid_to > valid_from
    or (
        previous_valid_to < valid_from
        and definition in ('metric_definitions', 'conversion_windows', 'fiscal_calendar')
    )
