-- One row per month in which customers were acquired, channel (and all), and month of age: the margin they
-- brought so far, over all who were acquired (glossary C13). The rows of cohort `all` put together the cohorts
-- that reached the age.
with

customers as (

    select * from {{ ref('int_customers') }}

),

revenue as (

    select * from {{ ref('fct_revenue') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

ages as (

    select date_day as month
    from {{ day_spine(
        '(select ' ~ month_of('min(became_customer_date)') ~ ' from customers)',
        '(select max(' ~ month_of('as_of') ~ ') from settings)'
    ) }} as spine
    where extract(day from date_day) = 1

),

channel_or_all as (

    select 'channel' as scope

    union all

    select 'all'

),

members as (

    select
        customers.account_id,
        case channel_or_all.scope when 'all' then 'all' else customers.channel end as channel,
        {{ month_of('customers.became_customer_date') }} as cohort_month

    from customers

    cross join channel_or_all

),

cohorts as (

    select
        cohort_month,
        channel,
        count(*) as customers

    from members

    group by cohort_month, channel

),

-- What came before the first day as a customer, such as a credit note, belongs to age 0.
margins as (

    select
        members.cohort_month,
        members.channel,
        greatest({{ month_of('revenue.date_day') }}, members.cohort_month) as month,
        sum(revenue.margin) as margin,
        sum(case when revenue.cogs is null then revenue.revenue end) as revenue_without_cogs

    from members

    inner join revenue
        on members.account_id = revenue.account_id

    group by
        members.cohort_month,
        members.channel,
        greatest({{ month_of('revenue.date_day') }}, members.cohort_month)

),

by_age as (

    select
        cohorts.cohort_month,
        cohorts.channel,
        cohorts.customers,
        row_number() over (partition by cohorts.cohort_month, cohorts.channel order by ages.month) - 1 as age_months,
        sum(coalesce(margins.margin, 0)) over (
            partition by cohorts.cohort_month, cohorts.channel
            order by ages.month
            rows between unbounded preceding and current row
        ) as cumulative_margin,
        sum(coalesce(margins.revenue_without_cogs, 0)) over (
            partition by cohorts.cohort_month, cohorts.channel
            order by ages.month
            rows between unbounded preceding and current row
        ) as cumulative_revenue_without_cogs,
        {{ add_months('ages.month', 1) }} <= {{ add_days('settings.as_of', 1) }} as is_mature

    from cohorts

    cross join settings

    inner join ages
        on cohorts.cohort_month <= ages.month

    left join margins
        on
            cohorts.cohort_month = margins.cohort_month
            and cohorts.channel = margins.channel
            and ages.month = margins.month

),

with_total as (

    select
        left(cast(cohort_month as varchar), 7) as cohort,
        cohort_month,
        channel,
        age_months,
        customers,
        cumulative_margin,
        cumulative_revenue_without_cogs,
        is_mature

    from by_age

    union all

    select
        'all',
        null,
        channel,
        age_months,
        sum(customers),
        sum(cumulative_margin),
        sum(cumulative_revenue_without_cogs),
        true

    from by_age

    where is_mature

    group by channel, age_months

)

select
    cohort,
    channel,
    cast(age_months as bigint) as age_months,
    cast(customers as bigint) as customers,
    {{ money('cumulative_margin') }} as cumulative_margin,
    {{ money('cumulative_revenue_without_cogs') }} as cumulative_revenue_without_cogs,
    {{ ratio('cumulative_margin', 'customers') }} as clv,
    is_mature,
    cohort_month

from with_total
