-- A finding means that a definition names something that the shared lists do not have: whatever it judges
-- would silently drop out of the marts.
with

ladder as (

    select * from {{ ref('int_ladder') }}

),

words as (

    select 'channel_map' as definition, channel as word, 'channel' as kind
    from {{ source('definitions', 'channel_map') }}

    union all

    select 'channel_rules', channel, 'channel'
    from {{ source('definitions', 'channel_rules') }}
    where channel != 'none'

    union all

    select 'channel_rules', evidence, 'evidence'
    from {{ source('definitions', 'channel_rules') }}

    union all

    select 'rivals', relation, 'relation'
    from {{ source('definitions', 'rivals') }}

    union all

    select 'mql_rules', evidence, 'MQL evidence'
    from {{ source('definitions', 'mql_rules') }}

    union all

    select 'stage_map', stage, 'stage'
    from {{ source('definitions', 'stage_map') }}
    where stage != 'none'

    union all

    select 'conversion_windows', from_stage, 'stage'
    from {{ source('definitions', 'conversion_windows') }}

    union all

    select 'conversion_windows', to_stage, 'stage'
    from {{ source('definitions', 'conversion_windows') }}

    union all

    select 'forecast_categories', forecast_category, 'forecast category'
    from {{ source('definitions', 'forecast_categories') }}

    union all

    select 'opportunity_kinds', kind, 'kind'
    from {{ source('definitions', 'opportunity_kinds') }}

    union all

    select 'opportunity_stages', status, 'status'
    from {{ source('definitions', 'opportunity_stages') }}

    union all

    select 'sales_roles', role, 'role'
    from {{ source('definitions', 'sales_roles') }}

    union all

    select 'experiments', conversion_stage, 'stage'
    from {{ source('definitions', 'experiments') }}

    union all

    select 'cac_cost_types', variant, 'variant'
    from {{ source('definitions', 'cac_cost_types') }}

    union all

    select 'exclusions', match_on, 'match_on'
    from {{ source('definitions', 'exclusions') }}

    union all

    select 'account_match_methods', method, 'match_method'
    from {{ source('definitions', 'account_match_methods') }}

    union all

    select 'account_parents', match_on, 'parent_match_on'
    from {{ source('definitions', 'account_parents') }}

    union all

    select 'sla', kind, 'kind of promise'
    from {{ source('definitions', 'sla') }}

    union all

    select 'sla', owner, 'owner of a promise'
    from {{ source('definitions', 'sla') }}

    union all

    select 'sla', coalesce(starts_at, 'blank') || ', ' || unit || ', ' || coalesce(calendar, 'blank'), 'clock'
    from {{ source('definitions', 'sla') }}
    where kind in ('response', 'decision')

    union all

    select 'rep_calendars', calendar, 'calendar'
    from {{ source('definitions', 'rep_calendars') }}

    union all

    -- Everybody whom nothing else says is on it.
    select 'business_hours', 'default', 'calendar'

    union all

    select 'holidays', calendar, 'calendar'
    from {{ source('definitions', 'holidays') }}

    union all

    select 'rep_calendars', match_on, 'rep_match_on'
    from {{ source('definitions', 'rep_calendars') }}

    union all

    select 'reject_reasons', reject_reason, 'reject reason'
    from {{ source('definitions', 'reject_reasons') }}

),

shared as (

    select 'channel' as kind, channel as word
    from {{ source('definitions', 'channels') }}

    union all

    select 'stage', stage
    from ladder

    union all

    select 'variant', variant
    from {{ source('definitions', 'cac_variants') }}

    union all

    select 'calendar', calendar
    from {{ source('definitions', 'business_hours') }}

    union all

    select 'clock', starts.word || ', ' || units.word || ', ' || clocks.word
    from (values ('assignment'), ('mql')) as starts (word)
    cross join (values ('hours'), ('days')) as units (word)
    cross join (values ('clock'), ('business')) as clocks (word)

    union all

    select kind, word
    from (
        values
        ('role', 'sdr'),
        ('role', 'ae'),
        ('role', 'cs'),
        ('kind', 'new'),
        ('kind', 'upsell'),
        ('kind', 'cross_sell'),
        ('kind', 'renewal'),
        ('kind', 'refund'),
        ('evidence', 'click_id'),
        ('evidence', 'utm'),
        ('evidence', 'referrer'),
        ('relation', 'own'),
        ('relation', 'rival'),
        ('match_on', 'email_domain'),
        ('match_on', 'company_name'),
        ('match_on', 'campaign'),
        ('match_on', 'test_flag'),
        ('match_on', 'record_id'),
        ('match_method', 'crm'),
        ('match_method', 'parent'),
        ('match_method', 'domain'),
        ('match_method', 'company_name'),
        ('match_method', 'domain_only'),
        ('parent_match_on', 'domain'),
        ('parent_match_on', 'account_id'),
        ('MQL evidence', 'score'),
        ('MQL evidence', 'hand_raise'),
        ('MQL evidence', 'lifecycle'),
        ('status', 'open'),
        ('status', 'won'),
        ('status', 'lost'),
        ('forecast category', 'commit'),
        ('forecast category', 'best_case'),
        ('forecast category', 'pipeline'),
        ('forecast category', 'omitted'),
        ('forecast category', 'closed'),
        ('kind of promise', 'volume'),
        ('kind of promise', 'response'),
        ('kind of promise', 'decision'),
        ('kind of promise', 'conversion'),
        ('owner of a promise', 'marketing'),
        ('owner of a promise', 'sales'),
        ('owner of a promise', 'both'),
        ('rep_match_on', 'sales_rep_id'),
        ('rep_match_on', 'team'),
        ('rep_match_on', 'region')
        {%- for reason in reject_reasons() %},
        ('reject reason', '{{ reason }}')
        {%- endfor %}
    ) as fixed (kind, word)

)

select distinct words.definition || '.csv: ' || words.word || ' is no ' || words.kind as finding

from words

left join shared
    on words.kind = shared.kind and words.word = shared.word

where shared.word is null
