-- One row per opportunity: the channel and campaign it is counted under. Those of the carrying person's
-- cycle; a deal that no known person carries has what the deal itself names.
with

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

stage_cycles as (

    select * from {{ ref('int_stage_cycles') }}

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

campaigns as (

    select * from {{ ref('int_campaigns') }}

),

first_touches as (

    select * from {{ ref('int_first_touches') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

opportunity_cycles as (

    select
        opportunity_id,
        person_id,
        min(cycle_number) as cycle_number

    from stage_cycles

    where stage = 'opportunity'

    group by opportunity_id, person_id

),

deal_sources as (

    select
        opportunities.opportunity_id,
        {{ channel_of('opportunities.channel_source') }} as channel

    from opportunities

    cross join settings

    {{ channel_joins(
        'opportunities.source_system',
        'opportunities.channel_source',
        'coalesce(opportunities.created_date, settings.as_of)'
    ) }}

),

sources as (

    select
        opportunities.opportunity_id,
        coalesce(
            cycles.channel,
            first_touches.channel,
            case when opportunities.person_id is not null then 'unattributed' end,
            campaigns.channel,
            deal_sources.channel
        ) as channel,
        case
            when cycles.person_id is not null then cycles.campaign_id
            when opportunities.person_id is not null then first_touches.campaign_id
            else campaigns.campaign_id
        end as campaign_id

    from opportunities

    left join opportunity_cycles
        on opportunities.opportunity_id = opportunity_cycles.opportunity_id

    left join cycles
        on
            opportunity_cycles.person_id = cycles.person_id
            and opportunity_cycles.cycle_number = cycles.cycle_number

    -- Renewals and refunds pass no cycle: they keep where the person came from.
    left join first_touches
        on opportunities.person_id = first_touches.person_id

    left join campaigns
        on opportunities.campaign_id = campaigns.campaign_id

    left join deal_sources
        on opportunities.opportunity_id = deal_sources.opportunity_id

)

select * from sources
