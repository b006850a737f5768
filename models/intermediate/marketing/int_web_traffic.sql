{{ config(materialized='table') }}

-- One row per day, tool, website, channel and landing page. Reports break the same visits down in
-- several ways, so of each day one report counts: by channel and page, else by channel, else by page,
-- else the whole. Visitors are distinct counts and are never added up (glossary A1).
with

ga4_daily as (

    select * from {{ ref('stg_ga4__traffic_daily') }}

),

ga4_by_nth_day as (

    select * from {{ ref('stg_ga4__traffic_by_nth_day') }}

),

ga4_users_daily as (

    select * from {{ ref('stg_ga4__users_daily') }}

),

ga4_users_by_nth_day as (

    select * from {{ ref('stg_ga4__users_by_nth_day') }}

),

generic_traffic as (

    select * from {{ ref('stg_generic__web_traffic') }}

),

searches as (

    select * from {{ ref('stg_search_console__searches_daily') }}

),

channel_evidence as (

    select * from {{ ref('int_channel_evidence') }}

),

ga4_sessions as (

    select
        1 as report,
        web_property, channel_header, source_header, page_header, channel_group, source_medium,
        source, medium, landing_page, sessions, engaged_sessions, visitors, page_views, date_day, exported_at
    from ga4_daily

    union all

    select
        2,
        web_property, channel_header, source_header, page_header, channel_group, source_medium,
        source, medium, landing_page, sessions, engaged_sessions, visitors, page_views, date_day, exported_at
    from ga4_by_nth_day

),

ga4_users as (

    select web_property, visitors, page_views, date_day, exported_at from ga4_users_daily

    union all

    select web_property, visitors, page_views, date_day, exported_at from ga4_users_by_nth_day

),

properties as (

    select 'ga4' as source_system, web_property from ga4_sessions

    union

    select 'ga4', web_property from ga4_users

    union

    select source_system, web_property from generic_traffic

    union

    select 'search_console', web_property from searches

),

-- An export that names no website is of the tool's only one: to count it beside would count the same
-- visits twice (an archive, and its table unpacked).
only_properties as (

    select
        source_system,
        min(web_property) as web_property

    from properties

    where web_property != 'website'

    group by source_system

    having count(*) = 1

),

located as (

    select
        properties.source_system,
        properties.web_property as exported_property,
        case
            when properties.web_property = 'website' then coalesce(only_properties.web_property, 'website')
            else properties.web_property
        end as web_property

    from properties

    left join only_properties
        on properties.source_system = only_properties.source_system

),

reported as (

    select
        'ga4' as source_system,
        web_property as exported_property,
        concat_ws('|', cast(report as varchar), channel_header, source_header, page_header) as breakdown,
        channel_header is not null or source_header is not null as has_channel,
        page_header is not null as has_page,
        coalesce(channel_group, medium, {{ medium_of('source_medium') }}, source) as source_text,
        case when channel_group is null then {{ ga4_source() }} end as utm_source,
        case when channel_group is null then {{ ga4_medium() }} end as utm_medium,
        cast(null as varchar) as referrer_host,
        cast(null as varchar) as page_host,
        landing_page,
        sessions,
        engaged_sessions,
        visitors,
        page_views,
        date_day,
        exported_at

    from ga4_sessions

    union all

    select
        source_system,
        web_property,
        concat_ws('|', channel_header, page_header),
        channel_header is not null,
        page_header is not null,
        channel_source,
        cast(null as varchar),
        cast(null as varchar),
        cast(null as varchar),
        cast(null as varchar),
        landing_page,
        sessions,
        engaged_sessions,
        visitors,
        page_views,
        date_day,
        exported_at

    from generic_traffic

),

