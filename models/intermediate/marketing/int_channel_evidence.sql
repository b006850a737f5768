{{ config(materialized='table') }}

-- One row per day and combination of traces that touches and visits carry: the channel that the rules of
-- that day read from them. A click id counts before utm parameters, these before the referrer; the own
-- website is no referrer.
with

touchpoints as (

    select * from {{ ref('stg_generic__touchpoints') }}

),

page_views as (

    select * from {{ ref('stg_generic__page_views') }}

),

ga4_daily as (

    select * from {{ ref('stg_ga4__traffic_daily') }}

),

ga4_by_nth_day as (

    select * from {{ ref('stg_ga4__traffic_by_nth_day') }}

),

rules as (

    select * from {{ source('definitions', 'channel_rules') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

-- Reports of web analytics that name no channel group: their source and medium are what utm parameters say.
ga4_sources as (

    select source_medium, source, medium, date_day
    from ga4_daily
    where channel_group is null

    union

    select source_medium, source, medium, date_day
    from ga4_by_nth_day
    where channel_group is null

),

traces as (

    select
        {{ click_ids('touchpoints') }} as click_ids,
        touchpoints.utm_source,
        touchpoints.utm_medium,
        touchpoints.referrer_host,
        touchpoints.page_host,
        {{ local_date('touchpoints.touched_at', 'settings.reporting_timezone') }} as date_day

    from touchpoints

    cross join settings

    union all

    select
        {{ click_ids('page_views') }},
        page_views.utm_source,
        page_views.utm_medium,
        page_views.referrer_host,
        page_views.page_host,
        {{ local_date('page_views.viewed_at', 'settings.reporting_timezone') }}

    from page_views

    cross join settings

    union all

    select
        '&&',
        {{ ga4_source() }},
        {{ ga4_medium() }},
        cast(null as varchar),
        cast(null as varchar),
        date_day

    from ga4_sources

),

evidence as (

    select distinct
        {{ evidence_key('traces', 'traces.date_day', 'traces.click_ids') }} as evidence_key,
        lower(click_ids) as click_ids,
        lower(utm_source) as utm_source,
        lower(utm_medium) as utm_medium,
        case
            when
                lower(referrer_host) = lower(page_host)
                or lower(referrer_host) like '%.' || lower(page_host)
                or lower(page_host) like '%.' || lower(referrer_host)
                then null
            else lower(referrer_host)
        end as referrer_host,
        date_day

    from traces

    where click_ids != '&&' or coalesce(utm_source, utm_medium, referrer_host) is not null

),

matches as (

    select
        evidence.evidence_key,
        rules.evidence,
        rules.channel

    from evidence

    inner join rules
        on
            {{ in_force('rules', 'evidence.date_day') }}
            and case rules.evidence
                when 'click_id' then evidence.click_ids like '%&' || lower(rules.source_pattern) || '&%'
                when 'referrer' then evidence.referrer_host like lower(rules.source_pattern)
                else
                    coalesce(evidence.utm_source, evidence.utm_medium) is not null
                    and coalesce(evidence.utm_source, '') like lower(rules.source_pattern)
                    and coalesce(evidence.utm_medium, '') like lower(coalesce(rules.medium_pattern, '%'))
            end

    qualify row_number() over (
        partition by evidence.evidence_key
        order by
            case rules.evidence when 'click_id' then 1 when 'utm' then 2 else 3 end asc,
            rules.priority asc,
            rules.source_pattern asc,
            rules.medium_pattern asc nulls last
    ) = 1

),

final as (

    select
        evidence.evidence_key,
        matches.evidence,
        nullif(matches.channel, 'none') as channel,
        evidence.referrer_host is not null and coalesce(matches.channel, '') != 'none' as is_referral,
        coalesce(evidence.utm_source, evidence.utm_medium) is not null as has_utm

    from evidence

    left join matches
        on evidence.evidence_key = matches.evidence_key

)

select * from final
