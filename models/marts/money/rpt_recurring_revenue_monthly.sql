-- One row per month, from the first subscription to today: recurring revenue, what moved it, and how much of
-- that of a month and of a year ago is still there (glossary C5, C6).
with

movements as (

    select * from {{ ref('fct_mrr_movements') }}

),

retention as (

    select * from {{ ref('int_mrr_retention') }}

),

targets as (

    select * from {{ ref('int_targets') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

months as (

    select distinct month from {{ ref('int_mrr_rates') }}

),

by_month as (

    select
        months.month,
        {{ money('coalesce(sum(movements.opening), 0)') }} as opening_mrr,
        {{ money('coalesce(sum(movements.new), 0)') }} as new_mrr,
        {{ money('coalesce(sum(movements.reactivation), 0)') }} as reactivation_mrr,
        {{ money('coalesce(sum(movements.expansion), 0)') }} as expansion_mrr,
        {{ money('coalesce(sum(movements.contraction), 0)') }} as contraction_mrr,
        {{ money('coalesce(sum(movements.churn), 0)') }} as churn_mrr,
        {{ money('coalesce(sum(movements.fx), 0)') }} as fx_mrr,
        {{ money('coalesce(sum(movements.closing), 0)') }} as closing_mrr,
        count(case when movements.closing > 0 then 1 end) as customers_end,
        cast(coalesce(sum(movements.subscriptions_not_valued), 0) as bigint) as subscriptions_not_valued

    from months

    left join movements
        on months.month = movements.month

    group by months.month

),

quarters as (

    select
        by_month.*,
        {{ fiscal_quarter_start('by_month.month', 'settings.fiscal_year_start_month') }} as quarter_start,
        {{ fiscal_quarter_start('by_month.month', 'settings.fiscal_year_start_month') }}
        = {{ add_months('by_month.month', -2) }}
        and {{ add_months('by_month.month', 1) }} <= {{ add_days('settings.as_of', 1) }} as is_quarter_end

    from by_month

    cross join settings

)

select
    quarters.opening_mrr,
    quarters.new_mrr,
    quarters.reactivation_mrr,
    quarters.expansion_mrr,
    quarters.contraction_mrr,
    quarters.churn_mrr,
    quarters.fx_mrr,
    quarters.closing_mrr,
    {{ money('12 * quarters.closing_mrr') }} as arr,
    quarters.customers_end,
    quarters.subscriptions_not_valued,
    coalesce(retained_1m.customers_start, 0) as customers_start,
    coalesce(retained_1m.customers_lost, 0) as customers_lost,
    retained_1m.start_mrr as start_mrr_1m,
    retained_1m.end_mrr as end_mrr_1m,
    retained_1m.retained_mrr as retained_mrr_1m,
    retained_1m.nrr as nrr_1m,
    retained_1m.grr as grr_1m,
    retained_1m.logo_churn as logo_churn_1m,
    retained_1m.logo_churn_ci_low as logo_churn_1m_ci_low,
    retained_1m.logo_churn_ci_high as logo_churn_1m_ci_high,
    retained_12m.customers_start as customers_start_12m,
    retained_12m.customers_lost as customers_lost_12m,
    retained_12m.start_mrr as start_mrr_12m,
    retained_12m.end_mrr as end_mrr_12m,
    retained_12m.retained_mrr as retained_mrr_12m,
    retained_12m.churned_mrr as churned_mrr_12m,
    retained_12m.nrr as nrr_12m,
    retained_12m.grr as grr_12m,
    retained_12m.logo_churn as logo_churn_12m,
    retained_12m.logo_churn_ci_low as logo_churn_12m_ci_low,
    retained_12m.logo_churn_ci_high as logo_churn_12m_ci_high,
    retained_12m.gross_revenue_churn as gross_revenue_churn_12m,
    retained_12m.churned_mrr_rate as churned_mrr_rate_12m,
    quarter_opening.opening_mrr as quarter_opening_mrr,
    {{ ratio('quarters.closing_mrr - quarter_opening.opening_mrr', 'quarter_opening.opening_mrr') }} as growth,
    cast(targets.target as double) as growth_target,
    {{ ratio(
        ratio('quarters.closing_mrr - quarter_opening.opening_mrr', 'quarter_opening.opening_mrr'), 'targets.target'
    ) }} as growth_attainment,
    quarters.is_quarter_end,
    quarters.quarter_start as fiscal_quarter_start,
    quarters.month

from quarters

left join quarters as quarter_opening
    on quarters.quarter_start = quarter_opening.month

left join retention as retained_1m
    on quarters.month = retained_1m.month and retained_1m.window_months = 1

left join retention as retained_12m
    on quarters.month = retained_12m.month and retained_12m.window_months = 12

left join targets
    on
        quarters.quarter_start = targets.month
        and targets.metric = 'mrr_growth'
        and targets.channel = 'all'
        and targets.sales_rep_id = 'all'
