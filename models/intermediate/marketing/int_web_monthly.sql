-- One row per month and channel, and one for all: sessions, visitors and page views of one tool, the one that
-- covers most days of the month, as two tools on one website count the same visits. Visitors are distinct
-- counts, of our own log or as a tool tells them for the whole month, and never a sum (glossary A1).
with

page_views as (

    select * from {{ ref('int_page_views') }}

),

web_sessions as (

    select * from {{ ref('int_web_sessions') }}

),

web_traffic as (

    select * from {{ ref('int_web_traffic') }}

),

web_visitors as (

    select * from {{ ref('stg_generic__web_visitors') }}

),

counted_views as (

    select
        {{ month_of('page_views.viewed_date') }} as month,
        page_views.viewed_date,
        coalesce(web_sessions.channel, page_views.channel, 'direct') as channel

    from page_views

    left join web_sessions
        on page_views.session_id = web_sessions.session_id

    where page_views.exclusion_rule is null

),

days as (

    select
        month,
        'page_views' as source_system,
        count(distinct viewed_date) as days

    from counted_views

    group by month

    union all

    select
        {{ month_of('date_day') }},
        source_system,
        count(distinct date_day)

    from web_traffic

    where sessions is not null

    group by {{ month_of('date_day') }}, source_system

),

chosen as (

    select
        month,
        source_system

    from days

    qualify row_number() over (
        partition by month
        order by days desc, case when source_system = 'page_views' then 1 else 2 end asc, source_system asc
    ) = 1

),

own_sessions as (

    select
        {{ month_of('session_date') }} as month,
        channel,
        visitor_id

    from web_sessions

),

own_visits as (

    select
        month,
        channel,
        count(*) as sessions,
        count(distinct visitor_id) as visitors,
        cast(null as bigint) as page_views

    from own_sessions

    group by month, channel

    union all

    select
        month,
        'all',
        count(*),
        count(distinct visitor_id),
        cast(null as bigint)

    from own_sessions

    group by month

    union all

    select
        month,
        channel,
        cast(null as bigint),
        cast(null as bigint),
        count(*)

    from counted_views

    group by month, channel

    union all

    select
        month,
        'all',
        cast(null as bigint),
        cast(null as bigint),
        count(*)

    from counted_views

    group by month

),

own as (

    select
        month,
        'page_views' as source_system,
        channel,
        coalesce(sum(sessions), 0) as sessions,
        coalesce(sum(visitors), 0) as visitors,
        coalesce(sum(page_views), 0) as page_views

    from own_visits

    group by month, channel

),

told_visitors as (

    select
        web_visitors.month,
        web_visitors.source_system,
        case
            when web_visitors.channel_source is null then 'all'
            else {{ channel_of('web_visitors.channel_source') }}
        end as channel,
        web_visitors.visitors

    from web_visitors

    {{ channel_joins('web_visitors.source_system', 'web_visitors.channel_source', 'web_visitors.month') }}

),

-- Two websites, or two names of one channel, share visitors: then nobody knows how many there were.
distinct_visitors as (

    select
        month,
        source_system,
        channel,
        case when count(*) = 1 then max(visitors) end as visitors

    from told_visitors

    group by month, source_system, channel

),

reported_visits as (

    select
        {{ month_of('date_day') }} as month,
        source_system,
        channel,
        sum(sessions) as sessions,
        sum(page_views) as page_views

    from web_traffic

    where channel != 'all'

    group by {{ month_of('date_day') }}, source_system, channel

    union all

    select
        {{ month_of('date_day') }},
        source_system,
        'all',
        sum(sessions),
        sum(page_views)

    from web_traffic

    group by {{ month_of('date_day') }}, source_system

),

unioned as (

    select
        month,
        source_system,
        channel,
        sessions,
        visitors,
        page_views

    from own

    union all

    select
        reported_visits.month,
        reported_visits.source_system,
        reported_visits.channel,
        reported_visits.sessions,
        distinct_visitors.visitors,
        reported_visits.page_views

    from reported_visits

    left join distinct_visitors
        on
            reported_visits.month = distinct_visitors.month
            and reported_visits.source_system = distinct_visitors.source_system
            and reported_visits.channel = distinct_visitors.channel

)

select
    unioned.month,
    unioned.channel,
    unioned.source_system as definition_source,
    cast(unioned.sessions as bigint) as sessions,
    cast(unioned.visitors as bigint) as visitors,
    cast(unioned.page_views as bigint) as page_views

from unioned

inner join chosen
    on unioned.month = chosen.month and unioned.source_system = chosen.source_system
