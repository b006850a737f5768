-- One row per month, campaign and attribution model: the cost of the month, and the deals that its touches
-- led to within the window (glossary C4). The cost stands in each model: never add up over models.
with

costs as (

    select * from {{ ref('int_campaign_costs') }}

),

credits as (

    select * from {{ ref('int_campaign_credits') }}

),

campaigns as (

    select * from {{ ref('int_campaigns') }}

),

windows as (

    select * from {{ ref('int_campaign_windows') }}

),

credited as (

    select
        month,
        campaign_id,
        count(case when conversion = 'opportunity' then 1 end) as credited_opportunities,
        count(case when conversion = 'won' then 1 end) as credited_won,
        count(case when conversion = 'won' and acv is null then 1 end) as n_no_acv,
        {{ money("sum(case when conversion = 'opportunity' then acv end)") }} as credited_pipeline,
        {{ money("sum(case when conversion = 'won' then acv end)") }} as credited_amount,
        {{ money("sum(case when conversion = 'won' then margin end)") }} as credited_margin,
        count(case when conversion = 'won' and acv is not null and margin is null then 1 end) as margins_missing

    from credits

    group by month, campaign_id

),

keys as (

    select month, campaign_id from costs

    union distinct

    select month, campaign_id from credited

),

joined as (

    select
        keys.month,
        keys.campaign_id,
        coalesce(campaigns.campaign_name, keys.campaign_id) as campaign_name,
        coalesce(campaigns.platform, 'unattributed') as platform,
        coalesce(campaigns.channel, 'unattributed') as channel,
        {{ money_parts('coalesce(costs.spend, 0)', 'keys.month', 'keys.campaign_id') }} as spend,
        coalesce(credited.credited_opportunities, 0) as credited_opportunities,
        coalesce(credited.credited_won, 0) as credited_won,
        coalesce(credited.n_no_acv, 0) as n_no_acv,
        coalesce(credited.credited_pipeline, 0) as credited_pipeline,
        coalesce(credited.credited_amount, 0) as credited_amount,
        -- The margin of some of the deals is not the margin of all.
        case when coalesce(credited.margins_missing, 0) = 0 then coalesce(credited.credited_margin, 0) end
            as credited_margin,
        windows.window_days,
        windows.is_mature

    from keys

    left join costs
        on keys.month = costs.month and keys.campaign_id = costs.campaign_id

    left join credited
        on keys.month = credited.month and keys.campaign_id = credited.campaign_id

    left join campaigns
        on keys.campaign_id = campaigns.campaign_id

    left join windows
        on keys.month = windows.month

)

select
    campaign_id,
    campaign_name,
    platform,
    channel,
    'first' as model,
    credited_opportunities,
    credited_won,
    n_no_acv,
    window_days,
    spend,
    {{ money('credited_pipeline') }} as credited_pipeline,
    {{ money('credited_amount') }} as credited_amount,
    {{ money('credited_margin') }} as credited_margin,
    case when spend > 0 then {{ ratio('credited_amount', 'spend') }} end as roas,
    case when spend > 0 then {{ ratio('credited_margin - spend', 'spend') }} end as roi,
    case when spend > 0 then {{ ratio('credited_amount - spend', 'spend') }} end as revenue_roi,
    true as is_headline,
    is_mature,
    month

from joined
