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

    select 'opportunity_kinds', kind, 'kind'
    from {{ source('definitions', 'opportunity_kinds') }}

    union all

    select 'opportunity_stages', status, 'status'
    from {{ source('definitions', 'opportunity_stages') }}

    union all

    select 'cac_cost_types', variant, 'variant'
    from {{ source('definitions', 'cac_cost_types') }}

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

    select kind, word
    from (
        values
        ('kind', 'new'),
        ('kind', 'upsell'),
        ('kind', 'cross_sell'),
        ('kind', 'renewal'),
        ('kind', 'refund'),
        ('status', 'open'),
        ('status', 'won'),
        ('status', 'lost')
    ) as fixed (kind, word)

)

select distinct
    words.definition,
    words.kind,
    words.word

from words

left join shared
    on words.kind = shared.kind and words.word = shared.word

where shared.word is null
