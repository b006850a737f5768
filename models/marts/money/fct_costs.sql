-- One row per month, channel, campaign and type of cost. Media comes from ad spend alone.
select
    channel,
    nullif(campaign_id, '') as campaign_id,
    cost_type,
    amount,
    month

from {{ ref('int_costs') }}
