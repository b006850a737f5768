-- One row per campaign of any platform, under its newest name.
select
    campaign_id,
    platform,
    campaign_name,
    channel

from {{ ref('int_campaigns') }}
