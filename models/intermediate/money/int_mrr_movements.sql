{{ config(materialized='table') }}

-- One row per customer and month in which there is recurring revenue, or was at the end of the month before:
-- what became of it, signed, at one rate a fiscal year (glossary C5).
with

mrr as (

    select * from {{ ref('int_mrr') }}

),

rates as (

    select * from {{ ref('int_mrr_rates') }}

),

-- What stands at a month's end opens the next month: at the rate it closed at, and at that of the new month.
positions as (

    select
        mrr.account_id,
        mrr.month,
        0 as opening,
        0 as opening_at_new_rate,
        mrr.amount_original * rates.rate as closing,
        case when rates.rate is null then mrr.subscriptions else mrr.subscriptions_without_amount end
            as subscriptions_not_valued

    from mrr

    left join rates
        on mrr.month = rates.month and mrr.currency_code = rates.currency_code

    union all

    select
        mrr.account_id,
        next_rates.month,
        mrr.amount_original * rates.rate,
        mrr.amount_original * next_rates.rate,
        0,
        0

    from mrr

    left join rates
        on mrr.month = rates.month and mrr.currency_code = rates.currency_code

    inner join rates as next_rates
        on
            {{ add_months('mrr.month', 1) }} = next_rates.month
            and mrr.currency_code = next_rates.currency_code

),

summed as (

    select
        account_id,
        month,
        {{ money('coalesce(sum(opening), 0)') }} as opening,
        {{ money('coalesce(sum(opening_at_new_rate), 0)') }} as opening_at_new_rate,
        {{ money('coalesce(sum(closing), 0)') }} as closing,
        cast(sum(subscriptions_not_valued) as bigint) as subscriptions_not_valued

    from positions

    group by account_id, month

),

compared as (

    select
        *,
        closing - opening_at_new_rate as change,
        coalesce(
            max(case when closing > 0 then 1 else 0 end) over (
                partition by account_id
                order by month
                rows between unbounded preceding and 1 preceding
            ), 0
        ) as has_been_customer

    from summed

),

classified as (

    select
        *,
        case
            when opening_at_new_rate <= 0 and closing > 0 and has_been_customer = 0 then 'new'
            when opening_at_new_rate <= 0 and closing > 0 then 'reactivation'
            when opening_at_new_rate > 0 and closing <= 0 then 'churn'
            when change > 0 then 'expansion'
            else 'contraction'
        end as movement

    from compared

),

final as (

    select
        account_id,
        month,
        opening,
        {{ money("case when movement = 'new' then change else 0 end") }} as new,
        {{ money("case when movement = 'reactivation' then change else 0 end") }} as reactivation,
        {{ money("case when movement = 'expansion' then change else 0 end") }} as expansion,
        {{ money("case when movement = 'contraction' then change else 0 end") }} as contraction,
        {{ money("case when movement = 'churn' then change else 0 end") }} as churn,
        {{ money('opening_at_new_rate - opening') }} as fx,
        closing,
        subscriptions_not_valued

    from classified

    where opening != 0 or opening_at_new_rate != 0 or closing != 0 or subscriptions_not_valued > 0

)

select * from final
