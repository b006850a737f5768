-- One row per month of the MQL and campaign, and one for all: what sales made of the MQLs, and why it turned some
-- down (glossary B10, B11). The campaign is that of the MQL's touch; campaigns with spend and no MQL are here, too.
{% set counted = ['decided', 'accepted', 'rejected', 'recycled', 'pending', 'rejected_with_reason', 'assessed'] %}
{% set counted = counted + ['bant_score', 'bant_completeness'] + reject_reasons() + ['not_given'] %}
with

decisions as (

    select * from {{ ref('int_lead_decisions') }}
    where not is_deleted

),

ad_performance as (

    select * from {{ ref('int_ad_performance_daily') }}

),

campaigns as (

    select * from {{ ref('int_campaigns') }}

),

mqls as (

    select
        coalesce(campaign_id, 'unattributed') as campaign_id,
        month,
        sum(case when decision in ('accepted', 'rejected') then 1 else 0 end) as decided,
        sum(case when decision = 'accepted' then 1 else 0 end) as accepted,
        sum(case when decision = 'rejected' then 1 else 0 end) as rejected,
        sum(case when decision = 'recycled' then 1 else 0 end) as recycled,
        sum(case when decision = 'pending' then 1 else 0 end) as pending,
        sum(case when reject_reason != 'not_given' then 1 else 0 end) as rejected_with_reason,
        sum(case when decision in ('accepted', 'rejected') and bant_score is not null then 1 else 0 end) as assessed,
        sum(case when decision in ('accepted', 'rejected') then coalesce(bant_score, 0) else 0 end) as bant_score,
        sum(case when decision in ('accepted', 'rejected') then coalesce(bant_completeness, 0) else 0 end)
            as bant_completeness,
        {% for reason in reject_reasons() %}
        sum(case when reject_reason = '{{ reason }}' then 1 else 0 end) as {{ reason }},
        {% endfor %}
        sum(case when reject_reason = 'not_given' then 1 else 0 end) as not_given

    from decisions

    group by coalesce(campaign_id, 'unattributed'), month

),

exact_spend as (

    select
        coalesce(campaign_id, 'unattributed') as campaign_id,
        {{ month_of('date_day') }} as month,
        sum(spend) as exact_spend

    from ad_performance

    group by coalesce(campaign_id, 'unattributed'), {{ month_of('date_day') }}

),

spend as (

    select
        campaign_id,
        month,
        {{ money_parts('exact_spend', partition_by='month', tie='campaign_id') }} as spend

    from exact_spend

),

by_campaign as (

    select
        coalesce(mqls.campaign_id, spend.campaign_id) as campaign_id,
        coalesce(mqls.month, spend.month) as month,
        {% for column in counted %}
        coalesce(mqls.{{ column }}, 0) as {{ column }},
        {% endfor %}
        spend.spend

    from mqls

    full outer join spend
        on
            mqls.campaign_id = spend.campaign_id
            and mqls.month = spend.month

),

with_total as (

    select * from by_campaign

    union all

    select
        'all' as campaign_id,
        month,
        {% for column in counted %}
        sum({{ column }}) as {{ column }},
        {% endfor %}
        sum(spend) as spend

    from by_campaign

    group by month

)

select
    with_total.campaign_id,
    coalesce(campaigns.campaign_name, with_total.campaign_id) as campaign_name,
    cast(with_total.decided as bigint) as decided,
    cast(with_total.accepted as bigint) as accepted,
    cast(with_total.rejected as bigint) as rejected,
    cast(with_total.recycled as bigint) as recycled,
    cast(with_total.pending as bigint) as pending,
    {{ ratio('with_total.rejected', 'with_total.decided') }} as rejection_rate,
    {{ wilson('low', 'with_total.rejected', 'with_total.decided') }} as ci_low,
    {{ wilson('high', 'with_total.rejected', 'with_total.decided') }} as ci_high,
    cast(with_total.rejected_with_reason as bigint) as rejected_with_reason,
    {{ ratio('with_total.rejected_with_reason', 'with_total.rejected') }} as feedback_completeness,
    {% for reason in reject_reasons() + ['not_given'] %}
    cast(with_total.{{ reason }} as bigint) as {{ reason }},
    {% endfor %}
    {{ money('with_total.spend') }} as spend,
    {{ cost_ratio('with_total.spend', 'with_total.accepted') }} as cost_per_accepted_lead,
    cast(with_total.assessed as bigint) as assessed,
    cast(with_total.bant_score as bigint) as bant_score_sum,
    case when with_total.assessed > 0 then {{ ratio('with_total.bant_score', 'with_total.decided') }} end
        as bant_score_avg,
    cast(with_total.bant_completeness as bigint) as bant_completeness_sum,
    case when with_total.assessed > 0 then {{ ratio('with_total.bant_completeness', 'with_total.decided') }} end
        as bant_completeness_avg,
    with_total.month

from with_total

left join campaigns
    on with_total.campaign_id = campaigns.campaign_id
