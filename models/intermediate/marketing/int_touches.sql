{{ config(materialized='table') }}

-- One row per touch that a source of record names: where a person came from, and what they answered.
with

person_records as (

    select * from {{ ref('int_person_records') }}

),

campaign_members as (

    select * from {{ ref('int_salesforce_campaign_members') }}

),

stage_events as (

    select * from {{ ref('stg_generic__stage_events') }}

),

touchpoints as (

    select * from {{ ref('int_touchpoints') }}

),

campaigns as (

    select * from {{ ref('int_campaigns') }}

),

campaign_names as (

    select * from {{ ref('int_campaign_names') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

-- Only the earliest record that names a source tells where the person came from: later ones are
-- copies that a sync made.
first_sources as (

    select
        person_records.person_id,
        person_records.record_id,
        person_records.source_system,
        person_records.channel_source,
        person_records.campaign_name,
        person_records.created_at,
        {{ local_date('person_records.created_at', 'settings.reporting_timezone') }} as created_date

    from person_records

    cross join settings

    where person_records.channel_source is not null and not person_records.has_left

    qualify row_number() over (
        partition by person_records.person_id
        order by person_records.created_at nulls last, person_records.record_id
    ) = 1

),

first_source_channels as (

    select
        first_sources.person_id,
        first_sources.record_id,
        first_sources.campaign_name,
        first_sources.created_at,
        {{ channel_of('first_sources.channel_source') }} as channel

    from first_sources

    {{ channel_joins('first_sources.source_system', 'first_sources.channel_source', 'first_sources.created_date') }}

),

responses as (

    select
        person_records.person_id,
        'response:' || campaign_members.campaign_member_id as touch_id,
        'salesforce:' || campaign_members.campaign_id as campaign_id,
        coalesce(
            {{ day_start('campaign_members.first_responded_date', 'settings.reporting_timezone') }},
            campaign_members.created_at
        ) as touched_at

    from campaign_members

    cross join settings

    inner join person_records
        on
            person_records.record_id
            = 'salesforce:' || coalesce(campaign_members.contact_id, campaign_members.lead_id)

    where campaign_members.has_responded and not campaign_members.is_deleted

),

touches as (

    select
        'source:' || first_source_channels.record_id as touch_id,
        first_source_channels.person_id,
        'source' as touch_type,
        first_source_channels.channel,
        campaign_names.campaign_id,
        first_source_channels.created_at as touched_at

    from first_source_channels

    left join campaign_names
        on
            first_source_channels.channel = campaign_names.channel
            and lower(first_source_channels.campaign_name) = campaign_names.campaign_name

    union all

    select
        responses.touch_id,
        responses.person_id,
        'campaign_response',
        coalesce(campaigns.channel, 'unmapped'),
        responses.campaign_id,
        responses.touched_at

    from responses

    left join campaigns
        on responses.campaign_id = campaigns.campaign_id

    union all

    select
        touch_id,
        person_id,
        'touchpoint',
        channel,
        campaign_id,
        touched_at

    from touchpoints

    union all

    select
        'stage:' || stage_events.source_system || ':' || stage_events.record_id || ':' || stage_events.stage
        || ':' || cast(stage_events.changed_at as varchar),
        person_records.person_id,
        'stage_change',
        coalesce(campaigns.channel, 'unmapped'),
        campaigns.campaign_id,
        stage_events.changed_at

    from stage_events

    inner join person_records
        on stage_events.source_system || ':' || stage_events.record_id = person_records.record_id

    left join campaigns
        on
            lower(stage_events.campaign) = lower(campaigns.campaign_name)
            or stage_events.source_system || ':' || stage_events.campaign = campaigns.campaign_id

    where stage_events.campaign is not null

    qualify row_number() over (
        partition by
            stage_events.source_system, stage_events.record_id, stage_events.stage, stage_events.changed_at
        order by campaigns.campaign_id nulls last
    ) = 1

)

select * from touches
