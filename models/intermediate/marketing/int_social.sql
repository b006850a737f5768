{{ config(materialized='table') }}

-- One row per day, network, account, post (or the page as a whole) and brand: what our own posts reached,
-- and how often others named a brand. Networks that only tell totals so far are read by difference: a
-- post's first total counts on the day it was published, what came later on the day of the export that
-- shows it, also when likes were taken back (glossary A5, A6).
with

generic_daily as (

    select * from {{ ref('stg_generic__social') }}

),

linkedin_daily as (

    select * from {{ ref('stg_linkedin_page__content_daily') }}

),

generic_snapshots as (

    select * from {{ ref('stg_generic__social_snapshots') }}

),

meta_snapshots as (

    select * from {{ ref('stg_meta_business__posts') }}

),

generic_mentions as (

    select * from {{ ref('stg_generic__mentions') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

snapshots as (

    select
        case
            when platform = 'social' and link_domain in ('x.com', 'twitter.com') then 'x'
            when platform = 'social' then coalesce(split_part(link_domain, '.', 1), platform)
            else lower(platform)
        end as platform,
        social_account,
        post_id, impressions, likes, comments, shares, saves, clicks, published_at, exported_at

    from generic_snapshots

    union all

    select
        case when link_domain like '%instagram%' then 'instagram' else 'facebook' end,
        social_account,
        post_id, impressions, likes, comments, shares, saves, clicks, published_at, exported_at

    from meta_snapshots

),

-- Reach so far is of people, and no difference of it is anyone's.
differences as (

    select
        platform,
        social_account,
        post_id,
        {% for column in ['impressions', 'likes', 'comments', 'shares', 'saves', 'clicks'] %}
        {{ column }} - coalesce(lag({{ column }}) over (
            partition by platform, post_id order by exported_at asc
        ), 0) as {{ column }},
        {% endfor %}
        case
            when row_number() over (partition by platform, post_id order by exported_at asc) = 1
                then coalesce(published_at, exported_at)
            else exported_at
        end as counted_at

    from snapshots

),

posts as (

    select
        lower(platform) as platform,
        social_account,
        post_id,
        impressions,
        reach,
        likes,
        comments,
        shares,
        saves,
        clicks,
        followers,
        date_day

    from generic_daily

    union all

    select
        'linkedin',
        social_account,
        cast(null as varchar),
        impressions,
        reach,
        likes,
        comments,
        shares,
        cast(null as bigint),
        clicks,
        cast(null as bigint),
        date_day

    from linkedin_daily

    union all

    select
        differences.platform,
        differences.social_account,
        differences.post_id,
        differences.impressions,
        cast(null as bigint),
        differences.likes,
        differences.comments,
        differences.shares,
        differences.saves,
        differences.clicks,
        cast(null as bigint),
        {{ local_date('differences.counted_at', 'settings.reporting_timezone') }}

    from differences

    cross join settings

),

named as (

    select
        platform,
        coalesce(social_account, platform) as social_account,
        coalesce(post_id, 'all') as post_id,
        impressions,
        reach,
        likes,
        comments,
        shares,
        saves,
        clicks,
        followers,
        date_day,
        max(case when post_id is not null then 1 else 0 end) over (
            partition by platform, coalesce(social_account, platform), date_day
        ) = 1 as has_posts

    from posts

),

-- Where the posts of a day are known one by one, the page as a whole adds its reach and followers alone.
own as (

    select
        platform,
        social_account,
        post_id,
        {% for column in ['impressions', 'likes', 'comments', 'shares', 'saves', 'clicks'] %}
        cast(sum(case when post_id != 'all' or not has_posts then {{ column }} end) as bigint) as {{ column }},
        {% endfor %}
        case when count(*) = 1 then max(reach) end as reach,
        max(followers) as followers,
        date_day

    from named

    group by platform, social_account, post_id, date_day

),

earned as (

    select
        coalesce(lower(generic_mentions.platform), generic_mentions.url_domain, 'unknown') as platform,
        coalesce(generic_mentions.brand, 'unnamed') as brand,
        {{ local_date('generic_mentions.mentioned_at', 'settings.reporting_timezone') }} as date_day,
        generic_mentions.sentiment

    from generic_mentions

    cross join settings

    where not coalesce(generic_mentions.is_own, false) and not coalesce(generic_mentions.is_duplicate, false)

),

mentions as (

    select
        platform,
        brand,
        count(*) as mentions,
        count(case when sentiment = 'positive' then 1 end) as positive_mentions,
        count(case when sentiment = 'negative' then 1 end) as negative_mentions,
        date_day

    from earned

    group by platform, brand, date_day

),

final as (

    select
        platform,
        'organic_social' as channel,
        social_account,
        post_id,
        'own' as brand,
        impressions,
        reach,
        likes,
        comments,
        shares,
        saves,
        clicks,
        followers,
        cast(null as bigint) as mentions,
        cast(null as bigint) as positive_mentions,
        cast(null as bigint) as negative_mentions,
        date_day

    from own

    union all

    select
        platform,
        'earned_media',
        'all',
        'all',
        brand,
        cast(null as bigint),
        cast(null as bigint),
        cast(null as bigint),
        cast(null as bigint),
        cast(null as bigint),
        cast(null as bigint),
        cast(null as bigint),
        cast(null as bigint),
        mentions,
        positive_mentions,
        negative_mentions,
        date_day

    from mentions

)

select * from final
