{{ config(materialized='table') }}

-- One row per customer, currency and month: what runs at the end of the month, or today in the last one. A
-- subscription that ends on the last day of a month does not run at its end (glossary C5).
with

subscriptions as (

    select * from {{ ref('int_subscriptions') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

months as (

    select distinct month from {{ ref('int_mrr_rates') }}

),

month_ends as (

    select
        months.month,
        least({{ add_days(add_months('months.month', 1), -1) }}, settings.as_of) as last_day

    from months

    cross join settings

),

final as (

    select
        subscriptions.account_id,
        subscriptions.currency_code,
        month_ends.month,
        cast(coalesce(sum(subscriptions.monthly_amount), 0) as decimal(18, 6)) as amount_original,
        count(*) as subscriptions,
        count(case when subscriptions.monthly_amount is null then 1 end) as subscriptions_without_amount

    from subscriptions

    inner join month_ends
        on
            subscriptions.start_date <= month_ends.last_day
            and (subscriptions.end_date > month_ends.last_day or subscriptions.end_date is null)

    group by subscriptions.account_id, subscriptions.currency_code, month_ends.month

)

select * from final
