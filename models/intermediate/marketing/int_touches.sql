{{ config(materialized='table') }}

-- One row per touch of a person: where they came from, what they answered, visited and clicked, and whom
-- they met. The same touch again within half an hour of the one before it is no further touch (glossary E).
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

email_messages as (

    select * from {{ ref('int_email_messages') }}

),

activities as (

    select * from {{ ref('int_activities') }}

),

persons as (

    select * from {{ ref('int_persons') }}

),

campaigns as (

    select * from {{ ref('int_campaigns') }}

),

campaign_names as (

    select * from {{ ref('int_campaign_names') }}

),

channels as (

    select * from {{ source('definitions', 'channels') }}

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

stage_touches as (

    select
        'stage:' || stage_events.source_system || ':' || stage_events.record_id || ':' || stage_events.stage
        || ':' || cast(stage_events.changed_at as varchar) as touch_id,
        person_records.person_id,
        coalesce(campaigns.channel, 'unmapped') as channel,
        campaigns.campaign_id,
        stage_events.changed_at as touched_at

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

),

touches as (

    select
        'source:' || first_source_channels.record_id as touch_id,
        first_source_channels.person_id,
        'source' as touch_type,
        cast(null as varchar) as interaction,
        first_source_channels.channel,
        'source_text' as evidence,
        campaign_names.campaign_id,
        true as names_source,
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
        cast(null as varchar),
        coalesce(campaigns.channel, 'unmapped'),
        'campaign',
        responses.campaign_id,
        true,
        responses.touched_at

    from responses

    left join campaigns
        on responses.campaign_id = campaigns.campaign_id

    union all

    select
        touch_id,
        person_id,
        'touchpoint',
        interaction,
        channel,
        evidence,
        campaign_id,
        true,
        touched_at

    from touchpoints

    union all

    select
        touch_id,
        person_id,
        'stage_change',
        cast(null as varchar),
        channel,
        'campaign',
        campaign_id,
        true,
        touched_at

    from stage_touches

    union all

    select
        'email_click:' || campaign_id || ':' || recipient_id,
        person_id,
        'email_click',
        cast(null as varchar),
        'email',
        'campaign',
        campaign_id,
        true,
        clicked_at

    from email_messages

    where is_clicked_human and person_id is not null and clicked_at is not null

    union all

    -- A meeting is what sales made of somebody, and never where they came from.
    select
        'meeting:' || activity_id,
        person_id,
        'meeting',
        cast(null as varchar),
        'outbound',
        'activity',
        cast(null as varchar),
        false,
        occurred_at

    from activities

    where
        activity_type = 'meeting' and is_completed and not is_deleted
        and person_id is not null and occurred_at is not null

),

described as (

    select
        touches.*,
        concat_ws(
            '|',
            touches.touch_type, coalesce(touches.interaction, ''), touches.channel,
            coalesce(touches.campaign_id, '')
        ) as kind

    from touches

),

compared as (

    select
        *,
        coalesce(
            kind = lag(kind) over (partition by person_id order by touched_at asc nulls last, touch_id asc)
            and touched_at <= lag(touched_at) over (
                partition by person_id order by touched_at asc nulls last, touch_id asc
            ) + interval '30' minute,
            false
        ) as is_repeat

    from described

),

runs as (

    select
        *,
        sum(case when is_repeat then 0 else 1 end) over (
            partition by person_id
            order by touched_at asc nulls last, touch_id asc
            rows between unbounded preceding and current row
        ) as run

    from compared

),

final as (

    select
        runs.touch_id,
        runs.person_id,
        persons.account_id,
        runs.touch_type,
        runs.interaction,
        runs.channel,
        runs.evidence,
        runs.campaign_id,
        runs.names_source,
        coalesce(channels.is_marketing, false) as is_marketing,
        count(*) over (partition by runs.person_id, runs.run) - 1 as repeats,
        runs.touched_at

    from runs

    left join persons
        on runs.person_id = persons.person_id

    left join channels
        on runs.channel = channels.channel

    qualify row_number() over (
        partition by runs.person_id, runs.run
        order by runs.touched_at asc nulls last, runs.touch_id asc
    ) = 1

)

select * from final
