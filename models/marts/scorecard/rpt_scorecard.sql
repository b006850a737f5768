{{ config(tags=['closing']) }}

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

campaigns as (

    select * from {{ ref('rpt_campaign_performance') }}
    where is_headline

),

audience as (

    select * from {{ ref('rpt_audience_monthly') }}
    where channel = 'all'

),

recurring as (

    select * from {{ ref('rpt_recurring_revenue_monthly') }}

),

unit_economics as (

    select * from {{ ref('rpt_unit_economics_monthly') }}

),

gross_margins as (

    select * from {{ ref('int_gross_margins') }}

),

customer_values as (

    select * from {{ ref('rpt_customer_value') }}

),

commitments as (

    select * from {{ ref('rpt_sla_monthly') }}

),

feedback as (

    select * from {{ ref('rpt_lead_feedback') }}
    where campaign_id = 'all'

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

restated as (

    select * from {{ source('plumbline', 'restated') }}

),

frozen as (

    select * from {{ source('plumbline', 'published') }}
    where event = 'frozen'

),

-- Without a changed definition there is nothing to restate.
restating as (

    select count(*) > 0 as is_restated from restated

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
        sum(revenue) as revenue

    from revenue

    group by {{ month_of('date_day') }}

),

-- Of the months up to each: the one that payback and customer value are made with.
margins as (

    select
        gross_margins.month,
        case when gross_margins.source = 'measured' then gross_margins.margin end as margin,
        case when gross_margins.source = 'measured' then gross_margins.revenue_with_cogs end as revenue_with_cogs,
        gross_margins.gross_margin

    from revenue_by_month

    inner join gross_margins
        on revenue_by_month.month = gross_margins.month

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

-- What campaigns earned that can be told, for all that was spent.
campaigns_by_month as (

    select
        month,
        sum(spend) as spend,
        sum(case when campaign_id != 'unattributed' then credited_amount else 0 end) as credited_amount,
        sum(case when campaign_id != 'unattributed' then credited_margin else 0 end) as credited_margin,
        max(case when campaign_id != 'unattributed' and credited_margin is null then 1 else 0 end)
            as is_margin_unknown,
        max(window_days) as window_days

    from campaigns

    group by month

),

-- To date, so it stands in the month of today alone.
value_to_date as (

    select
        {{ month_of('settings.as_of') }} as month,
        sum(customer_values.clv_historical) as margin,
        count(customer_values.clv_historical) as customers

    from customer_values

    cross join settings

    group by {{ month_of('settings.as_of') }}

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
        month, 'average_deal_size', 'period', deal_size_sum, deals_sized,
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
        month, 'gross_margin', 'period', margin, revenue_with_cogs, gross_margin, false, 0
    from margins

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

    union all

    select month, 'velocity', 'period', null, null, velocity_per_day, false, 0 from sales

    union all

    select month, 'coverage', 'start', coverage_start_pipeline, period_quota, coverage_start, false, 0 from sales
    where coverage_start_pipeline is not null

    union all

    select month, 'coverage', 'now', coverage_now_pipeline, remaining_quota, coverage_now, false, 0 from sales
    where coverage_now_pipeline is not null

    union all

    select
        month, 'roas', 'cohort', credited_amount, spend,
        case when spend > 0 then {{ ratio('credited_amount', 'spend') }} end, false, window_days
    from campaigns_by_month

    union all

    select
        month, 'roi', 'cohort', credited_margin - spend, spend,
        case when spend > 0 then {{ ratio('credited_margin - spend', 'spend') }} end, false, window_days
    from campaigns_by_month
    where is_margin_unknown = 0

    union all

    select month, 'sessions', 'period', sessions, null, sessions, false, 0 from audience
    where sessions is not null

    union all

    select month, 'visitors', 'period', visitors, null, visitors, false, 0 from audience
    where visitors is not null

    union all

    select month, 'engagement_rate', 'period', engagements, post_impressions, engagement_rate, false, 0 from audience
    where engagements is not null

    union all

    select month, 'mentions', 'period', mentions, null, mentions, false, 0 from audience
    where mentions is not null

    union all

    select month, 'mrr', 'period', closing_mrr, null, closing_mrr, false, 0 from recurring

    union all

    select month, 'nrr', '12m', end_mrr_12m, start_mrr_12m, nrr_12m, false, 0 from recurring

    union all

    select month, 'grr', '12m', retained_mrr_12m, start_mrr_12m, grr_12m, false, 0 from recurring

    union all

    select month, 'logo_churn', '12m', customers_lost_12m, customers_start_12m, logo_churn_12m, true, 0 from recurring

    union all

    -- Against the target of the quarter, in its last month.
    select month, 'mrr_growth', 'quarter', closing_mrr - quarter_opening_mrr, quarter_opening_mrr, growth, false, 0
    from recurring
    where is_quarter_end

    union all

    select month, 'arpa', 'period', closing_mrr, customers_end, arpa, false, 0 from unit_economics

    union all

    select month, 'clv', 'formula', null, null, clv_formula, false, 0 from unit_economics

    union all

    select month, 'clv', 'historical', margin, customers, {{ ratio('margin', 'customers') }}, false, 0
    from value_to_date

    union all

    select month, 'ltv_to_cac', 'formula_fully_loaded', clv_formula, cac_fully_loaded, ltv_to_cac, false, 0
    from unit_economics

    union all

    select
        month, 'cac_payback_months', variant, cost, new_mrr * gross_margin, payback_months, false, 0
    from cac
    where new_mrr is not null

    union all

    select month, 'sla_response_rate', 'cohort', met, met + breached, met_rate, true, 1 from commitments
    where metric = 'sla_response_rate'

    union all

    select month, 'sla_volume_attainment', metric, delivered, committed, attainment, false, 0 from commitments
    where kind = 'volume'

    union all

    select month, 'lead_rejection_rate', 'cohort', rejected, decided, rejection_rate, true, 7 from feedback

),

-- A month closes on the 5th of the next, later where its data come late (publish_lag_days), and a cohort when
-- the last of it has had its window (glossary 0.10, 0.12).
dated as (

    select
        numbers.*,
        definitions.unit,
        definitions.owner,
        definitions.version as definition_version,
        greatest(
            {{ add_days(add_months('numbers.month', 1), 4) }},
            {{ add_days(
                add_days(add_months('numbers.month', 1), -1),
                "greatest(numbers.window_days, coalesce(" ~ parameter('definitions', 'publish_lag_days') ~ ", 0))"
            ) }}
        ) as closes_on

    from numbers

    left join definitions
        on
            numbers.metric = definitions.metric
            and {{ in_force('definitions', 'numbers.month') }}

)

select
    dated.metric,
    dated.variant,
    dated.unit,
    dated.owner,
    dated.definition_version,
    cast(dated.numerator as double) as numerator,
    cast(dated.denominator as double) as denominator,
    cast(dated.value as double) as value,
    case
        when dated.is_counted_rate
            then {{ wilson('low', 'dated.numerator', 'dated.denominator') }}
    end as ci_low,
    case
        when dated.is_counted_rate
            then {{ wilson('high', 'dated.numerator', 'dated.denominator') }}
    end as ci_high,
    -- What no event is left of has no row of its own there: a count of it is 0.
    cast(
        case
            when not restating.is_restated then dated.value
            when restated.metric is null and dated.unit in ('count', 'currency') then 0
            else restated.value
        end as double
    ) as value_restated,
    cast(
        case
            when frozen.metric is not null then frozen.value
            when settings.as_of >= dated.closes_on then dated.value
        end as double
    ) as value_as_published,
    cast(targets.target as double) as target,
    {{ ratio('dated.value', 'targets.target') }} as attainment,
    dated.window_days,
    settings.as_of >= {{ add_days(
        add_days(add_months('dated.month', 1), -1), 'dated.window_days'
    ) }} as is_mature,
    settings.as_of >= dated.closes_on as is_closed,
    dated.month

from dated

cross join settings

cross join restating

left join targets
    on
        dated.metric = targets.metric
        and dated.month = targets.month
        and targets.channel = 'all'
        and targets.sales_rep_id = 'all'

left join restated
    on
        dated.metric = restated.metric
        and dated.variant = restated.variant
        and dated.month = restated.month

left join frozen
    on
        dated.metric = frozen.metric
        and dated.variant = frozen.variant
        and dated.month = frozen.month

where dated.month <= settings.as_of
