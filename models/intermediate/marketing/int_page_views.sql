{{ config(materialized='table') }}

-- One row per page load of our own log. A robot's and an own employee's are flagged and in no session; so is
-- a load without the visitor's consent, which is a page view all the same. A session is a visitor's loads
-- with gaps of up to half an hour, whatever the day or the campaign (glossary A1).
with

page_views as (

    select * from {{ ref('stg_generic__page_views') }}

),

person_records as (

    select * from {{ ref('int_person_records') }}

),

channel_evidence as (

    select * from {{ ref('int_channel_evidence') }}

),

bot_agents as (

    select * from {{ source('definitions', 'bot_agents') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

persons_by_email as (

    {{ persons_by_email('person_records') }}

),

dated as (

    select
        page_views.source_system,
        page_views.view_id,
        case when coalesce(page_views.has_consent, true) then page_views.visitor_id end as visitor_id,
        page_views.record_id,
        page_views.email_key,
        page_views.page_path,
        page_views.page_host,
        page_views.utm_source,
        page_views.utm_medium,
        page_views.referrer_host,
        lower(page_views.user_agent) as user_agent,
        {{ click_ids('page_views') }} as click_ids,
        coalesce(page_views.is_bot, false) as is_bot,
        coalesce(page_views.is_internal, false) as is_internal,
        {{ local_date('page_views.viewed_at', 'settings.reporting_timezone') }} as viewed_date,
        page_views.viewed_at

    from page_views

    cross join settings

    where page_views.deleted_at is null

),

agents as (

    select distinct
        user_agent,
        viewed_date

    from dated

    where user_agent is not null

),

robots as (

    select distinct
        agents.user_agent,
        agents.viewed_date

    from agents

    inner join bot_agents
        on
            agents.user_agent like lower(bot_agents.agent_pattern)
            and {{ in_force('bot_agents', 'agents.viewed_date') }}

),

described as (

    select
        dated.*,
        case
            when dated.is_bot or robots.user_agent is not null then 'bot'
            when dated.is_internal then 'internal'
        end as exclusion_rule,
        coalesce(records.person_id, persons_by_email.person_id) as person_id,
        case
            when channel_evidence.channel is not null then channel_evidence.evidence
            when channel_evidence.is_referral then 'referrer'
            when channel_evidence.has_utm then 'utm'
        end as evidence,
        case
            when channel_evidence.channel is not null then channel_evidence.channel
            when channel_evidence.is_referral then 'referral'
            when channel_evidence.has_utm then 'unmapped'
        end as channel

    from dated

    left join robots
        on dated.user_agent = robots.user_agent and dated.viewed_date = robots.viewed_date

    left join person_records as records
        on dated.source_system || ':' || dated.record_id = records.record_id

    left join persons_by_email
        on dated.email_key = persons_by_email.email_key

    left join channel_evidence
        on channel_evidence.evidence_key = {{ evidence_key('dated', 'dated.viewed_date', 'dated.click_ids') }}

),

compared as (

    select
        *,
        exclusion_rule is null and visitor_id is not null as is_in_session,
        lag(viewed_at) over (
            partition by source_system, visitor_id, exclusion_rule
            order by viewed_at asc, page_path asc, view_id asc nulls last
        ) as previous_viewed_at

    from described

),

numbered as (

    select
        compared.*,
        case
            when compared.is_in_session then sum(
                case
                    when
                        compared.previous_viewed_at is null
                        or compared.viewed_at > compared.previous_viewed_at + interval '1' minute
                        * cast({{ parameter('definition', 'session_timeout_minutes') }} as integer)
                        then 1
                    else 0
                end
            ) over (
                partition by compared.source_system, compared.visitor_id, compared.exclusion_rule
                order by compared.viewed_at asc, compared.page_path asc, compared.view_id asc nulls last
                rows between unbounded preceding and current row
            )
        end as session_number

    from compared

    {{ definition_join('definition', 'sessions', 'compared.viewed_date') }}

)

select
    source_system,
    view_id,
    visitor_id,
    source_system || ':' || visitor_id || ':' || cast(session_number as varchar) as session_id,
    person_id,
    page_path,
    page_host,
    evidence,
    channel,
    exclusion_rule,
    viewed_date,
    viewed_at

from numbered