breakdowns as (

    select
        reported.source_system,
        located.web_property,
        reported.exported_property,
        reported.date_day,
        reported.breakdown,
        row_number() over (
            partition by reported.source_system, located.web_property, reported.date_day
            order by
                max(case when reported.has_channel and reported.has_page then 1 else 0 end) desc,
                max(case when reported.has_channel then 1 else 0 end) desc,
                max(case when reported.has_page then 1 else 0 end) desc,
                max(reported.exported_at) desc,
                reported.breakdown asc,
                reported.exported_property asc
        ) as choice

    from reported

    inner join located
        on
            reported.source_system = located.source_system
            and reported.exported_property = located.exported_property

    group by
        reported.source_system, located.web_property, reported.exported_property, reported.date_day,
        reported.breakdown

),

chosen as (

    select
        reported.source_system,
        breakdowns.web_property,
        {{ channel_by_evidence('reported.source_text') }} as channel,
        case when reported.has_page then coalesce(reported.landing_page, 'unknown') else 'all' end as landing_page,
        reported.sessions,
        reported.engaged_sessions,
        reported.visitors,
        reported.page_views,
        reported.date_day

    from reported

    inner join breakdowns
        on
            reported.source_system = breakdowns.source_system
            and reported.exported_property = breakdowns.exported_property
            and reported.date_day = breakdowns.date_day
            and reported.breakdown = breakdowns.breakdown
            and breakdowns.choice = 1

    {{ channel_joins('reported.source_system', 'reported.source_text', 'reported.date_day') }}

    left join channel_evidence
        on channel_evidence.evidence_key = {{ evidence_key('reported', 'reported.date_day', "'&&'") }}

),

visits as (

    select
        source_system,
        web_property,
        channel,
        landing_page,
        cast(sum(sessions) as bigint) as sessions,
        cast(sum(engaged_sessions) as bigint) as engaged_sessions,
        case when count(*) = 1 then max(visitors) end as visitors,
        cast(sum(page_views) as bigint) as page_views,
        date_day

    from chosen

    group by source_system, web_property, channel, landing_page, date_day

),

newest_users as (

    select
        located.web_property,
        ga4_users.visitors,
        ga4_users.page_views,
        ga4_users.date_day

    from ga4_users

    inner join located
        on located.source_system = 'ga4' and ga4_users.web_property = located.exported_property

    qualify row_number() over (
        partition by located.web_property, ga4_users.date_day
        order by ga4_users.exported_at desc, ga4_users.visitors desc
    ) = 1

),

newest_searches as (

    select
        located.web_property,
        searches.impressions,
        searches.clicks,
        searches.average_position,
        searches.date_day

    from searches

    inner join located
        on located.source_system = 'search_console' and searches.web_property = located.exported_property

    qualify row_number() over (
        partition by located.web_property, searches.date_day
        order by searches.exported_at desc, searches.impressions desc, searches.clicks desc
    ) = 1

),

final as (

    select
        source_system,
        web_property,
        channel,
        landing_page,
        sessions,
        engaged_sessions,
        visitors,
        page_views,
        cast(null as bigint) as search_impressions,
        cast(null as bigint) as search_clicks,
        cast(null as double) as search_position,
        date_day

    from visits

    union all

    -- What is known of a website as a whole beside what is known of its channels: its visitors, which
    -- are no sum. Its page views are those of the channels, where these are known.
    select
        'ga4',
        newest_users.web_property,
        'all',
        'all',
        cast(null as bigint),
        cast(null as bigint),
        newest_users.visitors,
        case when breakdowns.breakdown is null then newest_users.page_views end,
        cast(null as bigint),
        cast(null as bigint),
        cast(null as double),
        newest_users.date_day

    from newest_users

    left join breakdowns
        on
            breakdowns.source_system = 'ga4'
            and newest_users.web_property = breakdowns.web_property
            and newest_users.date_day = breakdowns.date_day
            and breakdowns.choice = 1

    union all

    select
        'search_console',
        web_property,
        'organic_search',
        'all',
        cast(null as bigint),
        cast(null as bigint),
        cast(null as bigint),
        cast(null as bigint),
        impressions,
        clicks,
        cast(average_position as double),
        date_day

    from newest_searches

)

select * from final
