{{ config(materialized='table') }}

-- One row per subscription and period in which its amount did not change: who pays how much a month, from
-- the start until the day before the end (glossary C5).
with

subscriptions as (

    select * from {{ ref('int_subscriptions_unioned') }}

),

buyers as (

    select * from {{ ref('int_buyers') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

final as (

    select
        subscriptions.subscription_id,
        coalesce(buyers.account_id, 'unattributed') as account_id,
        subscriptions.source_system,
        subscriptions.product,
        coalesce(subscriptions.currency_code, settings.reporting_currency) as currency_code,
        subscriptions.billing_interval,
        subscriptions.status,
        subscriptions.quantity,
        -- Trials, and what is paused or not paid, count nothing; what is overdue counts until it is cancelled.
        case
            when
                subscriptions.source_system != 'stripe'
                and subscriptions.status in (
                    'trialing', 'trial', 'unpaid', 'paused', 'incomplete', 'incomplete_expired'
                )
                then 0
            else subscriptions.monthly_amount
        end as monthly_amount,
        subscriptions.start_date,
        subscriptions.end_date

    from subscriptions

    cross join settings

    left join buyers
        on {{ buyer_id('subscriptions') }} = buyers.buyer_id

)

select * from final
