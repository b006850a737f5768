-- One row per day, network, account, post and brand.
select
    platform,
    channel,
    social_account,
    post_id,
    brand,
    impressions,
    reach,
    likes,
    comments,
    shares,
    saves,
    clicks,
    case
        when coalesce(likes, comments, shares, saves, clicks) is not null
            then
                coalesce(likes, 0) + coalesce(comments, 0) + coalesce(shares, 0) + coalesce(saves, 0)
                + coalesce(clicks, 0)
    end as engagements,
    followers,
    mentions,
    positive_mentions,
    negative_mentions,
    date_day

from {{ ref('int_social') }}
