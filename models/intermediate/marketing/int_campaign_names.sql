-- One row per channel and campaign name that says one campaign: a renamed campaign has two, a name
-- that two campaigns of a channel share says nothing and is left out.
with

ad_performance_daily as (

    select * from {{ ref('int_ad_performance_daily') }}

),

campaigns as (

    select * from {{ ref('int_campaigns') }}

),

ad_campaign_names as (

    select distinct campaign_id, lower(campaign_name) as campaign_name
    from ad_performance_daily

),

names as (

    select campaigns.channel, ad_campaign_names.campaign_name, campaigns.campaign_id
    from ad_campaign_names
    inner join campaigns
        on ad_campaign_names.campaign_id = campaigns.campaign_id

    union

    select channel, lower(campaign_name), campaign_id
    from campaigns

    union

    select channel, lower(campaign_id), campaign_id
    from campaigns

),

unambiguous as (

    select
        channel,
        campaign_name,
        min(campaign_id) as campaign_id

    from names

    group by channel, campaign_name

    having count(*) = 1

)

select * from unambiguous
