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

persons as (

    select * from {{ ref('int_persons') }}

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

-- Whoever became known only after the deal did not bring it (rule 5).
person_sources as (

    select
        opportunities.opportunity_id,
        coalesce(cycles.channel, first_touches.channel, 'unattributed') as channel,
        case when cycles.person_id is not null then cycles.campaign_id else first_touches.campaign_id end
            as campaign_id,
        case when cycles.person_id is not null then cycles.touched_at else first_touches.touched_at end
            as touched_at

    from opportunities

    inner join persons
        on
            opportunities.person_id = persons.person_id
            and (
                persons.created_date is null
                or opportunities.created_date is null
                or persons.created_date <= opportunities.created_date
            )

    left join opportunity_cycles
        on opportunities.opportunity_id = opportunity_cycles.opportunity_id

    left join cycles
        on
            opportunity_cycles.person_id = cycles.person_id
            and opportunity_cycles.cycle_number = cycles.cycle_number

    -- Renewals and refunds pass no cycle: they keep where the person came from.
    left join first_touches
        on opportunities.person_id = first_touches.person_id

),

sources as (

    select
        opportunities.opportunity_id,
        case
            when person_sources.opportunity_id is not null then person_sources.channel
            else coalesce(campaigns.channel, deal_sources.channel)
        end as channel,
        case
            when person_sources.opportunity_id is not null then person_sources.campaign_id
            else campaigns.campaign_id
        end as campaign_id,
        -- A campaign that the deal names touched somebody whom nobody knows, no later than it was created.
        case
            when person_sources.opportunity_id is not null then person_sources.touched_at
            when campaigns.campaign_id is not null then opportunities.created_at
        end as touched_at

    from opportunities

    left join person_sources
        on opportunities.opportunity_id = person_sources.opportunity_id

    left join campaigns
        on opportunities.campaign_id = campaigns.campaign_id

    left join deal_sources
        on opportunities.opportunity_id = deal_sources.opportunity_id

)

select * from sources
