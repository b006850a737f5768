-- One row per month: what a customer brings, costs and is worth, and how efficiently recurring revenue grows
-- (glossary C12, C14, C15, C16).
with

recurring as (

    select * from {{ ref('rpt_recurring_revenue_monthly') }}

),

cac as (

    select * from {{ ref('rpt_cac_monthly') }}
    where variant = 'fully_loaded' and lag_months = 0 and channel = 'all'

),

repeat_purchases as (

    select * from {{ ref('int_repeat_purchases') }}

),

gross_margins as (

    select * from {{ ref('int_gross_margins') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

months as (

    select month from recurring

    union distinct

    select month from cac

    union distinct

    select repeat_purchases.cohort_month
    from repeat_purchases
    inner join settings
        on repeat_purchases.cohort_month <= settings.as_of

),

-- The definitions of the month, and its fiscal quarter.
defined as (

    select
        months.month,
        {{ parameter('clv', 'annual_discount_rate') }} * {{ ratio('1', '12') }} as monthly_discount,
        {{ parameter('clv', 'min_customers_lost') }} as min_customers_lost,
        {{ add_months('months.month', '-cast(' ~ parameter('clv', 'trailing_months') ~ ' as integer)') }}
            as churn_after,
        {{ add_months('months.month', '-cast(' ~ parameter('ltv', 'trailing_months') ~ ' as integer)') }}
            as cac_after,
        {{ fiscal_quarter_start('months.month', 'settings.fiscal_year_start_month') }} as quarter_start,
        {{ add_months('months.month', 1) }} <= {{ add_days('settings.as_of', 1) }} as is_over

    from months

    cross join settings

    {{ definition_join('clv', 'clv', 'months.month') }}

    {{ definition_join('ltv', 'ltv_to_cac', 'months.month') }}

),

churn as (

    select
        defined.month,
        sum(recurring.customers_start) as customer_months,
        sum(recurring.customers_lost) as customers_lost

    from defined

    inner join recurring
        on recurring.month > defined.churn_after and recurring.month <= defined.month

    group by defined.month

),

acquisition as (

    select
        defined.month,
        -- Of a month whose cost is unknown so is the sum.
        case when count(*) = count(cac.cost) then sum(cac.cost) end as cost,
        sum(cac.new_customers) as new_customers

    from defined

    inner join cac
        on cac.month > defined.cac_after and cac.month <= defined.month

    group by defined.month

),

-- Of the whole fiscal quarter, in the row of its last month.
quarter_ends as (

    select *
    from defined
    where is_over and {{ add_months('month', -2) }} = quarter_start

),

quarters as (

    select
        quarter_ends.month,
        sum(recurring.closing_mrr - recurring.opening_mrr - recurring.fx_mrr) as net_new_mrr,
        sum(recurring.new_mrr + recurring.reactivation_mrr + recurring.expansion_mrr) as gained_mrr,
        -sum(recurring.contraction_mrr + recurring.churn_mrr) as lost_mrr

    from quarter_ends

    inner join recurring
        on recurring.month >= quarter_ends.quarter_start and recurring.month <= quarter_ends.month

    group by quarter_ends.month

),

quarter_costs as (

    select
        quarter_ends.month,
        case when count(*) = count(cac.cost) then sum(cac.cost) end as previous_cost

    from quarter_ends

    inner join cac
        on
            cac.month < quarter_ends.quarter_start
            and cac.month >= {{ add_months('quarter_ends.quarter_start', -3) }}

    group by quarter_ends.month

),

first_purchases as (

    select
        cohort_month as month,
        count(*) as first_buyers,
        count(case when is_repeated then 1 end) as repeat_buyers,
        count(case when not is_mature then 1 end) = 0 as is_mature

    from repeat_purchases

    group by cohort_month

),

parts as (

    select
        defined.month,
        defined.monthly_discount,
        recurring.closing_mrr,
        recurring.customers_end,
        {{ ratio('recurring.closing_mrr', 'recurring.customers_end') }} as arpa,
        gross_margins.gross_margin,
        gross_margins.source as gross_margin_source,
        churn.customer_months,
        churn.customers_lost,
        case
            when churn.customers_lost >= defined.min_customers_lost
                then {{ ratio('churn.customers_lost', 'churn.customer_months') }}
        end as monthly_churn,
        acquisition.cost as cac_cost,
        acquisition.new_customers as cac_customers,
        {{ cost_ratio('acquisition.cost', 'acquisition.new_customers') }} as cac_fully_loaded,
        cac.payback_months,
        cac.payback_reason,
        quarters.net_new_mrr,
        case
            when quarters.month is null then null
            when quarter_costs.month is null then 0
            else quarter_costs.previous_cost
        end as previous_cost,
        recurring.new_mrr + recurring.reactivation_mrr + recurring.expansion_mrr as gained_mrr,
        -(recurring.contraction_mrr + recurring.churn_mrr) as lost_mrr,
        quarters.gained_mrr as gained_mrr_quarter,
        quarters.lost_mrr as lost_mrr_quarter,
        first_purchases.first_buyers,
        first_purchases.repeat_buyers,
        first_purchases.is_mature

    from defined

    left join recurring
        on defined.month = recurring.month

    left join gross_margins
        on defined.month = gross_margins.month

    left join churn
        on defined.month = churn.month

    left join acquisition
        on defined.month = acquisition.month

    left join cac
        on defined.month = cac.month

    left join quarters
        on defined.month = quarters.month

    left join quarter_costs
        on defined.month = quarter_costs.month

    left join first_purchases
        on defined.month = first_purchases.month

),

valued as (

    select
        *,
        arpa * gross_margin as monthly_margin,
        arpa * gross_margin * {{ ratio('1 - monthly_churn', 'monthly_discount + monthly_churn') }} as clv_formula

    from parts

)

select
    closing_mrr,
    customers_end,
    arpa,
    gross_margin,
    gross_margin_source,
    cast(customer_months as bigint) as churn_customer_months,
    cast(customers_lost as bigint) as churn_customers_lost,
    monthly_churn,
    case when monthly_churn is not null then {{ wilson('low', 'customers_lost', 'customer_months') }} end
        as monthly_churn_ci_low,
    case when monthly_churn is not null then {{ wilson('high', 'customers_lost', 'customer_months') }} end
        as monthly_churn_ci_high,
    clv_formula,
    {{ ratio('monthly_margin', 'monthly_churn') }} as clv_simple,
    monthly_margin * {{ ratio('1 + monthly_discount', 'monthly_discount + monthly_churn') }} as clv_first_margin_now,
    {{ money('cac_cost') }} as cac_cost,
    cast(cac_customers as bigint) as cac_customers,
    cac_fully_loaded,
    {{ ratio('clv_formula', 'cac_fully_loaded') }} as ltv_to_cac,
    payback_months,
    payback_reason,
    {{ money('net_new_mrr') }} as net_new_mrr_quarter,
    {{ money('previous_cost') }} as cost_previous_quarter,
    case when previous_cost > 0 then {{ ratio('12 * net_new_mrr', 'previous_cost') }} end as magic_number,
    case when previous_cost <= 0 then 'no_spend' end as magic_number_reason,
    {{ money('gained_mrr') }} as gained_mrr,
    {{ money('lost_mrr') }} as lost_mrr,
    {{ ratio('gained_mrr', 'lost_mrr') }} as quick_ratio,
    case when lost_mrr = 0 then 'no_losses' end as quick_ratio_reason,
    {{ money('gained_mrr_quarter') }} as gained_mrr_quarter,
    {{ money('lost_mrr_quarter') }} as lost_mrr_quarter,
    {{ ratio('gained_mrr_quarter', 'lost_mrr_quarter') }} as quick_ratio_quarter,
    case when lost_mrr_quarter = 0 then 'no_losses' end as quick_ratio_quarter_reason,
    coalesce(first_buyers, 0) as first_buyers,
    coalesce(repeat_buyers, 0) as repeat_buyers,
    {{ ratio('repeat_buyers', 'first_buyers') }} as repeat_purchase_rate,
    {{ wilson('low', 'repeat_buyers', 'first_buyers') }} as repeat_purchase_ci_low,
    {{ wilson('high', 'repeat_buyers', 'first_buyers') }} as repeat_purchase_ci_high,
    coalesce(is_mature, false) as is_mature,
    month

from valued
