{{ config(materialized='table') }}

-- One row per session: its channel is that of the first of its page views that tells where it came from.
with

page_views as (

    select * from {{ ref('int_page_views') }}

),

persons as (

    select * from {{ ref('int_persons') }}

),

-- A visitor who said who they are is that person in all of their sessions.
visitors as (

    select
        source_system,
        visitor_id,
        person_id

    from page_views

    where session_id is not null and person_id is not null

    qualify row_number() over (
        partition by source_system, visitor_id
        order by viewed_at asc, person_id asc
    ) = 1

),

first_traces as (

    select
        session_id,
        channel,
        evidence

    from page_views

    where session_id is not null and channel is not null

    qualify row_number() over (
        partition by session_id
        order by viewed_at asc, page_path asc, view_id asc nulls last
    ) = 1

),

sessions as (

    select
        session_id,
        source_system,
        visitor_id,
        count(*) as page_views,
        min(viewed_date) as session_date,
        min(viewed_at) as started_at

    from page_views

    where session_id is not null

    group by session_id, source_system, visitor_id

),

final as (

    select
        sessions.session_id,
        sessions.source_system,
        sessions.visitor_id,
        visitors.person_id,
        case when not persons.is_excluded then persons.account_id end as account_id,
        coalesce(first_traces.channel, 'direct') as channel,
        coalesce(first_traces.evidence, 'none') as evidence,
        sessions.page_views,
        sessions.session_date,
        sessions.started_at

    from sessions

    left join first_traces
        on sessions.session_id = first_traces.session_id

    left join visitors
        on sessions.source_system = visitors.source_system and sessions.visitor_id = visitors.visitor_id

    left join persons
        on visitors.person_id = persons.person_id

)

select * from final
