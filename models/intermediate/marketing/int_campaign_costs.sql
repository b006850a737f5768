-- One row per month and campaign: what it cost, media and agency (glossary C4). A cost that names no campaign,
-- stays `unattributed`.
with

costs as (

    select * from {{ ref('int_costs') }}

),

campaigns as (

    select * from {{ ref('int_campaigns') }}

),

campaign_names as (

    select * from {{ ref('int_campaign_names') }}

),

-- The ledger calls campaigns by their name.
known as (

    select
        costs.month,
        coalesce(
            campaigns.campaign_id, campaign_names.campaign_id, nullif(costs.campaign_id, ''), 'unattributed'
        ) as campaign_id,
        costs.amount,
        costs.rates_missing

    from costs

    left join campaigns
        on costs.campaign_id = campaigns.campaign_id

    left join campaign_names
        on
            costs.channel = campaign_names.channel
            and lower(costs.campaign_id) = campaign_names.campaign_name

    where costs.cost_type in ('media', 'agency')

),

summed as (

    select
        month,
        campaign_id,
        cast(sum(amount) as decimal(18, 6)) as spend,
        cast(sum(rates_missing) as bigint) as rates_missing

    from known

    group by month, campaign_id

)

select * from summed
