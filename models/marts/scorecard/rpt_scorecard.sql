-- One row per month, metric and variant: the one page that both teams sign. Counts and sums are the
-- period view; a rate whose parts have different dates stands here in its cohort form only (glossary 0.12).
with

funnel as (

    select * from {{ ref('rpt_funnel_monthly') }}

),

conversions as (

    select * from {{ ref('rpt_funnel_conversion') }}

),

sales as (

    select * from {{ ref('rpt_sales_monthly') }}
    where sales_rep_id = 'all'

),

channel_performance as (

    select * from {{ ref('rpt_channel_performance') }}
    where channel = 'all'

),

channel_cohort as (

    select * from {{ ref('rpt_channel_cohort') }}
    where channel = 'all'

),

cac as (

    select * from {{ ref('rpt_cac_monthly') }}
    where channel = 'all' and lag_months = 0

),

revenue as (

    select * from {{ ref('fct_revenue') }}

),

email_campaigns as (

    select * from {{ ref('rpt_email_campaigns') }}
    where source = 'events'

),

windows as (

    select * from {{ source('definitions', 'conversion_windows') }}

),

definitions as (

    select * from {{ source('definitions', 'metric_definitions') }}

),

targets as (

    select * from {{ ref('int_targets') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

months as (

    select distinct dates.month
    from {{ ref('dim_date') }} as dates
    inner join settings
        on dates.date_day <= settings.as_of

),

stage_entries as (

    select
        month,
        case stage
            when 'lead' then 'leads'
            when 'mql' then 'mqls'
            when 'sal' then 'sals'
            when 'sql' then 'sqls'
            when 'opportunity' then 'opportunities'
            else stage
        end as metric,
        sum(entries) as entries

    from funnel

    where stage in ('lead', 'mql', 'sal', 'sql', 'opportunity', 'won')

    group by month, stage

),

first_months as (

    select
        metric,
        min(month) as first_month

    from stage_entries

    where entries > 0

    group by metric

),

-- From its first month on, a month in which nobody entered a stage counts 0.
stage_counts as (

    select
        months.month,
        first_months.metric,
        cast(coalesce(stage_entries.entries, 0) as double) as value

    from first_months

    inner join months
        on first_months.first_month <= months.month

    left join stage_entries
        on
            first_months.metric = stage_entries.metric
            and months.month = stage_entries.month

),

conversion_rates as (

    select
        conversions.cohort_month as month,
        windows.metric,
        sum(conversions.converted) as numerator,
        sum(conversions.entered) as denominator,
        max(conversions.window_days) as window_days

    from conversions

    inner join windows
        on
            conversions.from_stage = windows.from_stage
            and conversions.to_stage = windows.to_stage
            and {{ in_force('windows', 'conversions.cohort_month') }}

    where windows.metric is not null

    group by conversions.cohort_month, windows.metric

),

revenue_by_month as (

    select
        {{ month_of('date_day') }} as month,
        sum(revenue) as revenue,
        sum(margin) as margin,
        sum(case when margin is not null then revenue end) as revenue_with_cogs

    from revenue

    group by {{ month_of('date_day') }}

),

email_by_month as (

    select
        {{ month_of('sent_date') }} as month,
        sum(delivered) as delivered,
        sum(opens_human) as opens_human,
        sum(clicks_human) as clicks_human

    from email_campaigns

    group by {{ month_of('sent_date') }}

),

-- Sums: the value is the number itself. `is_counted_rate` asks for an interval (glossary 0.15).
numbers as (

    select
        month, metric, 'period' as variant, value as numerator, cast(null as double) as denominator,
        value, false as is_counted_rate, cast(0 as bigint) as window_days
    from stage_counts

    union all

    select month, 'pipeline_created', 'period', pipeline_created, null, pipeline_created, false, 0 from sales

    union all

    select month, 'new_bookings', 'period', new_bookings, null, new_bookings, false, 0 from sales

    union all

    select month, 'net_bookings', 'period', net_bookings, null, net_bookings, false, 0 from sales

    union all

    select month, 'revenue', 'period', revenue, null, revenue, false, 0 from revenue_by_month

    union all

    select month, 'ad_spend', 'period', spend, null, spend, false, 0 from channel_performance

    union all

    select month, 'win_rate', 'period', won, won + lost, win_rate, true, 0 from sales

    union all

    select month, 'win_rate_value', 'period', won_amount, won_amount + lost_amount, win_rate_value, false, 0
    from sales

    union all

    select
        month, 'average_deal_size', 'period', average_deal_size * deals_sized, deals_sized,
        average_deal_size, false, 0
    from sales

    union all

    -- A median has no parts that add up: only the number of deals stands beside it.
    select month, 'sales_cycle_days', 'period', null, cycles, cycle_median_days, false, 0 from sales

    union all

    select month, 'attainment', 'period', new_bookings, quota, attainment, false, 0 from sales

    union all

    select
        month, metric, 'cohort', numerator, denominator, {{ ratio('numerator', 'denominator') }}, true,
        window_days
    from conversion_rates

    union all

    select month, 'ctr', 'period', clicks, impressions, ctr, true, 0 from channel_performance

    union all

    select month, 'cpc', 'period', spend, clicks, cpc, false, 0 from channel_performance

    union all

    select month, 'cpl', 'cohort', spend, leads, cpl, false, 0 from channel_cohort

    union all

    select month, 'cac', variant, cost, new_customers, cac, false, 0 from cac

    union all

    select
        month, 'gross_margin', 'period', margin, revenue_with_cogs,
        {{ ratio('margin', 'revenue_with_cogs') }}, false, 0
    from revenue_by_month

    union all

    select
        month, 'email_click_rate', 'cohort', clicks_human, delivered,
        {{ ratio('clicks_human', 'delivered') }}, true, 7
    from email_by_month

    union all

    select
        month, 'email_open_rate_human', 'cohort', opens_human, delivered,
        {{ ratio('opens_human', 'delivered') }}, true, 7
    from email_by_month

)

select
    numbers.metric,
    numbers.variant,
    definitions.unit,
    definitions.owner,
    definitions.version as definition_version,
    cast(numbers.numerator as double) as numerator,
    cast(numbers.denominator as double) as denominator,
    cast(numbers.value as double) as value,
    case
        when numbers.is_counted_rate
            then {{ wilson('low', 'numbers.numerator', 'numbers.denominator') }}
    end as ci_low,
    case
        when numbers.is_counted_rate
            then {{ wilson('high', 'numbers.numerator', 'numbers.denominator') }}
    end as ci_high,
    cast(targets.target as double) as target,
    {{ ratio('numbers.value', 'targets.target') }} as attainment,
    numbers.window_days,
    settings.as_of >= {{ add_days(
        add_days(add_months('numbers.month', 1), -1), 'numbers.window_days'
    ) }} as is_mature,
    numbers.month

from numbers

cross join settings

left join definitions
    on
        numbers.metric = definitions.metric
        and {{ in_force('definitions', 'numbers.month') }}

left join targets
    on
        numbers.metric = targets.metric
        and numbers.month = targets.month
        and targets.channel = 'all'
        and targets.sales_rep_id = 'all'

where numbers.month <= settings.as_of
