-- One row per month and channel, and one for all. Distinct counts of `all` are counts of their own; its other
-- numbers are sums of the channels (glossary A1, A2, A5, A6).
with

web as (

    select * from {{ ref('int_web_monthly') }}

),

reach as (

    select * from {{ ref('int_reach_monthly') }}

),

ads as (

    select * from {{ ref('int_ad_performance_daily') }}

),

social as (

    select * from {{ ref('fct_social_daily') }}

),

mentions as (

    select * from {{ ref('int_mentions_monthly') }}

),

identified as (

    select * from {{ ref('int_identified_accounts') }}

),

market_shares as (

    select * from {{ ref('int_market_shares') }}

),

posts as (

    select
        {{ month_of('date_day') }} as month,
        channel,
        sum(impressions) as impressions,
        sum(engagements) as engagements,
        sum(case when reach is not null then engagements end) as engagements_of_reach,
        sum(case when engagements is not null then reach end) as post_reach

    from social

    where brand = 'own'

    group by {{ month_of('date_day') }}, channel

),

shown as (

    select
        {{ month_of('date_day') }} as month,
        channel,
        impressions

    from ads

    union all

    select
        month,
        channel,
        impressions

    from posts

),

shown_by_channel as (

    select
        month,
        channel,
        sum(impressions) as impressions

    from shown

    group by month, channel

),

keys as (

    select month, channel from web

    union

    select month, channel from reach

    union

    select month, channel from shown_by_channel

    union

    select month, channel from posts

    union

    select month, 'earned_media' from mentions

    union

    select month, channel from identified

),

by_channel as (

    select
        keys.month,
        keys.channel,
        web.sessions,
        web.page_views,
        coalesce(shown_by_channel.impressions, reach.impressions) as impressions,
        posts.impressions as post_impressions,
        posts.post_reach,
        posts.engagements,
        posts.engagements_of_reach,
        mentions.mentions,
        mentions.positive_mentions,
        mentions.negative_mentions,
        mentions.rival_mentions,
        mentions.other_mentions

    from keys

    left join web
        on keys.month = web.month and keys.channel = web.channel

    left join shown_by_channel
        on keys.month = shown_by_channel.month and keys.channel = shown_by_channel.channel

    left join reach
        on keys.month = reach.month and keys.channel = reach.channel

    left join posts
        on keys.month = posts.month and keys.channel = posts.channel

    left join mentions
        on keys.month = mentions.month and keys.channel = 'earned_media'

    where keys.channel != 'all'

),

months as (

    select month from keys

    union

    select month from market_shares

),

-- What a website tells of itself as a whole has no channel: its page views stand in `all` alone.
totals as (

    select
        months.month,
        'all' as channel,
        max(web.sessions) as sessions,
        max(web.page_views) as page_views,
        sum(by_channel.impressions) as impressions,
        sum(by_channel.post_impressions) as post_impressions,
        sum(by_channel.post_reach) as post_reach,
        sum(by_channel.engagements) as engagements,
        sum(by_channel.engagements_of_reach) as engagements_of_reach,
        sum(by_channel.mentions) as mentions,
        sum(by_channel.positive_mentions) as positive_mentions,
        sum(by_channel.negative_mentions) as negative_mentions,
        sum(by_channel.rival_mentions) as rival_mentions,
        sum(by_channel.other_mentions) as other_mentions

    from months

    left join by_channel
        on months.month = by_channel.month

    left join web
        on months.month = web.month and web.channel = 'all'

    group by months.month

),

with_total as (

    select * from by_channel

    union all

    select * from totals

),

-- Reach is known where it is known of all that was shown.
final as (

    select
        with_total.*,
        web.visitors,
        web.definition_source,
        case when reach.impressions = with_total.impressions then reach.reach end as reach,
        identified.identified_accounts,
        market_shares.market_revenue,
        market_shares.market_size

    from with_total

    left join web
        on with_total.month = web.month and with_total.channel = web.channel

    left join reach
        on with_total.month = reach.month and with_total.channel = reach.channel

    left join identified
        on with_total.month = identified.month and with_total.channel = identified.channel

    left join market_shares
        on with_total.month = market_shares.month and with_total.channel = 'all'

)

select
    channel,
    definition_source,
    visitors,
    cast(sessions as bigint) as sessions,
    cast(page_views as bigint) as page_views,
    cast(impressions as bigint) as impressions,
    cast(reach as bigint) as reach,
    {{ ratio('case when reach is not null then impressions end', 'reach') }} as frequency,
    cast(post_impressions as bigint) as post_impressions,
    cast(post_reach as bigint) as post_reach,
    cast(engagements as bigint) as engagements,
    cast(engagements_of_reach as bigint) as engagements_of_reach,
    {{ ratio('engagements', 'post_impressions') }} as engagement_rate,
    {{ ratio('engagements_of_reach', 'post_reach') }} as engagement_rate_by_reach,
    cast(mentions as bigint) as mentions,
    cast(positive_mentions as bigint) as positive_mentions,
    cast(negative_mentions as bigint) as negative_mentions,
    cast(rival_mentions as bigint) as rival_mentions,
    cast(other_mentions as bigint) as other_mentions,
    {{ ratio('case when rival_mentions is not null then mentions end', 'mentions + rival_mentions') }}
        as share_of_voice,
    {{ ratio('positive_mentions - negative_mentions', 'mentions') }} as net_sentiment,
    cast(identified_accounts as bigint) as identified_accounts,
    market_revenue,
    market_size,
    {{ ratio('market_revenue', 'market_size') }} as market_share,
    month

from final
