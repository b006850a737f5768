{{ config(materialized='table') }}

-- One row per month and number of months looked back: what became of the customers that there were then. Both
-- ends are counted at the rate of the later one (glossary C6).
with

mrr as (

    select * from {{ ref('int_mrr') }}

),

rates as (

    select * from {{ ref('int_mrr_rates') }}

),

windows as (

    select 1 as window_months

    union all

    select 12

),

months as (

    select distinct month from rates

),

first_month as (

    select min(month) as month from months

),

-- Only months that have a whole window of history behind them.
spans as (

    select
        months.month,
        windows.window_months,
        {{ add_months('months.month', '-windows.window_months') }} as start_month

    from months

    cross join windows

    inner join first_month
        on {{ add_months('months.month', '-windows.window_months') }} >= first_month.month

),

ends as (

    select
        spans.month,
        spans.window_months,
        mrr.account_id,
        {{ money('coalesce(sum(case when mrr.month < spans.month then mrr.amount_original * rates.rate end), 0)') }}
            as start_mrr,
        {{ money('coalesce(sum(case when mrr.month = spans.month then mrr.amount_original * rates.rate end), 0)') }}
            as end_mrr

    from spans

    inner join mrr
        on mrr.month in (spans.start_month, spans.month)

    inner join rates
        on spans.month = rates.month and mrr.currency_code = rates.currency_code

    group by spans.month, spans.window_months, mrr.account_id

),

summed as (

    select
        month,
        window_months,
        count(*) as customers_start,
        count(case when end_mrr <= 0 then 1 end) as customers_lost,
        sum(start_mrr) as start_mrr,
        sum(end_mrr) as end_mrr,
        sum(least(start_mrr, end_mrr)) as retained_mrr,
        sum(case when end_mrr <= 0 then start_mrr else 0 end) as churned_mrr

    from ends

    where start_mrr > 0

    group by month, window_months

),

parts as (

    select
        spans.month,
        spans.window_months,
        coalesce(summed.customers_start, 0) as customers_start,
        coalesce(summed.customers_lost, 0) as customers_lost,
        {{ money('coalesce(summed.start_mrr, 0)') }} as start_mrr,
        {{ money('coalesce(summed.end_mrr, 0)') }} as end_mrr,
        {{ money('coalesce(summed.retained_mrr, 0)') }} as retained_mrr,
        {{ money('coalesce(summed.churned_mrr, 0)') }} as churned_mrr

    from spans

    left join summed
        on spans.month = summed.month and spans.window_months = summed.window_months

)

select
    *,
    {{ ratio('end_mrr', 'start_mrr') }} as nrr,
    {{ ratio('retained_mrr', 'start_mrr') }} as grr,
    {{ ratio('start_mrr - retained_mrr', 'start_mrr') }} as gross_revenue_churn,
    {{ ratio('churned_mrr', 'start_mrr') }} as churned_mrr_rate,
    {{ ratio('customers_lost', 'customers_start') }} as logo_churn,
    {{ wilson('low', 'customers_lost', 'customers_start') }} as logo_churn_ci_low,
    {{ wilson('high', 'customers_lost', 'customers_start') }} as logo_churn_ci_high

from parts
